//! The protocols of others: Open Inference Protocol, CDS Hooks and FHIR.
//!
//! Each translates its requests to values of features and predictions to its answers. No message of any
//! of them contains a value of a request.

pub mod inference;

use std::sync::Arc;

use axum::Router;

use crate::service::Service;

/// The routes of all protocols.
pub fn router(service: &Arc<Service>) -> Router<Arc<Service>> {
    Router::new().merge(inference::router(service))
}
