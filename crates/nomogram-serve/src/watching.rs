//! The routes of the watch: outcomes in; the page, its JSON and its alarms out.

mod outbox;
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

use self::outbox::Outbox;
pub use self::webhook::Webhook;
use crate::decisions::DecisionLog;
use crate::instant::Instant;
use crate::service::Service;
use crate::watch;

/// The time between two looks at the counters.
const PAUSE: Duration = Duration::from_secs(10);
/// How many alarms wait for a webhook that does not answer.
const MAX_WAITING: usize = 64;

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
        let cards = service.feedback.counts();
        match wants_json {
            true => ("application/json", watch::to_json(&models, &cards)),
            false => ("text/html; charset=utf-8", watch::page(&models, &cards).into_bytes()),
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

/// Takes the counters every few seconds, sends alarms that are new to a webhook, and computes wagers of
/// periods before the service began. It runs until it is dropped.
pub async fn keep_watch(service: Arc<Service>, webhook: Option<Webhook>) {
    let outbox = Outbox::new(MAX_WAITING);
    tokio::join!(
        keep_looking(&service, webhook.as_ref().map(|_| &outbox)),
        keep_sending(&service, webhook.as_ref(), &outbox),
        keep_computing(&service),
    );
}

async fn keep_looking(service: &Arc<Service>, outbox: Option<&Outbox<watch::Alarm>>) {
    loop {
        let looked = Arc::clone(service);
        let alarms = tokio::task::spawn_blocking(move || look(&looked)).await;
        let alarms = alarms.unwrap_or_else(|error| {
            service.log.event("error", "watch_failed", &[("error", &error.to_string())]);
            Vec::new()
        });
        for alarm in alarms {
            if let Some(dropped) = outbox.and_then(|outbox| outbox.push(alarm)) {
                let error = "too many alarms wait for the webhook";
                report_unsent(service, &dropped, error);
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Sends alarms one after the other, however long the webhook takes.
async fn keep_sending(service: &Service, webhook: Option<&Webhook>, outbox: &Outbox<watch::Alarm>) {
    let Some(webhook) = webhook else { return };
    loop {
        let alarm = outbox.next().await;
        if let Err(error) = webhook.send(&alarm).await {
            report_unsent(service, &alarm, &error);
        }
    }
}

fn report_unsent(service: &Service, alarm: &watch::Alarm, error: &str) {
    let details = [("error", error), ("model", &alarm.model), ("version", &alarm.version)];
    service.log.event("error", "alarm_not_sent", &details);
}

/// Computes what is not computed yet, one period at a time, so that nobody waits for long.
async fn keep_computing(service: &Arc<Service>) {
    loop {
        let computing = Arc::clone(service);
        let step = tokio::task::spawn_blocking(move || computing.watch.compute_next());
        if !step.await.unwrap_or(false) {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Takes the counters once, stops arms, and makes sure that decisions are on the disk. Returns the alarms
/// that are new. Call it once more before the service ends.
pub fn look(service: &Service) -> Vec<watch::Alarm> {
    let known = service.watch.failures();
    let looked = service.watch.collect(&service.models.catalog(), Instant::now());
    let alarms = looked.unwrap_or_else(|failed| {
        // One that lasts is reported once; its metric shows that it lasts.
        for failure in failed.failures.iter().filter(|failure| !known.contains(failure)) {
            let watch::Failure { model, version, digest: _, detail } = failure;
            let details = [("model", model.as_str()), ("version", version), ("error", detail)];
            service.log.event("error", "watch_failed", &details);
        }
        failed.alarms
    });
    for alarm in &alarms {
        let kind = alarm.alarm.name();
        let details = [("alarm", kind), ("model", &alarm.model), ("version", &alarm.version)];
        service.log.event("warn", "alarm", &details);
    }
    let states = service.watch.states();
    for state in service.watch.newly_over(&states) {
        let details = [("model", state.model.as_str()), ("version", &state.version)];
        service.log.event("warn", "horizon_is_over", &details);
    }
    stop_arms(service, &states);
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

/// Stops arms whose risks no longer fit the outcomes.
pub(crate) fn stop_arms(service: &Service, states: &[watch::State]) {
    for (model, version) in service.trials.stop(states) {
        service.log.event("warn", "arm_stopped", &[("model", &model), ("version", &version)]);
    }
}

#[cfg(test)]
mod tests;
