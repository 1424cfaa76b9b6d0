//! ONNX: forests and linear models, in double precision.
//!
//! The graph has one input for each feature, of one double for each row: NaN is missing, a level is its number.
//! Steps before the member are arithmetic of the core domain, a forest is a `TreeEnsemble` of opset 5, a linear
//! model a `Gemm`. Outputs are the probabilities or the value, the margins, and the most probable class.

mod message;
mod threshold;

mod graph;

mod steps;
mod trees;

use nomogram::{Linear, Link};

use crate::error::Error;
use crate::single_member::{Kind, SingleMember};
use graph::Graph;
use message::{Element, Message, attribute};
use steps::Columns;

/// `ir_version`, and the opsets that it needs.
const IR_VERSION: i64 = 10;
const OPSET: i64 = 18;
const ML_OPSET: i64 = 5;

/// The file of a member.
pub(crate) fn write(member: &SingleMember<'_>) -> Result<Vec<u8>, Error> {
    let features = member.schema.features();
    let mut graph = Graph::of_features(features);
    let names: Vec<&str> = features.iter().map(|feature| feature.name.as_str()).collect();
    let value = graph.node("Concat", &names, &[attribute::number("axis", 1)]);
    let mut columns = Columns { value, width: names.len() };
    for (branch, step) in &member.steps {
        columns = columns.after(&mut graph, step, branch)?;
    }
    let (margins, n_margins) = match &member.kind {
        Kind::Forest(forest) => {
            let margins = trees::margins(&mut graph, forest, &columns.value)?;
            (margins, forest.base_margins.len())
        }
        Kind::Linear(linear) => {
            (weighted(&mut graph, linear, &columns.value), linear.intercepts().len())
        }
        Kind::LinearSingle(_) => {
            return Err(Error::unsupported("a linear model in single precision"));
        }
    };
    outputs(&mut graph, member, &margins, n_margins)?;
    let opset = |domain: &str, version| Message::default().text(1, domain).number(2, version);
    let model = Message::default()
        .number(1, IR_VERSION)
        .text(2, "nomogram")
        .text(3, env!("CARGO_PKG_VERSION"))
        .message(7, &graph.message(member.name))
        .message(8, &opset("", OPSET))
        .message(8, &opset("ai.onnx.ml", ML_OPSET));
    Ok(model.into_bytes())
}

/// The margins of a linear model.
fn weighted(graph: &mut Graph, linear: &Linear, columns: &str) -> String {
    let n_margins = linear.intercepts().len();
    let n_inputs = linear.weights().len() / n_margins.max(1);
    let weights = graph.constant(Element::Double, &[n_margins, n_inputs], linear.weights());
    let intercepts = graph.constant(Element::Double, &[n_margins], linear.intercepts());
    graph.node("Gemm", &[columns, &weights, &intercepts], &[attribute::number("transB", 1)])
}

/// From margins to the outputs.
fn outputs(
    graph: &mut Graph,
    member: &SingleMember<'_>,
    margins: &str,
    n_margins: usize,
) -> Result<(), Error> {
    let link = member.kind.link();
    let answer = match link {
        Link::Identity | Link::Probability => margins.to_owned(),
        Link::Log | Link::LogSingle => graph.node("Exp", &[margins], &[]),
        Link::Logit | Link::LogitSingle => {
            // The margin of each class: a small probability keeps its digits.
            let signs = graph.constant(Element::Double, &[1, 2], &[-1.0, 1.0]);
            let both = graph.node("Mul", &[margins, &signs], &[]);
            graph.node("Sigmoid", &[&both], &[])
        }
        Link::Softmax | Link::SoftmaxSingle => {
            graph.node("Softmax", &[margins], &[attribute::number("axis", 1)])
        }
        Link::ComplementaryLogLog | Link::OneVsRest => {
            return Err(Error::unsupported(format!("link {} in ONNX", link.name())));
        }
    };
    let answer = match link {
        Link::LogSingle | Link::LogitSingle | Link::SoftmaxSingle => {
            let to = |element| attribute::number("to", element as i64);
            let rounded = graph.node("Cast", &[&answer], &[to(Element::Single)]);
            graph.node("Cast", &[&rounded], &[to(Element::Double)])
        }
        Link::Logit
        | Link::Softmax
        | Link::Identity
        | Link::Probability
        | Link::Log
        | Link::ComplementaryLogLog
        | Link::OneVsRest => answer,
    };
    let classes = member.schema.target().classes();
    if classes.is_empty() {
        graph.output("prediction", &answer, Element::Double, Some(1));
    } else {
        graph.output("probabilities", &answer, Element::Double, Some(classes.len()));
    }
    if answer != margins {
        graph.output("margins", margins, Element::Double, Some(n_margins));
    }
    if !classes.is_empty() {
        let axis = attribute::number("axis", 1);
        let number = graph.node("ArgMax", &[&answer], &[axis, attribute::number("keepdims", 0)]);
        let numbers: Vec<i64> = (0_i64..).take(classes.len()).collect();
        let names = [
            attribute::numbers("keys_int64s", &numbers),
            attribute::texts("values_strings", classes),
        ];
        let label = graph.ml_node("LabelEncoder", &[&number], &names);
        graph.output("label", &label, Element::Text, None);
    }
    Ok(())
}
