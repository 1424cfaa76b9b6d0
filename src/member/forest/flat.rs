//! A checked forest, laid out so that walks through numbers have no branch.

use alloc::vec::Vec;

use super::bits::{BitTree, BitTrees, bit_leaves};
use super::complete::{CompleteTree, CompleteTrees, DepthCounts, complete_depth};
use super::intervals::IntervalTables;
use super::order::Order;
use super::{Aggregate, Comparison, Forest, Node, Precision, Side, Tree};
use crate::budget::{Budget, bytes_of, times};
use crate::error::Error;
use crate::memory;
use crate::schema::count;

/// Tables are faster than walks where as many splits share an input, on average.
const MIN_SHARED: usize = 4;

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
    /// Of other trees with few leaves, for blocks of rows.
    pub(super) bits: BitTrees,
    /// Of all trees, for single rows.
    pub(super) tables: Option<IntervalTables>,
    /// Of all trees that are not complete. The two children of a node are adjacent, so the next node is
    /// `left + (value > threshold)`. A leaf points to itself and no value is above its threshold, so a walk
    /// of `depth` steps ends at the right leaf even if it reaches it earlier.
    pub(super) nodes: Vec<FlatNode>,
    /// One per node; a row without missing values, in a forest without sets, needs none of them.
    pub(super) questions: Vec<Question>,
    /// The values of the leaves of linked trees, and of trees that add to every margin.
    pub(super) values: Vec<f64>,
    /// The levels of each set, one set after the other, and where each set begins and ends.
    pub(super) levels: Vec<u32>,
    pub(super) sets: Vec<(u32, u32)>,
}

#[derive(Debug)]
pub(super) struct FlatTree {
    pub(super) layout: Layout,
    /// The same tree for blocks of rows, if it is linked and has few leaves.
    pub(super) bits: Option<BitTree>,
    pub(super) depth: u32,
    pub(super) margin: Option<u32>,
}

/// The layouts that trees of a forest may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layouts {
    All,
    /// Lists of nodes only.
    Linked,
}

impl Layouts {
    /// The depth of a tree that is laid out as complete.
    fn complete_depth(self, tree: &Tree) -> Option<u32> {
        match self {
            Self::All => complete_depth(tree),
            Self::Linked => None,
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
    /// The threshold of the value; for a set, its number; for a leaf, [`Self::leaf`].
    pub(super) threshold: f64,
    pub(super) input: u32,
    pub(super) left: u32,
}

/// The bits of a NaN; the lower half is free.
const NAN: u64 = f64::NAN.to_bits() & !0xffff_ffff;

impl FlatNode {
    /// A leaf at a position, whose values begin at `first_value`. That is in the lower half of a NaN: a
    /// walk has loaded it, and no value is above it.
    fn leaf(position: u32, first_value: u32) -> Self {
        let threshold = f64::from_bits(NAN | u64::from(first_value));
        Self { threshold, input: 0, left: position }
    }

    /// Where the values of a leaf begin.
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, reason = "the lower half is the position")]
    pub(super) fn first_value(self) -> u32 {
        self.threshold.to_bits() as u32
    }
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
    n_complete: DepthCounts,
    n_bit_splits: usize,
    n_bit_leaves: usize,
    n_nodes: usize,
    n_values: usize,
    n_levels: usize,
    n_sets: usize,
    most_nodes: usize,
}

impl Extent {
    fn new(forest: &Forest, layouts: Layouts) -> Self {
        let mut extent = Self::default();
        for tree in &forest.trees {
            if let Some(depth) = layouts.complete_depth(tree) {
                extent.n_values += if tree.margin.is_none() { tree.leaves.len() } else { 0 };
                if let Some(n_trees) = extent.n_complete.get_mut(depth as usize) {
                    *n_trees += 1;
                }
                continue;
            }
            extent.n_values += tree.leaves.len();
            if let Some(n_leaves) = bit_leaves(tree) {
                extent.n_bit_splits += tree.nodes.len() - n_leaves;
                extent.n_bit_leaves += n_leaves;
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
    pub(in super::super) fn bytes(forest: &Forest, layouts: Layouts) -> u64 {
        let extent = Extent::new(forest, layouts);
        CompleteTrees::bytes(extent.n_complete)
            + BitTrees::bytes(extent.n_bit_splits, extent.n_bit_leaves)
            + bytes_of::<FlatNode>(extent.n_nodes)
            + bytes_of::<Question>(extent.n_nodes)
            + bytes_of::<f64>(extent.n_values)
            + bytes_of::<u32>(extent.n_levels)
            + bytes_of::<(u32, u32)>(extent.n_sets)
            + Order::bytes(extent.most_nodes)
            + bytes_of::<FlatTree>(forest.trees.len())
            + 2 * bytes_of::<f64>(forest.base_margins.len())
    }

    /// Lays out a forest that was checked.
    pub(in super::super) fn new(forest: &Forest) -> Result<Self, Error> {
        Self::with(forest, Layouts::All)
    }

    /// As [`Self::new`], with these layouts.
    #[allow(clippy::indexing_slicing, reason = "the forest was checked")]
    pub(in super::super) fn with(forest: &Forest, layouts: Layouts) -> Result<Self, Error> {
        // Per margin, without a loop over margins for each tree: a file may have many of both.
        let n_shared = forest.trees.iter().filter(|tree| tree.margin.is_none()).count();
        let mut n_trees = memory::filled(count(n_shared), forest.base_margins.len())?;
        for margin in forest.trees.iter().filter_map(|tree| tree.margin) {
            n_trees[margin as usize] += 1.0;
        }
        let extent = Extent::new(forest, layouts);
        let mut flat = Self {
            n_inputs: forest.n_inputs as usize,
            precision: forest.precision,
            aggregate: forest.aggregate,
            base_margins: memory::copy(&forest.base_margins)?,
            n_trees,
            trees: memory::list(forest.trees.len())?,
            complete: CompleteTrees::with_room(extent.n_complete)?,
            bits: BitTrees::with_room(extent.n_bit_splits, extent.n_bit_leaves)?,
            tables: None,
            nodes: memory::list(extent.n_nodes)?,
            questions: memory::list(extent.n_nodes)?,
            values: memory::list(extent.n_values)?,
            levels: memory::list(extent.n_levels)?,
            sets: memory::list(extent.n_sets)?,
        };
        let mut order = Order::with_room(extent.most_nodes)?;
        for tree in &forest.trees {
            flat.push_tree(tree, forest.comparison, layouts, &mut order);
        }
        Ok(flat)
    }

    /// Adds what makes single rows faster, if it pays off and the budget has the memory.
    pub(in super::super) fn add_tables(
        &mut self,
        forest: &Forest,
        budget: &mut Budget,
    ) -> Result<(), Error> {
        self.tables = IntervalTables::new(forest, MIN_SHARED, budget)?;
        Ok(())
    }

    /// How many values it reads.
    pub(in super::super) fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// How many margins it gives.
    pub(in super::super) fn n_margins(&self) -> usize {
        self.base_margins.len()
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
    fn push_tree(
        &mut self,
        tree: &Tree,
        comparison: Comparison,
        layouts: Layouts,
        order: &mut Order,
    ) {
        let n_margins = self.base_margins.len();
        // With one margin, every tree adds to it.
        let margin = if n_margins == 1 { Some(0) } else { tree.margin };
        let (first_value, precision) = (self.values.len(), self.precision);
        let leaf_value = |leaf: usize| match margin {
            Some(_) => precision.round(tree.leaves[leaf]),
            None => count(first_value + leaf * n_margins),
        };
        let mut bits = None;
        let (layout, depth) = match layouts.complete_depth(tree) {
            Some(depth) => {
                let pushed = self.complete.push(tree, depth, comparison, leaf_value);
                (Layout::Complete(pushed), depth)
            }
            None => {
                bits = bit_leaves(tree).map(|_| self.bits.push(tree, comparison, leaf_value));
                let n_values = if margin.is_some() { 1 } else { n_margins };
                self.push_nodes(tree, comparison, n_values, order)
            }
        };
        if margin.is_none() || matches!(layout, Layout::Linked(_)) {
            self.values.extend(tree.leaves.iter().map(|value| precision.round(*value)));
        }
        self.trees.push(FlatTree { layout, bits, depth, margin });
    }

    /// Appends a linked tree, whose leaves have `n_values` each. Returns where it is, and its depth.
    #[allow(clippy::indexing_slicing, reason = "the tree was checked")]
    #[allow(clippy::cast_possible_truncation, reason = "a section has fewer than 2^28 bytes")]
    fn push_nodes(
        &mut self,
        tree: &Tree,
        comparison: Comparison,
        n_values: usize,
        order: &mut Order,
    ) -> (Layout, u32) {
        let (root, first_value) = (self.nodes.len() as u32, self.values.len());
        let depth = order.set(tree);
        for index in &order.nodes {
            let mut question = Question { missing_goes_right: false, is_set: false };
            let node = match &tree.nodes[*index as usize] {
                Node::Leaf { leaf } => {
                    let first_value = first_value + *leaf as usize * n_values;
                    FlatNode::leaf(self.nodes.len() as u32, first_value as u32)
                }
                Node::Split { input, threshold, left, default_child, .. } => {
                    question.missing_goes_right = *default_child == Side::Right;
                    let threshold = comparison.highest_left(*threshold);
                    let left = root + order.positions[*left as usize];
                    FlatNode { threshold, input: *input, left }
                }
                Node::SplitLevels { input, levels, left, default_child, .. } => {
                    question.missing_goes_right = *default_child == Side::Right;
                    question.is_set = true;
                    let threshold = f64::from(self.push_set(levels));
                    let left = root + order.positions[*left as usize];
                    FlatNode { threshold, input: *input, left }
                }
            };
            self.nodes.push(node);
            self.questions.push(question);
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
