//! Trees: their nodes, and the proof that every walk ends at a leaf.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::codec::{decode_enum, decode_struct};
use crate::error::{Error, Place, ordinal};
use crate::member::kind::check_number;
use crate::memory;

/// A decision tree; its first node is the root.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// The margin that the tree adds to; `None` if each leaf has one value per margin.
    pub margin: Option<u32>,
    /// The nodes; a child's index is larger than its parent's.
    pub nodes: Vec<Node>,
    /// The values of the leaves, shape `(n_leaves, 1)` or `(n_leaves, n_margins)`, row-major, with
    /// any learning rate already applied.
    pub leaves: Vec<f64>,
}
decode_struct!(Tree { margin, nodes, leaves });

/// A node of a tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Node {
    /// Ends the walk.
    Leaf {
        /// The index of the leaf in the tree's `leaves`.
        leaf: u32,
    },
    /// Compares a value with a threshold, by the comparison of the forest.
    Split {
        /// The position of the value in the encoded row.
        input: u32,
        /// The number that the value is compared with; finite.
        threshold: f64,
        /// The node for values up to the threshold.
        left: u32,
        /// The node for values above the threshold.
        right: u32,
        /// Where a missing value goes.
        default_child: Side,
    },
    /// Looks a category's level up in a set.
    SplitLevels {
        /// The position of the level's number in the encoded row.
        input: u32,
        /// The levels that go to the left, ascending.
        levels: Vec<u32>,
        /// The node for levels of the set.
        left: u32,
        /// The node for all other levels.
        right: u32,
        /// Where a missing value goes.
        default_child: Side,
    },
}
decode_enum!(Node { Leaf { leaf }, Split { input, threshold, left, right, default_child }, SplitLevels { input, levels, left, right, default_child } });

/// A side of a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// The left child.
    Left,
    /// The right child.
    Right,
}
decode_enum!(Side { Left, Right });

impl Tree {
    /// Checks the nodes, for rows of `n_inputs` values. Returns the number of leaves.
    ///
    /// # Errors
    ///
    /// `InvalidModel` with the node.
    pub(super) fn check_nodes(&self, n_inputs: u32) -> Result<usize, Error> {
        if self.nodes.is_empty() {
            return Err(Error::invalid_model("no nodes, expected at least 1"));
        }
        let mut n_leaves = 0;
        let mut parents = Parents::new(self.nodes.len())?;
        for (index, node) in self.nodes.iter().enumerate() {
            let checked = match node {
                Node::Leaf { leaf } => {
                    n_leaves = n_leaves.max(*leaf as usize + 1);
                    Ok(())
                }
                Node::Split { input, threshold, left, right, .. } => check_input(*input, n_inputs)
                    .and_then(|()| check_number(*threshold, "threshold"))
                    .and_then(|()| parents.adopt("left", *left, index))
                    .and_then(|()| parents.adopt("right", *right, index)),
                Node::SplitLevels { input, levels, left, right, .. } => {
                    check_input(*input, n_inputs)
                        .and_then(|()| check_levels(levels))
                        .and_then(|()| parents.adopt("left", *left, index))
                        .and_then(|()| parents.adopt("right", *right, index))
                }
            };
            checked.map_err(|e| e.within(Place::Node(index)))?;
        }
        parents.check()?;
        Ok(n_leaves)
    }
}

/// Refuses an input beyond the row.
fn check_input(input: u32, n_inputs: u32) -> Result<(), Error> {
    if input < n_inputs {
        return Ok(());
    }
    let detail = format_args!("reads input {}, expected 1 to {n_inputs}", ordinal(input as usize));
    Err(Error::invalid_model(detail))
}

/// Refuses a set of levels that is empty or not in ascending order.
fn check_levels(levels: &[u32]) -> Result<(), Error> {
    if levels.is_empty() || !levels.is_sorted_by(|previous, next| previous < next) {
        return Err(Error::invalid_model("the levels of a split, expected at least 1, ascending"));
    }
    Ok(())
}

/// Which nodes of a tree have a parent.
///
/// With exactly one parent for each node but the root, laying the tree out takes as much memory as
/// its nodes; nodes with several parents could be reached in exponentially many ways.
struct Parents(Vec<bool>);

impl Parents {
    fn new(n_nodes: usize) -> Result<Self, Error> {
        memory::filled(false, n_nodes).map(Self)
    }

    /// Notes the parent of a child, which must be the only one.
    fn adopt(&mut self, side: &str, child: u32, parent: usize) -> Result<(), Error> {
        let n_nodes = self.0.len();
        let index = child as usize;
        let child = ordinal(index);
        let Some(has_parent) = self.0.get_mut(index) else {
            let detail = format_args!("{side} child {child}, but the tree has {n_nodes} nodes");
            return Err(Error::invalid_model(detail));
        };
        if index <= parent {
            let detail = format_args!("{side} child {child}, expected one after its parent");
            return Err(Error::invalid_model(detail));
        }
        if core::mem::replace(has_parent, true) {
            let detail = format_args!("{side} child {child} has two parents");
            return Err(Error::invalid_model(detail));
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        match self.0.iter().skip(1).position(|has_parent| !has_parent) {
            None => Ok(()),
            Some(after_root) => {
                let error = Error::invalid_model("has no parent, expected one");
                Err(error.within(Place::Node(after_root + 1)))
            }
        }
    }
}
