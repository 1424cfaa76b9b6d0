//! Trees as files store them, by arrays of child numbers, to trees of the core.

use nomogram::{Node, Side, Tree};

use crate::error::{Error, Place};

/// A node of a source: where its children are in the source's numbering.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SourceNode {
    /// A leaf: its value (or values), and its number in the source.
    Leaf { values: Vec<f64>, number: u32 },
    /// A comparison of a number.
    Split { input: u32, threshold: f64, left: usize, right: usize, default_child: Side },
    /// A set of levels; those of the set go to the left.
    SplitLevels { input: u32, levels: Vec<u32>, left: usize, right: usize, default_child: Side },
}

/// A tree of the core, with the source's number of each leaf.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NumberedTree {
    pub(crate) tree: Tree,
    pub(crate) leaf_numbers: Vec<u32>,
    /// Of each split, in the order of the nodes.
    splits: Vec<SourceSplit>,
}

/// A split and its children, in the source's numbering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SourceSplit {
    node: usize,
    left: usize,
    right: usize,
}

impl NumberedTree {
    /// The share of the training rows that goes to the left at each split. `weights` has how many rows
    /// arrive at each node of the source, or their weight. Where none arrives, half of them go to either
    /// side.
    ///
    /// # Errors
    ///
    /// `Malformed` with the node, for a weight that is below 0 or not finite.
    pub(crate) fn left_shares(&self, weights: &[f64]) -> Result<Vec<f64>, Error> {
        let weight = |node: usize| match weights.get(node) {
            Some(weight) if (0.0..=f64::MAX).contains(weight) => Ok(*weight),
            found => {
                let found = found.map_or("no weight".into(), |weight| format!("weight {weight}"));
                let detail = format!("{found} of training rows, expected at least 0");
                Err(Error::malformed(detail).within(Place::Node(node)))
            }
        };
        let share = |split: &SourceSplit| {
            let (left, right) = (weight(split.left)?, weight(split.right)?);
            let share = left / (left + right);
            Ok(if share.is_nan() { 0.5 } else { share })
        };
        self.splits.iter().map(share).collect()
    }

    /// Adds up weights of leaves, which `weights` has, for the splits above them.
    pub(crate) fn add_up(&self, weights: &mut [f64]) {
        for split in self.splits.iter().rev() {
            let of = |node: usize| weights.get(node).copied().unwrap_or_default();
            let sum = of(split.left) + of(split.right);
            weights.iter_mut().skip(split.node).take(1).for_each(|weight| *weight = sum);
        }
    }
}

/// Numbers the nodes from the root on, parents before children, and checks that each has one parent.
///
/// # Errors
///
/// `Malformed` with the node, when a child is not there, has two parents, or is its own ancestor.
pub(crate) fn tree_of(
    root: usize,
    margin: Option<u32>,
    n_nodes: usize,
    node: impl Fn(usize) -> Result<SourceNode, Error>,
) -> Result<NumberedTree, Error> {
    let mut is_placed = vec![false; n_nodes];
    let mut nodes: Vec<Node> = Vec::new();
    let mut leaves = Vec::new();
    let (mut leaf_numbers, mut splits) = (Vec::new(), Vec::new());
    // A node of the source, and the child of a node of ours that it becomes.
    let mut pending: Vec<(usize, Option<(usize, Side)>)> = vec![(root, None)];
    while let Some((index, parent)) = pending.pop() {
        let here = |error: Error| error.within(Place::Node(index));
        match is_placed.get_mut(index) {
            Some(placed) if !*placed => *placed = true,
            Some(_) => return Err(here(Error::malformed("two parents, expected one"))),
            None => {
                let detail = format!("no such node, expected 1 to {n_nodes}");
                return Err(here(Error::malformed(detail)));
            }
        }
        let position = nodes.len();
        if let Some((parent, side)) = parent {
            set_child(&mut nodes, parent, side, number(position)?);
        }
        match node(index).map_err(here)? {
            SourceNode::Leaf { values, number: source_number } => {
                nodes.push(Node::Leaf { leaf: number(leaf_numbers.len())? });
                leaves.extend(values);
                leaf_numbers.push(source_number);
            }
            SourceNode::Split { input, threshold, left, right, default_child } => {
                // The core has no infinite thresholds: a finite value is below +∞ and above −∞.
                let threshold = threshold.clamp(-f64::MAX, f64::MAX);
                nodes.push(Node::Split { input, threshold, left: 0, right: 0, default_child });
                splits.push(SourceSplit { node: index, left, right });
                pending.push((right, Some((position, Side::Right))));
                pending.push((left, Some((position, Side::Left))));
            }
            SourceNode::SplitLevels { input, levels, left, right, default_child } => {
                nodes.push(Node::SplitLevels { input, levels, left: 0, right: 0, default_child });
                splits.push(SourceSplit { node: index, left, right });
                pending.push((right, Some((position, Side::Right))));
                pending.push((left, Some((position, Side::Left))));
            }
        }
    }
    Ok(NumberedTree { tree: Tree { margin, nodes, leaves }, leaf_numbers, splits })
}

fn set_child(nodes: &mut [Node], parent: usize, side: Side, child: u32) {
    if let Some(Node::Split { left, right, .. } | Node::SplitLevels { left, right, .. }) =
        nodes.get_mut(parent)
    {
        *(match side {
            Side::Left => left,
            Side::Right => right,
        }) = child;
    }
}

/// A position as the core stores it.
///
/// # Errors
///
/// `TooLarge`.
pub(crate) fn number(position: usize) -> Result<u32, Error> {
    u32::try_from(position).map_err(|_| {
        Error::new(crate::error::ErrorKind::TooLarge, format!("{position}, expected below 2^32"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(left: usize, right: usize) -> SourceNode {
        SourceNode::Split { input: 0, threshold: 0.5, left, right, default_child: Side::Left }
    }

    fn leaf(number: u32) -> SourceNode {
        SourceNode::Leaf { values: vec![f64::from(number)], number }
    }

    fn tree(nodes: &[SourceNode]) -> Result<NumberedTree, Error> {
        tree_of(0, Some(0), nodes.len(), |index| Ok(nodes[index].clone()))
    }

    #[test]
    fn children_come_after_their_parents_and_leaves_keep_their_numbers() {
        let numbered = tree(&[split(4, 1), split(3, 2), leaf(2), leaf(3), leaf(4)]).unwrap();
        assert_eq!(numbered.leaf_numbers, [4, 3, 2]);
        assert_eq!(numbered.tree.leaves, [4.0, 3.0, 2.0]);
        assert!(matches!(numbered.tree.nodes[0], Node::Split { left: 1, right: 2, .. }));
    }

    #[test]
    fn shares_are_of_the_children_that_a_split_has_here() {
        let numbered = tree(&[split(4, 1), split(3, 2), leaf(2), leaf(3), leaf(4)]).unwrap();
        let mut weights = [0.0, 0.0, 1.0, 3.0, 12.0];
        numbered.add_up(&mut weights);
        assert_eq!(weights, [16.0, 4.0, 1.0, 3.0, 12.0]);
        assert_eq!(numbered.left_shares(&weights).unwrap(), [0.75, 0.75]);
        assert_eq!(numbered.left_shares(&[0.0; 5]).unwrap(), [0.5; 2]);
        let refused = |weights: &[f64]| numbered.left_shares(weights).unwrap_err().to_string();
        let below = refused(&[0.0, 0.0, 0.0, 0.0, -1.0]);
        assert_eq!(below, "node 5: weight -1 of training rows, expected at least 0");
        let absent = refused(&[0.0, 1.0, 1.0, 1.0]);
        assert_eq!(absent, "node 5: no weight of training rows, expected at least 0");
    }

    #[test]
    fn circles_and_strays_are_refused() {
        let refused = |nodes: &[SourceNode]| tree(nodes).unwrap_err().to_string();
        assert_eq!(refused(&[split(0, 1), leaf(0)]), "node 1: two parents, expected one");
        assert_eq!(refused(&[split(1, 1), leaf(0)]), "node 2: two parents, expected one");
        assert_eq!(refused(&[split(1, 9), leaf(0)]), "node 10: no such node, expected 1 to 2");
    }
}
