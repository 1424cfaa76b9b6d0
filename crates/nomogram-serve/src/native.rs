//! The native API: rows of JSON or tables in, predictions out, and what is known of the models.

mod form;
mod options;
mod target;

mod asked;

mod predict;
mod writer;

mod models;
mod run;
mod status;

mod json_batch;
mod lines;
mod tables;

mod batch;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::service::Service;

/// The routes of the native API.
pub(crate) fn router() -> Router<Arc<Service>> {
    let mut router = Router::new()
        .route("/health", get(status::health))
        .route("/health/live", get(status::live))
        .route("/health/ready", get(status::ready))
        .route("/metrics", get(status::metrics))
        .route("/models", get(models::list))
        .route("/models/{model}", get(models::describe))
        .route("/models/{model}/card", get(models::card))
        .route("/models/{model}/versions/{version}", get(models::describe))
        .route("/models/{model}/versions/{version}/card", get(models::card));
    for prefix in ["", "/models/{model}", "/models/{model}/versions/{version}"] {
        router = router
            .route(&format!("{prefix}/predict"), post(predict::predict))
            .route(&format!("{prefix}/batch_predict"), post(batch::batch_predict));
    }
    for prefix in ["/models/{model}", "/models/{model}/versions/{version}"] {
        router = router.route(&format!("{prefix}/explain"), post(predict::explain));
    }
    router
}
