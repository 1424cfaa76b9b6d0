//! The margins of a row in a forest that was laid out, and what a row and a block share.

use core::array;

use super::complete::{CompleteTree, CompleteTrees};
use super::flat::{FlatForest, FlatTree, Layout};
use super::{Aggregate, Precision, single};
use crate::lanes::Number;

/// How many trees a row walks side by side: a node is loaded while those of the other trees are on
/// their way.
const N_WALKS: usize = 8;
/// A walk deeper than this ends as soon as every row, or every tree, has reached its leaf.
pub(super) const MAX_FULL_WALK: u32 = 5;

impl FlatForest {
    /// How many temporary numbers a row needs, and each row of a block.
    pub(in super::super) fn n_temporary(&self) -> usize {
        match self.precision {
            Precision::Double => 0,
            Precision::SingleInputs | Precision::Single => self.n_inputs,
        }
    }

    /// Writes the margins of an encoded row.
    pub(in super::super) fn margins(
        &self,
        encoded: &[f64],
        temporary: &mut [f64],
        out: &mut [f64],
    ) {
        let encoded = self.rounded(encoded, temporary);
        self.start(out);
        if self.sets.is_empty() && !encoded.iter().any(|value| value.is_nan()) {
            self.add_groups(out, |trees| {
                self.walk_group(trees, encoded, CompleteTrees::walk_plain, Self::next_plain)
            });
        } else {
            self.add_groups(out, |trees| {
                self.walk_group(trees, encoded, CompleteTrees::walk_row, Self::next)
            });
        }
        self.finish(out);
    }

    /// The encoded values as they are compared.
    pub(super) fn rounded<'e, N: Number>(
        &self,
        encoded: &'e [N],
        temporary: &'e mut [N],
    ) -> &'e [N] {
        match self.precision {
            Precision::Double => encoded,
            Precision::SingleInputs | Precision::Single => {
                for (rounded, values) in temporary.iter_mut().zip(encoded) {
                    *rounded = values.map(single);
                }
                temporary
            }
        }
    }

    /// The leaf of each tree of a group, if `walk` is that of a complete tree, and `next` the node
    /// after one with a value.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn walk_group(
        &self,
        trees: &[FlatTree],
        encoded: &[f64],
        walk: impl Fn(&CompleteTrees, CompleteTree, &[f64]) -> f64,
        next: impl Fn(&Self, u32, f64) -> u32,
    ) -> [f64; N_WALKS] {
        let mut leaves = [0.0; N_WALKS];
        // Where there is no other tree, the walk of the last one is repeated.
        let (mut root, mut depth) = (0, 0);
        for (leaf, tree) in leaves.iter_mut().zip(trees) {
            match tree.layout {
                Layout::Complete(complete) => *leaf = walk(&self.complete, complete, encoded),
                Layout::Linked(linked) => (root, depth) = (linked, depth.max(tree.depth)),
            }
        }
        if depth == 0 {
            return leaves;
        }
        let mut positions: [u32; N_WALKS] =
            array::from_fn(|nth| trees.get(nth).and_then(FlatTree::root).unwrap_or(root));
        for _ in 0..depth {
            let before = positions;
            for position in &mut positions {
                *position = next(self, *position, encoded[self.input(*position)]);
            }
            if depth > MAX_FULL_WALK && positions == before {
                break;
            }
        }
        for ((leaf, tree), position) in leaves.iter_mut().zip(trees).zip(positions) {
            if tree.root().is_some() {
                *leaf = self.leaves[position as usize];
            }
        }
        leaves
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

    /// Adds the leaves of a row, from the first tree to the last, a group of trees at a time.
    #[inline(always)]
    fn add_groups(&self, out: &mut [f64], leaves: impl Fn(&[FlatTree]) -> [f64; N_WALKS]) {
        let round = |result| self.precision.round(result);
        if let [margin] = out {
            // A single sum stays in a register.
            let mut sum = *margin;
            for trees in self.trees.chunks(N_WALKS) {
                for (tree, leaf) in trees.iter().zip(leaves(trees)) {
                    sum = round(sum + round(self.only_value(tree, leaf)));
                }
            }
            *margin = sum;
            return;
        }
        for trees in self.trees.chunks(N_WALKS) {
            for (tree, leaf) in trees.iter().zip(leaves(trees)) {
                self.add_leaf(out, tree, leaf, round);
            }
        }
    }

    /// What a tree adds to the only margin.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position")]
    fn only_value(&self, tree: &FlatTree, leaf: f64) -> f64 {
        if tree.margin.is_some() { leaf } else { self.values[leaf as usize] }
    }

    /// Adds the leaf of each tree for a block of rows, from the first tree to the last.
    #[inline(always)]
    pub(super) fn add_trees<N: Number>(&self, out: &mut [N], leaf: impl Fn(&FlatTree) -> N) {
        match self.precision {
            Precision::Double | Precision::SingleInputs => {
                for tree in &self.trees {
                    self.add_leaf(
                        out,
                        tree,
                        leaf(tree),
                        #[inline(always)]
                        |sum| sum,
                    );
                }
            }
            Precision::Single => {
                for tree in &self.trees {
                    self.add_leaf(out, tree, leaf(tree), single);
                }
            }
        }
    }

    /// Adds the leaf of a tree to its margin, or the values of the leaf to every margin.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position")]
    fn add_leaf<N: Number>(
        &self,
        out: &mut [N],
        tree: &FlatTree,
        leaf: N,
        round: impl Fn(f64) -> f64,
    ) {
        if let Some(margin) = tree.margin {
            let sum = &mut out[margin as usize];
            *sum = sum.zip(
                leaf,
                #[inline(always)]
                |sum, leaf| round(sum + round(leaf)),
            );
            return;
        }
        for (margin, sum) in out.iter_mut().enumerate() {
            *sum = sum.zip(
                leaf,
                #[inline(always)]
                |sum, first| round(sum + round(self.values[first as usize + margin])),
            );
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
    pub(super) fn is_in_set(&self, set: f64, level: f64) -> bool {
        let (start, end) = self.sets[set as usize];
        let levels = &self.levels[start as usize..end as usize];
        level <= f64::from(u32::MAX) && levels.binary_search(&(level as u32)).is_ok()
    }
}
