//! Health and metrics of the service.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use super::predict::json_response;
use crate::following::UNWRITABLE;
use crate::json_writer::JsonWriter;
use crate::metric::write_one;
use crate::metrics::MEDIA_TYPE;
use crate::problem::{Problem, ProblemKind};
use crate::service::Service;

/// Whether the service runs and has models.
pub(super) async fn health(State(service): State<Arc<Service>>) -> Response {
    status(&service, "live")
}

/// Whether the service runs.
pub(super) async fn live(State(service): State<Arc<Service>>) -> Response {
    status(&service, "live")
}

/// Whether the service takes requests.
pub(super) async fn ready(State(service): State<Arc<Service>>) -> Response {
    if service.is_ready() {
        return status(&service, "ready");
    }
    let detail = match service.logs_decisions() {
        Some(false) => UNWRITABLE,
        Some(true) | None => "no model is loaded, or the service stops",
    };
    Problem::new(ProblemKind::NotReady, detail).into_response()
}

fn status(service: &Service, status: &str) -> Response {
    let mut out = Vec::new();
    let mut json = JsonWriter::new(&mut out);
    json.open(b'{');
    json.named_text("status", status);
    json.name("ready");
    json.boolean(service.is_ready());
    if let Some(registry) = &service.registry {
        json.named_text("registry", registry.status());
    }
    json.named_text("program", concat!("nomogram ", env!("CARGO_PKG_VERSION")));
    json.close(b'}');
    json_response(out)
}

/// The metrics of requests and models.
pub(super) async fn metrics(State(service): State<Arc<Service>>) -> Response {
    // The wagers of the watch are computed where counters have changed.
    match tokio::task::spawn_blocking(move || encoded(&service)).await {
        Ok(text) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response(),
        Err(_) => Problem::new(ProblemKind::Defect, "writing metrics panicked").into_response(),
    }
}

fn encoded(service: &Service) -> String {
    service.metrics.encode(&service.models.catalog(), |text| {
        service.watch.write_metrics(text);
        service.trials.write_metrics(text);
        service.feedback.write_metrics(text);
        if let Some(registry) = &service.registry {
            registry.write_metrics(text);
        }
        if let Some(is_writable) = service.logs_decisions() {
            write_one(text, "nomogram_decision_log_writable", u64::from(is_writable));
        }
        write_one(text, "nomogram_log_lines_dropped_total", service.log.n_dropped());
    })
}
