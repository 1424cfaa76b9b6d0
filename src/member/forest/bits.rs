//! Trees of up to 64 leaves over a block of rows: a bit per leaf, whatever their depth.
//!
//! Every split is compared. One that a row passes on the right takes the leaves on its left away from
//! the row, and the first leaf that is left is the row's. The work depends on the number of splits
//! alone, and eight rows share each comparison. This is QuickScorer (Lucchese et al., 2015), tree by tree
//! instead of input by input, so that the bits stay in registers.

use alloc::vec::Vec;

use fearless_simd::prelude::*;
use fearless_simd::u64x8;

use super::octet::{N_PARTS, N_ROWS, Octet, is_masked};
use super::{Comparison, Node, Side, Tree};
use crate::budget::bytes_of;
use crate::error::Error;
use crate::lanes::{Lanes, N_LANES};
use crate::memory;

/// The most leaves of a tree: one bit each.
const MAX_LEAVES: usize = 64;

/// The splits and leaves of trees, tree after tree.
#[derive(Debug)]
pub(super) struct BitTrees {
    splits: Vec<BitSplit>,
    /// From left to right.
    leaves: Vec<f64>,
}

/// A tree among [`BitTrees`].
#[derive(Clone, Copy, Debug)]
pub(super) struct BitTree {
    first_split: u32,
    pub(super) first_leaf: u32,
    n_splits: u32,
}

/// A split.
#[derive(Clone, Copy, Debug)]
pub(super) struct BitSplit {
    pub(super) threshold: f64,
    /// A 1 for each leaf on its left.
    pub(super) left: u64,
    pub(super) input: u32,
    pub(super) missing_goes_right: bool,
}

/// How many leaves a tree has whose leaves have bits: one without sets.
pub(super) fn bit_leaves(tree: &Tree) -> Option<usize> {
    if tree.nodes.len() >= 2 * MAX_LEAVES {
        return None;
    }
    let has_sets = tree.nodes.iter().any(|node| matches!(node, Node::SplitLevels { .. }));
    // Each node but the root has one parent, and each split has two children.
    (!has_sets).then_some(tree.nodes.len().div_ceil(2))
}

impl BitTrees {
    /// The memory of trees with so many splits and leaves.
    pub(super) fn bytes(n_splits: usize, n_leaves: usize) -> u64 {
        bytes_of::<BitSplit>(n_splits) + bytes_of::<f64>(n_leaves)
    }

    /// No tree, and room for so many splits and leaves.
    pub(super) fn with_room(n_splits: usize, n_leaves: usize) -> Result<Self, Error> {
        Ok(Self { splits: memory::list(n_splits)?, leaves: memory::list(n_leaves)? })
    }

    /// Appends a tree that [`bit_leaves`] accepts. `leaf_value` maps the index of a leaf to what is stored.
    #[allow(clippy::indexing_slicing, reason = "the tree was checked, and has at most 127 nodes")]
    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    pub(super) fn push(
        &mut self,
        tree: &Tree,
        comparison: Comparison,
        leaf_value: impl Fn(usize) -> f64,
    ) -> BitTree {
        let (first_split, first_leaf) = (self.splits.len() as u32, self.leaves.len() as u32);
        let n_nodes = tree.nodes.len();
        // How many leaves are below each node: children come after their parents.
        let mut n_below = [0_u32; 2 * MAX_LEAVES];
        for (index, node) in tree.nodes.iter().enumerate().rev() {
            n_below[index] = match node {
                Node::Split { left, right, .. } => {
                    n_below[*left as usize] + n_below[*right as usize]
                }
                Node::Leaf { .. } | Node::SplitLevels { .. } => 1,
            };
        }
        self.leaves.resize(self.leaves.len() + n_nodes.div_ceil(2), 0.0);
        // How many leaves are to the left of each node.
        let mut n_before = [0_u32; 2 * MAX_LEAVES];
        for (index, node) in tree.nodes.iter().enumerate() {
            let before = n_before[index];
            match node {
                Node::Split { input, threshold, left, right, default_child } => {
                    let n_left = n_below[*left as usize];
                    n_before[*left as usize] = before;
                    n_before[*right as usize] = before + n_left;
                    self.splits.push(BitSplit {
                        threshold: comparison.highest_left(*threshold),
                        left: ((1 << n_left) - 1) << before,
                        input: *input,
                        missing_goes_right: *default_child == Side::Right,
                    });
                }
                Node::Leaf { leaf } => {
                    self.leaves[(first_leaf + before) as usize] = leaf_value(*leaf as usize);
                }
                Node::SplitLevels { .. } => {}
            }
        }
        BitTree { first_split, first_leaf, n_splits: self.splits.len() as u32 - first_split }
    }

    /// The splits of a tree.
    #[allow(clippy::indexing_slicing, reason = "the tree was appended")]
    pub(super) fn splits(&self, tree: BitTree) -> &[BitSplit] {
        &self.splits[tree.first_split as usize..][..tree.n_splits as usize]
    }

    /// The values of the leaves of all trees.
    pub(super) fn into_leaves(self) -> Vec<f64> {
        self.leaves
    }

    /// The leaf of each row of a block; `ANY` is whether any of their values may be missing.
    #[inline(always)]
    #[allow(
        clippy::indexing_slicing,
        reason = "the tree was appended, and a split has leaves on both sides"
    )]
    pub(super) fn leaves<S: Simd, const ANY: bool>(
        &self,
        simd: S,
        tree: BitTree,
        encoded: &[Lanes],
    ) -> Lanes {
        let none = u64x8::splat(simd, 0);
        let mut removed = [none; N_PARTS];
        for split in self.splits(tree) {
            let left = u64x8::splat(simd, split.left);
            for (part, removed) in removed.iter_mut().enumerate() {
                let rows = Octet::<S, ANY> { simd, encoded, part };
                let goes_right =
                    rows.goes_right(split.input, split.threshold, split.missing_goes_right);
                // The same: one masked instruction, or two without a mask register.
                *removed = if is_masked::<S>() {
                    goes_right.select(*removed | left, *removed)
                } else {
                    *removed | goes_right.select(left, none)
                };
            }
        }
        let mut bits = [0; N_LANES];
        for (bits, removed) in bits.as_chunks_mut::<N_ROWS>().0.iter_mut().zip(removed) {
            *bits = removed.into();
        }
        let values = &self.leaves[tree.first_leaf as usize..];
        let mut leaves = [0.0; N_LANES];
        for (leaf, bits) in leaves.iter_mut().zip(bits) {
            *leaf = values[bits.trailing_ones() as usize];
        }
        leaves
    }
}
