//! The values by input, sorted.

use nomogram::{Node, Side, Tree};

use crate::learners::training_rows::TrainingRows;

/// The values by input, the rows of each input in the order of their values, and those without one.
pub(super) struct Columns {
    pub(super) values: Vec<Vec<f64>>,
    pub(super) orders: Vec<Vec<usize>>,
    pub(super) missing: Vec<Vec<usize>>,
}

#[allow(clippy::indexing_slicing, reason = "rows and inputs are those of the table")]
impl Columns {
    pub(super) fn new(rows: TrainingRows<'_>) -> Self {
        let values: Vec<Vec<f64>> =
            rows.values.columns().into_iter().map(|column| column.to_vec()).collect();
        let orders = values.iter().map(|column| {
            let (mut order, missing): (Vec<usize>, Vec<usize>) =
                (0..column.len()).partition(|row| !column[*row].is_nan());
            order.sort_by(|a, b| column[*a].total_cmp(&column[*b]));
            (order, missing)
        });
        let (orders, missing) = orders.unzip();
        Self { values, orders, missing }
    }

    /// Whether a row goes to the left of a split.
    pub(super) fn goes_left(
        &self,
        row: usize,
        input: usize,
        threshold: f64,
        missing: Side,
    ) -> bool {
        let value = self.values[input][row];
        if value.is_nan() { missing == Side::Left } else { value <= threshold }
    }

    /// The margin of the leaf that a row ends in.
    pub(super) fn leaf_of(&self, row: usize, tree: &Tree) -> f64 {
        let mut node = 0;
        loop {
            match tree.nodes[node] {
                Node::Split { input, threshold, left, right, default_child } => {
                    let goes_left = self.goes_left(row, input as usize, threshold, default_child);
                    node = if goes_left { left } else { right } as usize;
                }
                Node::Leaf { leaf } => return tree.leaves[leaf as usize],
                // This learner makes none.
                Node::SplitLevels { .. } => return f64::NAN,
            }
        }
    }
}
