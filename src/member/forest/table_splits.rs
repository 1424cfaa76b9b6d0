//! The splits of a forest in the order of its tables: by group of trees, input and threshold.

use alloc::vec::Vec;

use super::bits::{BitSplit, BitTrees, bit_leaves};
use super::{Forest, Tree};
use crate::budget::{bytes_of, times};
use crate::error::Error;
use crate::memory;

/// The numbers of a set of leaves: two vectors, or two lines of the cache.
pub(super) const N_WORDS: usize = 16;

/// A split and its tree, counted from the first one of its group.
#[derive(Clone, Copy, Debug)]
pub(super) struct TableSplit {
    pub(super) split: BitSplit,
    pub(super) group: u32,
    pub(super) tree: u32,
}

impl TableSplit {
    pub(super) fn has_same_input(&self, other: &Self) -> bool {
        (self.group, self.split.input) == (other.group, other.split.input)
    }

    #[allow(clippy::float_cmp, reason = "neighbouring thresholds are different ones")]
    pub(super) fn has_same_threshold(&self, other: &Self) -> bool {
        self.split.threshold == other.split.threshold
    }
}

/// Splits of a group, ordered by input and threshold. The splits of each input are counted, and inserted
/// where they belong: an input has few. A sort of the library would be larger and slower.
#[allow(
    clippy::indexing_slicing,
    reason = "inputs are below their number, and places below the count"
)]
fn put_in_order(splits: &mut [TableSplit], unordered: &[TableSplit], places: &mut Places) {
    places.count(unordered);
    for split in unordered {
        let input = split.split.input as usize;
        let first = places.first[input] as usize;
        let mut at = first + places.n_placed[input] as usize;
        while at > first && splits[at - 1].split.threshold > split.split.threshold {
            splits[at] = splits[at - 1];
            at -= 1;
        }
        splits[at] = *split;
        places.n_placed[input] += 1;
    }
}

/// Where the splits of each input go.
struct Places {
    /// How many splits have a smaller input.
    first: Vec<u32>,
    n_placed: Vec<u32>,
}

impl Places {
    fn bytes(n_inputs: usize) -> u64 {
        2 * bytes_of::<u32>(n_inputs)
    }

    fn with_room(n_inputs: usize) -> Result<Self, Error> {
        Ok(Self { first: memory::filled(0, n_inputs)?, n_placed: memory::filled(0, n_inputs)? })
    }

    #[allow(clippy::indexing_slicing, reason = "inputs are below their number")]
    fn count(&mut self, splits: &[TableSplit]) {
        self.n_placed.fill(0);
        for split in splits {
            self.n_placed[split.split.input as usize] += 1;
        }
        let mut n_before = 0;
        for (first, n_placed) in self.first.iter_mut().zip(&mut self.n_placed) {
            *first = n_before;
            n_before += core::mem::take(n_placed);
        }
    }
}

/// What the trees of a forest hold that has tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct SplitExtent {
    /// How many bits each tree has in a set of leaves: a power of two.
    pub(super) n_bits: u32,
    pub(super) n_trees: usize,
    n_inputs: usize,
    n_splits: usize,
    n_leaves: usize,
}

impl SplitExtent {
    /// `None` for a forest that has no tables: of trees with many leaves, sets of levels or several
    /// values a leaf.
    pub(super) fn new(forest: &Forest) -> Option<Self> {
        let has_one_value = |tree: &Tree| tree.margin.is_some() || forest.base_margins.len() == 1;
        let (mut n_splits, mut n_leaves, mut most_leaves) = (0, 0, 1);
        for tree in &forest.trees {
            let n_of_tree = bit_leaves(tree).filter(|_| has_one_value(tree))?;
            n_leaves += n_of_tree;
            n_splits += tree.nodes.len() - n_of_tree;
            most_leaves = most_leaves.max(n_of_tree);
        }
        let n_bits = u32::try_from(most_leaves.next_power_of_two().max(8)).ok()?;
        let (n_trees, n_inputs) = (forest.trees.len(), forest.n_inputs as usize);
        Some(Self { n_bits, n_trees, n_inputs, n_splits, n_leaves })
    }

    /// The memory that [`TableSplits::new`] allocates.
    pub(super) fn bytes(&self) -> u64 {
        BitTrees::bytes(self.n_splits, self.n_leaves)
            + 2 * bytes_of::<TableSplit>(self.n_splits)
            + Places::bytes(self.n_inputs)
            + bytes_of::<u32>(self.n_trees)
    }

    /// What [`TableSplits::new`] computes at most, in steps of about a nanosecond: each group looks at
    /// every input, and a split may be inserted before all others of its group.
    pub(super) fn work(&self) -> u64 {
        let of_inputs = times(self.n_inputs, 2).saturating_mul(self.n_groups() as u64);
        of_inputs.saturating_add(times(self.n_splits, N_WORDS as u64 * 64))
    }

    /// How many trees a group has.
    pub(super) fn n_in_group(&self) -> usize {
        N_WORDS * 64 / self.n_bits as usize
    }

    pub(super) fn n_groups(&self) -> usize {
        self.n_trees.div_ceil(self.n_in_group())
    }
}

/// The splits of a forest in the order of its tables, and its leaves.
#[derive(Debug)]
pub(super) struct TableSplits {
    pub(super) splits: Vec<TableSplit>,
    /// The values of the leaves of each tree, from left to right.
    pub(super) values: Vec<f64>,
    /// Where the values of each tree begin.
    pub(super) first_values: Vec<u32>,
}

impl TableSplits {
    /// Those of a forest that was checked.
    pub(super) fn new(forest: &Forest, extent: &SplitExtent) -> Result<Self, Error> {
        let mut bits = BitTrees::with_room(extent.n_splits, extent.n_leaves)?;
        let mut unordered: Vec<TableSplit> = memory::list(extent.n_splits)?;
        let mut first_values = memory::list(extent.n_trees)?;
        for (group, trees) in (0_u32..).zip(forest.trees.chunks(extent.n_in_group())) {
            for (tree, source) in (0_u32..).zip(trees) {
                let value = |leaf: usize| source.leaves.get(leaf).copied().unwrap_or_default();
                let pushed = bits
                    .push(source, forest.comparison, |leaf| forest.precision.round(value(leaf)));
                first_values.push(pushed.first_leaf);
                let of_tree = bits.splits(pushed).iter();
                unordered.extend(of_tree.map(|split| TableSplit { split: *split, group, tree }));
            }
        }
        let mut splits = memory::copy(&unordered)?;
        let mut places = Places::with_room(extent.n_inputs)?;
        let mut rest = splits.as_mut_slice();
        for of_group in unordered.chunk_by(|a, b| a.group == b.group) {
            let (ordered, others) = rest.split_at_mut(of_group.len());
            put_in_order(ordered, of_group, &mut places);
            rest = others;
        }
        Ok(Self { splits, values: bits.into_leaves(), first_values })
    }
}
