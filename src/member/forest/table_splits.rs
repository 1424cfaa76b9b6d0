//! The splits of a forest in the order of its tables: by group of trees, input and threshold.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::bits::{BitSplit, BitTrees, bit_leaves};
use super::{Forest, Tree};
use crate::budget::bytes_of;
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
    /// The order of the tables: by group, input and threshold.
    fn compare(&self, other: &Self) -> Ordering {
        let key = |split: &Self| (split.group, split.split.input);
        let by_input = key(self).cmp(&key(other));
        by_input.then(self.split.threshold.total_cmp(&other.split.threshold))
    }

    pub(super) fn has_same_input(&self, other: &Self) -> bool {
        (self.group, self.split.input) == (other.group, other.split.input)
    }

    #[allow(clippy::float_cmp, reason = "neighbouring thresholds are different ones")]
    pub(super) fn has_same_threshold(&self, other: &Self) -> bool {
        self.split.threshold == other.split.threshold
    }
}

/// Splits in the order of the tables.
#[allow(clippy::indexing_slicing, reason = "positions of the splits")]
fn in_order(splits: &[TableSplit]) -> Result<Vec<TableSplit>, Error> {
    let by_input = |a: u32, b: u32| splits[a as usize].compare(&splits[b as usize]);
    let order = memory::ordered(splits.len(), &by_input)?;
    memory::collect(order.iter().map(|position| Ok(splits[*position as usize])))
}

/// What the trees of a forest hold that has tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct SplitExtent {
    /// How many bits each tree has in a set of leaves: a power of two.
    pub(super) n_bits: u32,
    pub(super) n_trees: usize,
    pub(super) n_splits: usize,
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
        Some(Self { n_bits, n_trees: forest.trees.len(), n_splits, n_leaves })
    }

    /// The memory that [`TableSplits::new`] allocates.
    pub(super) fn bytes(&self) -> u64 {
        BitTrees::bytes(self.n_splits, self.n_leaves)
            + 2 * bytes_of::<TableSplit>(self.n_splits)
            + bytes_of::<u32>(self.n_splits)
            + bytes_of::<u32>(self.n_trees)
    }

    /// How many trees a group has.
    pub(super) fn n_in_group(&self) -> usize {
        N_WORDS * 64 / self.n_bits as usize
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
        let mut splits = memory::list(extent.n_splits)?;
        let mut first_values = memory::list(extent.n_trees)?;
        for (group, trees) in (0_u32..).zip(forest.trees.chunks(extent.n_in_group())) {
            for (tree, source) in (0_u32..).zip(trees) {
                let value = |leaf: usize| source.leaves.get(leaf).copied().unwrap_or_default();
                let pushed = bits
                    .push(source, forest.comparison, |leaf| forest.precision.round(value(leaf)));
                first_values.push(pushed.first_leaf);
                let of_tree = bits.splits(pushed).iter();
                splits.extend(of_tree.map(|split| TableSplit { split: *split, group, tree }));
            }
        }
        Ok(Self { splits: in_order(&splits)?, values: bits.into_leaves(), first_values })
    }
}
