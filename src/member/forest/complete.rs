//! Trees of few levels, stored without pointers.

use alloc::vec::Vec;

use super::slots::Slots;
use super::{Comparison, Node, Side, Tree};
use crate::budget::bytes_of;
use crate::error::Error;
use crate::memory;

/// The deepest tree that is worth comparing as a whole.
const MAX_DEPTH: u32 = 4;
/// The most nodes of such a tree.
const MAX_NODES: usize = (2 << MAX_DEPTH) - 1;

/// How many complete trees have each depth.
pub(super) type DepthCounts = [usize; MAX_DEPTH as usize + 1];

/// Trees whose leaves are all at the same depth, after a leaf that is higher up was repeated: those of
/// each depth in a list of their own.
#[derive(Debug)]
pub(super) struct CompleteTrees {
    pub(super) depth_0: Vec<Slots<1>>,
    pub(super) depth_1: Vec<Slots<2>>,
    pub(super) depth_2: Vec<Slots<4>>,
    pub(super) depth_3: Vec<Slots<8>>,
    pub(super) depth_4: Vec<Slots<16>>,
    n_slots: u32,
}

/// A tree among [`CompleteTrees`].
#[derive(Clone, Copy, Debug)]
pub(super) struct CompleteTree {
    pub(super) depth: u32,
    /// Its index among those of its depth.
    pub(super) index: u32,
    /// The number of slots of the trees before it.
    first_slot: u32,
}

impl CompleteTree {
    /// How many splits it has; as many as it has leaves, less one.
    pub(super) fn n_splits(self) -> usize {
        (1 << self.depth) - 1
    }
}

/// Applies an expression to the slots of a tree, whatever its depth.
macro_rules! with_slots {
    ($trees:expr, $tree:expr, $slots:ident => $operation:expr) => {{
        let index = $tree.index as usize;
        match $tree.depth {
            0 => {
                let $slots = &$trees.depth_0[index];
                $operation
            }
            1 => {
                let $slots = &$trees.depth_1[index];
                $operation
            }
            2 => {
                let $slots = &$trees.depth_2[index];
                $operation
            }
            3 => {
                let $slots = &$trees.depth_3[index];
                $operation
            }
            _ => {
                let $slots = &$trees.depth_4[index];
                $operation
            }
        }
    }};
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
    let (mut depths, mut deepest) = ([0; MAX_NODES], 0_u32);
    for (index, node) in tree.nodes.iter().enumerate() {
        match node {
            Node::Leaf { .. } => {}
            Node::Split { left, right, .. } => {
                let depth = depths.get(index)? + 1;
                deepest = deepest.max(depth);
                for child in [*left, *right] {
                    // A tree that was not checked yet may have any children.
                    *depths.get_mut(child as usize)? = depth;
                }
            }
            Node::SplitLevels { .. } => return None,
        }
    }
    (deepest <= MAX_DEPTH && tree.nodes.len() >= 1 << deepest).then_some(deepest)
}

impl CompleteTrees {
    /// The memory of so many trees.
    pub(super) fn bytes([n_0, n_1, n_2, n_3, n_4]: DepthCounts) -> u64 {
        bytes_of::<Slots<1>>(n_0)
            + bytes_of::<Slots<2>>(n_1)
            + bytes_of::<Slots<4>>(n_2)
            + bytes_of::<Slots<8>>(n_3)
            + bytes_of::<Slots<16>>(n_4)
    }

    /// No tree, and room for so many.
    pub(super) fn with_room([n_0, n_1, n_2, n_3, n_4]: DepthCounts) -> Result<Self, Error> {
        Ok(Self {
            depth_0: memory::list(n_0)?,
            depth_1: memory::list(n_1)?,
            depth_2: memory::list(n_2)?,
            depth_3: memory::list(n_3)?,
            depth_4: memory::list(n_4)?,
            n_slots: 0,
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
        const MOST: usize = 1 << MAX_DEPTH;
        let n_slots = 1_usize << depth;
        let (mut thresholds, mut inputs) = ([f64::INFINITY; MOST], [0; MOST]);
        let (mut leaves, mut missing) = ([0.0; MOST], 0);
        let places = places(tree, depth);
        for (n, place) in places[..n_slots - 1].iter().enumerate() {
            if let Node::Split { input, threshold, default_child, .. } =
                &tree.nodes[*place as usize]
            {
                thresholds[n] = comparison.highest_left(*threshold);
                inputs[n] = *input;
                missing |= u16::from(*default_child == Side::Right) << n;
            }
        }
        for (leaf, place) in leaves.iter_mut().zip(&places[n_slots - 1..2 * n_slots - 1]) {
            *leaf = leaf_value(match &tree.nodes[*place as usize] {
                Node::Leaf { leaf } => *leaf as usize,
                Node::Split { .. } | Node::SplitLevels { .. } => 0,
            });
        }
        let n_before = match depth {
            0 => push(&mut self.depth_0, Slots::of(&thresholds, &leaves, &inputs, missing)),
            1 => push(&mut self.depth_1, Slots::of(&thresholds, &leaves, &inputs, missing)),
            2 => push(&mut self.depth_2, Slots::of(&thresholds, &leaves, &inputs, missing)),
            3 => push(&mut self.depth_3, Slots::of(&thresholds, &leaves, &inputs, missing)),
            _ => push(&mut self.depth_4, Slots::of(&thresholds, &leaves, &inputs, missing)),
        };
        let first_slot = self.n_slots;
        self.n_slots += n_slots as u32;
        CompleteTree { depth, index: n_before as u32, first_slot }
    }

    /// The split in a slot, counted from the first one of its tree.
    #[allow(clippy::indexing_slicing, reason = "a complete tree has all of its splits")]
    pub(super) fn split(&self, tree: CompleteTree, n: usize) -> CompleteSplit {
        with_slots!(self, tree, slots => CompleteSplit {
            slot: tree.first_slot as usize + n,
            threshold: slots.thresholds[n],
            input: slots.inputs[n],
            missing_goes_right: slots.missing_goes_right >> n & 1 == 1,
        })
    }

    /// The leaf in a slot, counted from the first one of its tree.
    #[allow(clippy::indexing_slicing, reason = "a complete tree has all of its leaves")]
    pub(super) fn leaf(&self, tree: CompleteTree, n: usize) -> f64 {
        with_slots!(self, tree, slots => slots.leaves[n])
    }

    /// The leaf of one row; `value` returns the value of an input. `ANY` is whether it may be missing.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "the tree was appended")]
    #[allow(clippy::redundant_closure, reason = "`&value` would leave the call to the inliner")]
    pub(super) fn walk<const ANY: bool>(
        &self,
        tree: CompleteTree,
        value: impl Fn(usize) -> f64,
    ) -> f64 {
        with_slots!(self, tree, slots => slots.leaf::<ANY>(
            #[inline(always)]
            |input| value(input),
        ))
    }
}

/// Appends an item. Returns how many there were.
fn push<T>(list: &mut Vec<T>, item: T) -> usize {
    list.push(item);
    list.len() - 1
}
