use bytes::Bytes;

use super::*;
use crate::protocols::inference::datatype::Datatype;
use crate::protocols::inference::generated::model_infer_request::InferInputTensor;
use crate::protocols::inference::grpc_tensors::typed;
use crate::protocols::inference::tensor::Elements;

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
