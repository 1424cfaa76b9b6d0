//! The reading endpoints of MLflow's model registry, answered from the registry that models come from.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::{HeaderMap, Method, StatusCode, header};
use nomogram_registry::mlflow::{Answer, Request, respond};
use serde_json::json;

use crate::body;
use crate::problem::{Problem, ProblemKind};
use crate::registry::{Fault, Followed};
use crate::service::Service;

/// The routes of MLflow.
pub(super) fn router() -> Router<Arc<Service>> {
    Router::new().route("/api/2.0/{*path}", any(answer)).route("/ajax-api/2.0/{*path}", any(answer))
}

async fn answer(
    State(service): State<Arc<Service>>,
    method: Method,
    path: Result<Path<String>, PathRejection>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let malformed = |detail| Problem::new(ProblemKind::Malformed, detail);
    let Path(path) = path.map_err(|_| malformed("a path that is not UTF-8"))?;
    let Query(query) = query.map_err(|_| malformed("a query that cannot be read"))?;
    let body = body::whole(&headers, body, service.limits.max_body_bytes).await?;
    let answered = tokio::task::spawn_blocking(move || {
        let Some(registry) = &service.registry else {
            let detail = "the models of this service do not come from a registry";
            return Problem::new(ProblemKind::NotFound, detail).into_response();
        };
        let path = format!("/api/2.0/{path}");
        let request = Request { method: method.as_str(), path: &path, query: &query, body: &body };
        answer_from(registry, &request).unwrap_or_else(|fault| {
            let details = [("kind", fault.kind.name()), ("reason", &fault.detail)];
            service.log.event("error", "registry_failed", &details);
            unavailable()
        })
    });
    let failed = |_| Problem::new(ProblemKind::Defect, "the request met a defect of the service");
    answered.await.map_err(failed)
}

fn answer_from(registry: &Followed, request: &Request<'_>) -> Result<Response, Fault> {
    let state = registry.state()?;
    Ok(match respond(&state, request) {
        Answer::Json { status, body } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, axum::Json(body)).into_response()
        }
        Answer::Blob(digest) => {
            let bytes = registry.blob(&digest)?;
            ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response()
        }
    })
}

/// What clients of MLflow take as a reason to ask again.
fn unavailable() -> Response {
    let body = json!({
        "error_code": "TEMPORARILY_UNAVAILABLE",
        "message": "the registry cannot be read; the log of the service has the reason",
    });
    (StatusCode::SERVICE_UNAVAILABLE, axum::Json(body)).into_response()
}
