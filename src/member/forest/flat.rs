//! A checked forest, laid out so that walks through numbers have no branch.

use alloc::vec::Vec;

use super::complete::{CompleteTree, CompleteTrees, complete_depth};
use super::{Aggregate, Comparison, Forest, Node, Precision, Side, Tree, single};
use crate::budget::{bytes_of, times};
use crate::error::Error;
use crate::lanes::Number;
use crate::memory;
use crate::schema::count;

/// A checked forest whose walks have no branch.
#[derive(Debug)]
pub(crate) struct FlatForest {
    n_inputs: usize,
    pub(super) precision: Precision,
    aggregate: Aggregate,
    base_margins: Vec<f64>,
    /// How many trees add to each margin.
    n_trees: Vec<f64>,
    trees: Vec<FlatTree>,
    pub(super) complete: CompleteTrees,
    /// Of all other trees. The two children of a node are adjacent, so the next node is
    /// `left + (value > threshold)`. A leaf points to itself with threshold +∞, so a walk of `depth` steps
    /// ends at the right leaf even if it reaches it earlier.
    nodes: Vec<FlatNode>,
    /// One per node; a row without missing values, in a forest without sets, needs none of them.
    questions: Vec<Question>,
    /// The value of each leaf, by its node; of a tree that adds to every margin, where the leaf's
    /// values begin in `values`. 0 elsewhere.
    pub(super) leaves: Vec<f64>,
    values: Vec<f64>,
    /// The levels of each set, one set after the other, and where each set begins and ends.
    levels: Vec<u32>,
    pub(super) sets: Vec<(u32, u32)>,
}

#[derive(Debug)]
pub(super) struct FlatTree {
    pub(super) layout: Layout,
    pub(super) depth: u32,
    margin: Option<u32>,
}

/// Where the splits and leaves of a tree are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layout {
    Complete(CompleteTree),
    /// In `nodes`, from this one on.
    Linked(u32),
}

#[derive(Clone, Copy, Debug)]
struct FlatNode {
    /// The threshold of the value; for a set, its number.
    threshold: f64,
    input: u32,
    left: u32,
}

/// What a walk checks at a node besides `value > threshold`.
#[derive(Clone, Copy, Debug)]
struct Question {
    missing_goes_right: bool,
    is_set: bool,
}

/// How much a forest holds, all its trees together.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    n_slots: usize,
    n_nodes: usize,
    n_values: usize,
    n_levels: usize,
    n_sets: usize,
    most_nodes: usize,
}

impl Extent {
    fn new(forest: &Forest) -> Self {
        let mut extent = Self::default();
        for tree in &forest.trees {
            extent.n_values += if tree.margin.is_none() { tree.leaves.len() } else { 0 };
            if let Some(depth) = complete_depth(tree) {
                extent.n_slots += 1 << depth;
                continue;
            }
            extent.n_nodes += tree.nodes.len();
            extent.most_nodes = extent.most_nodes.max(tree.nodes.len());
            for node in &tree.nodes {
                if let Node::SplitLevels { levels, .. } = node {
                    extent.n_levels += levels.len();
                    extent.n_sets += 1;
                }
            }
        }
        extent
    }
}

impl FlatForest {
    /// The memory that laying a forest out allocates.
    pub(in super::super) fn bytes(forest: &Forest) -> u64 {
        let extent = Extent::new(forest);
        CompleteTrees::bytes(extent.n_slots)
            + bytes_of::<FlatNode>(extent.n_nodes)
            + bytes_of::<Question>(extent.n_nodes)
            + bytes_of::<f64>(extent.n_nodes)
            + bytes_of::<f64>(extent.n_values)
            + bytes_of::<u32>(extent.n_levels)
            + bytes_of::<(u32, u32)>(extent.n_sets)
            + bytes_of::<u32>(extent.most_nodes)
            + bytes_of::<FlatTree>(forest.trees.len())
            + 2 * bytes_of::<f64>(forest.base_margins.len())
    }

    /// Lays out a forest that was checked.
    #[allow(clippy::indexing_slicing, reason = "the forest was checked")]
    pub(in super::super) fn new(forest: &Forest) -> Result<Self, Error> {
        // Per margin, without a loop over margins for each tree: a file may have many of both.
        let n_shared = forest.trees.iter().filter(|tree| tree.margin.is_none()).count();
        let mut n_trees = memory::filled(count(n_shared), forest.base_margins.len())?;
        for margin in forest.trees.iter().filter_map(|tree| tree.margin) {
            n_trees[margin as usize] += 1.0;
        }
        let extent = Extent::new(forest);
        let mut flat = Self {
            n_inputs: forest.n_inputs as usize,
            precision: forest.precision,
            aggregate: forest.aggregate,
            base_margins: memory::copy(&forest.base_margins)?,
            n_trees,
            trees: memory::list(forest.trees.len())?,
            complete: CompleteTrees::with_room(extent.n_slots)?,
            nodes: memory::list(extent.n_nodes)?,
            questions: memory::list(extent.n_nodes)?,
            leaves: memory::list(extent.n_nodes)?,
            values: memory::list(extent.n_values)?,
            levels: memory::list(extent.n_levels)?,
            sets: memory::list(extent.n_sets)?,
        };
        let mut order = memory::list(extent.most_nodes)?;
        for tree in &forest.trees {
            flat.push_tree(tree, forest.comparison, &mut order);
        }
        Ok(flat)
    }

    /// What [`Self::margins`] computes, in steps of about a nanosecond.
    pub(in super::super) fn work(&self) -> u64 {
        let per_step = if self.sets.is_empty() { 2 } else { 16 };
        let of_tree = |tree: &FlatTree| {
            let n_sums = if tree.margin.is_none() { self.base_margins.len() as u64 } else { 1 };
            4 + per_step * u64::from(tree.depth) + n_sums
        };
        self.trees.iter().map(of_tree).sum::<u64>() + times(self.base_margins.len(), 8)
    }

    #[allow(clippy::indexing_slicing, reason = "the tree was checked")]
    fn push_tree(&mut self, tree: &Tree, comparison: Comparison, order: &mut Vec<u32>) {
        let (first_value, n_margins) = (self.values.len(), self.base_margins.len());
        let leaf_value = |leaf: usize| match tree.margin {
            Some(_) => tree.leaves[leaf],
            None => count(first_value + leaf * n_margins),
        };
        let (layout, depth) = match complete_depth(tree) {
            Some(depth) => {
                let pushed = self.complete.push(tree, depth, comparison, leaf_value);
                (Layout::Complete(pushed), depth)
            }
            None => self.push_nodes(tree, comparison, leaf_value, order),
        };
        if tree.margin.is_none() {
            self.values.extend(&tree.leaves);
        }
        self.trees.push(FlatTree { layout, depth, margin: tree.margin });
    }

    /// Breadth first, so that siblings are adjacent. `order` has room for the nodes of the tree: each
    /// has one parent. Returns where the tree is, and its depth.
    #[allow(clippy::indexing_slicing, reason = "the tree was checked")]
    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    fn push_nodes(
        &mut self,
        tree: &Tree,
        comparison: Comparison,
        leaf_value: impl Fn(usize) -> f64,
        order: &mut Vec<u32>,
    ) -> (Layout, u32) {
        let root = self.nodes.len() as u32;
        order.clear();
        order.push(0);
        let (mut n_placed, mut depth, mut level_end) = (0, 0, 1);
        while n_placed < order.len() {
            let mut leaf = 0.0;
            let mut question = Question { missing_goes_right: false, is_set: false };
            let children = root + order.len() as u32;
            let node = match &tree.nodes[order[n_placed] as usize] {
                Node::Leaf { leaf: index } => {
                    leaf = leaf_value(*index as usize);
                    let leaf_node = self.nodes.len() as u32;
                    FlatNode { threshold: f64::INFINITY, input: 0, left: leaf_node }
                }
                Node::Split { input, threshold, left, right, default_child } => {
                    order.extend([*left, *right]);
                    question.missing_goes_right = *default_child == Side::Right;
                    let threshold = comparison.highest_left(*threshold);
                    FlatNode { threshold, input: *input, left: children }
                }
                Node::SplitLevels { input, levels, left, right, default_child } => {
                    order.extend([*left, *right]);
                    question.missing_goes_right = *default_child == Side::Right;
                    question.is_set = true;
                    let threshold = f64::from(self.push_set(levels));
                    FlatNode { threshold, input: *input, left: children }
                }
            };
            self.nodes.push(node);
            self.questions.push(question);
            self.leaves.push(leaf);
            n_placed += 1;
            if n_placed == level_end && order.len() > level_end {
                depth += 1;
                level_end = order.len();
            }
        }
        (Layout::Linked(root), depth)
    }

    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    fn push_set(&mut self, levels: &[u32]) -> u32 {
        let start = self.levels.len() as u32;
        self.levels.extend(levels);
        self.sets.push((start, self.levels.len() as u32));
        self.sets.len() as u32 - 1
    }

    /// How many temporary numbers each row of a block needs.
    pub(in super::super) fn n_temporary(&self) -> usize {
        match self.precision {
            Precision::Double => 0,
            Precision::SingleInputs | Precision::Single => self.n_inputs,
        }
    }

    /// Writes the margins of an encoded row.
    pub(in super::super) fn margins(&self, encoded: &[f64], out: &mut [f64]) {
        let is_plain = self.sets.is_empty() && !encoded.iter().any(|value| value.is_nan());
        self.start(out);
        match (self.precision, is_plain) {
            (Precision::Double, true) => {
                self.add_trees(out, |tree| self.walk(tree, encoded, exact, Self::next_plain));
            }
            (Precision::Double, false) => {
                self.add_trees(out, |tree| self.walk(tree, encoded, exact, Self::next));
            }
            (Precision::SingleInputs | Precision::Single, true) => {
                self.add_trees(out, |tree| self.walk(tree, encoded, single, Self::next_plain));
            }
            (Precision::SingleInputs | Precision::Single, false) => {
                self.add_trees(out, |tree| self.walk(tree, encoded, single, Self::next));
            }
        }
        self.finish(out);
    }

    /// The leaf that a row reaches, if `next` is the node after one with a value, and values are rounded
    /// first.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn walk(
        &self,
        tree: &FlatTree,
        encoded: &[f64],
        round: impl Fn(f64) -> f64,
        next: impl Fn(&Self, u32, f64) -> u32,
    ) -> f64 {
        match tree.layout {
            Layout::Complete(complete) => {
                self.complete.walk(complete, |input| round(encoded[input]))
            }
            Layout::Linked(root) => {
                let mut position = root;
                for _ in 0..tree.depth {
                    position = next(self, position, round(encoded[self.input(position)]));
                }
                self.leaves[position as usize]
            }
        }
    }

    /// The position of the input that a node reads.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn input(&self, position: u32) -> usize {
        self.nodes[position as usize].input as usize
    }

    /// The node after `position`, for a value that is not missing, in a forest without sets.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn next_plain(&self, position: u32, value: f64) -> u32 {
        let node = self.nodes[position as usize];
        node.left + u32::from(value > node.threshold)
    }

    /// The node after `position`, for any value.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn next(&self, position: u32, value: f64) -> u32 {
        let (node, question) = (self.nodes[position as usize], self.questions[position as usize]);
        let goes_right = if value.is_nan() {
            question.missing_goes_right
        } else if question.is_set {
            !self.is_in_set(node.threshold, value)
        } else {
            value > node.threshold
        };
        node.left + u32::from(goes_right)
    }

    /// What the margins start from.
    pub(super) fn start<N: Number>(&self, out: &mut [N]) {
        let is_mean = self.aggregate == Aggregate::Mean;
        for (margin, base) in out.iter_mut().zip(&self.base_margins) {
            *margin = N::splat(if is_mean { 0.0 } else { self.precision.round(*base) });
        }
    }

    /// Adds the leaf of each tree, from the first to the last.
    #[inline(always)]
    pub(super) fn add_trees<N: Number>(&self, out: &mut [N], leaf: impl Fn(&FlatTree) -> N) {
        match self.precision {
            Precision::Double | Precision::SingleInputs => self.add_rounded(
                out,
                leaf,
                #[inline(always)]
                |sum| sum,
            ),
            Precision::Single => self.add_rounded(out, leaf, single),
        }
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position")]
    fn add_rounded<N: Number>(
        &self,
        out: &mut [N],
        leaf: impl Fn(&FlatTree) -> N,
        round: impl Fn(f64) -> f64,
    ) {
        for tree in &self.trees {
            let leaf = leaf(tree);
            if let Some(margin) = tree.margin {
                let sum = &mut out[margin as usize];
                *sum = sum.zip(
                    leaf,
                    #[inline(always)]
                    |sum, leaf| round(sum + round(leaf)),
                );
                continue;
            }
            for (margin, sum) in out.iter_mut().enumerate() {
                *sum = sum.zip(leaf, |sum, first| {
                    round(sum + round(self.values[first as usize + margin]))
                });
            }
        }
    }

    /// Ends the margins: the mean, where the leaves are averaged.
    pub(super) fn finish<N: Number>(&self, out: &mut [N]) {
        let round = |result| self.precision.round(result);
        match self.aggregate {
            Aggregate::Sum => {}
            Aggregate::Mean => {
                let bases = self.base_margins.iter().zip(&self.n_trees);
                for (margin, (base, n_trees)) in out.iter_mut().zip(bases) {
                    *margin = margin.map(|sum| round(round(*base) + round(sum / n_trees.max(1.0))));
                }
            }
        }
    }

    /// Whether a level belongs to a set. Both are whole numbers, checked on opening.
    #[allow(clippy::indexing_slicing, reason = "sets were laid out within `levels`")]
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and at least 0"
    )]
    fn is_in_set(&self, set: f64, level: f64) -> bool {
        let (start, end) = self.sets[set as usize];
        let levels = &self.levels[start as usize..end as usize];
        level <= f64::from(u32::MAX) && levels.binary_search(&(level as u32)).is_ok()
    }
}

/// Not rounded.
#[inline(always)]
fn exact(value: f64) -> f64 {
    value
}
