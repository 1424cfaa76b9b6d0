//! Requests and answers of the protocol in JSON, with tensors in binary after it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::datatype::Datatype;
use super::elements::Data;
use super::invalid::Invalid;
use super::object::{object, objects, present, read};
use super::outputs::Values;
use super::tensor::{Elements, Tensor, n_elements, shape};

/// Parameters of a request, an input or an output.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Parameters {
    /// The bytes of an input that follow the JSON.
    #[serde(deserialize_with = "present")]
    pub(super) binary_data_size: Option<usize>,
    /// Whether this output is wanted in binary.
    #[serde(deserialize_with = "present")]
    pub(super) binary_data: Option<bool>,
    /// Whether every output is wanted in binary unless it differs.
    #[serde(deserialize_with = "present")]
    pub(super) binary_data_output: Option<bool>,
    /// The unit of an input, as a UCUM code.
    #[serde(deserialize_with = "present")]
    pub(super) unit: Option<String>,
    /// What happens when a row is refused.
    #[serde(deserialize_with = "present")]
    pub(super) on_refusal: Option<OnRefusal>,
}

/// What happens when a row is refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OnRefusal {
    /// The request fails.
    #[default]
    Fail,
    /// The row is marked, and the others are answered.
    Mark,
}

/// A request for predictions.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct InferRequest {
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "object")]
    pub(super) parameters: Parameters,
    #[serde(deserialize_with = "objects")]
    inputs: Vec<Input>,
    #[serde(default, deserialize_with = "objects")]
    outputs: Vec<RequestedOutput>,
}

/// An output that is wanted.
#[derive(Clone, Debug, Deserialize)]
struct RequestedOutput {
    name: String,
    #[serde(default, deserialize_with = "object")]
    parameters: Parameters,
}

#[derive(Clone, Debug, Deserialize)]
struct Input {
    name: String,
    shape: Vec<i64>,
    datatype: String,
    #[serde(default, deserialize_with = "object")]
    parameters: Parameters,
    data: Option<Data>,
}

impl InferRequest {
    /// A request and its tensors from a body, of which the first `json_len` bytes are JSON; `None`: all.
    ///
    /// # Errors
    ///
    /// When the body does not fit the protocol, with the input.
    pub(super) fn read(
        body: &[u8],
        json_len: Option<usize>,
    ) -> Result<(Self, Vec<Tensor>), Invalid> {
        let split = body.split_at_checked(json_len.unwrap_or(body.len()));
        let (json, mut binary) = split.ok_or_else(|| {
            Invalid::new("Inference-Header-Content-Length is beyond the end of the body")
        })?;
        let mut request: Self = read(&standard_json(json)).map_err(|e| Invalid::of_json(&e))?;
        let mut tensors = Vec::new();
        for (index, input) in std::mem::take(&mut request.inputs).into_iter().enumerate() {
            let tensor = input.tensor(&mut binary);
            tensors.push(tensor.map_err(|e| e.within(format_args!("input {}", index + 1)))?);
        }
        if !binary.is_empty() {
            let found = binary.len();
            return Err(Invalid::new(format!("{found} bytes after the last input, expected none")));
        }
        Ok((request, tensors))
    }
}

impl InferRequest {
    /// The names of the outputs that are wanted; none: all.
    pub(super) fn wanted(&self) -> Vec<String> {
        self.outputs.iter().map(|output| output.name.clone()).collect()
    }

    /// Whether an output is wanted in binary.
    pub(super) fn is_binary(&self, name: &str) -> bool {
        let requested = self.outputs.iter().find(|output| output.name == name);
        requested
            .and_then(|output| output.parameters.binary_data)
            .or(self.parameters.binary_data_output)
            .unwrap_or(false)
    }
}

impl Input {
    /// The tensor, whose elements may be at the start of `binary`.
    fn tensor(self, binary: &mut &[u8]) -> Result<Tensor, Invalid> {
        let (datatype, shape) = (Datatype::of_name(&self.datatype)?, shape(&self.shape)?);
        let elements = match (self.data, self.parameters.binary_data_size) {
            (Some(data), None) => data.elements(datatype, &shape)?,
            (None, Some(size)) => {
                let split = binary.split_at_checked(size);
                let (bytes, rest) = split.ok_or_else(|| {
                    Invalid::new("binary_data_size is beyond the end of the body")
                })?;
                *binary = rest;
                Elements::of_bytes(datatype, bytes, n_elements(&shape)?)?
            }
            (Some(_), Some(_)) | (None, None) => {
                return Err(Invalid::new("expected either data or binary_data_size"));
            }
        };
        Tensor::new(self.name, shape, elements, self.parameters.unit)
    }
}

/// An answer.
#[derive(Clone, Debug, Serialize)]
pub(super) struct InferResponse<'a> {
    pub(super) model_name: &'a str,
    pub(super) model_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) parameters: BTreeMap<&'static str, &'a str>,
    pub(super) outputs: Vec<OutputMessage<'a>>,
}

/// One output of an answer: its elements, or how many bytes of them follow.
#[derive(Clone, Debug, Serialize)]
pub(super) struct OutputMessage<'a> {
    pub(super) name: &'static str,
    pub(super) datatype: &'static str,
    pub(super) shape: &'a [usize],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) parameters: BTreeMap<&'static str, usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) data: Option<&'a Values>,
}

/// The words of JavaScript that Python's `json`, and so the Triton client, writes for numbers, with
/// what is read in their place.
const WORDS: [(&[u8], &[u8]); 3] =
    [(b"NaN", b"null"), (b"Infinity", b"\"Infinity\""), (b"-Infinity", b"\"-Infinity\"")];

/// JSON without the words of JavaScript. Texts stay as they are.
fn standard_json(json: &[u8]) -> Cow<'_, [u8]> {
    if !json.iter().any(|byte| matches!(byte, b'N' | b'I')) {
        return Cow::Borrowed(json);
    }
    let mut standard = Vec::with_capacity(json.len());
    let (mut rest, mut is_text) = (json, false);
    while let Some((byte, after)) = rest.split_first() {
        let word = WORDS.iter().find(|(word, _)| !is_text && rest.starts_with(word));
        if let Some((word, replacement)) = word {
            standard.extend_from_slice(replacement);
            rest = rest.get(word.len()..).unwrap_or_default();
            continue;
        }
        standard.push(*byte);
        rest = after;
        match byte {
            b'\\' if is_text => {
                standard.extend(after.first());
                rest = after.get(1..).unwrap_or_default();
            }
            b'"' => is_text = !is_text,
            _ => {}
        }
    }
    Cow::Owned(standard)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_INPUTS: &str = r#"{"id": "7", "inputs": [
        {"name": "a", "shape": [2], "datatype": "FP64", "data": [1.5, NaN]},
        {"name": "NaN \\\" NaN", "shape": [2], "datatype": "FP32", "data": [-Infinity, Infinity]}]}"#;

    #[test]
    fn words_of_javascript_are_numbers_outside_of_texts() {
        let (request, tensors) = InferRequest::read(TWO_INPUTS.as_bytes(), None).unwrap();
        assert_eq!(request.id.as_deref(), Some("7"));
        let Elements::Numbers(a) = &tensors[0].elements else { panic!("expected numbers") };
        assert!(a[0] == 1.5 && a[1].is_nan());
        assert_eq!(tensors[1].name, "NaN \\\" NaN".replace("\\\\", "\\"));
        let infinities = Elements::Numbers(vec![f64::NEG_INFINITY, f64::INFINITY]);
        assert_eq!(tensors[1].elements, infinities);
    }

    #[test]
    fn binary_inputs_follow_the_json() {
        let json = r#"{"inputs": [
            {"name": "a", "shape": [1], "datatype": "FP64", "parameters": {"binary_data_size": 8}},
            {"name": "b", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": 5}}]}"#;
        let mut body = json.as_bytes().to_vec();
        body.extend(2.5_f64.to_le_bytes());
        body.extend([1, 0, 0, 0, b'x']);
        let (_, tensors) = InferRequest::read(&body, Some(json.len())).unwrap();
        assert_eq!(tensors[0].elements, Elements::Numbers(vec![2.5]));
        assert_eq!(tensors[1].elements, Elements::Texts(vec![Some("x".into())]));

        let refused =
            |body: &[u8], json_len| InferRequest::read(body, json_len).unwrap_err().to_string();
        body.push(0);
        assert_eq!(refused(&body, Some(json.len())), "1 bytes after the last input, expected none");
        let cut = &body[..json.len() + 4];
        assert_eq!(
            refused(cut, Some(json.len())),
            "input 1: binary_data_size is beyond the end of the body"
        );
        assert!(refused(cut, Some(9999)).starts_with("Inference-Header-Content-Length"));
    }

    #[test]
    fn a_bad_request_is_refused_without_its_values() {
        let bad = [
            r#"{"inputs": [{"name": "a", "shape": [1], "datatype": "FP64", "data": ["77123"]}]}"#,
            r#"{"inputs": [{"name": "a", "shape": 77123, "datatype": "FP64", "data": [1]}]}"#,
            r#"{"inputs": [{"name": "a", "shape": [1], "datatype": "77123", "data": [1]}]}"#,
            r#"{"inputs": [{"name": "a", "shape": [1], "datatype": "FP64", "data": [77123}]}"#,
            r#"{"inputs": "77123"}"#,
            r#"{"inputs": [{"name": "a", "shape": [77123], "datatype": "FP64"}]}"#,
        ];
        for json in bad {
            let message = InferRequest::read(json.as_bytes(), None).unwrap_err().to_string();
            assert!(!message.contains("77123"), "{message}");
        }
    }
}
