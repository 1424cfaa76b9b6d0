//! Tree ensembles: to a forest that takes every path of ONNX Runtime.
//!
//! ONNX Runtime rounds inputs and sums to single precision, adds the trees in their order, and the base value
//! last: here it is one more tree of a single leaf.

mod mode;

mod split;

mod scores;

mod nodes;

use nomogram::{Aggregate, Forest, Link, Precision};

use super::answer::{Answer, Prediction};
use super::features::Features;
use super::linear::class_names;
use super::node::Node;
use super::tree_sums::TreeSums;
use crate::columns::{Arithmetic, Column, Map};
use crate::error::{Error, Place};
use crate::forests::{self, SourceNode};
use crate::limits::Limits;
use mode::Mode;
use scores::Scores;

/// A tree of the file: splits, and pairs of target and weight of leaves.
#[derive(Clone, Debug, Default)]
pub(super) struct TreeSource {
    /// `None` for a leaf.
    pub(super) splits: Vec<Option<Split>>,
    pub(super) leaves: Vec<Vec<(usize, f64)>>,
    /// The number of each node in the file.
    pub(super) numbers: Vec<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct Split {
    pub(super) column: usize,
    pub(super) mode: Mode,
    pub(super) threshold: f64,
    /// The values of a set, in mode `Member`.
    pub(super) members: Vec<f64>,
    pub(super) if_true: usize,
    pub(super) if_false: usize,
    pub(super) missing_is_true: bool,
}

/// Reads a `TreeEnsembleClassifier`.
///
/// # Errors
///
/// `Unsupported` for post transforms that give no probabilities, `Malformed`, `TooLarge`.
pub(super) fn classifier(
    node: &Node<'_>,
    columns: &[Column],
    features: &Features,
    limits: &Limits,
) -> Result<Answer, Error> {
    let classes = class_names(node, "classlabels_int64s")?;
    limits.check_features(classes.len())?;
    let mut trees = nodes::of_lists(node, "class", limits)?;
    let bases = node.numbers("base_values")?;
    let post = node.text("post_transform", "NONE")?;
    let has_opposites = classes.len() == 2
        && post == "LOGISTIC"
        && bases.iter().all(|base| *base == 0.0)
        && scores::keep_one_of_opposites(&mut trees);
    let pairs = || trees.iter().flat_map(|tree| tree.leaves.iter().flatten());
    let is_of_one = classes.len() == 2 && pairs().all(|(target, _)| *target == 0);
    let is_positive = pairs().all(|(_, weight)| *weight >= 0.0);
    if classes.len() == 2 && !is_of_one && !scores::always_reaches_second(&trees) {
        let why = "ONNX Runtime returns the first sum with both signs for rows without the second";
        return Err(Error::unsupported(format!("leaves of one class each: {why}")));
    }
    let link = match (post, is_of_one) {
        ("LOGISTIC", true) if has_opposites => Link::LogitSingle,
        ("NONE", true) if is_positive => Link::Probability,
        ("NONE", false) => Link::Probability,
        ("LOGISTIC", true) if is_positive => {
            let why = "ONNX Runtime then returns sums instead of probabilities";
            return Err(Error::unsupported(format!("`LOGISTIC` of weights without a sign: {why}")));
        }
        ("LOGISTIC", true) => Link::LogitSingle,
        ("SOFTMAX", false) => Link::SoftmaxSingle,
        (post, _) => {
            let n = classes.len();
            let what = format!("post transform `{post}` of trees for {n} classes");
            return Err(Error::unsupported(what));
        }
    };
    let n_margins = if link == Link::LogitSingle { 1 } else { classes.len() };
    let scores = Scores {
        link,
        n_margins,
        aggregate: Aggregate::Sum,
        bases,
        prediction: Prediction::Probabilities,
        classes,
        is_of_second: is_of_one && link == Link::Probability,
    };
    answer(trees, columns, features, scores, limits)
}

/// Reads a `TreeEnsembleRegressor`.
///
/// # Errors
///
/// `Unsupported` for several targets, aggregates and post transforms without a counterpart, `Malformed`.
pub(super) fn regressor(
    node: &Node<'_>,
    columns: &[Column],
    features: &Features,
    limits: &Limits,
) -> Result<Answer, Error> {
    let aggregate = node.text("aggregate_function", "SUM")?;
    let post = node.text("post_transform", "NONE")?;
    let aggregate = match (aggregate, post, node.integer("n_targets", 1)) {
        ("SUM", "NONE", 1) => Aggregate::Sum,
        ("AVERAGE", "NONE", 1) => Aggregate::Mean,
        (aggregate, post, n) => {
            let what = format!("aggregate `{aggregate}`, post transform `{post}`, {n} targets");
            return Err(Error::unsupported(what));
        }
    };
    let trees = nodes::of_lists(node, "target", limits)?;
    let scores = Scores {
        link: Link::Identity,
        n_margins: 1,
        aggregate,
        bases: node.numbers("base_values")?,
        prediction: Prediction::Value,
        classes: Vec::new(),
        is_of_second: false,
    };
    answer(trees, columns, features, scores, limits)
}

/// Reads the `TreeEnsemble` of opset 5.
///
/// # Errors
///
/// `Unsupported` for aggregates and post transforms without a counterpart, `Malformed`.
pub(super) fn sums(
    node: &Node<'_>,
    columns: &[Column],
    features: &Features,
    limits: &Limits,
) -> Result<TreeSums, Error> {
    let (aggregate, post) =
        (node.integer("aggregate_function", 1), node.integer("post_transform", 0));
    let n_targets = node.integer("n_targets", 1);
    let (aggregate, n_margins) = match (aggregate, post, usize::try_from(n_targets)) {
        (1, 0, Ok(n)) if n > 0 => (Aggregate::Sum, n),
        (0, 0, Ok(1)) => (Aggregate::Mean, 1),
        (aggregate, post, _) => {
            let what = format!("aggregate {aggregate}, post transform {post}, {n_targets} targets");
            return Err(Error::unsupported(what));
        }
    };
    limits.check_features(n_margins)?;
    let trees = nodes::of_opset_5(node, limits)?;
    let scores = Scores {
        link: Link::Identity,
        n_margins,
        aggregate,
        bases: Vec::new(),
        prediction: Prediction::Value,
        classes: Vec::new(),
        is_of_second: false,
    };
    forest(trees, columns, features, &scores, limits)
}

fn answer(
    sources: Vec<TreeSource>,
    columns: &[Column],
    features: &Features,
    scores: Scores,
    limits: &Limits,
) -> Result<Answer, Error> {
    let sums = forest(sources, columns, features, &scores, limits)?;
    let mut answer = sums.answer_of(scores.prediction, scores.classes.len());
    answer.classes = Some(scores.classes).filter(|classes| !classes.is_empty());
    Ok(answer)
}

fn forest(
    sources: Vec<TreeSource>,
    columns: &[Column],
    features: &Features,
    scores: &Scores,
    limits: &Limits,
) -> Result<TreeSums, Error> {
    let arithmetic = features.arithmetic();
    if arithmetic == Arithmetic::Single {
        features.check_precision(columns)?;
    }
    let inputs: Result<Vec<Input>, Error> =
        columns.iter().map(|column| Input::of(column, arithmetic)).collect();
    let inputs = inputs?;
    let n_trees = sources.len();
    if n_trees == 0 {
        return Err(Error::malformed("no trees, expected at least 1"));
    }
    let mut n_values = 0_usize;
    let (mut trees, mut leaf_numbers) = (Vec::new(), Vec::new());
    for (nth, source) in sources.iter().enumerate() {
        n_values = n_values.saturating_add(source.splits.len().saturating_mul(scores.n_margins));
        crate::limits::check(n_values, limits.max_values, "leaf weights")?;
        let here = |error: Error| error.within(Place::Tree(nth));
        let margin = scores.margin_of(source).map_err(here)?;
        let numbered = forests::tree_of(0, margin, source.splits.len(), |index| {
            source.node(index, margin, &inputs, features, scores, n_trees)
        });
        let numbered = numbered.map_err(here)?;
        trees.push(numbered.tree);
        leaf_numbers.push(numbered.leaf_numbers);
    }
    let base_margins = scores.add_bases(&mut trees)?;
    let has_bases = trees.len() > n_trees;
    let link = match (scores.link, arithmetic) {
        (Link::LogitSingle, Arithmetic::Double) => Link::Logit,
        (Link::SoftmaxSingle, Arithmetic::Double) => Link::Softmax,
        (link, _) => link,
    };
    let is_probability = link == Link::Probability;
    let aggregate = if is_probability { Aggregate::Mean } else { scores.aggregate };
    let forest = Forest {
        precision: match arithmetic {
            // Probabilities are computed more precisely than by ONNX Runtime.
            Arithmetic::Single if is_probability => Precision::SingleInputs,
            Arithmetic::Single => Precision::Single,
            Arithmetic::Double => Precision::Double,
        },
        aggregate,
        link,
        ..Forest::new(Link::Identity, forests::number(columns.len())?, base_margins, trees)?
    };
    let columns = inputs.into_iter().map(|input| input.column).collect();
    if has_bases {
        leaf_numbers.extend(std::iter::repeat_n(vec![0], forest.trees.len() - n_trees));
    }
    Ok(TreeSums { columns, forest, leaf_numbers, has_both_signs: false })
}

/// A column that a tree reads: what a step computes exactly, and the scaling that moves into the thresholds.
struct Input {
    column: Column,
    scaling: Vec<Map>,
    arithmetic: Arithmetic,
}

impl Input {
    fn of(column: &Column, arithmetic: Arithmetic) -> Result<Self, Error> {
        let is_scaling = |map: &Map| matches!(map, Map::Standardize { .. } | Map::Affine { .. });
        let n_scalings = column.maps.iter().rev().take_while(|map| is_scaling(map)).count();
        let (before, scaling) = column.maps.split_at(column.maps.len() - n_scalings);
        if before.iter().any(|map| matches!(map, Map::Curve(_))) {
            let what = "trees after a batch normalization: a split could take the other side";
            return Err(Error::unsupported(what));
        }
        if arithmetic == Arithmetic::Single && before.iter().any(is_scaling) {
            let what = "trees after an imputer of scaled values: a split could take the other side";
            return Err(Error::unsupported(what));
        }
        let (feature, maps) = (column.feature, before.to_vec());
        Ok(Self { column: Column { feature, maps }, scaling: scaling.to_vec(), arithmetic })
    }
}

impl TreeSource {
    /// The leaves, each with its pairs of target and weight.
    fn leaves(&self) -> impl Iterator<Item = &[(usize, f64)]> {
        let nodes = self.splits.iter().zip(&self.leaves);
        nodes.filter(|(split, _)| split.is_none()).map(|(_, leaf)| leaf.as_slice())
    }

    fn node(
        &self,
        index: usize,
        margin: Option<u32>,
        inputs: &[Input],
        features: &Features,
        scores: &Scores,
        n_trees: usize,
    ) -> Result<SourceNode, Error> {
        let absent = || Error::malformed("no such node");
        let number = self.numbers.get(index).copied().ok_or_else(absent)?;
        let Some(split) = self.splits.get(index).ok_or_else(absent)? else {
            let leaf = self.leaves.get(index).ok_or_else(absent)?;
            let values = scores.values(leaf, margin, n_trees)?;
            return Ok(SourceNode::Leaf { values, number });
        };
        let input = inputs.get(split.column).ok_or_else(|| {
            let detail = format!("column {}, expected 1 to {}", split.column + 1, inputs.len());
            Error::malformed(detail)
        })?;
        split.node(input, features)
    }
}
