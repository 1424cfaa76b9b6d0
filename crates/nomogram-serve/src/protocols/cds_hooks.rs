//! CDS Hooks 2.0: discovery, a `patient-view` service per model, and feedback.
//!
//! A model is offered when its features are mapped to FHIR. Clients send the newest observations with the
//! call; a service that has not got them answers 412, as the specification demands.

mod message;

mod card;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::json;

use self::message::{Call, Cards, FeedbackCall, Outcome, ServiceOffer, Services};
use super::fhir::{Record, Reference, Resource, assess, mapping};
use crate::entry::Entry;
use crate::feedback::FeedbackCounts;
use crate::following;
use crate::instant::Instant;
use crate::mapping::{LOINC, Mapping};
use crate::problem::{Problem, ProblemKind};
use crate::served::Served;
use crate::service::Service;
use crate::whole::Whole;

/// The hook of all services.
const HOOK: &str = "patient-view";
/// The extension of a service with the schema of its model.
const SCHEMA: &str = "org.nomogram.schema";
/// The key of the patient among the prefetched resources.
const PATIENT: &str = "patient";

/// The routes of the protocol.
pub(super) fn router() -> Router<Arc<Service>> {
    Router::new()
        .route("/cds-services", get(discover))
        .route("/cds-services/{model}", post(call))
        .route("/cds-services/{model}/feedback", post(feedback))
}

async fn discover(State(service): State<Arc<Service>>) -> Response {
    let catalog = service.models.catalog();
    let latest = catalog.models().filter_map(|(_, versions)| versions.find(None));
    let offers = latest.filter_map(|served| {
        let mapping = mapping(served, service.mappings.load().get(served.name())).ok()?;
        Some(offer(served, &mapping))
    });
    Json(Services { services: offers.collect() }).into_response()
}

fn offer(served: &Served, mapping: &Mapping) -> ServiceOffer {
    let schema = served.model().schema();
    let features = schema.features().iter().map(|feature| {
        json!({
            "name": feature.name,
            "unit": feature.unit,
            "source": mapping.features.get(&feature.name),
        })
    });
    let features: Vec<_> = features.collect();
    let target = schema.target().name();
    ServiceOffer {
        hook: HOOK,
        title: format!("Risk of {target}"),
        description: format!(
            "The risk of {target} by the model {} {}",
            served.name(),
            served.version()
        ),
        id: served.name().to_owned(),
        prefetch: prefetch(mapping),
        usage_requirements: "Units of observations are UCUM codes.",
        extension: BTreeMap::from([(
            SCHEMA,
            json!({"digest": served.digest(), "features": features}),
        )]),
    }
}

/// What a client sends with a call: the patient, and the newest observation of each code.
fn prefetch(mapping: &Mapping) -> BTreeMap<String, String> {
    let mut templates =
        BTreeMap::from([(PATIENT.to_owned(), "Patient/{{context.patientId}}".to_owned())]);
    for source in mapping.features.values() {
        let Some(code) = source.panel.as_ref().or(source.loinc.as_ref()) else { continue };
        let query = format!(
            "Observation?patient={{{{context.patientId}}}}&code={LOINC}|{code}\
             &status=final,amended,corrected,preliminary&_sort=-date&_count=1"
        );
        templates.insert(code.clone(), query);
    }
    templates
}

async fn call(
    State(service): State<Arc<Service>>,
    Extension(entry): Extension<Arc<Entry>>,
    Path(model): Path<String>,
    headers: HeaderMap,
    body: Result<Whole, Problem>,
) -> Result<Response, Problem> {
    let served = following::choose(&service, (&entry, &headers), Some(&model), None)?;
    let mapping = mapping(&served, service.mappings.load().get(served.name()))?;
    let call: Call = read(&body?.0)?;
    if call.hook != HOOK {
        return Err(Problem::new(ProblemKind::Malformed, "hook: expected `patient-view`"));
    }
    let has = |key: &String| {
        !matches!(call.prefetch.get(key), None | Some(Some(Resource::OperationOutcome {})))
    };
    let has_all = prefetch(&mapping).keys().all(has);
    let mut record = Record::default();
    record.set_subject(Reference::new(format!("Patient/{}", call.context.patient_id)))?;
    for resource in call.prefetch.into_values().flatten() {
        record.add(resource)?;
    }
    let id = entry.request_id().as_str();
    let card = match assess(&service, &served, &entry, &mapping, &record) {
        Ok(assessed) => card::of_prediction(&served, &assessed.scored, id),
        Err(problem) if problem.kind() == ProblemKind::RefusedRow && has_all => {
            card::of_refusal(&served, &problem, id)
        }
        Err(problem) if problem.kind() == ProblemKind::RefusedRow => {
            let mut response = problem.into_response();
            *response.status_mut() = StatusCode::PRECONDITION_FAILED;
            return Ok(response);
        }
        Err(problem) => return Err(problem),
    };
    Ok(Json(Cards { cards: [card] }).into_response())
}

async fn feedback(
    State(service): State<Arc<Service>>,
    Extension(entry): Extension<Arc<Entry>>,
    Path(model): Path<String>,
    body: Result<Whole, Problem>,
) -> Result<StatusCode, Problem> {
    let served = following::find(&service, &entry, Some(&model), None)?;
    let call: FeedbackCall = read(&body?.0)?;
    let mut counts = FeedbackCounts::default();
    for (index, item) in call.feedback.iter().enumerate() {
        if Instant::of_text(&item.outcome_timestamp).is_none() {
            let detail = format!("feedback {}: outcomeTimestamp: no time of ISO 8601", index + 1);
            return Err(Problem::new(ProblemKind::Malformed, detail));
        }
        match item.outcome {
            Outcome::Accepted => counts.accepted += 1,
            Outcome::Overridden => counts.overridden += 1,
        }
    }
    service.feedback.add(served.name(), counts);
    Ok(StatusCode::OK)
}

/// A request from its JSON.
///
/// # Errors
///
/// `Malformed`, with the place only: the messages of the parser quote the text.
fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail = format!("line {line}, column {column}: no request of CDS Hooks 2.0");
        Problem::new(ProblemKind::Malformed, detail)
    })
}
