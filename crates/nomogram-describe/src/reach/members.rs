//! What a row reaches in members: leaves, thresholds, points.

use nomogram::{
    Comparison, Forest, Member, Node, Points, PointsScore, PointsTotal, Precision, Side, Tie, Tree,
};

use super::stages::Fact;
use super::target::{Target, is_next_to};

/// Whether a value at a split goes to the left.
#[must_use]
#[allow(clippy::cast_possible_truncation, reason = "rounded as the forest rounds")]
pub fn goes_left(forest: &Forest, value: f64, threshold: f64) -> bool {
    let value = match forest.precision {
        Precision::SingleInputs | Precision::Single => f64::from(value as f32),
        Precision::Double => value,
    };
    match forest.comparison {
        Comparison::Below => value < threshold,
        Comparison::AtMost => value <= threshold,
    }
}

/// Whether a value of an item lies above a threshold.
#[must_use]
pub fn is_above(value: f64, threshold: f64, tie: Tie) -> bool {
    match tie {
        Tie::Below => value > threshold,
        Tie::Above => value >= threshold,
    }
}

/// Everything that a row can reach in a member; `facts` are those of its inputs.
pub(super) fn targets(member: usize, model: &Member, facts: &[Fact]) -> Vec<Target> {
    match model {
        Member::Forest(forest) => forest_targets(member, forest, facts),
        Member::LinearForest(linear) => forest_targets(member, linear.forest(), facts),
        Member::PointsScore(score) => points_targets(member, score, facts),
        Member::Linear(_)
        | Member::LinearSingle(_)
        | Member::Network(_)
        | Member::NaiveBayes(_)
        | Member::SupportVectors(_)
        | Member::Neighbours(_) => Vec::new(),
    }
}

/// What an encoded row reaches in a member.
pub(super) fn reached(member: usize, model: &Member, row: &[f64], facts: &[Fact]) -> Vec<Target> {
    match model {
        Member::Forest(forest) => forest_reached(member, forest, row, facts),
        Member::LinearForest(linear) => forest_reached(member, linear.forest(), row, facts),
        Member::PointsScore(score) => points_reached(member, score, row, facts),
        Member::Linear(_)
        | Member::LinearSingle(_)
        | Member::Network(_)
        | Member::NaiveBayes(_)
        | Member::SupportVectors(_)
        | Member::Neighbours(_) => Vec::new(),
    }
}

fn forest_targets(member: usize, forest: &Forest, facts: &[Fact]) -> Vec<Target> {
    let mut targets = Vec::new();
    for (tree, nodes) in forest.trees.iter().enumerate() {
        for (node, split) in nodes.nodes.iter().enumerate() {
            let input = match split {
                Node::Leaf { .. } => {
                    targets.push(Target::Leaf { member, tree, node });
                    continue;
                }
                Node::Split { input, .. } => {
                    targets.extend([false, true].map(|is_right| Target::Threshold {
                        member,
                        tree,
                        node,
                        is_right,
                    }));
                    *input as usize
                }
                Node::SplitLevels { input, levels, .. } => {
                    let level = |level: &u32| Target::SplitLevel {
                        member,
                        tree,
                        node,
                        level: *level as usize,
                    };
                    targets.extend(levels.iter().map(level));
                    *input as usize
                }
            };
            targets.extend(beside(input, facts.len()).map(|(is_next, _)| Target::SplitInput {
                member,
                tree,
                node,
                is_next,
            }));
            if facts.get(input).is_some_and(|fact| fact.may_be_missing) {
                targets.push(Target::DefaultChild { member, tree, node });
            }
        }
    }
    targets
}

/// The inputs beside an input, and whether each is the next one.
fn beside(input: usize, n_inputs: usize) -> impl Iterator<Item = (bool, usize)> {
    let next = Some(input + 1).filter(|next| *next < n_inputs);
    let inputs = [(false, input.checked_sub(1)), (true, next)];
    inputs.into_iter().filter_map(|(is_next, input)| Some((is_next, input?)))
}

fn forest_reached(member: usize, forest: &Forest, row: &[f64], facts: &[Fact]) -> Vec<Target> {
    let mut reached = Vec::new();
    for (tree, nodes) in forest.trees.iter().enumerate() {
        let mut node = 0;
        // Changes of a split that send the row to the other child, with that child.
        let mut changes = Vec::new();
        while let Some(split) = nodes.nodes.get(node) {
            let Some((input, left, right)) = children(split) else {
                reached.push(Target::Leaf { member, tree, node });
                break;
            };
            let value = value_of(row, input);
            let is_right = !decides_left(forest, split, value);
            let other = if is_right { left } else { right };
            match split {
                _ if value.is_nan() => reached.push(Target::DefaultChild { member, tree, node }),
                Node::Split { threshold, .. } => {
                    let is_whole = facts.get(input).is_some_and(|fact| fact.is_whole);
                    if is_next_to(value, *threshold, is_whole) {
                        changes.push((Target::Threshold { member, tree, node, is_right }, other));
                    }
                }
                Node::SplitLevels { levels, .. } => {
                    #[allow(clippy::float_cmp, reason = "whole numbers")]
                    let found = levels.iter().find(|level| f64::from(**level) == value);
                    reached.extend(found.map(|level| {
                        let level = *level as usize;
                        Target::SplitLevel { member, tree, node, level }
                    }));
                }
                Node::Leaf { .. } => break,
            }
            for (is_next, input) in beside(input, facts.len()) {
                if decides_left(forest, split, value_of(row, input)) == is_right {
                    changes.push((Target::SplitInput { member, tree, node, is_next }, other));
                }
            }
            node = if is_right { right } else { left };
        }
        // A change shows only if the leaf on the other side differs.
        let here = leaf_values(forest, nodes, node);
        for (target, other) in changes {
            if leaf_values(forest, nodes, walk(forest, nodes, row, other)) != here {
                reached.push(target);
            }
        }
    }
    reached
}

fn value_of(row: &[f64], input: usize) -> f64 {
    row.get(input).copied().unwrap_or(f64::NAN)
}

/// Whether a split sends a value to the left.
fn decides_left(forest: &Forest, split: &Node, value: f64) -> bool {
    match split {
        Node::Split { default_child, .. } | Node::SplitLevels { default_child, .. }
            if value.is_nan() =>
        {
            *default_child == Side::Left
        }
        Node::Split { threshold, .. } => goes_left(forest, value, *threshold),
        Node::SplitLevels { levels, .. } => {
            levels.iter().any(|level| f64::from(*level).total_cmp(&value).is_eq())
        }
        Node::Leaf { .. } => false,
    }
}

/// The input and the children of a split; `None` for a leaf.
fn children(node: &Node) -> Option<(usize, usize, usize)> {
    match node {
        Node::Split { input, left, right, .. } | Node::SplitLevels { input, left, right, .. } => {
            Some((*input as usize, *left as usize, *right as usize))
        }
        Node::Leaf { .. } => None,
    }
}

/// The leaf that a row reaches from a node on.
fn walk(forest: &Forest, tree: &Tree, row: &[f64], from: usize) -> usize {
    let mut node = from;
    while let Some(split) = tree.nodes.get(node) {
        let Some((input, left, right)) = children(split) else { break };
        node = if decides_left(forest, split, value_of(row, input)) { left } else { right };
    }
    node
}

/// The bits of the values of a leaf.
fn leaf_values(forest: &Forest, tree: &Tree, node: usize) -> Vec<u64> {
    let Some(Node::Leaf { leaf }) = tree.nodes.get(node) else { return Vec::new() };
    let width = if tree.margin.is_some() { 1 } else { forest.base_margins.len() };
    let values = tree.leaves.iter().skip(*leaf as usize * width).take(width);
    values.map(|value| value.to_bits()).collect()
}

fn points_targets(member: usize, score: &PointsScore, facts: &[Fact]) -> Vec<Target> {
    let mut targets = Vec::new();
    for (item, line) in score.items().iter().enumerate() {
        let n_bins = match &line.points {
            Points::Levels { points } | Points::Bins { points, .. } => points.len(),
        };
        let may_be_missing = facts.get(line.input as usize).is_some_and(|fact| fact.may_be_missing);
        let n_answers = n_bins + usize::from(may_be_missing);
        targets.extend((0..n_answers).map(|bin| Target::Points { member, item, bin }));
        if let Points::Bins { thresholds, .. } = &line.points {
            targets.extend((0..thresholds.len()).flat_map(|threshold| {
                [false, true].map(|is_above| Target::PointsThreshold {
                    member,
                    item,
                    threshold,
                    is_above,
                })
            }));
        }
    }
    if let PointsTotal::Table { probabilities } = score.total() {
        targets.extend((0..probabilities.len()).map(|entry| Target::Total { member, entry }));
    }
    targets
}

fn points_reached(member: usize, score: &PointsScore, row: &[f64], facts: &[Fact]) -> Vec<Target> {
    let mut reached = Vec::new();
    for (item, line) in score.items().iter().enumerate() {
        let input = line.input as usize;
        let value = row.get(input).copied().unwrap_or(f64::NAN);
        let is_whole = facts.get(input).is_some_and(|fact| fact.is_whole);
        let bin = match &line.points {
            Points::Levels { points } | Points::Bins { points, .. } if value.is_nan() => {
                points.len()
            }
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a level")]
            Points::Levels { .. } => value as usize,
            Points::Bins { thresholds, tie, .. } => {
                for (threshold, bound) in thresholds.iter().enumerate() {
                    if is_next_to(value, *bound, is_whole) {
                        let is_above = is_above(value, *bound, *tie);
                        reached.push(Target::PointsThreshold { member, item, threshold, is_above });
                    }
                }
                thresholds.partition_point(|bound| is_above(value, *bound, *tie))
            }
        };
        reached.push(Target::Points { member, item, bin });
    }
    if let PointsTotal::Table { probabilities } = score.total() {
        let total = score.points(row);
        let entry = probabilities.partition_point(|(points, _)| f64::from(*points) < total);
        reached.push(Target::Total { member, entry });
    }
    reached
}
