//! The protocols of others: Open Inference Protocol, CDS Hooks, FHIR and MLflow.
//!
//! Each translates its requests to values of features and predictions to its answers. No message of any
//! of them contains a value of a request.

mod fhir;
mod inference;
mod mlflow;

mod cds_hooks;

use std::sync::Arc;

use axum::Router;

pub(crate) use self::inference::JSON_LENGTH;
use crate::service::Service;

/// The routes of all protocols.
pub fn router(service: &Arc<Service>) -> Router<Arc<Service>> {
    let (fhir, cds_hooks) = (fhir::router(), cds_hooks::router());
    Router::new()
        .merge(inference::router(service))
        .merge(fhir)
        .merge(cds_hooks)
        .merge(mlflow::router())
}
