//! Forests: margins as sums over decision trees.
//!
//! A tree is stored as a list of nodes in which a child stands after its parent, so that every
//! walk ends. Opening lays the nodes out so that a walk has no branch: see [`FlatForest`].

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::check_finite;
use crate::bound;
use crate::error::{Error, Place};
use crate::link::Link;

/// `margin = base margin + Σ leaf`, over the trees of that margin, from the first to the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forest {
    link: Link,
    n_inputs: u32,
    base_margins: Vec<f64>,
    trees: Vec<Tree>,
}

/// A decision tree: node 0 is the root.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tree {
    /// The margin that the tree adds to.
    pub margin: u32,
    /// The nodes; a child's index is larger than its parent's.
    pub nodes: Vec<Node>,
}

/// A node of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Node {
    /// Ends the walk and adds `margin`, in which any learning rate is already contained.
    Leaf {
        /// What is added.
        margin: f64,
    },
    /// Goes to `left` when `value <= threshold`, to `right` otherwise.
    Split {
        /// The position of the value in the encoded row.
        input: u32,
        /// What it is compared with.
        threshold: f64,
        /// The node for values up to the threshold.
        left: u32,
        /// The node for values above the threshold.
        right: u32,
    },
}

impl Forest {
    /// A forest of `base_margins.len()` margins over rows of `n_inputs` values.
    ///
    /// # Errors
    ///
    /// `InvalidModel` with tree and node, when an index points outside, a child does not stand
    /// after its parent, or a number is not finite.
    pub fn new(
        link: Link,
        n_inputs: u32,
        base_margins: Vec<f64>,
        trees: Vec<Tree>,
    ) -> Result<Self, Error> {
        let forest = Self { link, n_inputs, base_margins, trees };
        forest.check(forest.base_margins.len())?;
        Ok(forest)
    }

    pub(super) fn link(&self) -> Link {
        self.link
    }

    pub(super) fn n_inputs(&self) -> usize {
        self.n_inputs as usize
    }

    /// What each margin starts from.
    #[must_use]
    pub fn base_margins(&self) -> &[f64] {
        &self.base_margins
    }

    /// The trees, in the order in which they are added.
    #[must_use]
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    pub(super) fn check(&self, n_margins: usize) -> Result<(), Error> {
        if self.base_margins.len() != n_margins {
            return Err(Error::invalid_model(format!(
                "{} base margins, expected {n_margins}",
                self.base_margins.len()
            )));
        }
        check_finite(&self.base_margins, "base margin")?;
        let mut magnitude = self.base_margins.iter().map(|base| base.abs()).fold(0.0, f64::max);
        for (index, tree) in self.trees.iter().enumerate() {
            magnitude += self.check_tree(tree).map_err(|e| e.within(Place::Tree(index)))?;
        }
        bound::check(magnitude).map(drop)
    }

    /// Checks the tree; returns the largest magnitude of its leaves.
    fn check_tree(&self, tree: &Tree) -> Result<f64, Error> {
        if tree.margin as usize >= self.base_margins.len() {
            let n_margins = self.base_margins.len();
            return Err(Error::invalid_model(format!(
                "adds to margin {} of {n_margins}",
                tree.margin
            )));
        }
        if tree.nodes.is_empty() {
            return Err(Error::invalid_model("no nodes, at least 1 is needed"));
        }
        let mut largest: f64 = 0.0;
        let mut parents = Parents::new(tree.nodes.len());
        for (index, node) in tree.nodes.iter().enumerate() {
            let checked = match *node {
                Node::Leaf { margin } => {
                    largest = largest.max(margin.abs());
                    check_finite(&[margin], "leaf")
                }
                Node::Split { input, threshold, left, right } => self
                    .check_split(input, threshold)
                    .and_then(|()| parents.adopt("left", left, index))
                    .and_then(|()| parents.adopt("right", right, index)),
            };
            checked.map_err(|e| e.within(Place::Node(index)))?;
        }
        parents.check()?;
        Ok(largest)
    }

    fn check_split(&self, input: u32, threshold: f64) -> Result<(), Error> {
        if input >= self.n_inputs {
            return Err(Error::invalid_model(format!("reads value {input} of {}", self.n_inputs)));
        }
        check_finite(&[threshold], "threshold")
    }
}

/// Which nodes of a tree have a parent.
///
/// With exactly one parent for each node but the root, laying the tree out takes as much memory as
/// its nodes; nodes with several parents could be reached in exponentially many ways.
struct Parents(Vec<bool>);

impl Parents {
    fn new(n_nodes: usize) -> Self {
        Self(vec![false; n_nodes])
    }

    fn adopt(&mut self, side: &str, child: u32, parent: usize) -> Result<(), Error> {
        let n_nodes = self.0.len();
        let Some(has_parent) = self.0.get_mut(child as usize) else {
            let detail = format!("{side} child {child}, but the tree has {n_nodes} nodes");
            return Err(Error::invalid_model(detail));
        };
        if child as usize <= parent {
            let detail = format!("{side} child {child} does not stand after its parent");
            return Err(Error::invalid_model(detail));
        }
        if core::mem::replace(has_parent, true) {
            let detail = format!("{side} child {child} is the child of two nodes");
            return Err(Error::invalid_model(detail));
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        match self.0.iter().skip(1).position(|has_parent| !has_parent) {
            None => Ok(()),
            Some(before) => {
                Err(Error::invalid_model("no node leads to it").within(Place::Node(before + 1)))
            }
        }
    }
}

/// A checked forest whose walks have no branch.
///
/// The two children of a node stand side by side, so the next node is `left + (value > threshold)`.
/// A leaf points to itself with threshold +∞, so a walk of `depth` steps ends at the right leaf
/// wherever it meets it.
#[derive(Debug)]
pub(crate) struct FlatForest {
    base_margins: Vec<f64>,
    trees: Vec<FlatTree>,
    nodes: Vec<FlatNode>,
    /// The margin of each leaf, by its node; 0 elsewhere.
    leaves: Vec<f64>,
}

#[derive(Debug)]
struct FlatTree {
    root: u32,
    depth: u32,
    margin: u32,
}

#[derive(Clone, Copy, Debug)]
struct FlatNode {
    threshold: f64,
    input: u32,
    left: u32,
}

impl FlatForest {
    /// Lays out a forest that was checked.
    pub(super) fn new(forest: &Forest) -> Self {
        let mut flat = Self {
            base_margins: forest.base_margins.clone(),
            trees: Vec::with_capacity(forest.trees.len()),
            nodes: Vec::new(),
            leaves: Vec::new(),
        };
        for tree in &forest.trees {
            flat.push_tree(tree);
        }
        flat
    }

    /// Breadth first, so that siblings come to stand side by side.
    #[allow(clippy::indexing_slicing, reason = "the tree was checked")]
    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    fn push_tree(&mut self, tree: &Tree) {
        let root = self.nodes.len() as u32;
        let mut level = vec![0_u32];
        let mut depth = 0;
        loop {
            let mut next_level = Vec::new();
            let mut next = self.nodes.len() + level.len();
            for &stored in &level {
                match tree.nodes[stored as usize] {
                    Node::Leaf { margin } => {
                        let own = self.nodes.len() as u32;
                        self.nodes.push(FlatNode { threshold: f64::INFINITY, input: 0, left: own });
                        self.leaves.push(margin);
                    }
                    Node::Split { input, threshold, left, right } => {
                        self.nodes.push(FlatNode { threshold, input, left: next as u32 });
                        self.leaves.push(0.0);
                        next_level.extend([left, right]);
                        next += 2;
                    }
                }
            }
            if next_level.is_empty() {
                break;
            }
            depth += 1;
            level = next_level;
        }
        self.trees.push(FlatTree { root, depth, margin: tree.margin });
    }

    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn margins(&self, encoded: &[f64], out: &mut [f64]) {
        out.copy_from_slice(&self.base_margins);
        for tree in &self.trees {
            let mut at = tree.root;
            for _ in 0..tree.depth {
                let node = self.nodes[at as usize];
                at = node.left + u32::from(encoded[node.input as usize] > node.threshold);
            }
            out[tree.margin as usize] += self.leaves[at as usize];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn leaf(margin: f64) -> Node {
        Node::Leaf { margin }
    }

    fn split(input: u32, threshold: f64, left: u32, right: u32) -> Node {
        Node::Split { input, threshold, left, right }
    }

    fn forest(nodes: Vec<Node>) -> Result<Forest, Error> {
        Forest::new(Link::Logit, 2, vec![0.5], vec![Tree { margin: 0, nodes }])
    }

    /// Root splits on input 0; its right child is a leaf, its left child splits on input 1.
    fn uneven() -> Vec<Node> {
        vec![split(0, 1.0, 1, 4), split(1, -2.0, 2, 3), leaf(1.0), leaf(2.0), leaf(4.0)]
    }

    #[test]
    fn a_value_equal_to_the_threshold_goes_left() {
        let flat = FlatForest::new(&forest(uneven()).unwrap());
        let above = f64::from_bits(1.0_f64.to_bits() + 1);
        let cases =
            [([1.0, -2.0], 1.5), ([1.0, 0.0], 2.5), ([above, -9.0], 4.5), ([-9.0, -2.0], 1.5)];
        for (row, margin) in cases {
            let mut out = [0.0];
            flat.margins(&row, &mut out);
            assert_eq!(out, [margin], "{row:?}");
        }
    }

    #[test]
    fn every_index_is_checked() {
        let cases = [
            (vec![], "tree 0: no nodes, at least 1 is needed"),
            (
                vec![split(0, 0.0, 1, 2), leaf(0.0)],
                "tree 0: node 0: right child 2, but the tree has 2 nodes",
            ),
            (
                vec![split(0, 0.0, 0, 1), leaf(0.0)],
                "tree 0: node 0: left child 0 does not stand after its parent",
            ),
            (vec![split(2, 0.0, 1, 2), leaf(0.0), leaf(0.0)], "tree 0: node 0: reads value 2 of 2"),
            (
                vec![split(0, f64::NAN, 1, 2), leaf(0.0), leaf(0.0)],
                "tree 0: node 0: threshold 0 is not a finite number",
            ),
            (
                vec![split(0, 0.0, 1, 1), leaf(0.0)],
                "tree 0: node 0: right child 1 is the child of two nodes",
            ),
            (vec![leaf(0.0), leaf(0.0)], "tree 0: node 1: no node leads to it"),
            (vec![leaf(f64::INFINITY)], "tree 0: node 0: leaf 0 is not a finite number"),
        ];
        for (nodes, message) in cases {
            assert_eq!(forest(nodes).unwrap_err().to_string(), message);
        }
        let stray = vec![Tree { margin: 1, nodes: vec![leaf(0.0)] }];
        let error = Forest::new(Link::Logit, 1, vec![0.0], stray).unwrap_err();
        assert_eq!(error.to_string(), "tree 0: adds to margin 1 of 1");
    }
}
