//! Forests of small trees for a single row: a table per input instead of a walk per tree.
//!
//! Between two neighbouring thresholds of an input, every split of that input goes to one side. So each
//! such interval, and a missing value, has a fixed set of leaves that its splits leave possible, a bit
//! each. A row takes one set per input, and in each tree reaches the first leaf that is in all of them,
//! as in [`super::bits`]. This is QuickScorer (Lucchese et al., 2015) with its sets intersected when the
//! model is opened, for each interval, instead of for each row.

use alloc::vec::Vec;

use fearless_simd::prelude::*;
use fearless_simd::{Level, f64x8, u64x8};

use super::Forest;
use super::table_splits::{N_WORDS, SplitExtent, TableSplit, TableSplits};
use crate::budget::{Budget, bytes_of};
use crate::error::Error;
use crate::lanes::dispatch;
use crate::memory;

/// How many thresholds are compared at once.
const N_COMPARED: usize = 8;

/// Leaves of all trees of a group: the bits of the first tree, then those of the next one.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Leaves([u64; N_WORDS]);

/// Every leaf of every tree.
const ALL: Leaves = Leaves([u64::MAX; N_WORDS]);

/// The tables of a forest.
#[derive(Debug)]
pub(super) struct IntervalTables {
    groups: Vec<Group>,
    inputs: Vec<TableInput>,
    /// Those of each input, ascending and distinct, followed by +∞ up to a multiple of [`N_COMPARED`].
    thresholds: Vec<[f64; N_COMPARED]>,
    /// Of each input: below its first threshold, between the first and the second, …, missing.
    leaves: Vec<Leaves>,
    /// The values of the leaves of each tree, from left to right.
    values: Vec<f64>,
    /// Where the values of each tree begin.
    first_values: Vec<u32>,
    /// How many bits each tree has, and how many trees a word.
    n_bits: u32,
    n_in_word: usize,
}

/// Trees whose sets of leaves are in one table.
#[derive(Clone, Copy, Debug)]
struct Group {
    first_input: u32,
    n_inputs: u32,
    first_thresholds: u32,
    first_leaves: u32,
}

/// An input that trees of a group compare.
#[derive(Clone, Copy, Debug)]
struct TableInput {
    input: u32,
    /// How many times [`N_COMPARED`] thresholds it has.
    n_comparisons: u32,
    /// How many intervals it has, one of them for missing values.
    n_intervals: u32,
}

/// What the tables hold of each kind.
#[derive(Clone, Copy, Debug)]
struct TableExtent {
    n_groups: usize,
    n_inputs: usize,
    n_comparisons: usize,
    n_intervals: usize,
}

impl TableExtent {
    /// That of splits in the order of the tables.
    fn new(n_groups: usize, splits: &[TableSplit]) -> Self {
        let mut extent = Self { n_groups, n_inputs: 0, n_comparisons: 0, n_intervals: 0 };
        for of_input in splits.chunk_by(TableSplit::has_same_input) {
            let n_thresholds = of_input.chunk_by(TableSplit::has_same_threshold).count();
            extent.n_inputs += 1;
            extent.n_comparisons += n_thresholds.div_ceil(N_COMPARED);
            extent.n_intervals += n_thresholds + 2;
        }
        extent
    }

    fn bytes(&self) -> u64 {
        bytes_of::<Group>(self.n_groups)
            + bytes_of::<TableInput>(self.n_inputs)
            + bytes_of::<[f64; N_COMPARED]>(self.n_comparisons)
            + bytes_of::<Leaves>(self.n_intervals)
    }
}

impl IntervalTables {
    /// Makes the tables of a forest that was checked. `None` where it has none, where fewer than
    /// `min_shared` of its splits share an input on average, or where memory or computation
    /// is needed elsewhere.
    pub(super) fn new(
        forest: &Forest,
        min_shared: usize,
        budget: &mut Budget,
    ) -> Result<Option<Self>, Error> {
        let affordable =
            SplitExtent::new(forest).filter(|extent| budget.afford(extent.bytes(), extent.work()));
        let Some(of_forest) = affordable else { return Ok(None) };
        let TableSplits { splits, values, first_values } = TableSplits::new(forest, &of_forest)?;
        let extent = TableExtent::new(of_forest.n_groups(), &splits);
        let pays_off = splits.len() >= min_shared * extent.n_inputs;
        // Each number of the tables is written once.
        if !pays_off || !budget.afford(extent.bytes(), extent.bytes() / 8) {
            return Ok(None);
        }
        let mut tables = Self {
            groups: memory::list(extent.n_groups)?,
            inputs: memory::list(extent.n_inputs)?,
            thresholds: memory::list(extent.n_comparisons)?,
            leaves: memory::list(extent.n_intervals)?,
            values,
            first_values,
            n_bits: of_forest.n_bits,
            n_in_word: of_forest.n_in_group() / N_WORDS,
        };
        let mut rest = splits.as_slice();
        for group in (0_u32..).take(extent.n_groups) {
            let (of_group, others) = rest.split_at(rest.partition_point(|s| s.group == group));
            tables.push_group(of_group);
            rest = others;
        }
        Ok(Some(tables))
    }

    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    fn push_group(&mut self, splits: &[TableSplit]) {
        let first_input = self.inputs.len();
        let (first_thresholds, first_leaves) = (self.thresholds.len(), self.leaves.len());
        for of_input in splits.chunk_by(TableSplit::has_same_input) {
            self.push_input(of_input);
        }
        self.groups.push(Group {
            first_input: first_input as u32,
            n_inputs: (self.inputs.len() - first_input) as u32,
            first_thresholds: first_thresholds as u32,
            first_leaves: first_leaves as u32,
        });
    }

    /// Appends the intervals of an input, whose splits are in the order of their thresholds.
    #[allow(clippy::indexing_slicing, reason = "every tree of a group has bits")]
    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    fn push_input(&mut self, splits: &[TableSplit]) {
        let (first_thresholds, first_leaves) = (self.thresholds.len(), self.leaves.len());
        let n_bits = self.n_bits;
        let remove_left = |leaves: &mut Leaves, split: &TableSplit| {
            let bit = split.tree * n_bits;
            leaves.0[bit as usize / 64] &= !(split.split.left << (bit % 64));
        };
        let mut leaves = ALL;
        self.leaves.push(leaves);
        let of_thresholds = splits.chunk_by(TableSplit::has_same_threshold);
        for (nth, of_threshold) in of_thresholds.enumerate() {
            if nth % N_COMPARED == 0 {
                self.thresholds.push([f64::INFINITY; N_COMPARED]);
            }
            if let Some(thresholds) = self.thresholds.last_mut() {
                thresholds[nth % N_COMPARED] = of_threshold[0].split.threshold;
            }
            of_threshold.iter().for_each(|split| remove_left(&mut leaves, split));
            self.leaves.push(leaves);
        }
        let mut if_missing = ALL;
        for split in splits.iter().filter(|split| split.split.missing_goes_right) {
            remove_left(&mut if_missing, split);
        }
        self.leaves.push(if_missing);
        self.inputs.push(TableInput {
            input: splits[0].split.input,
            n_comparisons: (self.thresholds.len() - first_thresholds) as u32,
            n_intervals: (self.leaves.len() - first_leaves) as u32,
        });
    }

    /// Passes the value of the leaf of each tree to `sink`, from the first tree to the last.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every tree keeps one of its leaves")]
    pub(super) fn each_leaf(&self, level: Level, encoded: &[f64], mut sink: impl FnMut(f64)) {
        let mut first_values = self.first_values.as_slice();
        for group in &self.groups {
            let possible = self.possible(level, *group, encoded);
            for mut word in possible.0 {
                let (of_word, rest) = first_values.split_at(self.n_in_word.min(first_values.len()));
                for first in of_word {
                    sink(self.values[*first as usize + word.trailing_zeros() as usize]);
                    word = word.wrapping_shr(self.n_bits);
                }
                first_values = rest;
            }
        }
    }

    /// The leaves of a group that no split of a row removes.
    #[inline(never)]
    fn possible(&self, level: Level, group: Group, encoded: &[f64]) -> Leaves {
        dispatch!(level, simd => self.vector_possible(simd, group, encoded))
    }

    // What is not inlined into the dispatch would be compiled without the vector instructions.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn vector_possible<S: Simd>(&self, simd: S, group: Group, encoded: &[f64]) -> Leaves {
        let mut thresholds = &self.thresholds[group.first_thresholds as usize..];
        let mut leaves = &self.leaves[group.first_leaves as usize..];
        let mut possible = [u64x8::splat(simd, u64::MAX); 2];
        let inputs = &self.inputs[group.first_input as usize..][..group.n_inputs as usize];
        for input in inputs {
            let value = encoded[input.input as usize];
            let (compared, other) = thresholds.split_at(input.n_comparisons as usize);
            let mut interval = 0;
            for thresholds in compared {
                let is_below = f64x8::simd_from(simd, *thresholds).simd_lt(value);
                interval += is_below.to_bitmask().count_ones();
            }
            let last = input.n_intervals - 1;
            let interval = if value.is_nan() { last } else { interval };
            let row = leaves[interval as usize].0.as_chunks::<8>().0;
            possible[0] &= u64x8::simd_from(simd, row[0]);
            possible[1] &= u64x8::simd_from(simd, row[1]);
            (thresholds, leaves) = (other, &leaves[input.n_intervals as usize..]);
        }
        let mut out = ALL;
        for (out, possible) in out.0.as_chunks_mut::<8>().0.iter_mut().zip(possible) {
            *out = possible.into();
        }
        out
    }
}
