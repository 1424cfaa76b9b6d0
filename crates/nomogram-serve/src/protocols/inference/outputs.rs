//! Predictions as output tensors.

use nomogram::{Flags, Model, Target};
use serde::Serialize;

use super::datatype::Datatype;
use crate::scored::{Refusal, Scored, verdict_name};

/// The flags of rows as an output.
const FLAGS: &str = "flags";
/// Why rows were refused, as an output; empty for the others.
const REFUSED: &str = "refused";
/// The names of the predicted classes, as an output.
const CLASS: &str = "class";
/// The verdicts, as an output.
const VERDICT: &str = "verdict";

/// One output: a row has `width` elements, or one without a dimension for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Output {
    pub(super) name: &'static str,
    pub(super) width: Option<usize>,
    pub(super) values: Values,
}

/// The elements of an output. NaN is null in JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum Values {
    Numbers(Vec<f64>),
    Flags(Vec<u8>),
    Texts(Vec<String>),
}

impl Output {
    fn numbers(name: &'static str, width: Option<usize>) -> Self {
        Self { name, width, values: Values::Numbers(Vec::new()) }
    }

    fn texts(name: &'static str) -> Self {
        Self { name, width: None, values: Values::Texts(Vec::new()) }
    }

    /// The shape of `n_rows` rows.
    pub(super) fn shape(&self, n_rows: usize) -> Vec<usize> {
        std::iter::once(n_rows).chain(self.width).collect()
    }
}

impl Values {
    /// The datatype of the elements.
    pub(super) fn datatype(&self) -> Datatype {
        match self {
            Self::Numbers(_) => Datatype::Fp64,
            Self::Flags(_) => Datatype::Uint8,
            Self::Texts(_) => Datatype::Bytes,
        }
    }

    /// The bytes of the elements, little-endian; each text after its length in 4 bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Numbers(numbers) => numbers.iter().flat_map(|n| n.to_le_bytes()).collect(),
            Self::Flags(flags) => flags.clone(),
            Self::Texts(texts) => {
                let mut bytes = Vec::new();
                for text in texts {
                    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
                    bytes.extend(length.to_le_bytes());
                    bytes.extend_from_slice(text.as_bytes());
                }
                bytes
            }
        }
    }
}

/// The outputs that a model has, still without rows.
///
/// Of classes: `probabilities` of shape `(n_rows, n_classes)` and `class`; of a number: `value`. Both:
/// `flags`, the bits of what was done to values, and `verdict` of a bundle with uncertainty.
#[derive(Clone, Debug)]
pub(super) struct Outputs {
    pub(super) outputs: Vec<Output>,
    classes: Vec<String>,
    n_outputs: usize,
}

impl Outputs {
    pub(super) fn new(model: &Model, marks_refusals: bool) -> Self {
        let schema = model.schema();
        let classes = schema.target().classes().to_vec();
        let mut outputs = match schema.target() {
            Target::Number { .. } => vec![Output::numbers("value", None)],
            _ => {
                vec![Output::numbers("probabilities", Some(classes.len())), Output::texts(CLASS)]
            }
        };
        outputs.push(Output { name: FLAGS, width: None, values: Values::Flags(Vec::new()) });
        if model.uncertainty().is_some() {
            outputs.push(Output::texts(VERDICT));
        }
        if marks_refusals {
            outputs.push(Output::texts(REFUSED));
        }
        Self { outputs, classes, n_outputs: schema.n_outputs() }
    }

    /// Adds a row.
    pub(super) fn add(&mut self, row: &Scored) {
        let class = row.class.and_then(|class| self.classes.get(class));
        let broken =
            if row.broken_rules.is_empty() { Flags::default() } else { Flags::RULE_BROKEN };
        let flags = row.flags.iter().fold(broken, |all, (_, flags)| all.union(*flags));
        for output in &mut self.outputs {
            match &mut output.values {
                Values::Numbers(numbers) => numbers.extend_from_slice(&row.outputs),
                Values::Flags(rows) => rows.push(flags.bits()),
                Values::Texts(texts) => texts.push(match output.name {
                    CLASS => class.cloned().unwrap_or_default(),
                    VERDICT => row.verdict.map_or("", verdict_name).to_owned(),
                    _ => String::new(),
                }),
            }
        }
    }

    /// Adds a row that was refused.
    pub(super) fn add_refused(&mut self, refusal: &Refusal) {
        for output in &mut self.outputs {
            match &mut output.values {
                Values::Numbers(numbers) => {
                    numbers.extend(std::iter::repeat_n(f64::NAN, self.n_outputs));
                }
                Values::Flags(flags) => flags.push(0),
                Values::Texts(texts) => texts.push(match output.name {
                    REFUSED => refusal.status.clone().into_owned(),
                    _ => String::new(),
                }),
            }
        }
    }
}
