//! The nodes of a tree that grows.

use nomogram::{Node, Side, Tree};

/// A node, whose leaves have no numbers yet.
#[derive(Clone, Copy)]
pub(super) enum Grown {
    Leaf { margin: f64 },
    Split { input: u32, threshold: f64, missing: Side, left: u32, right: u32 },
}

/// The grown tree, its leaves numbered in the order of the nodes.
pub(super) fn tree(nodes: Vec<Grown>) -> Tree {
    let mut leaves = Vec::new();
    let mut leaf = 0;
    let nodes = nodes.into_iter().map(|node| match node {
        Grown::Leaf { margin } => {
            leaves.push(margin);
            leaf += 1;
            Node::Leaf { leaf: leaf - 1 }
        }
        Grown::Split { input, threshold, missing, left, right } => {
            Node::Split { input, threshold, left, right, default_child: missing }
        }
    });
    let nodes = nodes.collect();
    Tree { margin: Some(0), nodes, leaves }
}
