//! A checked forest, laid out so that walks through numbers have no branch.

use alloc::vec;
use alloc::vec::Vec;

use super::complete::{CompleteTree, MAX_DEPTH};
use super::{Aggregate, Comparison, Forest, Node, Precision, Side, Tree, single};
use crate::lanes::Number;
use crate::schema::count;

/// A checked forest whose walks have no branch.
///
/// The two children of a node are adjacent, so the next node is `left + (value > threshold)`.
/// A leaf points to itself with threshold +∞, so a walk of `depth` steps ends at the right leaf even
/// if it reaches it earlier.
#[derive(Debug)]
pub(crate) struct FlatForest {
    n_inputs: usize,
    pub(super) precision: Precision,
    aggregate: Aggregate,
    base_margins: Vec<f64>,
    /// How many trees add to each margin.
    n_trees: Vec<f64>,
    trees: Vec<FlatTree>,
    pub(super) complete_trees: Vec<CompleteTree>,
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
    pub(super) root: u32,
    pub(super) depth: u32,
    /// The same tree in `complete_trees`, if it has few levels.
    pub(super) complete: Option<u32>,
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

impl FlatForest {
    /// Lays out a forest that was checked.
    #[allow(clippy::indexing_slicing, reason = "the forest was checked")]
    pub(in super::super) fn new(forest: &Forest) -> Self {
        // Per margin, without a loop over margins for each tree: a file may have many of both.
        let n_shared = forest.trees.iter().filter(|tree| tree.margin.is_none()).count();
        let mut n_trees = vec![count(n_shared); forest.base_margins.len()];
        for margin in forest.trees.iter().filter_map(|tree| tree.margin) {
            n_trees[margin as usize] += 1.0;
        }
        let mut flat = Self {
            n_inputs: forest.n_inputs as usize,
            precision: forest.precision,
            aggregate: forest.aggregate,
            base_margins: forest.base_margins.clone(),
            n_trees,
            trees: Vec::with_capacity(forest.trees.len()),
            complete_trees: Vec::new(),
            nodes: Vec::new(),
            questions: Vec::new(),
            leaves: Vec::new(),
            values: Vec::new(),
            levels: Vec::new(),
            sets: Vec::new(),
        };
        for tree in &forest.trees {
            flat.push_tree(tree, forest.comparison);
        }
        flat
    }

    /// Breadth first, so that siblings are adjacent.
    #[allow(clippy::indexing_slicing, reason = "the tree was checked")]
    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    fn push_tree(&mut self, tree: &Tree, comparison: Comparison) {
        let root = self.nodes.len() as u32;
        let first_value = self.values.len();
        if tree.margin.is_none() {
            self.values.extend(&tree.leaves);
        }
        let mut level = vec![0_u32];
        let mut depth = 0;
        loop {
            let mut next_level = Vec::new();
            let mut next = self.nodes.len() + level.len();
            for &stored in &level {
                let mut leaf_value = 0.0;
                let mut question = Question { missing_goes_right: false, is_set: false };
                let node = match &tree.nodes[stored as usize] {
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
                        next_level.extend([*left, *right]);
                        question.missing_goes_right = *default_child == Side::Right;
                        let threshold = match comparison {
                            Comparison::AtMost => *threshold,
                            Comparison::Below => threshold.next_down(),
                        };
                        FlatNode { threshold, input: *input, left: next as u32 }
                    }
                    Node::SplitLevels { input, levels, left, right, default_child } => {
                        next_level.extend([*left, *right]);
                        question.missing_goes_right = *default_child == Side::Right;
                        question.is_set = true;
                        let threshold = f64::from(self.push_set(levels));
                        FlatNode { threshold, input: *input, left: next as u32 }
                    }
                };
                if !matches!(tree.nodes[stored as usize], Node::Leaf { .. }) {
                    next += 2;
                }
                self.nodes.push(node);
                self.questions.push(question);
                self.leaves.push(leaf_value);
            }
            if next_level.is_empty() {
                break;
            }
            depth += 1;
            level = next_level;
        }
        let has_set = self.questions[root as usize..].iter().any(|question| question.is_set);
        let complete = (depth <= MAX_DEPTH && !has_set).then(|| self.push_complete(root, depth));
        self.trees.push(FlatTree { root, depth, complete, margin: tree.margin });
    }

    /// Fills a tree up to its depth: a leaf that is higher up is repeated.
    #[allow(clippy::indexing_slicing, reason = "a complete tree has room for all of its nodes")]
    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    fn push_complete(&mut self, root: u32, depth: u32) -> u32 {
        let mut tree = CompleteTree::EMPTY;
        let mut level = vec![root];
        let mut n = 0;
        for _ in 0..depth {
            let mut next_level = Vec::with_capacity(2 * level.len());
            for &position in &level {
                let node = self.nodes[position as usize];
                (tree.thresholds[n], tree.inputs[n]) = (node.threshold, node.input);
                let is_leaf = node.left == position;
                next_level.extend([node.left, if is_leaf { node.left } else { node.left + 1 }]);
                n += 1;
            }
            level = next_level;
        }
        for (leaf, position) in tree.leaves.iter_mut().zip(level) {
            *leaf = self.leaves[position as usize];
        }
        self.complete_trees.push(tree);
        self.complete_trees.len() as u32 - 1
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
                self.add_trees(out, |tree| self.walk(tree, encoded, Self::next_plain::<false>));
            }
            (Precision::Double, false) => {
                self.add_trees(out, |tree| self.walk(tree, encoded, Self::next::<false>));
            }
            (Precision::SingleInputs | Precision::Single, true) => {
                self.add_trees(out, |tree| self.walk(tree, encoded, Self::next_plain::<true>));
            }
            (Precision::SingleInputs | Precision::Single, false) => {
                self.add_trees(out, |tree| self.walk(tree, encoded, Self::next::<true>));
            }
        }
        self.finish(out);
    }

    /// The leaf that a row reaches, if `next` is the node after one with a value.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn walk(&self, tree: &FlatTree, encoded: &[f64], next: impl Fn(&Self, u32, f64) -> u32) -> f64 {
        let mut position = tree.root;
        for _ in 0..tree.depth {
            position = next(self, position, encoded[self.input(position)]);
        }
        self.leaves[position as usize]
    }

    /// The position of the input that a node reads.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn input(&self, position: u32) -> usize {
        self.nodes[position as usize].input as usize
    }

    /// The node after `position`, for a value that is not missing, in a forest without sets. `SINGLE`
    /// rounds the value first.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn next_plain<const SINGLE: bool>(&self, position: u32, value: f64) -> u32 {
        let node = self.nodes[position as usize];
        let value = if SINGLE { single(value) } else { value };
        node.left + u32::from(value > node.threshold)
    }

    /// The node after `position`, for any value.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn next<const SINGLE: bool>(&self, position: u32, value: f64) -> u32 {
        let (node, question) = (self.nodes[position as usize], self.questions[position as usize]);
        let goes_right = if value.is_nan() {
            question.missing_goes_right
        } else if question.is_set {
            !self.is_in_set(node.threshold, value)
        } else {
            (if SINGLE { single(value) } else { value }) > node.threshold
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
