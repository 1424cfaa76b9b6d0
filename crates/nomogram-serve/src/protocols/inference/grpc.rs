//! The protocol over gRPC.

use std::error::Error;
use std::sync::Arc;

use axum::body::Body;
use tonic::{Code, Request, Response, Status};

use super::generated as message;
use super::generated::grpc_inference_service_server::GrpcInferenceService;
use super::generated::infer_parameter::ParameterChoice;
use super::generated::model_infer_response::InferOutputTensor;
use super::generated::model_metadata_response::TensorMetadata;
use super::grpc_tensors::{tensors, text};
use super::infer::{Answer, Asked, Question};
use super::invalid::Invalid;
use super::message::OnRefusal;
use super::metadata::{self, ModelMetadata};
use super::outputs::Values;
use super::repository;
use crate::entry::Entry;
use crate::following;
use crate::problem::{Problem, ProblemKind};
use crate::served::Served;
use crate::service::Service;

/// The service of the protocol.
#[derive(Clone, Debug)]
pub(super) struct Inference {
    pub(super) service: Arc<Service>,
}

impl Inference {
    fn find(&self, entry: &Entry, name: &str, version: &str) -> Result<Arc<Served>, Status> {
        following::find(&self.service, entry, given(name), given(version)).map_err(status)
    }
}

/// A text of a message; none where it is left out.
fn given(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn entry<T>(request: &Request<T>) -> Result<Arc<Entry>, Status> {
    let entry = request.extensions().get::<Arc<Entry>>().cloned();
    entry.ok_or_else(|| status(Problem::new(ProblemKind::Defect, "a request without an id")))
}

/// The answer to a call; a refused one with its problem, by whose code the middleware counts and logs it.
pub(super) async fn with_problem(mut response: http::Response<Body>) -> http::Response<Body> {
    let status = response.extensions().get::<Status>().cloned();
    // That of a method that does not exist is in the headers only.
    let status = status.or_else(|| Status::from_header_map(response.headers()));
    if let Some(status) = status.filter(|status| status.code() != Code::Ok) {
        let known = status.source().and_then(|source| source.downcast_ref::<Problem>());
        // Without one, the call never reached a handler.
        let problem = known.cloned().unwrap_or_else(|| match status.code() {
            Code::Unimplemented => Problem::new(ProblemKind::Method, "no such method"),
            Code::OutOfRange | Code::ResourceExhausted => {
                Problem::new(ProblemKind::TooLarge, "a message that is longer than the limit")
            }
            _ => Problem::new(ProblemKind::Malformed, "a message that cannot be read"),
        });
        response.extensions_mut().insert(problem);
    }
    response
}

/// A problem as a status.
fn status(problem: Problem) -> Status {
    let code = match problem.kind() {
        ProblemKind::Malformed
        | ProblemKind::RefusedRow
        | ProblemKind::MediaType
        | ProblemKind::NotAcceptable => Code::InvalidArgument,
        ProblemKind::Unauthorized => Code::Unauthenticated,
        ProblemKind::Forbidden => Code::PermissionDenied,
        ProblemKind::NotFound | ProblemKind::UnknownModel => Code::NotFound,
        ProblemKind::Revoked | ProblemKind::Untrusted => Code::FailedPrecondition,
        ProblemKind::Method | ProblemKind::Unsupported => Code::Unimplemented,
        ProblemKind::Timeout => Code::DeadlineExceeded,
        ProblemKind::TooLarge | ProblemKind::TooManyRequests => Code::ResourceExhausted,
        ProblemKind::Overloaded | ProblemKind::NotReady => Code::Unavailable,
        ProblemKind::Defect => Code::Internal,
    };
    let mut status = Status::new(code, problem.to_string());
    status.set_source(Arc::new(problem));
    status
}

fn on_refusal(request: &message::ModelInferRequest) -> Result<OnRefusal, Invalid> {
    match request.parameters.get("on_refusal").map(text) {
        None | Some(Some("fail")) => Ok(OnRefusal::Fail),
        Some(Some("mark")) => Ok(OnRefusal::Mark),
        Some(_) => Err(Invalid::new("parameter on_refusal: expected `fail` or `mark`")),
    }
}

/// The answer; its outputs are raw where its inputs were.
fn response(
    id: String,
    answer: &Answer,
    served: &Served,
    is_raw: bool,
) -> message::ModelInferResponse {
    let mut raw_output_contents = Vec::new();
    let outputs = answer.outputs.iter().map(|output| {
        let contents = if is_raw {
            raw_output_contents.push(output.values.to_bytes().into());
            None
        } else {
            Some(contents(&output.values))
        };
        let shape = output.shape(answer.n_rows);
        InferOutputTensor {
            name: output.name.to_owned(),
            datatype: output.values.datatype().name().to_owned(),
            shape: shape.iter().map(|length| i64::try_from(*length).unwrap_or(i64::MAX)).collect(),
            parameters: Default::default(),
            contents,
        }
    });
    let outputs = outputs.collect();
    let digest = ParameterChoice::StringParam(served.digest().to_owned());
    let digest = message::InferParameter { parameter_choice: Some(digest) };
    message::ModelInferResponse {
        model_name: served.name().to_owned(),
        model_version: served.version().to_owned(),
        id,
        parameters: [("digest".to_owned(), digest)].into(),
        outputs,
        raw_output_contents,
    }
}

fn contents(values: &Values) -> message::InferTensorContents {
    let mut contents = message::InferTensorContents::default();
    match values {
        Values::Numbers(numbers) => contents.fp64_contents.clone_from(numbers),
        Values::Flags(flags) => {
            contents.uint_contents = flags.iter().copied().map(u32::from).collect();
        }
        Values::Texts(texts) => {
            contents.bytes_contents = texts.iter().map(|text| text.clone().into()).collect();
        }
    }
    contents
}

#[tonic::async_trait]
impl GrpcInferenceService for Inference {
    async fn server_live(
        &self,
        _request: Request<message::ServerLiveRequest>,
    ) -> Result<Response<message::ServerLiveResponse>, Status> {
        Ok(Response::new(message::ServerLiveResponse { live: true }))
    }

    async fn server_ready(
        &self,
        _request: Request<message::ServerReadyRequest>,
    ) -> Result<Response<message::ServerReadyResponse>, Status> {
        let ready = self.service.is_ready();
        Ok(Response::new(message::ServerReadyResponse { ready }))
    }

    async fn model_ready(
        &self,
        request: Request<message::ModelReadyRequest>,
    ) -> Result<Response<message::ModelReadyResponse>, Status> {
        let entry = entry(&request)?;
        let message::ModelReadyRequest { name, version } = request.into_inner();
        let ready = self.find(&entry, &name, &version).is_ok();
        Ok(Response::new(message::ModelReadyResponse { ready }))
    }

    async fn server_metadata(
        &self,
        _request: Request<message::ServerMetadataRequest>,
    ) -> Result<Response<message::ServerMetadataResponse>, Status> {
        Ok(Response::new(message::ServerMetadataResponse {
            name: metadata::SERVER.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            extensions: metadata::EXTENSIONS.map(str::to_owned).to_vec(),
        }))
    }

    async fn model_metadata(
        &self,
        request: Request<message::ModelMetadataRequest>,
    ) -> Result<Response<message::ModelMetadataResponse>, Status> {
        let entry = entry(&request)?;
        let message::ModelMetadataRequest { name, version } = request.into_inner();
        let served = self.find(&entry, &name, &version)?;
        let versions = repository::versions(&self.service, served.name());
        let metadata = ModelMetadata::new(served.name(), versions, served.model());
        let tensor = |tensor: metadata::TensorMetadata| TensorMetadata {
            name: tensor.name,
            datatype: tensor.datatype.to_owned(),
            shape: tensor.shape,
        };
        Ok(Response::new(message::ModelMetadataResponse {
            name: metadata.name,
            versions: metadata.versions,
            platform: metadata.platform.to_owned(),
            inputs: metadata.inputs.into_iter().map(tensor).collect(),
            outputs: metadata.outputs.into_iter().map(tensor).collect(),
        }))
    }

    async fn model_infer(
        &self,
        request: Request<message::ModelInferRequest>,
    ) -> Result<Response<message::ModelInferResponse>, Status> {
        let entry = entry(&request)?;
        let headers = request.metadata().clone().into_headers();
        let mut request = request.into_inner();
        let (name, version) = (given(&request.model_name), given(&request.model_version));
        let served = following::choose(&self.service, (&entry, &headers), name, version);
        let served = served.map_err(status)?;
        let is_raw = !request.raw_input_contents.is_empty();
        let read = |request: &mut message::ModelInferRequest| -> Result<Question, Invalid> {
            Ok(Question {
                tensors: tensors(request)?,
                on_refusal: on_refusal(request)?,
                outputs: request.outputs.iter().map(|output| output.name.clone()).collect(),
                max_rows: self.service.limits.max_rows,
            })
        };
        let question = read(&mut request).map_err(|invalid| status(invalid.into()))?;
        let service = Arc::clone(&self.service);
        let asked = Asked { service, served: Arc::clone(&served), entry };
        let answer = asked.answer(question).await.map_err(status)?;
        Ok(Response::new(response(request.id, &answer, &served, is_raw)))
    }

    async fn repository_index(
        &self,
        request: Request<message::RepositoryIndexRequest>,
    ) -> Result<Response<message::RepositoryIndexResponse>, Status> {
        let rows = repository::index(&self.service, request.get_ref().ready).into_iter();
        let model = |row: repository::IndexRow| message::repository_index_response::ModelIndex {
            name: row.name,
            version: row.version,
            state: row.state.to_owned(),
            reason: row.reason.to_owned(),
        };
        Ok(Response::new(message::RepositoryIndexResponse { models: rows.map(model).collect() }))
    }

    async fn repository_model_load(
        &self,
        request: Request<message::RepositoryModelLoadRequest>,
    ) -> Result<Response<message::RepositoryModelLoadResponse>, Status> {
        let message::RepositoryModelLoadRequest { model_name: name, parameters, .. } =
            request.into_inner();
        repository::check_parameters(parameters.len()).map_err(status)?;
        let service = Arc::clone(&self.service);
        let loaded = tokio::task::spawn_blocking(move || repository::load(&service, &name)).await;
        let failed = |_| Problem::new(ProblemKind::Defect, "the model cannot be loaded");
        loaded.map_err(failed).flatten().map_err(status)?;
        Ok(Response::new(message::RepositoryModelLoadResponse {}))
    }

    async fn repository_model_unload(
        &self,
        request: Request<message::RepositoryModelUnloadRequest>,
    ) -> Result<Response<message::RepositoryModelUnloadResponse>, Status> {
        let name = request.into_inner().model_name;
        repository::unload(&self.service, &name).map_err(status)?;
        Ok(Response::new(message::RepositoryModelUnloadResponse {}))
    }
}

#[cfg(test)]
mod tests;
