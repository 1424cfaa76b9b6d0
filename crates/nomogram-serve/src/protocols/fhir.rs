//! FHIR R4: the resources of a patient in, a `RiskAssessment` out.
//!
//! `POST /fhir/{model}/$assess` takes a Bundle with Observations and perhaps the Patient. Which resource
//! holds which feature is in the [mapping](crate::mapping). Problems are an `OperationOutcome`.

mod resources;

mod record;

mod assess;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Extension, Router};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;

pub(crate) use self::assess::{assess, mapping, percent, remarks};
pub(crate) use self::record::Record;
pub(crate) use self::resources::{Reference, Resource, RiskAssessment};
use crate::entry::Entry;
use crate::following;
use crate::problem::{Problem, ProblemKind};
use crate::service::Service;
use crate::whole::Whole;

/// The media type of FHIR in JSON.
const MEDIA_TYPE: &str = "application/fhir+json";

/// The routes of the protocol.
pub(super) fn router() -> Router<Arc<Service>> {
    Router::new().route("/fhir/{model}/$assess", post(risk))
}

/// A problem as an `OperationOutcome`.
#[derive(Debug)]
struct Failure(Problem);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct OperationOutcome {
    resource_type: &'static str,
    issue: [Issue; 1],
}

#[derive(Debug, Serialize)]
struct Issue {
    severity: &'static str,
    code: &'static str,
    diagnostics: String,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let code = match self.0.kind() {
            ProblemKind::Malformed | ProblemKind::MediaType | ProblemKind::NotAcceptable => {
                "structure"
            }
            ProblemKind::Unauthorized => "login",
            ProblemKind::Forbidden => "forbidden",
            ProblemKind::NotFound | ProblemKind::UnknownModel => "not-found",
            ProblemKind::Method | ProblemKind::Unsupported => "not-supported",
            ProblemKind::Timeout => "timeout",
            ProblemKind::TooLarge => "too-long",
            ProblemKind::RefusedRow | ProblemKind::Revoked | ProblemKind::Untrusted => {
                "business-rule"
            }
            ProblemKind::TooManyRequests | ProblemKind::Overloaded => "throttled",
            ProblemKind::NotReady => "transient",
            ProblemKind::Defect => "exception",
        };
        let outcome = OperationOutcome {
            resource_type: "OperationOutcome",
            issue: [Issue { severity: "error", code, diagnostics: self.0.to_string() }],
        };
        let mut response = resource(self.0.kind().status(), &outcome);
        // The middleware counts and logs it by its code.
        response.extensions_mut().insert(self.0);
        response
    }
}

async fn risk(
    State(service): State<Arc<Service>>,
    Extension(entry): Extension<Arc<Entry>>,
    Path(model): Path<String>,
    headers: HeaderMap,
    body: Result<Whole, Problem>,
) -> Result<Response, Failure> {
    let served = following::choose(&service, (&entry, &headers), Some(&model), None)?;
    let mapping = mapping(&served, service.mappings.load().get(served.name()))?;
    let mut record = Record::default();
    record.add(read(&body?.0)?)?;
    let subject = record.subject().cloned().ok_or_else(|| {
        Problem::new(ProblemKind::Malformed, "no resource names the patient, expected a subject")
    })?;
    let assessed = assess(&service, &served, &entry, &mapping, &record)?;
    let id = entry.request_id().as_str();
    let risk = RiskAssessment::new(&served, &mapping, assessed, subject, id);
    Ok(resource(StatusCode::OK, &risk))
}

/// A resource from its JSON.
///
/// # Errors
///
/// `Malformed`, with the place only: the messages of the parser quote the text.
pub(crate) fn read(json: &[u8]) -> Result<Resource, Problem> {
    serde_json::from_slice(json).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let detail = format!("line {line}, column {column}: no resource of FHIR R4 in JSON");
        Problem::new(ProblemKind::Malformed, detail)
    })
}

fn resource(status: StatusCode, resource: &impl Serialize) -> Response {
    let body = serde_json::to_vec(resource).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, MEDIA_TYPE)], body).into_response()
}
