//! The order in which the nodes of a linked tree are laid out.
//!
//! Siblings are adjacent. After a pair of siblings come the nodes below the one with more nodes below it:
//! a walk that goes there, as most do, finds the next pair in the same line of the cache or in the next.

use alloc::vec::Vec;

use super::{Node, Tree};
use crate::budget::bytes_of;
use crate::error::Error;
use crate::memory;

/// The order of the nodes of one tree, in memory that serves one tree after the other.
#[derive(Debug)]
pub(super) struct Order {
    /// The node at each position.
    pub(super) nodes: Vec<u32>,
    /// The position of each node.
    pub(super) positions: Vec<u32>,
    /// How many nodes are below each node; then, how many are above it.
    counts: Vec<u32>,
    pending: Vec<u32>,
}

/// The children of a split.
fn children(node: &Node) -> Option<[u32; 2]> {
    match node {
        Node::Leaf { .. } => None,
        Node::Split { left, right, .. } | Node::SplitLevels { left, right, .. } => {
            Some([*left, *right])
        }
    }
}

impl Order {
    /// The memory that serves trees of at most so many nodes.
    pub(super) fn bytes(most_nodes: usize) -> u64 {
        4 * bytes_of::<u32>(most_nodes)
    }

    /// With room for so many nodes.
    pub(super) fn with_room(most_nodes: usize) -> Result<Self, Error> {
        Ok(Self {
            nodes: memory::list(most_nodes)?,
            positions: memory::list(most_nodes)?,
            counts: memory::list(most_nodes)?,
            pending: memory::list(most_nodes)?,
        })
    }

    /// Orders the nodes of a tree that was checked, for which there is room. Returns its depth.
    #[allow(clippy::indexing_slicing, reason = "the tree was checked")]
    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    pub(super) fn set(&mut self, tree: &Tree) -> u32 {
        let Self { nodes, positions, counts, pending } = self;
        for list in [&mut *positions, counts] {
            list.clear();
            list.resize(tree.nodes.len(), 0);
        }
        // Children come after their parents.
        for (index, node) in tree.nodes.iter().enumerate().rev() {
            if let Some([left, right]) = children(node) {
                counts[index] = counts[left as usize] + counts[right as usize] + 2;
            }
        }
        nodes.clear();
        nodes.push(0);
        pending.push(0);
        while let Some(index) = pending.pop() {
            let Some([left, right]) = children(&tree.nodes[index as usize]) else { continue };
            positions[left as usize] = nodes.len() as u32;
            positions[right as usize] = nodes.len() as u32 + 1;
            nodes.extend([left, right]);
            if counts[left as usize] >= counts[right as usize] {
                pending.extend([right, left]);
            } else {
                pending.extend([left, right]);
            }
        }
        counts.fill(0);
        for (index, node) in tree.nodes.iter().enumerate() {
            for child in children(node).into_iter().flatten() {
                counts[child as usize] = counts[index] + 1;
            }
        }
        counts.iter().copied().max().unwrap_or(0)
    }
}
