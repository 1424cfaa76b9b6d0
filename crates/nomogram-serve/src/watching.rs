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

async fn trials(State(service): State<Arc<Service>>) -> Response {
    axum::Json(service.trials.report()).into_response()
}

/// Takes the counters every few seconds, and sends alarms that are new to a webhook. It runs until it is
/// dropped.
pub async fn keep_watch(service: Arc<Service>, webhook: Option<Webhook>) {
    loop {
        let looked = Arc::clone(&service);
        let alarms = tokio::task::spawn_blocking(move || look(&looked)).await.unwrap_or_default();
        for alarm in alarms {
            let Some(webhook) = &webhook else { continue };
            if let Err(error) = webhook.send(&alarm).await {
                service.log.event("error", "alarm_not_sent", &[("error", &error)]);
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Takes the counters once, stops arms, and makes sure that decisions are on the disk. Returns the alarms
/// that are new. Call it once more before the service ends.
pub fn look(service: &Service) -> Vec<watch::Alarm> {
    let alarms = service.watch.collect(&service.models.catalog(), Instant::now());
    let alarms = alarms.unwrap_or_else(|problem| {
        service.log.event("error", "watch_failed", &[("error", problem.detail())]);
        Vec::new()
    });
    for alarm in &alarms {
        let kind = format!("{:?}", alarm.alarm);
        let details =
            [("alarm", kind.as_str()), ("model", &alarm.model), ("version", &alarm.version)];
        service.log.event("warn", "alarm", &details);
    }
    for (model, version) in service.trials.stop(&service.watch.states()) {
        service.log.event("warn", "arm_stopped", &[("model", &model), ("version", &version)]);
    }
    match service.decisions.as_ref().map(DecisionLog::sync) {
        None => {}
        Some(Ok(head)) => service.log.event("info", "decision_log", &[("head", &head)]),
        Some(Err(error)) => {
            let kind = error.kind().to_string();
            service.log.event("error", "decision_log_failed", &[("error", &kind)]);
        }
    }
    alarms
}
