//! The routes of the watch: outcomes in; the page, its JSON and its alarms out.

mod outcomes;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderMap, header};
use nomogram_monitor::analysis::Analysis;

pub use self::webhook::Webhook;
use crate::decisions::DecisionLog;
use crate::instant::Instant;
use crate::service::Service;
use crate::watch;

/// The time between two looks at the counters.
const PAUSE: Duration = Duration::from_secs(10);

/// The routes of the watch.
pub(crate) fn router() -> Router<Arc<Service>> {
    Router::new()
        .route("/outcomes", post(outcomes::add))
        .route("/monitor", get(monitor))
        .route("/monitor/metrics", get(metrics))
        .route("/monitor/trials", get(trials))
}

/// The watch as a page, or as JSON for those who accept it.
async fn monitor(State(service): State<Arc<Service>>, headers: HeaderMap) -> Response {
    let wants_json = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/json"));
    let shown = tokio::task::spawn_blocking(move || {
        let states = service.watch.states().into_iter();
        let models: Vec<(watch::State, Option<Analysis>)> = states
            .map(|state| {
                let analysis = service.watch.analysis(&state.digest).ok();
                (state, analysis)
            })
            .collect();
        match wants_json {
            true => ("application/json", watch::to_json(&models)),
            false => ("text/html; charset=utf-8", watch::page(&models).into_bytes()),
        }
    });
    match shown.await {
        Ok((media_type, body)) => ([(header::CONTENT_TYPE, media_type)], body).into_response(),
        Err(_) => http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The metrics of the watch, in the text format of Prometheus.
async fn metrics(State(service): State<Arc<Service>>) -> Response {
    let text = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        service.watch.write_metrics(&mut text);
        text
    });
    match text.await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(_) => http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn trials(State(service): State<Arc<Service>>) -> Response {
    axum::Json(service.trials.report()).into_response()
}

/// Takes the counters every few seconds, and sends alarms that are new to a webhook. It runs until it is
/// dropped.
pub async fn keep_watch(service: Arc<Service>, webhook: Option<Webhook>) {
    loop {
        let looked = Arc::clone(&service);
        let collected = tokio::task::spawn_blocking(move || {
            let alarms = looked.watch.collect(&looked.models.catalog(), Instant::now());
            for (model, version) in looked.trials.stop(&looked.watch.states()) {
                tracing::warn!(model, version, "an arm was stopped");
            }
            alarms
        });
        match collected.await {
            Ok(Ok(alarms)) => {
                for alarm in alarms {
                    tracing::warn!(alarm = ?alarm.alarm, model = alarm.model, version = alarm.version);
                    let Some(webhook) = &webhook else { continue };
                    if let Err(error) = webhook.send(&alarm).await {
                        tracing::error!(%error, "an alarm was not sent");
                    }
                }
            }
            Ok(Err(problem)) => tracing::error!(error = problem.detail(), "the watch failed"),
            Err(_) => tracing::error!("the watch failed"),
        }
        if let Some(Err(error)) = service.decisions.as_ref().map(DecisionLog::sync) {
            tracing::error!(error = %error.kind(), "the decision log failed");
        }
        tokio::time::sleep(PAUSE).await;
    }
}
