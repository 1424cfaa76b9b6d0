//! ONNX: graphs that skl2onnx, onnxmltools and torch export, to members and their columns.
//!
//! The graph is followed once with symbols in place of rows: a value is a constant, columns of the encoded row
//! ([`crate::columns`]), sums of a network, or what a model predicts. An operator without a counterpart is
//! refused with its node. Trees round their inputs, and their sums, to single precision as ONNX Runtime does;
//! scalings before trees are moved into the thresholds, so that every path is the same. Weighted sums are
//! computed in double precision: ONNX Runtime's order of summation depends on the processor.

mod tensor;

mod answer;
mod node;

mod labels;

mod model;
mod tree_sums;

mod symbol;

mod dense;
mod features;

mod encoders;
mod linear;
mod support_vectors;

mod trees;

mod graph;

use nomogram::{Branch, Combiner, EnsembleMember, Link, Member, Precision, Schema, Target};

use crate::comparison::Tolerance;
use crate::error::Error;
use crate::imported::{Imported, LeafNumbers};
use crate::limits::Limits;
use answer::{Answer, Part, Prediction};
use features::Features;
use graph::Graph;
use model::Model;

/// How far weighted sums, and means of trees, may differ from those of ONNX Runtime: docs/import.md.
const OF_SINGLE_SUMS: Tolerance = Tolerance::Relative(2e-6);
/// How far sums of support vectors may: hundreds of products in single precision partly cancel.
const OF_VECTORS: Tolerance = Tolerance::Relative(2e-5);
/// How far the logistic and the softmax may: ONNX Runtime takes some from 1.
const OF_SINGLE_LINKS: Tolerance = Tolerance::Relative(2e-7);

/// What a bundle with weighted sums states where the graph is in single precision.
const OF_DOUBLE_SUMS: &str = "weighted sums are computed in double precision, by ONNX Runtime in single precision: \
    it rounds each value first, which changes a sum by up to |weight| · |value| · 6e-8. Rows of --check that differ \
    by more than the tolerance are refused";

/// Reads a model.
pub(crate) fn read(bytes: &[u8], limits: &Limits) -> Result<Imported, Error> {
    let model = Model::read(bytes, limits)?;
    let mut features = Features::of_inputs(&model.inputs, limits)?;
    let mut answer = Graph::evaluate(&model, &mut features, limits)?;
    if features.has_texts() {
        // The levels of a text are known when every encoder was seen.
        answer = Graph::evaluate(&model, &mut features, limits)?;
    }
    imported(bytes, &model, &features, answer)
}

fn imported(
    bytes: &[u8],
    model: &Model<'_>,
    features: &Features,
    answer: Answer,
) -> Result<Imported, Error> {
    let target = match answer.prediction {
        Prediction::Value => Target::Number { name: "target".into(), unit: None },
        Prediction::Probabilities | Prediction::First | Prediction::Second => {
            let names = answer.classes.clone().filter(|names| names.len() == answer.n_classes);
            let names = names
                .unwrap_or_else(|| (0..answer.n_classes).map(|class| class.to_string()).collect());
            Target::of_classes("target", names)
        }
    };
    let sum: f64 = answer.parts.iter().map(|part| part.weight).sum();
    if (sum - 1.0).abs() > 1e-6 || answer.parts.iter().any(|part| part.weight <= 0.0) {
        let detail = format!("a sum of models with weights that sum to {sum}, expected a mean");
        return Err(Error::unsupported(detail));
    }
    let schema = Schema::new(features.schema(&answer.parts)?, target)?;
    let n_features = features.len();
    let Some(first) = answer.parts.first() else {
        return Err(Error::unsupported("a graph without a model"));
    };
    let mut imported = Imported::of_member("ONNX", bytes, schema, first.member.clone());
    let parts = &mut imported.parts;
    parts.branches.clear();
    parts.members.clear();
    let mut weights = Vec::new();
    for part in &answer.parts {
        let steps = crate::columns::steps(&part.columns, n_features)?;
        let branch = Branch { name: String::new(), source: None, steps };
        let same = parts.branches.iter().position(|known| known.steps == branch.steps);
        let index = same.unwrap_or(parts.branches.len());
        if same.is_none() {
            parts.branches.push(Branch { name: format!("inputs {}", index + 1), ..branch });
        }
        let name = format!("model {}", parts.members.len() + 1);
        let branch = crate::forests::number(index)?;
        parts.members.push(EnsembleMember { name, branch, member: part.member.clone() });
        weights.push(part.weight);
    }
    parts.combiner = Combiner::SoftVote { weights };
    (imported.margin_tolerance, imported.output_tolerance) = tolerances(&answer);
    if let [one] = answer.parts.as_slice() {
        imported.leaf_numbers = one.leaf_numbers.clone().map(LeafNumbers);
    }
    imported.notes.push(format!("made by {}, opset {}", model.producer, model.opset));
    if answer.prediction == Prediction::First {
        let note = "the graph's output is the probability of the first of the two classes";
        imported.notes.push(note.into());
    }
    if features.is_single() {
        imported.notes.extend(notes_of_rounding(&answer));
    }
    imported.notes.extend(features.notes());
    Ok(imported)
}

/// What becomes of values that the graph reads in single precision.
fn notes_of_rounding(answer: &Answer) -> Vec<String> {
    let is_forest = |part: &Part| matches!(part.member, Member::Forest(_));
    let (has_trees, has_sums) =
        (answer.parts.iter().any(is_forest), !answer.parts.iter().all(is_forest));
    let mut notes = Vec::new();
    if has_trees {
        notes.push("trees round values to single precision, as the graph reads them".into());
    }
    if has_sums {
        notes.push(OF_DOUBLE_SUMS.into());
    }
    notes
}

/// Of margins and of outputs.
fn tolerances(answer: &Answer) -> (Tolerance, Tolerance) {
    if answer.is_of_vectors {
        return (OF_VECTORS, OF_VECTORS);
    }
    match answer.parts.as_slice() {
        [one] => match &one.member {
            Member::Forest(forest) if forest.precision == Precision::Single => {
                let of_outputs = match answer.prediction {
                    Prediction::Value if forest.link == Link::Identity => Tolerance::Bits,
                    Prediction::Value
                    | Prediction::Probabilities
                    | Prediction::First
                    | Prediction::Second => OF_SINGLE_LINKS,
                };
                (Tolerance::Bits, of_outputs)
            }
            Member::Forest(forest) if forest.precision == Precision::Double => {
                (Tolerance::Relative(1e-12), Tolerance::Relative(1e-6))
            }
            _ => (OF_SINGLE_SUMS, OF_SINGLE_SUMS),
        },
        _ => (OF_SINGLE_SUMS, OF_SINGLE_SUMS),
    }
}
