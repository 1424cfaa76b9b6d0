//! The protocol over gRPC.

use std::sync::Arc;

use bytes::Bytes;
use tonic::{Code, Request, Response, Status};

use super::datatype::{Datatype, natural, whole};
use super::generated as message;
use super::generated::grpc_inference_service_server::GrpcInferenceService;
use super::generated::infer_parameter::ParameterChoice;
use super::generated::model_infer_request::InferInputTensor;
use super::generated::model_infer_response::InferOutputTensor;
use super::generated::model_metadata_response::TensorMetadata;
use super::infer::{Answer, Asked, Question};
use super::invalid::Invalid;
use super::message::OnRefusal;
use super::metadata::{self, ModelMetadata};
use super::outputs::Values;
use super::repository;
use super::tensor::{Elements, Tensor, n_elements, shape};
use crate::caller::Context;
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
    fn find(&self, name: &str, version: &str) -> Result<Arc<Served>, Status> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let (name, version) = (given(name), given(version));
        self.service.models.find(name.as_deref(), version.as_deref()).map_err(|e| status(&e))
    }
}

/// A problem as a status.
fn status(problem: &Problem) -> Status {
    let code = match problem.kind() {
        ProblemKind::Malformed
        | ProblemKind::RefusedRow
        | ProblemKind::MediaType
        | ProblemKind::NotAcceptable => Code::InvalidArgument,
        ProblemKind::Unauthorized => Code::Unauthenticated,
        ProblemKind::Forbidden => Code::PermissionDenied,
        ProblemKind::NotFound | ProblemKind::UnknownModel => Code::NotFound,
        ProblemKind::Revoked => Code::FailedPrecondition,
        ProblemKind::Method | ProblemKind::Unsupported => Code::Unimplemented,
        ProblemKind::Timeout => Code::DeadlineExceeded,
        ProblemKind::TooLarge | ProblemKind::TooManyRequests => Code::ResourceExhausted,
        ProblemKind::Overloaded | ProblemKind::NotReady => Code::Unavailable,
        ProblemKind::Defect => Code::Internal,
    };
    Status::new(code, problem.to_string())
}

/// The tensors of a request: raw, or typed.
fn tensors(request: &mut message::ModelInferRequest) -> Result<Vec<Tensor>, Invalid> {
    let raw = std::mem::take(&mut request.raw_input_contents);
    let (found, expected) = (raw.len(), request.inputs.len());
    if !raw.is_empty() && found != expected {
        return Err(Invalid::new(format!(
            "{found} raw contents, expected one for each of {expected} inputs"
        )));
    }
    let mut raw = raw.into_iter();
    let inputs = std::mem::take(&mut request.inputs).into_iter().enumerate();
    let tensor = |(index, input): (usize, InferInputTensor)| {
        tensor(input, raw.next()).map_err(|e| e.within(format_args!("input {}", index + 1)))
    };
    inputs.map(tensor).collect()
}

fn tensor(input: InferInputTensor, raw: Option<Bytes>) -> Result<Tensor, Invalid> {
    let datatype = Datatype::of_name(&input.datatype)?;
    let shape = shape(&input.shape)?;
    let elements = match (raw, input.contents) {
        (Some(raw), None) => Elements::of_bytes(datatype, &raw, n_elements(&shape)?)?,
        (None, Some(contents)) => typed(datatype, contents)?,
        (None, None) if n_elements(&shape)? == 0 => Elements::Numbers(Vec::new()),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Invalid::new("expected either raw or typed contents"));
        }
    };
    let unit = input.parameters.get("unit").and_then(text).map(str::to_owned);
    Tensor::new(input.name, shape, elements, unit)
}

/// Elements of typed contents, which are in the field of the datatype and in no other.
fn typed(datatype: Datatype, contents: message::InferTensorContents) -> Result<Elements, Invalid> {
    let n_given = [
        contents.bool_contents.len(),
        contents.int_contents.len(),
        contents.int64_contents.len(),
        contents.uint_contents.len(),
        contents.uint64_contents.len(),
        contents.fp32_contents.len(),
        contents.fp64_contents.len(),
        contents.bytes_contents.len(),
    ];
    let numbers = match datatype {
        Datatype::Bool => {
            contents.bool_contents.iter().map(|value| f64::from(u8::from(*value))).collect()
        }
        Datatype::Int8 | Datatype::Int16 | Datatype::Int32 => {
            contents.int_contents.iter().copied().map(f64::from).collect()
        }
        Datatype::Int64 => {
            contents.int64_contents.iter().copied().map(whole).collect::<Result<_, _>>()?
        }
        Datatype::Uint8 | Datatype::Uint16 | Datatype::Uint32 => {
            contents.uint_contents.iter().copied().map(f64::from).collect()
        }
        Datatype::Uint64 => {
            contents.uint64_contents.iter().copied().map(natural).collect::<Result<_, _>>()?
        }
        Datatype::Fp32 => contents.fp32_contents.iter().copied().map(f64::from).collect(),
        Datatype::Fp64 => contents.fp64_contents,
        Datatype::Fp16 | Datatype::Bf16 => {
            return Err(Invalid::new("a number of 16 bits, expected raw contents for it"));
        }
        Datatype::Bytes => {
            let texts = contents.bytes_contents.iter().map(|bytes| {
                let text = str::from_utf8(bytes).map_err(|_| Invalid::new("a text is not UTF-8"));
                text.map(|text| Some(text.to_owned()))
            });
            let texts: Vec<_> = texts.collect::<Result<_, _>>()?;
            check_others(texts.len(), &n_given, datatype)?;
            return Ok(Elements::Texts(texts));
        }
    };
    check_others(Vec::len(&numbers), &n_given, datatype)?;
    Ok(Elements::Numbers(numbers))
}

/// Refuses elements in fields of other datatypes.
fn check_others(read: usize, n_given: &[usize], datatype: Datatype) -> Result<(), Invalid> {
    if n_given.iter().sum::<usize>() == read {
        return Ok(());
    }
    let name = datatype.name();
    Err(Invalid::new(format!("elements in the field of another datatype, expected {name}")))
}

/// The text of a parameter.
fn text(parameter: &message::InferParameter) -> Option<&str> {
    match &parameter.parameter_choice {
        Some(ParameterChoice::StringParam(text)) => Some(text),
        Some(
            ParameterChoice::BoolParam(_)
            | ParameterChoice::Int64Param(_)
            | ParameterChoice::DoubleParam(_)
            | ParameterChoice::Uint64Param(_),
        )
        | None => None,
    }
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
        let ready = self.service.models.catalog().served().next().is_some();
        Ok(Response::new(message::ServerReadyResponse { ready }))
    }

    async fn model_ready(
        &self,
        request: Request<message::ModelReadyRequest>,
    ) -> Result<Response<message::ModelReadyResponse>, Status> {
        let message::ModelReadyRequest { name, version } = request.into_inner();
        let ready = self.find(&name, &version).is_ok();
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
        let message::ModelMetadataRequest { name, version } = request.into_inner();
        let served = self.find(&name, &version)?;
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
        let context = request.extensions().get::<Context>().cloned();
        let context = context.ok_or_else(|| Status::internal("a request without an id"))?;
        let headers = request.metadata().clone().into_headers();
        let mut request = request.into_inner();
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let (name, version) = (given(&request.model_name), given(&request.model_version));
        let subject = following::subject(&headers, &context);
        let served = following::choose(&self.service, name.as_deref(), version.as_deref(), subject)
            .map_err(|e| status(&e))?;
        let is_raw = !request.raw_input_contents.is_empty();
        let read = |request: &mut message::ModelInferRequest| -> Result<Question, Invalid> {
            Ok(Question {
                tensors: tensors(request)?,
                on_refusal: on_refusal(request)?,
                outputs: request.outputs.iter().map(|output| output.name.clone()).collect(),
                max_rows: self.service.limits.max_rows,
            })
        };
        let question = read(&mut request).map_err(|e| status(&e.into()))?;
        let service = Arc::clone(&self.service);
        let asked = Asked { service, served: Arc::clone(&served), context };
        let answer = asked.answer(question).await.map_err(|e| status(&e))?;
        Ok(Response::new(response(request.id, &answer, &served, is_raw)))
    }

    async fn repository_index(
        &self,
        _request: Request<message::RepositoryIndexRequest>,
    ) -> Result<Response<message::RepositoryIndexResponse>, Status> {
        let rows = repository::index(&self.service).into_iter();
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
        let name = request.into_inner().model_name;
        repository::load(&self.service, &name).map_err(|e| status(&e))?;
        Ok(Response::new(message::RepositoryModelLoadResponse {}))
    }

    async fn repository_model_unload(
        &self,
        request: Request<message::RepositoryModelUnloadRequest>,
    ) -> Result<Response<message::RepositoryModelUnloadResponse>, Status> {
        let name = request.into_inner().model_name;
        repository::unload(&self.service, &name).map_err(|e| status(&e))?;
        Ok(Response::new(message::RepositoryModelUnloadResponse {}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(raw: &[&'static [u8]], typed: &[f64]) -> message::ModelInferRequest {
        let contents = message::InferTensorContents {
            fp64_contents: typed.to_vec(),
            ..message::InferTensorContents::default()
        };
        message::ModelInferRequest {
            inputs: vec![InferInputTensor {
                name: "x".into(),
                datatype: "FP64".into(),
                shape: vec![1],
                contents: (!typed.is_empty()).then_some(contents),
                ..InferInputTensor::default()
            }],
            raw_input_contents: raw.iter().map(|bytes| Bytes::from_static(bytes)).collect(),
            ..message::ModelInferRequest::default()
        }
    }

    #[test]
    fn raw_and_typed_contents_exclude_each_other() {
        const ONE: &[u8] = &[0, 0, 0, 0, 0, 0, 0xF0, 0x3F];
        let read = |raw: &[&'static [u8]], typed: &[f64]| {
            tensors(&mut request(raw, typed)).map(|tensors| tensors[0].elements.clone())
        };
        let expected = Ok(Elements::Numbers(vec![1.0]));
        assert_eq!(read(&[ONE], &[]), expected);
        assert_eq!(read(&[], &[1.0]), expected);
        let message = "input 1: expected either raw or typed contents";
        assert_eq!(read(&[ONE], &[1.0]).unwrap_err().to_string(), message);
        assert_eq!(read(&[], &[]).unwrap_err().to_string(), message);
        assert!(read(&[ONE, ONE], &[]).unwrap_err().to_string().starts_with("2 raw contents"));
    }

    #[test]
    fn elements_are_in_the_field_of_their_datatype() {
        let contents = message::InferTensorContents {
            fp32_contents: vec![1.0],
            ..message::InferTensorContents::default()
        };
        assert_eq!(typed(Datatype::Fp32, contents.clone()), Ok(Elements::Numbers(vec![1.0])));
        let message = "elements in the field of another datatype, expected FP64";
        assert_eq!(typed(Datatype::Fp64, contents).unwrap_err().to_string(), message);
    }
}
