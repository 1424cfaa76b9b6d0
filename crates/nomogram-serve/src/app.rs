//! The router of all protocols, and the middleware around it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use http::HeaderName;

use crate::caller::{Caller, Context, RequestId};
use crate::problem::{Problem, ProblemKind};
use crate::service::Service;

/// The header of the id of a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header of the digest of the model that answered.
pub const MODEL_DIGEST: HeaderName = HeaderName::from_static("x-model-digest");

/// The router of a service. Protocols are merged into [`protocols`].
pub fn router(service: Arc<Service>) -> Router {
    protocols(&service)
        .fallback(async || Problem::new(ProblemKind::NotFound, "no such path"))
        .method_not_allowed_fallback(async || {
            Problem::new(ProblemKind::Method, "the path has other methods")
        })
        .layer(middleware::from_fn_with_state(Arc::clone(&service), identify))
        .with_state(service)
}

/// The routes of all protocols.
fn protocols(service: &Arc<Service>) -> Router<Arc<Service>> {
    Router::new().merge(crate::protocols::router(service)).merge(crate::watching::router())
}

/// Gives a request its id and its caller, as the extension [`Context`], and the answer the id.
async fn identify(
    State(service): State<Arc<Service>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = request.headers().get(REQUEST_ID).and_then(RequestId::of_caller);
    let request_id = id.unwrap_or_else(|| service.request_ids.next());
    let header = request_id.header();
    request.extensions_mut().insert(Context { request_id, caller: Caller::anonymous() });
    let mut response = next.run(request).await;
    response.headers_mut().insert(REQUEST_ID, header);
    response
}
