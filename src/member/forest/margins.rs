//! The margins of a row in a forest that was laid out, and what a row and a block share.

use fearless_simd::Level;

use super::complete::CompleteTree;
use super::flat::{FlatForest, FlatTree, Layout};
use super::intervals::IntervalTables;
use super::{Aggregate, Precision, single};
use crate::lanes::Number;

/// How many trees a row walks side by side: a node is loaded while those of the other trees are on
/// their way.
const N_WALKS: usize = 16;
/// A walk deeper than this ends as soon as every row, or every tree, has reached its leaf.
pub(super) const MAX_FULL_WALK: u32 = 5;

/// The most values of a row that are copied to begin at a line of the cache.
const MAX_COPIED: usize = 1024;

impl FlatForest {
    /// How many temporary numbers a row needs, and each row of a block: room for a copy of the values, with
    /// one more to begin at a line of the cache.
    pub(in super::super) fn n_temporary(&self) -> usize {
        match self.precision {
            // Without the copy, a wide row leaves more room for blocks.
            Precision::Double if self.n_inputs > MAX_COPIED => 0,
            Precision::Double | Precision::SingleInputs | Precision::Single => self.n_inputs + 1,
        }
    }

    /// Writes the margins of an encoded row.
    pub(in super::super) fn margins(
        &self,
        level: Level,
        encoded: &[f64],
        temporary: &mut [f64],
        out: &mut [f64],
    ) {
        let encoded = self.compared_row(encoded, temporary);
        self.start(out);
        if let Some(tables) = &self.tables {
            self.add_row_by(tables, level, encoded, out);
            return self.finish(out);
        }
        // Without an early end, to look at several values at once.
        let has_missing = encoded.iter().fold(false, |is, value| is | value.is_nan());
        if self.sets.is_empty() && !has_missing {
            self.add_row::<false>(encoded, out);
        } else {
            self.add_row::<true>(encoded, out);
        }
        self.finish(out);
    }

    /// Writes the margins of a row of a forest in double precision, all of whose trees are linked and add to
    /// one margin each. `leaf` returns what the leaf adds that has this value.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(in super::super) fn margins_by(
        &self,
        encoded: &[f64],
        out: &mut [f64],
        leaf: impl Fn(f64) -> f64,
    ) {
        self.start(out);
        for tree in &self.trees {
            let (Layout::Linked(root), Some(margin)) = (tree.layout, tree.margin) else { continue };
            let mut position = root;
            for _ in 0..tree.depth {
                position = self.next::<true>(
                    position,
                    #[inline(always)]
                    |input| encoded[input],
                );
            }
            out[margin as usize] += leaf(self.leaf(tree, position));
        }
        self.finish(out);
    }

    /// Values of a row or a block as they are compared.
    #[inline(always)]
    #[allow(
        clippy::redundant_closure,
        reason = "the name alone would leave the call to the inliner"
    )]
    pub(super) fn as_compared<N: Number>(&self, values: N) -> N {
        match self.precision {
            Precision::Double => values,
            Precision::SingleInputs | Precision::Single => values.map(
                #[inline(always)]
                |value| single(value),
            ),
        }
    }

    /// The values of a row as they are compared.
    fn compared_row<'e>(&self, encoded: &'e [f64], temporary: &'e mut [f64]) -> &'e [f64] {
        if self.precision == Precision::Double {
            return encoded;
        }
        for (compared, value) in temporary.iter_mut().zip(encoded) {
            *compared = single(*value);
        }
        temporary.get(..encoded.len()).unwrap_or_default()
    }

    /// Passes the leaf of each tree to `sink`, from the first tree to the last. `ANY` is whether any value
    /// may be missing, or any split has a set.
    #[inline(always)]
    fn each_leaf<const ANY: bool>(&self, encoded: &[f64], mut sink: impl FnMut(&FlatTree, f64)) {
        for trees in self.trees.chunks(N_WALKS) {
            let positions = if self.nodes.is_empty() {
                [0; N_WALKS]
            } else {
                self.walk_group::<ANY>(trees, encoded)
            };
            for (tree, position) in trees.iter().zip(positions) {
                sink(
                    tree,
                    match tree.layout {
                        Layout::Complete(complete) => self.walk_complete::<ANY>(complete, encoded),
                        Layout::Linked(_) => self.leaf(tree, position),
                    },
                );
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn walk_complete<const ANY: bool>(&self, tree: CompleteTree, encoded: &[f64]) -> f64 {
        self.complete.walk::<ANY>(
            tree,
            #[inline(always)]
            |input| encoded[input],
        )
    }

    /// Where the walks of a row through a group of trees end, side by side.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn walk_group<const ANY: bool>(&self, trees: &[FlatTree], encoded: &[f64]) -> [u32; N_WALKS] {
        // Where there is no other linked tree, the walk of the first of the forest is repeated.
        let (mut positions, mut depth) = ([0; N_WALKS], 0);
        for (position, tree) in positions.iter_mut().zip(trees) {
            if let Layout::Linked(root) = tree.layout {
                (*position, depth) = (root, depth.max(tree.depth));
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
        positions
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

    /// Adds the leaves of a row, from the first tree to the last.
    fn add_row<const ANY: bool>(&self, encoded: &[f64], out: &mut [f64]) {
        let [margin] = out else {
            return self.each_leaf::<ANY>(encoded, |tree, leaf| self.add_leaf(out, tree, leaf));
        };
        let mut sum = Sum::new(*margin);
        self.each_leaf::<ANY>(
            encoded,
            #[inline(always)]
            |_, leaf| sum.add(leaf),
        );
        *margin = sum.rounded(self.precision);
    }

    /// [`Self::add_row`] by tables.
    fn add_row_by(&self, tables: &IntervalTables, level: Level, encoded: &[f64], out: &mut [f64]) {
        let [margin] = out else {
            let mut trees = self.trees.iter();
            return tables.each_leaf(level, encoded, |leaf| {
                trees.next().into_iter().for_each(|tree| self.add_leaf(out, tree, leaf));
            });
        };
        let mut sum = Sum::new(*margin);
        tables.each_leaf(
            level,
            encoded,
            #[inline(always)]
            |leaf| sum.add(leaf),
        );
        *margin = sum.rounded(self.precision);
    }

    /// Adds the leaf of a tree to its margin, or the values of the leaf to every margin.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn add_leaf(&self, out: &mut [f64], tree: &FlatTree, leaf: f64) {
        match tree.margin {
            Some(margin) => {
                let sum = &mut out[margin as usize];
                *sum = self.precision.round(*sum + leaf);
            }
            None => self.add_values(out, leaf),
        }
    }

    /// Adds the values of a leaf to every margin; `first` is where they begin.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position")]
    pub(super) fn add_values<N: Number>(&self, out: &mut [N], first: N) {
        for (margin, sum) in out.iter_mut().enumerate() {
            *sum = sum.zip(
                first,
                #[inline(always)]
                |sum, first| self.precision.round(sum + self.values[first as usize + margin]),
            );
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

/// A sum of leaves in a register, in both precisions: choosing later costs less than rounding.
struct Sum {
    double: f64,
    single: f32,
}

impl Sum {
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "rounded before, if it is used")]
    fn new(margin: f64) -> Self {
        Self { double: margin, single: margin as f32 }
    }

    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "rounded before, if it is used")]
    fn add(&mut self, leaf: f64) {
        self.double += leaf;
        self.single += leaf as f32;
    }

    #[inline(always)]
    fn rounded(&self, precision: Precision) -> f64 {
        match precision {
            Precision::Double | Precision::SingleInputs => self.double,
            Precision::Single => f64::from(self.single),
        }
    }
}
