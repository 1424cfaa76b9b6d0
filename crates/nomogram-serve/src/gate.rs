//! The middleware of every request: id, caller, limits, time, panics, log and metrics.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Method, header};

use crate::access::{Access, access};
use crate::caller::{Caller, RequestId};
use crate::problem::{Problem, ProblemKind};
use crate::service::Service;

/// The header of the id of a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header of the digest of the model that answered, or refused.
pub const MODEL_DIGEST: HeaderName = HeaderName::from_static("x-model-digest");

/// Lets a request pass, or answers with a problem.
pub(crate) async fn gate(
    State(service): State<Arc<Service>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = request.headers().get(REQUEST_ID).and_then(RequestId::of_caller);
    let request_id = id.unwrap_or_else(|| service.request_ids.next());
    let access = access(request.method(), request.uri().path());
    let names = (method_name(request.method()), access.endpoint);
    let entry = service.begin_request(request.headers(), request_id, names);
    let mut response = match check(&service, &request, access) {
        Err(problem) => problem.into_response(),
        Ok((_admission, caller)) => {
            entry.set_caller(&caller.id);
            request.extensions_mut().insert(Arc::clone(&entry));
            answer(&service, request, next).await
        }
    };
    entry.set_status(response.status().as_u16());
    if let Some(problem) = response.extensions().get::<Problem>() {
        entry.set_code(problem.code().to_owned());
    }
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, entry.request_id().header());
    if let Some(served) = entry.served() {
        headers.insert(MODEL_DIGEST, served.digest_header());
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Admits a request and finds its caller.
fn check<'a>(
    service: &'a Service,
    request: &Request,
    access: Access,
) -> Result<(Option<crate::service::Admission<'a>>, Caller), Problem> {
    // An overloaded service is alive.
    let Some(role) = access.role else { return Ok((None, Caller::anonymous())) };
    let admission = service.admit().ok_or_else(|| {
        let detail = "more requests at a time than the limit";
        Problem::new(ProblemKind::Overloaded, detail).with_retry_after(1)
    })?;
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(address)| address.ip());
    let security = service.security.load();
    let caller = security.caller(request.headers(), peer, service.uptime())?;
    let caller = caller.ok_or_else(|| {
        Problem::new(ProblemKind::Unauthorized, "no key and no token; expected `Authorization`")
    })?;
    if !caller.roles.has(role) {
        let detail = format!("the caller does not have the role `{}`", role.name());
        return Err(Problem::new(ProblemKind::Forbidden, detail));
    }
    Ok((Some(admission), caller))
}

/// Runs the handler within its time. A panic ends this request only.
async fn answer(service: &Service, request: Request, next: Next) -> Response {
    let run = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(service.limits.max_time, run).await {
        Ok(Ok(response)) => response,
        Ok(Err(_panic)) => {
            service.log.event("error", "panic", &[]);
            Problem::new(ProblemKind::Defect, "the request met a defect of the service")
                .into_response()
        }
        Err(_elapsed) => {
            let seconds = service.limits.max_time.as_secs();
            let detail = format!("not complete within {seconds} seconds");
            Problem::new(ProblemKind::Timeout, detail).into_response()
        }
    }
}

/// A method that callers made up is not logged.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;
    use crate::models::{Catalog, Models};
    use crate::service::RequestLimits;

    #[tokio::test]
    async fn a_panic_ends_one_request_as_a_problem_and_the_service_lives_on() {
        let service = Service::new(Models::new(Catalog::default()), RequestLimits::default());
        let service = Arc::new(service);
        let panics = get(async || -> &'static str { panic!("a defect of this test") });
        let router = Router::new()
            .route("/models/panics", panics)
            .route("/models/answers", get(async || "answered"))
            .layer(axum::middleware::from_fn_with_state(Arc::clone(&service), gate));
        let ask = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            let (head, body) = router.clone().oneshot(request).await.unwrap().into_parts();
            (head, to_bytes(body, 1 << 20).await.unwrap())
        };
        for _ in 0..3 {
            let (head, body) = ask("/models/panics").await;
            assert_eq!(head.status, 500);
            assert_eq!(head.headers[header::CONTENT_TYPE], crate::problem::MEDIA_TYPE);
            assert!(head.headers.contains_key(REQUEST_ID));
            let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!((&problem["code"], &problem["status"]), (&"defect".into(), &500.into()));
            assert!(!String::from_utf8_lossy(&body).contains("this test"), "{problem}");
            let (head, body) = ask("/models/answers").await;
            assert_eq!((head.status.as_u16(), body.as_ref()), (200, &b"answered"[..]));
        }
        assert_eq!(service.metrics.in_flight.get(), 0);
        let text = service.metrics.encode(&service.models.catalog(), |_| {});
        assert!(text.contains("nomogram_problems_total{code=\"defect\"} 3\n"), "{text}");
    }
}
