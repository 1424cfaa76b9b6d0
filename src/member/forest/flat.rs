//! A checked forest, laid out so that walks through numbers have no branch.

use alloc::vec::Vec;

use super::complete::{CompleteTree, CompleteTrees, complete_depth};
use super::{Aggregate, Comparison, Forest, Node, Precision, Side, Tree};
use crate::budget::{bytes_of, times};
use crate::error::Error;
use crate::memory;
use crate::schema::count;

/// A checked forest whose walks have no branch.
#[derive(Debug)]
pub(crate) struct FlatForest {
    pub(super) n_inputs: usize,
    pub(super) precision: Precision,
    pub(super) aggregate: Aggregate,
    pub(super) base_margins: Vec<f64>,
    /// How many trees add to each margin.
    pub(super) n_trees: Vec<f64>,
    pub(super) trees: Vec<FlatTree>,
    pub(super) complete: CompleteTrees,
    /// Of all other trees. The two children of a node are adjacent, so the next node is
    /// `left + (value > threshold)`. A leaf points to itself with threshold +∞, so a walk of `depth` steps
    /// ends at the right leaf even if it reaches it earlier.
    pub(super) nodes: Vec<FlatNode>,
    /// One per node; a row without missing values, in a forest without sets, needs none of them.
    pub(super) questions: Vec<Question>,
    /// The value of each leaf, by its node; of a tree that adds to every margin, where the leaf's
    /// values begin in `values`. 0 elsewhere.
    pub(super) leaves: Vec<f64>,
    pub(super) values: Vec<f64>,
    /// The levels of each set, one set after the other, and where each set begins and ends.
    pub(super) levels: Vec<u32>,
    pub(super) sets: Vec<(u32, u32)>,
}

#[derive(Debug)]
pub(super) struct FlatTree {
    pub(super) layout: Layout,
    pub(super) depth: u32,
    pub(super) margin: Option<u32>,
}

impl FlatTree {
    /// The first node, of a tree that is linked.
    #[inline(always)]
    pub(super) fn root(&self) -> Option<u32> {
        match self.layout {
            Layout::Complete(_) => None,
            Layout::Linked(root) => Some(root),
        }
    }
}

/// Where the splits and leaves of a tree are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layout {
    Complete(CompleteTree),
    /// In `nodes`, from this one on.
    Linked(u32),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct FlatNode {
    /// The threshold of the value; for a set, its number.
    pub(super) threshold: f64,
    pub(super) input: u32,
    pub(super) left: u32,
}

/// What a walk checks at a node besides `value > threshold`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question {
    pub(super) missing_goes_right: bool,
    pub(super) is_set: bool,
}

/// How much a forest holds, all its trees together.
#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    n_slots: usize,
    n_nodes: usize,
    n_values: usize,
    n_levels: usize,
    n_sets: usize,
    most_nodes: usize,
}

impl Extent {
    fn new(forest: &Forest) -> Self {
        let mut extent = Self::default();
        for tree in &forest.trees {
            extent.n_values += if tree.margin.is_none() { tree.leaves.len() } else { 0 };
            if let Some(depth) = complete_depth(tree) {
                extent.n_slots += 1 << depth;
                continue;
            }
            extent.n_nodes += tree.nodes.len();
            extent.most_nodes = extent.most_nodes.max(tree.nodes.len());
            for node in &tree.nodes {
                if let Node::SplitLevels { levels, .. } = node {
                    extent.n_levels += levels.len();
                    extent.n_sets += 1;
                }
            }
        }
        extent
    }
}

impl FlatForest {
    /// The memory that laying a forest out allocates.
    pub(in super::super) fn bytes(forest: &Forest) -> u64 {
        let extent = Extent::new(forest);
        CompleteTrees::bytes(extent.n_slots)
            + bytes_of::<FlatNode>(extent.n_nodes)
            + bytes_of::<Question>(extent.n_nodes)
            + bytes_of::<f64>(extent.n_nodes)
            + bytes_of::<f64>(extent.n_values)
            + bytes_of::<u32>(extent.n_levels)
            + bytes_of::<(u32, u32)>(extent.n_sets)
            + bytes_of::<u32>(extent.most_nodes)
            + bytes_of::<FlatTree>(forest.trees.len())
            + 2 * bytes_of::<f64>(forest.base_margins.len())
    }

    /// Lays out a forest that was checked.
    #[allow(clippy::indexing_slicing, reason = "the forest was checked")]
    pub(in super::super) fn new(forest: &Forest) -> Result<Self, Error> {
        // Per margin, without a loop over margins for each tree: a file may have many of both.
        let n_shared = forest.trees.iter().filter(|tree| tree.margin.is_none()).count();
        let mut n_trees = memory::filled(count(n_shared), forest.base_margins.len())?;
        for margin in forest.trees.iter().filter_map(|tree| tree.margin) {
            n_trees[margin as usize] += 1.0;
        }
        let extent = Extent::new(forest);
        let mut flat = Self {
            n_inputs: forest.n_inputs as usize,
            precision: forest.precision,
            aggregate: forest.aggregate,
            base_margins: memory::copy(&forest.base_margins)?,
            n_trees,
            trees: memory::list(forest.trees.len())?,
            complete: CompleteTrees::with_room(extent.n_slots)?,
            nodes: memory::list(extent.n_nodes)?,
            questions: memory::list(extent.n_nodes)?,
            leaves: memory::list(extent.n_nodes)?,
            values: memory::list(extent.n_values)?,
            levels: memory::list(extent.n_levels)?,
            sets: memory::list(extent.n_sets)?,
        };
        let mut order = memory::list(extent.most_nodes)?;
        for tree in &forest.trees {
            flat.push_tree(tree, forest.comparison, &mut order);
        }
        Ok(flat)
    }

    /// What [`Self::margins`] computes, in steps of about a nanosecond.
    pub(in super::super) fn work(&self) -> u64 {
        let per_step = if self.sets.is_empty() { 2 } else { 16 };
        let of_tree = |tree: &FlatTree| {
            let n_sums = if tree.margin.is_none() { self.base_margins.len() as u64 } else { 1 };
            4 + per_step * u64::from(tree.depth) + n_sums
        };
        self.trees.iter().map(of_tree).sum::<u64>() + times(self.base_margins.len(), 8)
    }

    #[allow(clippy::indexing_slicing, reason = "the tree was checked")]
    fn push_tree(&mut self, tree: &Tree, comparison: Comparison, order: &mut Vec<u32>) {
        let (first_value, n_margins) = (self.values.len(), self.base_margins.len());
        let leaf_value = |leaf: usize| match tree.margin {
            Some(_) => tree.leaves[leaf],
            None => count(first_value + leaf * n_margins),
        };
        let (layout, depth) = match complete_depth(tree) {
            Some(depth) => {
                let pushed = self.complete.push(tree, depth, comparison, leaf_value);
                (Layout::Complete(pushed), depth)
            }
            None => self.push_nodes(tree, comparison, leaf_value, order),
        };
        if tree.margin.is_none() {
            self.values.extend(&tree.leaves);
        }
        self.trees.push(FlatTree { layout, depth, margin: tree.margin });
    }

    /// Breadth first, so that siblings are adjacent. `order` has room for the nodes of the tree: each
    /// has one parent. Returns where the tree is, and its depth.
    #[allow(clippy::indexing_slicing, reason = "the tree was checked")]
    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    fn push_nodes(
        &mut self,
        tree: &Tree,
        comparison: Comparison,
        leaf_value: impl Fn(usize) -> f64,
        order: &mut Vec<u32>,
    ) -> (Layout, u32) {
        let root = self.nodes.len() as u32;
        order.clear();
        order.push(0);
        let (mut n_placed, mut depth, mut level_end) = (0, 0, 1);
        while n_placed < order.len() {
            let mut leaf = 0.0;
            let mut question = Question { missing_goes_right: false, is_set: false };
            let children = root + order.len() as u32;
            let node = match &tree.nodes[order[n_placed] as usize] {
                Node::Leaf { leaf: index } => {
                    leaf = leaf_value(*index as usize);
                    let leaf_node = self.nodes.len() as u32;
                    FlatNode { threshold: f64::INFINITY, input: 0, left: leaf_node }
                }
                Node::Split { input, threshold, left, right, default_child } => {
                    order.extend([*left, *right]);
                    question.missing_goes_right = *default_child == Side::Right;
                    let threshold = comparison.highest_left(*threshold);
                    FlatNode { threshold, input: *input, left: children }
                }
                Node::SplitLevels { input, levels, left, right, default_child } => {
                    order.extend([*left, *right]);
                    question.missing_goes_right = *default_child == Side::Right;
                    question.is_set = true;
                    let threshold = f64::from(self.push_set(levels));
                    FlatNode { threshold, input: *input, left: children }
                }
            };
            self.nodes.push(node);
            self.questions.push(question);
            self.leaves.push(leaf);
            n_placed += 1;
            if n_placed == level_end && order.len() > level_end {
                depth += 1;
                level_end = order.len();
            }
        }
        (Layout::Linked(root), depth)
    }

    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    fn push_set(&mut self, levels: &[u32]) -> u32 {
        let start = self.levels.len() as u32;
        self.levels.extend(levels);
        self.sets.push((start, self.levels.len() as u32));
        self.sets.len() as u32 - 1
    }
}
