//! A checked forest, laid out so that walks through numbers have no branch.

use alloc::vec::Vec;

use super::{Aggregate, Comparison, Forest, Node, Precision, Side, Tree, single};
use crate::budget::{bytes_of, times};
use crate::error::Error;
use crate::memory;
use crate::schema::count;

/// A checked forest whose walks have no branch.
///
/// The two children of a node are adjacent, so the next node is `left + (value > threshold)`.
/// A leaf points to itself with threshold +∞, so a walk of `depth` steps ends at the right leaf even
/// if it reaches it earlier.
#[derive(Debug)]
pub(crate) struct FlatForest {
    precision: Precision,
    aggregate: Aggregate,
    base_margins: Vec<f64>,
    /// How many trees add to each margin.
    n_trees: Vec<f64>,
    trees: Vec<FlatTree>,
    nodes: Vec<FlatNode>,
    /// One per node; a row without missing values, in a forest without sets, needs none of them.
    questions: Vec<Question>,
    /// The value of each leaf, by its node; of a tree that adds to every margin, where the leaf's
    /// values begin in `values`. 0 elsewhere.
    leaves: Vec<f64>,
    values: Vec<f64>,
    /// The levels of each set, one set after the other, and where each set begins and ends.
    levels: Vec<u32>,
    sets: Vec<(u32, u32)>,
}

#[derive(Debug)]
struct FlatTree {
    root: u32,
    depth: u32,
    margin: Option<u32>,
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
            extent.n_nodes += tree.nodes.len();
            extent.most_nodes = extent.most_nodes.max(tree.nodes.len());
            extent.n_values += if tree.margin.is_none() { tree.leaves.len() } else { 0 };
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
        bytes_of::<FlatNode>(extent.n_nodes)
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
            precision: forest.precision,
            aggregate: forest.aggregate,
            base_margins: memory::copy(&forest.base_margins)?,
            n_trees,
            trees: memory::list(forest.trees.len())?,
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

    /// Breadth first, so that siblings are adjacent. `order` has room for the nodes of the tree: each
    /// has one parent.
    #[allow(clippy::indexing_slicing, reason = "the tree was checked")]
    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    fn push_tree(&mut self, tree: &Tree, comparison: Comparison, order: &mut Vec<u32>) {
        let root = self.nodes.len() as u32;
        let first_value = self.values.len();
        if tree.margin.is_none() {
            self.values.extend(&tree.leaves);
        }
        order.clear();
        order.push(0);
        let (mut n_placed, mut depth, mut level_end) = (0, 0, 1);
        while n_placed < order.len() {
            let mut leaf_value = 0.0;
            let mut question = Question { missing_goes_right: false, is_set: false };
            let children = root + order.len() as u32;
            let node = match &tree.nodes[order[n_placed] as usize] {
                Node::Leaf { leaf } => {
                    let leaf = *leaf as usize;
                    leaf_value = match tree.margin {
                        Some(_) => tree.leaves[leaf],
                        None => count(first_value + leaf * self.base_margins.len()),
                    };
                    let leaf_node = self.nodes.len() as u32;
                    FlatNode { threshold: f64::INFINITY, input: 0, left: leaf_node }
                }
                Node::Split { input, threshold, left, right, default_child } => {
                    order.extend([*left, *right]);
                    question.missing_goes_right = *default_child == Side::Right;
                    let threshold = match comparison {
                        Comparison::AtMost => *threshold,
                        Comparison::Below => threshold.next_down(),
                    };
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
            self.leaves.push(leaf_value);
            n_placed += 1;
            if n_placed == level_end && order.len() > level_end {
                depth += 1;
                level_end = order.len();
            }
        }
        self.trees.push(FlatTree { root, depth, margin: tree.margin });
    }

    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    fn push_set(&mut self, levels: &[u32]) -> u32 {
        let start = self.levels.len() as u32;
        self.levels.extend(levels);
        self.sets.push((start, self.levels.len() as u32));
        self.sets.len() as u32 - 1
    }

    /// Writes the margins of an encoded row.
    pub(in super::super) fn margins(&self, encoded: &[f64], out: &mut [f64]) {
        let is_plain = self.sets.is_empty() && !encoded.iter().any(|value| value.is_nan());
        match (self.precision, is_plain) {
            (Precision::Double, true) => self.add(encoded, out, Self::walk_plain::<false>, exact),
            (Precision::Double, false) => self.add(encoded, out, Self::walk::<false>, exact),
            (Precision::SingleInputs, true) => {
                self.add(encoded, out, Self::walk_plain::<true>, exact)
            }
            (Precision::SingleInputs, false) => self.add(encoded, out, Self::walk::<true>, exact),
            (Precision::Single, true) => self.add(encoded, out, Self::walk_plain::<true>, single),
            (Precision::Single, false) => self.add(encoded, out, Self::walk::<true>, single),
        }
    }

    /// Sums the leaves that `walk` leads to, each sum passed through `round`.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position")]
    fn add(
        &self,
        encoded: &[f64],
        out: &mut [f64],
        walk: impl Fn(&Self, &FlatTree, &[f64]) -> usize,
        round: impl Fn(f64) -> f64,
    ) {
        let is_mean = self.aggregate == Aggregate::Mean;
        for (margin, base) in out.iter_mut().zip(&self.base_margins) {
            *margin = if is_mean { 0.0 } else { round(*base) };
        }
        for tree in &self.trees {
            let leaf = self.leaves[walk(self, tree, encoded)];
            match tree.margin {
                Some(margin) => {
                    let sum = &mut out[margin as usize];
                    *sum = round(*sum + round(leaf));
                }
                None => {
                    for (sum, value) in out.iter_mut().zip(&self.values[leaf as usize..]) {
                        *sum = round(*sum + round(*value));
                    }
                }
            }
        }
        if is_mean {
            let bases = self.base_margins.iter().zip(&self.n_trees);
            for (margin, (base, n_trees)) in out.iter_mut().zip(bases) {
                *margin = round(round(*base) + round(*margin / n_trees.max(1.0)));
            }
        }
    }

    /// The node of the leaf that a row without missing values reaches, in a forest without sets.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn walk_plain<const SINGLE: bool>(&self, tree: &FlatTree, encoded: &[f64]) -> usize {
        let mut position = tree.root;
        for _ in 0..tree.depth {
            let node = self.nodes[position as usize];
            let value = encoded[node.input as usize];
            let value = if SINGLE { single(value) } else { value };
            position = node.left + u32::from(value > node.threshold);
        }
        position as usize
    }

    /// The node of the leaf that a row reaches.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn walk<const SINGLE: bool>(&self, tree: &FlatTree, encoded: &[f64]) -> usize {
        let mut position = tree.root;
        for _ in 0..tree.depth {
            let (node, question) =
                (self.nodes[position as usize], self.questions[position as usize]);
            let value = encoded[node.input as usize];
            let goes_right = if value.is_nan() {
                question.missing_goes_right
            } else if question.is_set {
                !self.is_in_set(node.threshold, value)
            } else {
                (if SINGLE { single(value) } else { value }) > node.threshold
            };
            position = node.left + u32::from(goes_right);
        }
        position as usize
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

/// A sum in double precision needs no further rounding.
fn exact(sum: f64) -> f64 {
    sum
}
