//! The share of the training rows that went to the left at each split, laid out as the splits are.

use alloc::vec::Vec;

use super::complete::{complete_depth, push_slots};
use super::order::Order;
use super::{Forest, Node, Tree};
use crate::budget::{Budget, bytes_of};
use crate::error::{Error, ordinal};
use crate::memory;

/// One share per slot of the complete trees, and one per node of all others; those of leaves are 1.
#[derive(Debug)]
pub(crate) struct LeftShares {
    pub(super) slots: Vec<f64>,
    pub(super) nodes: Vec<f64>,
}

impl LeftShares {
    /// Lays out the shares of a forest that was checked: one per split, tree after tree, in the order of
    /// the nodes.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when there is not one share of 0 to 1 per split; `TooLarge`; `OutOfMemory`.
    pub(crate) fn new(forest: &Forest, shares: &[f64], budget: &mut Budget) -> Result<Self, Error> {
        let is_split = |node: &&Node| !matches!(node, Node::Leaf { .. });
        let nodes = forest.trees.iter().flat_map(|tree| &tree.nodes);
        let n_splits = nodes.filter(is_split).count();
        if n_splits != shares.len() {
            let n_shares = shares.len();
            let detail = format_args!("{n_shares} shares, expected {n_splits}, one per split");
            return Err(Error::invalid_model(detail));
        }
        if let Some(at) = shares.iter().position(|share| !(0.0..=1.0).contains(share)) {
            let detail = format_args!("share {} is outside of 0 to 1", ordinal(at));
            return Err(Error::invalid_model(detail));
        }
        let (mut n_slots, mut n_nodes, mut most_nodes) = (0, 0, 0);
        for tree in &forest.trees {
            match complete_depth(tree) {
                Some(depth) => n_slots += 1_usize << depth,
                None => n_nodes += tree.nodes.len(),
            }
            most_nodes = most_nodes.max(tree.nodes.len());
        }
        budget.take_list::<f64>(n_slots)?;
        budget.take_list::<f64>(n_nodes)?;
        let temporary = bytes_of::<f64>(most_nodes) + Order::bytes(most_nodes);
        budget.take(temporary)?;
        let mut laid_out = Self { slots: memory::list(n_slots)?, nodes: memory::list(n_nodes)? };
        let mut of_nodes = memory::list(most_nodes)?;
        let mut order = Order::with_room(most_nodes)?;
        let mut shares = shares.iter().copied();
        for tree in &forest.trees {
            of_nodes.clear();
            of_nodes.extend(tree.nodes.iter().map(|node| match node {
                Node::Leaf { .. } => 1.0,
                Node::Split { .. } | Node::SplitLevels { .. } => shares.next().unwrap_or(1.0),
            }));
            match complete_depth(tree) {
                Some(depth) => push_slots(tree, depth, &of_nodes, &mut laid_out.slots),
                None => laid_out.push_nodes(tree, &of_nodes, &mut order),
            }
        }
        budget.give_back(temporary);
        Ok(laid_out)
    }

    /// Appends the shares in the order in which the nodes are laid out.
    #[allow(clippy::indexing_slicing, reason = "the tree was checked")]
    fn push_nodes(&mut self, tree: &Tree, of_nodes: &[f64], order: &mut Order) {
        order.set(tree);
        self.nodes.extend(order.nodes.iter().map(|node| of_nodes[*node as usize]));
    }
}
