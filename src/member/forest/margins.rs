//! The margins of a row in a forest that was laid out, and what a row and a block share.

use super::flat::{FlatForest, FlatTree, Layout};
use super::{Aggregate, Precision, single};
use crate::lanes::Number;

impl FlatForest {
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

    /// Writes the margins of an encoded row as [`Self::margins`], but sums in double precision: what
    /// Shapley values of the row add up to.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position")]
    pub(crate) fn double_margins(&self, encoded: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        for tree in &self.trees {
            let leaf = match self.precision {
                Precision::Double => self.walk(tree, encoded, exact, Self::next),
                Precision::SingleInputs | Precision::Single => {
                    self.walk(tree, encoded, single, Self::next)
                }
            };
            if let Some(margin) = tree.margin {
                out[margin as usize] += self.precision.round(leaf);
                continue;
            }
            for (margin, sum) in out.iter_mut().enumerate() {
                *sum += self.precision.round(self.values[leaf as usize + margin]);
            }
        }
        for (margin, (base, n_trees)) in
            out.iter_mut().zip(self.base_margins.iter().zip(&self.n_trees))
        {
            if self.aggregate == Aggregate::Mean {
                *margin /= n_trees.max(1.0);
            }
            *margin += self.precision.round(*base);
        }
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
    pub(super) fn is_in_set(&self, set: f64, level: f64) -> bool {
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
