//! The margins of a row in a forest that was laid out, and what a row and a block share.

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
        // Without an early end, to look at several values at once.
        let has_missing = encoded.iter().fold(false, |is, value| is | value.is_nan());
        if self.sets.is_empty() && !has_missing {
            self.add_row::<false>(encoded, out);
        } else {
            self.add_row::<true>(encoded, out);
        }
        self.finish(out);
    }

    /// The encoded values as they are compared.
    #[inline(always)]
    pub(super) fn rounded<'e, N: Number>(
        &self,
        encoded: &'e [N],
        temporary: &'e mut [N],
    ) -> &'e [N] {
        match self.precision {
            Precision::Double => encoded,
            Precision::SingleInputs | Precision::Single => {
                for (rounded, values) in temporary.iter_mut().zip(encoded) {
                    *rounded = values.map(
                        #[inline(always)]
                        |value| single(value),
                    );
                }
                temporary
            }
        }
    }

    /// The leaf of each tree of a group; `ANY` is whether any value may be missing, or any split has a set.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn walk_group<const ANY: bool>(&self, trees: &[FlatTree], encoded: &[f64]) -> [f64; N_WALKS] {
        let mut leaves = [0.0; N_WALKS];
        // Where there is no other tree, the walk of the last one is repeated.
        let (mut root, mut depth) = (0, 0);
        for (leaf, tree) in leaves.iter_mut().zip(trees) {
            match tree.layout {
                Layout::Complete(complete) if ANY => {
                    *leaf = self.complete.walk_row(complete, encoded);
                }
                Layout::Complete(complete) => *leaf = self.complete.walk_plain(complete, encoded),
                Layout::Linked(linked) => (root, depth) = (linked, depth.max(tree.depth)),
            }
        }
        if depth == 0 {
            return leaves;
        }
        let mut positions = [root; N_WALKS];
        for (position, tree) in positions.iter_mut().zip(trees) {
            if let Layout::Linked(root) = tree.layout {
                *position = root;
            }
        }
        for _ in 0..depth {
            let mut moved = 0;
            for position in &mut positions {
                let next = self.next::<ANY>(
                    *position,
                    #[inline(always)]
                    |input| encoded[input],
                );
                moved |= next ^ *position;
                *position = next;
            }
            if depth > MAX_FULL_WALK && moved == 0 {
                break;
            }
        }
        for ((leaf, tree), position) in leaves.iter_mut().zip(trees).zip(positions) {
            if let Layout::Linked(_) = tree.layout {
                *leaf = self.leaf(tree, position);
            }
        }
        leaves
    }

    /// The node after `position`; `value` returns the value of an input. `ANY` is whether it may be
    /// missing, or any split has a set.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn next<const ANY: bool>(&self, position: u32, value: impl Fn(usize) -> f64) -> u32 {
        let node = self.nodes[position as usize];
        let value = value(node.input as usize);
        let is_above = value > node.threshold;
        if !ANY {
            return node.left + u32::from(is_above);
        }
        let question = self.questions[position as usize];
        let is_default = value.is_nan() & question.missing_goes_right;
        let goes_right = if question.is_set {
            is_default | !(value.is_nan() || self.is_in_set(node.threshold, value))
        } else {
            is_default | is_above
        };
        node.left + u32::from(goes_right)
    }

    /// What the margins start from.
    #[inline(always)]
    pub(super) fn start<N: Number>(&self, out: &mut [N]) {
        let is_mean = self.aggregate == Aggregate::Mean;
        for (margin, base) in out.iter_mut().zip(&self.base_margins) {
            *margin = N::splat(if is_mean { 0.0 } else { self.precision.round(*base) });
        }
    }

    /// Adds the leaves of a row, from the first tree to the last, a group of trees at a time.
    #[allow(clippy::cast_possible_truncation, reason = "the sum is one of single precision")]
    fn add_row<const ANY: bool>(&self, encoded: &[f64], out: &mut [f64]) {
        let groups = self.trees.chunks(N_WALKS);
        match (self.precision, out) {
            // A single sum stays in a register.
            (Precision::Double | Precision::SingleInputs, [margin]) => {
                let mut sum = *margin;
                for trees in groups {
                    let leaves = self.walk_group::<ANY>(trees, encoded);
                    leaves.iter().take(trees.len()).for_each(|leaf| sum += leaf);
                }
                *margin = sum;
            }
            (Precision::Single, [margin]) => {
                let mut sum = *margin as f32;
                for trees in groups {
                    let leaves = self.walk_group::<ANY>(trees, encoded);
                    leaves.iter().take(trees.len()).for_each(|leaf| sum += *leaf as f32);
                }
                *margin = f64::from(sum);
            }
            (_, out) => {
                for trees in groups {
                    let leaves = self.walk_group::<ANY>(trees, encoded);
                    trees
                        .iter()
                        .zip(leaves)
                        .for_each(|(tree, leaf)| self.add_leaf(out, tree, leaf));
                }
            }
        }
    }

    /// Adds the leaf of each tree for a block of rows, from the first tree to the last.
    #[inline(always)]
    pub(super) fn add_trees<N: Number>(&self, out: &mut [N], leaf: impl Fn(&FlatTree) -> N) {
        for tree in &self.trees {
            self.add_leaf(out, tree, leaf(tree));
        }
    }

    /// Adds the leaf of a tree to its margin, or the values of the leaf to every margin.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position")]
    fn add_leaf<N: Number>(&self, out: &mut [N], tree: &FlatTree, leaf: N) {
        if let Some(margin) = tree.margin {
            let sum = &mut out[margin as usize];
            *sum = self.plus(*sum, leaf);
            return;
        }
        for (margin, sum) in out.iter_mut().enumerate() {
            let value = leaf.map(
                #[inline(always)]
                |first| self.values[first as usize + margin],
            );
            *sum = self.plus(*sum, value);
        }
    }

    /// A sum, with a value that has the precision of the forest.
    #[inline(always)]
    fn plus<N: Number>(&self, sum: N, value: N) -> N {
        match self.precision {
            Precision::Double | Precision::SingleInputs => sum.zip(
                value,
                #[inline(always)]
                |sum, value| sum + value,
            ),
            Precision::Single => sum.zip(
                value,
                #[inline(always)]
                |sum, value| single(sum + value),
            ),
        }
    }

    /// The leaf of a linked tree at a position: its value, or where its values begin.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn leaf(&self, tree: &FlatTree, position: u32) -> f64 {
        let first = self.nodes[position as usize].first_value();
        if tree.margin.is_some() { self.values[first as usize] } else { f64::from(first) }
    }

    /// Ends the margins: the mean, where the leaves are averaged.
    #[inline(always)]
    pub(super) fn finish<N: Number>(&self, out: &mut [N]) {
        let round = |result| self.precision.round(result);
        match self.aggregate {
            Aggregate::Sum => {}
            Aggregate::Mean => {
                let bases = self.base_margins.iter().zip(&self.n_trees);
                for (margin, (base, n_trees)) in out.iter_mut().zip(bases) {
                    *margin = margin.map(
                        #[inline(always)]
                        |sum| round(round(*base) + round(sum / n_trees.max(1.0))),
                    );
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
