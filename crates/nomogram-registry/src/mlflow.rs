//! MLflow's REST interface of model registries, for reading: requests in, answers out.
//!
//! A server mounts [`respond`] and reads the blobs that it names. Acts are signed by persons and are
//! refused here. No URL of a caller is ever fetched.

// Layers, lowest first: a module uses only the blocks above its own.
mod answer;

mod filter;
mod records;

mod artifacts;
mod models;
mod versions;

pub use answer::{Answer, Request};

use crate::state::State;
use answer::{ErrorCode, Failure};

/// The paths that belong to MLflow.
const PREFIXES: [&str; 2] = ["/api/2.0/", "/ajax-api/2.0/"];

/// Answers a request of an MLflow client from the state of a registry.
#[must_use]
pub fn respond(state: &State, request: &Request<'_>) -> Answer {
    let path = PREFIXES.iter().find_map(|prefix| request.path.strip_prefix(prefix));
    let answer = match path {
        Some(path) => route(state, request, path),
        None => Err(no_endpoint(request)),
    };
    answer.unwrap_or_else(Failure::into_answer)
}

fn route(state: &State, request: &Request<'_>, path: &str) -> Result<Answer, Failure> {
    if let Some(path) = path.strip_prefix("mlflow-artifacts/artifacts") {
        return artifacts::respond(state, request, path.trim_start_matches('/'));
    }
    let endpoint = path.strip_prefix("mlflow/").ok_or_else(|| no_endpoint(request))?;
    match (request.method, endpoint) {
        ("GET", "registered-models/get") => models::get(state, request),
        ("GET", "registered-models/search") => models::search(state, request),
        ("GET", "registered-models/alias") => models::by_alias(state, request),
        ("GET" | "POST", "registered-models/get-latest-versions") => {
            models::latest_versions(state, request)
        }
        ("GET", "model-versions/get") => versions::get(state, request),
        ("GET", "model-versions/search") => versions::search(state, request),
        ("GET", "model-versions/get-download-uri") => versions::download_uri(state, request),
        (_, endpoint) => match act(endpoint) {
            Some(command) => Err(Failure::new(
                ErrorCode::PermissionDenied,
                format!("acts of this registry are signed by a person: use `{command}`"),
            )),
            None => Err(no_endpoint(request)),
        },
    }
}

/// The command that does what an endpoint would do.
fn act(endpoint: &str) -> Option<&'static str> {
    match endpoint {
        "registered-models/create" | "model-versions/create" => Some("nomogram registry register"),
        "registered-models/alias" => Some("nomogram registry alias"),
        "model-versions/transition-stage" => Some("nomogram registry move"),
        "registered-models/delete" | "model-versions/delete" => Some("nomogram registry revoke"),
        "registered-models/rename"
        | "registered-models/update"
        | "model-versions/update"
        | "registered-models/set-tag"
        | "registered-models/delete-tag"
        | "model-versions/set-tag"
        | "model-versions/delete-tag" => Some("nomogram registry comment"),
        _ => None,
    }
}

fn no_endpoint(request: &Request<'_>) -> Failure {
    let Request { method, path, .. } = request;
    Failure::new(ErrorCode::EndpointNotFound, format!("{method} {path}: no such endpoint"))
}
