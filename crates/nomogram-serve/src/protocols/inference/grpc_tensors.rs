//! Tensors of a request of gRPC.

use bytes::Bytes;

use super::datatype::{Datatype, natural, whole};
use super::generated as message;
use super::generated::infer_parameter::ParameterChoice;
use super::generated::model_infer_request::InferInputTensor;
use super::invalid::Invalid;
use super::tensor::{Elements, Tensor, n_elements, shape};

/// The tensors of a request: raw, or typed.
pub(super) fn tensors(request: &mut message::ModelInferRequest) -> Result<Vec<Tensor>, Invalid> {
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
pub(super) fn typed(
    datatype: Datatype,
    contents: message::InferTensorContents,
) -> Result<Elements, Invalid> {
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
pub(super) fn text(parameter: &message::InferParameter) -> Option<&str> {
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
