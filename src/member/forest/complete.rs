//! Trees of few levels, stored without pointers.

use alloc::vec::Vec;

use super::{Comparison, Node, Side, Tree};
use crate::budget::bytes_of;
use crate::error::Error;
use crate::memory;

/// The deepest tree that is worth comparing as a whole.
const MAX_DEPTH: u32 = 4;
/// The most nodes of such a tree.
const MAX_NODES: usize = (2 << MAX_DEPTH) - 1;

/// Trees whose leaves are all at the same depth, after a leaf that is higher up was repeated.
///
/// A tree of depth `d` has `2^d` slots: its splits, level by level, so that the children of split `n`
/// are `2n + 1` and `2n + 2`, with one slot to spare; and its leaves, from left to right.
#[derive(Debug)]
pub(super) struct CompleteTrees {
    thresholds: Vec<f64>,
    inputs: Vec<u32>,
    leaves: Vec<f64>,
}

/// A tree among [`CompleteTrees`].
#[derive(Clone, Copy, Debug)]
pub(super) struct CompleteTree {
    first_slot: u32,
    pub(super) depth: u32,
    /// One bit per split: whether a missing value goes to the right.
    missing_goes_right: u16,
}

impl CompleteTree {
    /// How many splits it has; as many as it has leaves, less one.
    pub(super) fn n_splits(self) -> usize {
        (1 << self.depth) - 1
    }
}

/// A split of a complete tree. One that only repeats a leaf has the threshold +∞.
#[derive(Clone, Copy, Debug)]
pub(super) struct CompleteSplit {
    pub(super) slot: usize,
    pub(super) threshold: f64,
    pub(super) input: u32,
    pub(super) missing_goes_right: bool,
}

/// The node at each place of a complete tree of this depth.
#[allow(clippy::indexing_slicing, reason = "a complete tree has room for all of its nodes")]
fn places(tree: &Tree, depth: u32) -> [u32; MAX_NODES] {
    let mut places = [0; MAX_NODES];
    for n in 0..(1_usize << depth) - 1 {
        let children = match &tree.nodes[places[n] as usize] {
            Node::Split { left, right, .. } => [*left, *right],
            Node::Leaf { .. } | Node::SplitLevels { .. } => [places[n]; 2],
        };
        places[2 * n + 1..2 * n + 3].copy_from_slice(&children);
    }
    places
}

/// Appends what belongs to each slot of a tree of this depth, given what belongs to each node.
#[allow(clippy::indexing_slicing, reason = "a complete tree has room for all of its nodes")]
pub(super) fn push_slots(tree: &Tree, depth: u32, of_nodes: &[f64], slots: &mut Vec<f64>) {
    let places = places(tree, depth);
    let n_slots = 1_usize << depth;
    slots.extend(places[..n_slots].iter().map(|place| of_nodes[*place as usize]));
}

/// The depth of a tree that is stored complete: one without sets that is at least half full, so that it
/// takes no more memory than its nodes.
pub(super) fn complete_depth(tree: &Tree) -> Option<u32> {
    if tree.nodes.len() > MAX_NODES {
        return None;
    }
    let mut depths = [0; MAX_NODES];
    for (index, node) in tree.nodes.iter().enumerate() {
        match node {
            Node::Leaf { .. } => {}
            Node::Split { left, right, .. } => {
                let depth = depths.get(index)? + 1;
                for child in [*left, *right] {
                    // A tree that was not checked yet may have any children.
                    *depths.get_mut(child as usize)? = depth;
                }
            }
            Node::SplitLevels { .. } => return None,
        }
    }
    let depth = depths.into_iter().max().filter(|depth| *depth <= MAX_DEPTH)?;
    (tree.nodes.len() >= 1 << depth).then_some(depth)
}

impl CompleteTrees {
    /// The memory of so many slots.
    pub(super) fn bytes(n_slots: usize) -> u64 {
        2 * bytes_of::<f64>(n_slots) + bytes_of::<u32>(n_slots)
    }

    /// No tree, and room for so many slots.
    pub(super) fn with_room(n_slots: usize) -> Result<Self, Error> {
        Ok(Self {
            thresholds: memory::list(n_slots)?,
            inputs: memory::list(n_slots)?,
            leaves: memory::list(n_slots)?,
        })
    }

    /// Appends a tree of the depth that [`complete_depth`] returned. `leaf_value` maps the index of a leaf
    /// to what is stored.
    #[allow(clippy::indexing_slicing, reason = "a complete tree has room for all of its nodes")]
    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    pub(super) fn push(
        &mut self,
        tree: &Tree,
        depth: u32,
        comparison: Comparison,
        leaf_value: impl Fn(usize) -> f64,
    ) -> CompleteTree {
        let n_slots = 1_usize << depth;
        let first_slot = self.leaves.len() as u32;
        let mut missing_goes_right = 0;
        let places = places(tree, depth);
        for (n, place) in places[..n_slots].iter().enumerate() {
            let mut split = (f64::INFINITY, 0);
            if n < n_slots - 1
                && let Node::Split { input, threshold, default_child, .. } =
                    &tree.nodes[*place as usize]
            {
                split = (comparison.highest_left(*threshold), *input);
                missing_goes_right |= u16::from(*default_child == Side::Right) << n;
            }
            self.thresholds.push(split.0);
            self.inputs.push(split.1);
        }
        for place in &places[n_slots - 1..2 * n_slots - 1] {
            let leaf = match &tree.nodes[*place as usize] {
                Node::Leaf { leaf } => *leaf as usize,
                Node::Split { .. } | Node::SplitLevels { .. } => 0,
            };
            self.leaves.push(leaf_value(leaf));
        }
        CompleteTree { first_slot, depth, missing_goes_right }
    }

    /// The split in a slot, counted from the first one of its tree.
    #[allow(clippy::indexing_slicing, reason = "a complete tree has all of its splits")]
    pub(super) fn split(&self, tree: CompleteTree, n: usize) -> CompleteSplit {
        let slot = tree.first_slot as usize + n;
        CompleteSplit {
            slot,
            threshold: self.thresholds[slot],
            input: self.inputs[slot],
            missing_goes_right: tree.missing_goes_right >> n & 1 == 1,
        }
    }

    /// The leaf in a slot, counted from the first one of its tree.
    #[allow(clippy::indexing_slicing, reason = "a complete tree has all of its leaves")]
    pub(super) fn leaf(&self, tree: CompleteTree, n: usize) -> f64 {
        self.leaves[tree.first_slot as usize + n]
    }

    /// The leaf of one row.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn walk_row(&self, tree: CompleteTree, encoded: &[f64]) -> f64 {
        self.walk(tree, |input| encoded[input])
    }

    /// The leaf of one row, none of whose values is missing.
    #[inline(always)]
    pub(super) fn walk_plain(&self, tree: CompleteTree, encoded: &[f64]) -> f64 {
        match tree.depth {
            0 => self.slots::<1>(tree).leaf(encoded),
            1 => self.slots::<2>(tree).leaf(encoded),
            2 => self.slots::<4>(tree).leaf(encoded),
            3 => self.slots::<8>(tree).leaf(encoded),
            _ => self.slots::<16>(tree).leaf(encoded),
        }
    }

    /// The leaf of one row; `value` returns the value of an input.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn walk(&self, tree: CompleteTree, value: impl Fn(usize) -> f64) -> f64 {
        let first = tree.first_slot as usize;
        let mut n = 0;
        for _ in 0..tree.depth {
            let value = value(self.inputs[first + n] as usize);
            let is_default = value.is_nan() & (tree.missing_goes_right >> n & 1 == 1);
            n = 2 * n + 1 + usize::from(is_default | (value > self.thresholds[first + n]));
        }
        self.leaves[first + n + 1 - (1 << tree.depth)]
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "a tree of this depth has so many slots")]
    pub(super) fn slots<const N: usize>(&self, tree: CompleteTree) -> Slots<'_, N> {
        let first = tree.first_slot as usize;
        Slots {
            missing_goes_right: tree.missing_goes_right,
            thresholds: self.thresholds[first..].first_chunk().unwrap_or(&[f64::INFINITY; N]),
            inputs: self.inputs[first..].first_chunk().unwrap_or(&[0; N]),
            leaves: self.leaves[first..].first_chunk().unwrap_or(&[0.0; N]),
        }
    }
}

/// The slots of one tree.
#[derive(Clone, Copy)]
pub(super) struct Slots<'t, const N: usize> {
    pub(super) thresholds: &'t [f64; N],
    pub(super) inputs: &'t [u32; N],
    pub(super) leaves: &'t [f64; N],
    /// One bit per split.
    pub(super) missing_goes_right: u16,
}

impl<const N: usize> Slots<'_, N> {
    /// The leaf of one row, none of whose values is missing.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn leaf(self, encoded: &[f64]) -> f64 {
        let mut n = 0;
        for _ in 0..N.ilog2() {
            let value = encoded[self.inputs[n % N] as usize];
            n = 2 * n + 1 + usize::from(value > self.thresholds[n % N]);
        }
        self.leaves[(n + 1) % N]
    }
}
