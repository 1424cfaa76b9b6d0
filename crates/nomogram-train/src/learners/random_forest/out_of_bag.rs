//! Probabilities by the trees that a row was not drawn for.

use nomogram::{Forest, Node, Side, Tree};

use crate::count::number;
use crate::learners::training_rows::TrainingRows;

/// A row's probabilities by the trees that it was not drawn for, added from the first to the last.
#[allow(clippy::indexing_slicing, reason = "rows of the table, leaves of the tree")]
pub(super) fn row_probabilities(
    forest: &Forest,
    drawn: &[Vec<bool>],
    rows: TrainingRows<'_>,
    row: usize,
) -> Vec<f64> {
    let mut sums = vec![0.0; rows.n_classes];
    let mut n_trees = 0;
    for (tree, _) in forest.trees.iter().zip(drawn).filter(|(_, drawn)| !drawn[row]) {
        let leaf = leaf_of(tree, |input| rows.values[[row, input]]);
        let shares = &tree.leaves[leaf * rows.n_classes..];
        sums.iter_mut().zip(shares).for_each(|(sum, share)| *sum += share);
        n_trees += 1;
    }
    // 0 / 0 is NaN: every tree was fitted to the row.
    sums.iter().map(|sum| sum / number(n_trees)).collect()
}

/// The leaf that a row ends in.
#[allow(clippy::indexing_slicing, reason = "children are nodes of the tree")]
pub(super) fn leaf_of(tree: &Tree, value_of: impl Fn(usize) -> f64) -> usize {
    let mut node = 0;
    loop {
        match tree.nodes[node] {
            Node::Split { input, threshold, left, right, default_child } => {
                let value = value_of(input as usize);
                let goes_left =
                    if value.is_nan() { default_child == Side::Left } else { value <= threshold };
                node = if goes_left { left } else { right } as usize;
            }
            Node::Leaf { leaf } => return leaf as usize,
            // This learner makes none.
            Node::SplitLevels { .. } => return 0,
        }
    }
}
