//! The protocol over REST.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::infer::{Answer, Asked, Question};
use super::invalid::Invalid;
use super::message::{InferRequest, InferResponse, OnRefusal, OutputMessage};
use super::metadata::{ModelMetadata, ServerMetadata};
use super::{object, repository};
use crate::entry::Entry;
use crate::following;
use crate::problem::{Problem, ProblemKind};
use crate::served::Served;
use crate::service::Service;
use crate::whole::Whole;

/// How many bytes of a body are JSON; what follows are tensors in binary.
pub(crate) const JSON_LENGTH: HeaderName =
    HeaderName::from_static("inference-header-content-length");

/// The routes of the protocol.
pub(super) fn router() -> Router<Arc<Service>> {
    let of_model = Router::new()
        .route("/", get(metadata))
        .route("/ready", get(model_is_ready))
        .route("/infer", post(infer));
    Router::new()
        .route("/v2", get(server))
        .route("/v2/", get(server))
        .route("/v2/health/live", get(is_live))
        .route("/v2/health/ready", get(is_ready))
        .nest("/v2/models/{model}", of_model.clone())
        .nest("/v2/models/{model}/versions/{version}", of_model)
        .route("/v2/repository/index", post(index))
        .route("/v2/repository/models/{model}/load", post(load))
        .route("/v2/repository/models/{model}/unload", post(unload))
}

/// A problem in the words of the protocol: `{"error": "..."}`.
#[derive(Debug)]
struct Failure(Problem);

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<Invalid> for Failure {
    fn from(invalid: Invalid) -> Self {
        Self(invalid.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Written {
            error: String,
        }
        let status = match self.0.kind() {
            // The protocol has 400 for every request that cannot be answered.
            ProblemKind::RefusedRow | ProblemKind::Unsupported => StatusCode::BAD_REQUEST,
            kind => kind.status(),
        };
        let mut response = json(status, &Written { error: self.0.to_string() });
        // The middleware counts and logs it by its code.
        response.extensions_mut().insert(self.0);
        response
    }
}

/// The model and perhaps the version of a path.
#[derive(Debug, Deserialize)]
struct ModelPath {
    model: String,
    version: Option<String>,
}

impl ModelPath {
    fn find(&self, service: &Service, entry: &Entry) -> Result<Arc<Served>, Problem> {
        following::find(service, entry, Some(&self.model), self.version.as_deref())
    }
}

async fn server() -> Response {
    json(StatusCode::OK, &ServerMetadata::new())
}

/// The client of `KServe` reads these from the body, that of Triton the status only.
async fn is_live() -> Response {
    json(StatusCode::OK, &serde_json::json!({"live": true}))
}

async fn is_ready(State(service): State<Arc<Service>>) -> Response {
    let ready = service.is_ready();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, &serde_json::json!({"ready": ready}))
}

async fn model_is_ready(
    State(service): State<Arc<Service>>,
    Extension(entry): Extension<Arc<Entry>>,
    Path(path): Path<ModelPath>,
) -> Result<Response, Failure> {
    let served = path.find(&service, &entry)?;
    Ok(json(StatusCode::OK, &serde_json::json!({"name": served.name(), "ready": true})))
}

async fn metadata(
    State(service): State<Arc<Service>>,
    Extension(entry): Extension<Arc<Entry>>,
    Path(path): Path<ModelPath>,
) -> Result<Response, Failure> {
    let served = path.find(&service, &entry)?;
    let versions = repository::versions(&service, served.name());
    let metadata = ModelMetadata::new(served.name(), versions, served.model());
    Ok(json(StatusCode::OK, &metadata))
}

async fn infer(
    State(service): State<Arc<Service>>,
    Extension(entry): Extension<Arc<Entry>>,
    Path(path): Path<ModelPath>,
    headers: HeaderMap,
    body: Result<Whole, Problem>,
) -> Result<Response, Failure> {
    let (model, version) = (Some(&*path.model), path.version.as_deref());
    let served = following::choose(&service, (&entry, &headers), model, version)?;
    let (request, tensors) = InferRequest::read(&body?.0, json_length(&headers)?)?;
    let question = Question {
        tensors,
        on_refusal: request.parameters.on_refusal.unwrap_or(OnRefusal::Fail),
        outputs: request.wanted(),
        max_rows: service.limits.max_rows,
    };
    let asked = Asked { service, served: Arc::clone(&served), entry };
    let answer = asked.answer(question).await?;
    Ok(written(&request, &answer, &served))
}

/// The length of the JSON, where tensors in binary follow it.
fn json_length(headers: &HeaderMap) -> Result<Option<usize>, Invalid> {
    let Some(length) = headers.get(JSON_LENGTH) else { return Ok(None) };
    let length = length.to_str().ok().and_then(|length| length.parse().ok());
    let length = length
        .ok_or_else(|| Invalid::new("Inference-Header-Content-Length: expected a whole number"))?;
    Ok(Some(length))
}

/// The answer in JSON, followed by the outputs that are wanted in binary.
fn written(request: &InferRequest, answer: &Answer, served: &Served) -> Response {
    let shapes: Vec<Vec<usize>> =
        answer.outputs.iter().map(|output| output.shape(answer.n_rows)).collect();
    let mut binary = Vec::new();
    let outputs = answer.outputs.iter().zip(&shapes).map(|(output, shape)| {
        let is_binary = request.is_binary(output.name);
        let mut parameters = BTreeMap::new();
        if is_binary {
            let bytes = output.values.to_bytes();
            parameters.insert("binary_data_size", bytes.len());
            binary.extend(bytes);
        }
        OutputMessage {
            name: output.name,
            datatype: output.values.datatype().name(),
            shape,
            parameters,
            data: (!is_binary).then_some(&output.values),
        }
    });
    let outputs: Vec<_> = outputs.collect();
    let has_binary = outputs.iter().any(|output| output.data.is_none());
    let message = InferResponse {
        model_name: served.name(),
        model_version: served.version(),
        id: request.id.as_deref(),
        parameters: BTreeMap::from([("digest", served.digest())]),
        outputs,
    };
    let mut response = json(StatusCode::OK, &message);
    if has_binary {
        let mut body = serde_json::to_vec(&message).unwrap_or_default();
        let length = HeaderValue::from(body.len());
        body.append(&mut binary);
        response = body.into_response();
        response.headers_mut().insert(JSON_LENGTH, length);
    }
    response
}

/// What of the repository is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct IndexRequest {
    ready: bool,
}

async fn index(
    State(service): State<Arc<Service>>,
    body: Result<Whole, Problem>,
) -> Result<Response, Failure> {
    let request: IndexRequest = match body?.0.trim_ascii() {
        [] => IndexRequest::default(),
        json => object::read(json).map_err(|error| Invalid::of_json(&error))?,
    };
    Ok(json(StatusCode::OK, &repository::index(&service, request.ready)))
}

/// The parameters of a request to load a model, of which there are none: its configuration and files are
/// those of the folder or the registry.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LoadRequest {
    parameters: BTreeMap<String, IgnoredAny>,
}

async fn load(
    State(service): State<Arc<Service>>,
    Path(path): Path<ModelPath>,
    body: Result<Whole, Problem>,
) -> Result<StatusCode, Failure> {
    let request: LoadRequest = match body?.0.trim_ascii() {
        [] => LoadRequest::default(),
        json => object::read(json).map_err(|error| Invalid::of_json(&error))?,
    };
    repository::check_parameters(request.parameters.len())?;
    let loaded = tokio::task::spawn_blocking(move || repository::load(&service, &path.model));
    loaded.await.map_err(|_| Problem::new(ProblemKind::Defect, "the model cannot be loaded"))??;
    Ok(StatusCode::OK)
}

async fn unload(
    State(service): State<Arc<Service>>,
    Path(path): Path<ModelPath>,
) -> Result<StatusCode, Failure> {
    repository::unload(&service, &path.model)?;
    Ok(StatusCode::OK)
}

fn json(status: StatusCode, message: &impl Serialize) -> Response {
    let body = serde_json::to_vec(message).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
