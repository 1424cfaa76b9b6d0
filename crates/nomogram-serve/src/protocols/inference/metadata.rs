//! What the server and its models are, in the words of the protocol.

use nomogram::{FeatureKind, Model};
use serde::Serialize;

use super::datatype::Datatype;
use super::outputs::Outputs;

/// The name of the server.
pub(super) const SERVER: &str = "nomogram";
/// The platform of every model.
pub(super) const PLATFORM: &str = "nomogram_bundle";
/// What the server can do beyond the protocol.
///
/// The first two are Triton's. The others are of this server: `null` or NaN is a missing value; an input
/// may be left out; the parameter `unit` of an input; the parameter `on_refusal` of a request.
pub(super) const EXTENSIONS: [&str; 6] = [
    "binary_tensor_data",
    "model_repository",
    "nomogram_missing_values",
    "nomogram_optional_inputs",
    "nomogram_units",
    "nomogram_marked_refusals",
];

/// The server.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct ServerMetadata {
    name: &'static str,
    version: &'static str,
    extensions: [&'static str; 6],
}

impl ServerMetadata {
    pub(super) const fn new() -> Self {
        Self { name: SERVER, version: env!("CARGO_PKG_VERSION"), extensions: EXTENSIONS }
    }
}

/// A model: its tensors, one input per feature.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ModelMetadata {
    pub(super) name: String,
    pub(super) versions: Vec<String>,
    pub(super) platform: &'static str,
    pub(super) inputs: Vec<TensorMetadata>,
    pub(super) outputs: Vec<TensorMetadata>,
}

/// An input or an output. A length of −1 is any number of rows.
#[derive(Clone, Debug, Serialize)]
pub(super) struct TensorMetadata {
    pub(super) name: String,
    pub(super) datatype: &'static str,
    pub(super) shape: Vec<i64>,
}

impl ModelMetadata {
    pub(super) fn new(name: &str, versions: Vec<String>, model: &Model) -> Self {
        let inputs = model.schema().features().iter().map(|feature| TensorMetadata {
            name: feature.name.clone(),
            datatype: datatype(&feature.kind).name(),
            shape: vec![-1],
        });
        let outputs = Outputs::new(model, false).outputs.into_iter().map(|output| TensorMetadata {
            name: output.name.to_owned(),
            datatype: output.values.datatype().name(),
            shape: std::iter::once(-1)
                .chain(output.width.map(|width| i64::try_from(width).unwrap_or(i64::MAX)))
                .collect(),
        });
        Self {
            name: name.to_owned(),
            versions,
            platform: PLATFORM,
            inputs: inputs.collect(),
            outputs: outputs.collect(),
        }
    }
}

/// The datatype that a feature is announced with; others are read too.
fn datatype(kind: &FeatureKind) -> Datatype {
    match kind {
        FeatureKind::Integer => Datatype::Int64,
        FeatureKind::Boolean => Datatype::Bool,
        FeatureKind::Category { .. } => Datatype::Bytes,
        _ => Datatype::Fp64,
    }
}
