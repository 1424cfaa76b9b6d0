//! Growth of one classification tree, depth first, with exact splits.
//!
//! Values are compared by rank; sums over rows run by rank, then by row, so they have one order. Of
//! equally good splits the lowest input wins, then the lowest threshold, then missing on the right.

use std::ops::Range;

use ndarray::ArrayView2;
use nomogram::{Node, Side, Tree};

use super::classes::Classes;
use super::spec::RandomForestSpec;
use crate::count::position;
use crate::error::Error;
use nomogram_stats::random::Random;

/// The rank of a missing value: behind all others.
const MISSING: u32 = u32::MAX;

/// The values by input, in ranks.
pub(super) struct Columns {
    /// For each input the rank of each row's value.
    ranks: Vec<Vec<u32>>,
    /// For each input the value of each rank.
    values: Vec<Vec<f64>>,
}

/// What a tree is grown from.
pub(super) struct Grower<'a> {
    pub(super) spec: &'a RandomForestSpec,
    pub(super) n_tried: usize,
    pub(super) columns: &'a Columns,
    pub(super) classes: &'a [usize],
    pub(super) n_classes: usize,
    /// How much each row counts; 0 for those that were not drawn.
    pub(super) weights: &'a [f64],
}

/// A node that is not yet split.
struct Open {
    node: usize,
    depth: usize,
    rows: Range<usize>,
    classes: Classes,
}

#[derive(Clone, Copy)]
struct Split {
    purity: f64,
    input: usize,
    /// The largest rank of a present value that goes to the left.
    rank: u32,
    threshold: f64,
    missing_left: bool,
}

impl Columns {
    #[allow(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "rows fit `u32`")]
    pub(super) fn new(values: ArrayView2<'_, f64>) -> Self {
        let mut columns = Self { ranks: Vec::new(), values: Vec::new() };
        for column in values.columns() {
            let mut order: Vec<usize> =
                (0..column.len()).filter(|row| !column[*row].is_nan()).collect();
            order.sort_by(|a, b| column[*a].total_cmp(&column[*b]));
            let mut ranks = vec![MISSING; column.len()];
            let mut distinct: Vec<f64> = Vec::new();
            for row in order {
                if distinct.last().is_none_or(|last| column[row] > *last) {
                    distinct.push(column[row]);
                }
                ranks[row] = distinct.len() as u32 - 1;
            }
            columns.ranks.push(ranks);
            columns.values.push(distinct);
        }
        columns
    }

    /// Whether a row goes to the left.
    #[allow(clippy::indexing_slicing, reason = "rows and inputs are those of the table")]
    fn goes_left(&self, split: &Split, row: u32) -> bool {
        match self.ranks[split.input][row as usize] {
            MISSING => split.missing_left,
            rank => rank <= split.rank,
        }
    }
}

#[allow(clippy::indexing_slicing, reason = "rows, inputs and nodes are those of the tree")]
impl Grower<'_> {
    pub(super) fn grow(&self, mut random: Random) -> Result<Tree, Error> {
        let mut tree =
            Tree { margin: None, nodes: vec![Node::Leaf { leaf: 0 }], leaves: Vec::new() };
        let mut rows = Vec::new();
        for (row, weight) in (0..).zip(self.weights) {
            if *weight > 0.0 {
                rows.push(row);
            }
        }
        let classes = self.classes_of(&rows);
        let mut open = vec![Open { node: 0, depth: 0, rows: 0..rows.len(), classes }];
        while let Some(open_node) = open.pop() {
            let node_rows = &mut rows[open_node.rows.clone()];
            let Some(split) = self.best_split(&open_node, node_rows, &mut random) else {
                let leaf = position(tree.leaves.len() / self.n_classes)?;
                tree.nodes[open_node.node] = Node::Leaf { leaf };
                tree.leaves.extend(open_node.classes.shares());
                continue;
            };
            // Keeps the order of the rows, in which sums run.
            let (mut lefts, rights): (Vec<u32>, Vec<u32>) =
                node_rows.iter().partition(|row| self.columns.goes_left(&split, **row));
            let n_left = lefts.len();
            let classes = [self.classes_of(&lefts), self.classes_of(&rights)];
            lefts.extend(rights);
            node_rows.copy_from_slice(&lefts);
            let first = tree.nodes.len();
            tree.nodes[open_node.node] = Node::Split {
                input: position(split.input)?,
                threshold: split.threshold,
                left: position(first)?,
                right: position(first + 1)?,
                default_child: if split.missing_left { Side::Left } else { Side::Right },
            };
            tree.nodes.extend([Node::Leaf { leaf: 0 }, Node::Leaf { leaf: 0 }]);
            let middle = open_node.rows.start + n_left;
            let [left, right] = classes;
            let depth = open_node.depth + 1;
            // The left child is taken from the end, so it is grown first.
            open.push(Open {
                node: first + 1,
                depth,
                rows: middle..open_node.rows.end,
                classes: right,
            });
            open.push(Open {
                node: first,
                depth,
                rows: open_node.rows.start..middle,
                classes: left,
            });
        }
        Ok(tree)
    }

    fn classes_of(&self, rows: &[u32]) -> Classes {
        let mut classes = Classes::none(self.n_classes);
        for row in rows {
            let row = *row as usize;
            classes.add(self.classes[row], self.weights[row]);
        }
        classes
    }

    /// Tries inputs in a drawn order, until enough were tried and one of them could split.
    #[allow(clippy::cast_possible_truncation, reason = "an index below a length fits `usize`")]
    fn best_split(&self, open: &Open, rows: &[u32], random: &mut Random) -> Option<Split> {
        let is_leaf = open.classes.is_pure()
            || self.spec.max_depth.is_some_and(|max| open.depth >= max)
            || rows.len() / 2 < self.spec.min_rows_per_leaf;
        if is_leaf {
            return None;
        }
        let mut inputs: Vec<usize> = (0..self.columns.ranks.len()).collect();
        let mut best = None;
        let mut any_varies = false;
        for tried in 0..inputs.len() {
            if tried >= self.n_tried && any_varies {
                break;
            }
            if self.n_tried < inputs.len() {
                let other = tried + random.below((inputs.len() - tried) as u64) as usize;
                inputs.swap(tried, other);
            }
            any_varies |= self.scan(open, rows, inputs[tried], &mut best);
        }
        best
    }

    /// Tries every threshold of an input, with missing values on either side; returns whether its
    /// values differ.
    #[allow(clippy::cast_possible_truncation, reason = "both halves of a key are wanted")]
    fn scan(&self, open: &Open, rows: &[u32], input: usize, best: &mut Option<Split>) -> bool {
        let ranks = &self.columns.ranks[input];
        let mut sorted: Vec<u64> = rows
            .iter()
            .map(|row| u64::from(ranks[*row as usize]) << 32 | u64::from(*row))
            .collect();
        sorted.sort_unstable();
        let rank_of = |key: u64| (key >> 32) as u32;
        let n_present = sorted.partition_point(|key| rank_of(*key) < MISSING);
        let row_of = |key: u64| (key & u64::from(u32::MAX)) as u32;
        let missing: Vec<u32> = sorted[n_present..].iter().map(|key| row_of(*key)).collect();
        let missing = self.classes_of(&missing);
        let varies =
            sorted.first().map(|key| rank_of(*key)) != sorted.last().map(|key| rank_of(*key));
        let mut scan = Scan::new(self, open, input, missing);
        for (at, key) in sorted[..n_present].iter().enumerate() {
            let row = row_of(*key) as usize;
            scan.left.add(self.classes[row], self.weights[row]);
            let rank = rank_of(*key);
            let next = sorted.get(at + 1).map_or(rank, |next| rank_of(*next));
            if next > rank {
                scan.consider(rank, next, best);
            }
        }
        varies
    }
}

/// The left side while an input is scanned.
struct Scan<'a> {
    grower: &'a Grower<'a>,
    open: &'a Open,
    input: usize,
    missing: Classes,
    left: Classes,
    /// Room for the two children.
    children: [Classes; 2],
}

#[allow(clippy::indexing_slicing, reason = "ranks are those of the input")]
impl<'a> Scan<'a> {
    fn new(grower: &'a Grower<'a>, open: &'a Open, input: usize, missing: Classes) -> Self {
        let none = Classes::none(grower.n_classes);
        let children = [none.clone(), none.clone()];
        Self { grower, open, input, missing, left: none, children }
    }

    /// Tries the split between a rank and the next.
    fn consider(&mut self, rank: u32, next: u32, best: &mut Option<Split>) {
        let any_missing = self.missing.n_rows > 0;
        for missing_left in [false, true] {
            if missing_left && (!any_missing || next == MISSING) {
                continue;
            }
            let [left, right] = &mut self.children;
            if missing_left {
                left.set_sum(&self.left, &self.missing);
            } else {
                left.clone_from(&self.left);
            }
            right.set_difference(&self.open.classes, left);
            let spec = self.grower.spec;
            if left.n_rows.min(right.n_rows) < spec.min_rows_per_leaf {
                continue;
            }
            let purity = left.purity(spec.criterion) + right.purity(spec.criterion);
            let is_better = best.is_none_or(|best| {
                purity > best.purity || (purity >= best.purity && self.input < best.input)
            });
            if is_better {
                // Where none is missing, later missing values go with most of the rows.
                let missing_left =
                    if any_missing { missing_left } else { left.n_rows > right.n_rows };
                let threshold = self.threshold(rank, next);
                *best = Some(Split { purity, input: self.input, rank, threshold, missing_left });
            }
        }
    }

    fn threshold(&self, rank: u32, next: u32) -> f64 {
        let values = &self.grower.columns.values[self.input];
        // Above the last rank a split separates only missing values.
        let (low, Some(high)) = (values[rank as usize], values.get(next as usize)) else {
            return f64::MAX;
        };
        // Halved first so that the sum cannot overflow.
        let middle = low / 2.0 + high / 2.0;
        if middle >= *high { low } else { middle }
    }
}
