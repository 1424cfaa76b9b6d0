//! Tree ensembles: to a forest that takes every path of ONNX Runtime.
//!
//! ONNX Runtime rounds inputs and sums to single precision, adds the trees in their order, and the base value
//! last: here it is one more tree of a single leaf.

mod nodes;

use nomogram::{Aggregate, Forest, Link, Member, Node as TreeNode, Precision, Side, Tree};

use super::features::Features;
use super::linear::class_names;
use super::node::Node;
use super::symbol::{Answer, Part, Prediction};
use crate::columns::{Arithmetic, Column, Map, Pulled, pull_back};
use crate::error::{Error, Place};
use crate::forests::{self, SourceNode};
use crate::limits::Limits;

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
    pub(super) if_true: usize,
    pub(super) if_false: usize,
    pub(super) missing_is_true: bool,
}

/// How a split compares a value with its threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    AtMost,
    Below,
    AtLeast,
    Above,
    Equal,
    Different,
}

impl Mode {
    pub(super) fn of_name(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "BRANCH_LEQ" => Self::AtMost,
            "BRANCH_LT" => Self::Below,
            "BRANCH_GTE" => Self::AtLeast,
            "BRANCH_GT" => Self::Above,
            "BRANCH_EQ" => Self::Equal,
            "BRANCH_NEQ" => Self::Different,
            other => return Err(Error::unsupported(format!("mode `{other}`"))),
        })
    }

    pub(super) fn of_number(number: f64) -> Result<Self, Error> {
        let modes =
            [Self::AtMost, Self::Below, Self::AtLeast, Self::Above, Self::Equal, Self::Different];
        let mode = modes.into_iter().zip(0_u8..).find(|(_, nth)| f64::from(*nth) == number);
        let mode = mode.map(|(mode, _)| mode);
        mode.ok_or_else(|| Error::unsupported(format!("mode {number}, as of set membership")))
    }
}

/// How leaves become the prediction.
struct Scores {
    link: Link,
    n_margins: usize,
    aggregate: Aggregate,
    bases: Vec<f64>,
    prediction: Prediction,
    classes: Vec<String>,
    /// Leaves give the probability of the second class only.
    is_of_second: bool,
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
    let trees = nodes::of_lists(node, "class", limits)?;
    let pairs = || trees.iter().flat_map(|tree| tree.leaves.iter().flatten());
    let is_of_one = classes.len() == 2 && pairs().all(|(target, _)| *target == 0);
    let is_positive = pairs().all(|(_, weight)| *weight >= 0.0);
    let bases = node.numbers("base_values")?;
    let post = node.text("post_transform", "NONE")?;
    let link = match (post, is_of_one) {
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

/// Reads a `TreeEnsembleRegressor`, or the `TreeEnsemble` of opset 5.
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
    let is_opset_5 = node.op == "TreeEnsemble";
    let (aggregate, post) = if is_opset_5 {
        let name = |names: &[&'static str], number: i64| {
            usize::try_from(number)
                .ok()
                .and_then(|nth| names.get(nth).copied())
                .unwrap_or("unknown")
        };
        let aggregates = ["AVERAGE", "SUM", "MIN", "MAX"];
        let posts = ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"];
        let aggregate = name(&aggregates, node.integer("aggregate_function", 1));
        (aggregate, name(&posts, node.integer("post_transform", 0)))
    } else {
        (node.text("aggregate_function", "SUM")?, node.text("post_transform", "NONE")?)
    };
    let n_targets = node.integer("n_targets", 1);
    let aggregate = match (aggregate, post, n_targets) {
        ("SUM", "NONE", 1) => Aggregate::Sum,
        ("AVERAGE", "NONE", 1) => Aggregate::Mean,
        (aggregate, post, n) => {
            let what = format!("aggregate `{aggregate}`, post transform `{post}`, {n} targets");
            return Err(Error::unsupported(what));
        }
    };
    let trees = if is_opset_5 {
        nodes::of_opset_5(node, limits)?
    } else {
        nodes::of_lists(node, "target", limits)?
    };
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

fn answer(
    sources: Vec<TreeSource>,
    columns: &[Column],
    features: &Features,
    scores: Scores,
    limits: &Limits,
) -> Result<Answer, Error> {
    let arithmetic = features.arithmetic();
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
            source.node(index, margin, &inputs, features, &scores, n_trees)
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
    let leaf_numbers = Some(leaf_numbers);
    let part = Part { columns, member: Member::Forest(forest), weight: 1.0, leaf_numbers };
    let mut answer = Answer::of(scores.prediction, scores.classes.len(), part);
    answer.classes = Some(scores.classes).filter(|classes| !classes.is_empty());
    Ok(answer)
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
        if arithmetic == Arithmetic::Single && before.iter().any(is_scaling) {
            let what = "trees after an imputer of scaled values: a split could take the other side";
            return Err(Error::unsupported(what));
        }
        let (feature, maps) = (column.feature, before.to_vec());
        Ok(Self { column: Column { feature, maps }, scaling: scaling.to_vec(), arithmetic })
    }
}

impl TreeSource {
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

impl Split {
    fn node(&self, input: &Input, features: &Features) -> Result<SourceNode, Error> {
        if !self.threshold.is_finite() {
            return Err(Error::malformed("a threshold that is not a finite number"));
        }
        let position = forests::number(self.column)?;
        let (if_true, if_false) = (self.if_true, self.if_false);
        let default = if self.missing_is_true { if_true } else { if_false };
        let below = self.threshold.next_down();
        // A value goes to the left when it is at most the threshold.
        let (threshold, left, right) = match self.mode {
            Mode::AtMost => (self.threshold, if_true, if_false),
            Mode::Below => (below, if_true, if_false),
            Mode::Above => (self.threshold, if_false, if_true),
            Mode::AtLeast => (below, if_false, if_true),
            Mode::Equal | Mode::Different => {
                let is_raw = input.scaling.is_empty() && input.column.maps.is_empty();
                let (Some(code), true) = (code_of(self.threshold), is_raw) else {
                    let what = "a comparison for equality that is not of a feature with a code";
                    return Err(Error::unsupported(what));
                };
                features.mark_coded(input.column.feature);
                let (left, right) = match self.mode {
                    Mode::Equal => (if_true, if_false),
                    _ => (if_false, if_true),
                };
                let default_child = side(default == left);
                let levels = vec![code];
                return Ok(SourceNode::SplitLevels {
                    input: position,
                    levels,
                    left,
                    right,
                    default_child,
                });
            }
        };
        let pulled = pull_back(&input.scaling, threshold, input.arithmetic);
        let (threshold, left, right) = match pulled {
            Some(Pulled::AtMost(bound)) => (bound, left, right),
            Some(Pulled::Above(bound)) => (bound, right, left),
            Some(Pulled::Always) => (f64::MAX, left, right),
            Some(Pulled::Never) => (f64::MAX, right, left),
            None => return Err(Error::unsupported("a split of such a column")),
        };
        let default_child = side(default == left);
        Ok(SourceNode::Split { input: position, threshold, left, right, default_child })
    }
}

/// A threshold as the number of a level.
fn code_of(threshold: f64) -> Option<u32> {
    let is_code =
        (0.0..=f64::from(i32::MAX)).contains(&threshold) && threshold.trunc() == threshold;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, from 0 on")]
    is_code.then_some(threshold as u32)
}

fn side(is_left: bool) -> Side {
    if is_left { Side::Left } else { Side::Right }
}

impl Scores {
    /// The margin that a tree adds to; none if its leaves have one value for each.
    fn margin_of(&self, tree: &TreeSource) -> Result<Option<u32>, Error> {
        if self.link == Link::Probability {
            return Ok(None);
        }
        let mut targets = tree.leaves.iter().flatten().map(|(target, _)| *target);
        let first = targets.next().unwrap_or(0);
        if targets.any(|target| target != first) {
            return Ok(None);
        }
        if first >= self.n_margins {
            let detail = format!("target {}, expected 1 to {}", first + 1, self.n_margins);
            return Err(Error::malformed(detail));
        }
        forests::number(first).map(Some)
    }

    /// The values of a leaf.
    fn values(
        &self,
        leaf: &[(usize, f64)],
        margin: Option<u32>,
        n_trees: usize,
    ) -> Result<Vec<f64>, Error> {
        if margin.is_some() {
            return match leaf {
                [] => Ok(vec![0.0]),
                [(_, weight)] => Ok(vec![*weight]),
                _ => Err(Error::malformed("two weights of one target")),
            };
        }
        let mut values = vec![0.0; self.n_margins];
        for (target, weight) in leaf {
            let target = if self.is_of_second { 1 } else { *target };
            let detail = || format!("target {}, expected 1 to {}", target + 1, self.n_margins);
            *values.get_mut(target).ok_or_else(|| Error::malformed(detail()))? += weight;
        }
        if self.link != Link::Probability {
            return Ok(values);
        }
        #[allow(clippy::cast_precision_loss, reason = "trees are few")]
        let n_trees = n_trees as f64;
        values.iter_mut().for_each(|value| *value *= n_trees);
        if self.is_of_second
            && let [first, second] = values.as_mut_slice()
        {
            // A share of 1, divided by the number of trees in single precision, may exceed 1.
            if *second > 1.0 && *second <= 1.0 + 1e-6 {
                *second = 1.0;
            }
            *first = 1.0 - *second;
        }
        let sum: f64 = values.iter().sum();
        if !(sum - 1.0).abs().le(&1e-5) || values.iter().any(|value| *value < 0.0) {
            let detail = format!("leaves that are no probabilities: one sums to {sum}, expected 1");
            return Err(Error::unsupported(detail));
        }
        Ok(values.into_iter().map(|value| value / sum).collect())
    }

    /// Adds trees of one leaf for the base values. Returns what each margin starts from.
    fn add_bases(&self, trees: &mut Vec<Tree>) -> Result<Vec<f64>, Error> {
        let zeros = vec![0.0; self.n_margins];
        if self.bases.iter().all(|base| *base == 0.0) {
            return Ok(zeros);
        }
        if self.link == Link::Probability || self.bases.len() != self.n_margins {
            let (found, expected) = (self.bases.len(), self.n_margins);
            let detail = format!("{found} base values of {expected} sums of trees");
            return Err(Error::unsupported(detail));
        }
        if self.aggregate == Aggregate::Mean {
            return Ok(self.bases.clone());
        }
        for (margin, base) in self.bases.iter().enumerate() {
            let nodes = vec![TreeNode::Leaf { leaf: 0 }];
            let margin = Some(forests::number(margin)?);
            trees.push(Tree { margin, nodes, leaves: vec![*base] });
        }
        Ok(zeros)
    }
}
