//! The share of the training rows that goes to the left at each split of each forest.

#![allow(clippy::indexing_slicing, reason = "nodes of checked trees, and rows of the data set")]

use ndarray::{Array2, ArrayView1};
use nomogram::{Forest, ForestShares, Member, Node, Parts, Side};
use nomogram_describe::reach::goes_left;

use crate::count::position;
use crate::data::Dataset;
use crate::error::Error;

/// The shares of every member that is a forest.
pub(super) fn shares(parts: &Parts, dataset: &Dataset) -> Result<Vec<ForestShares>, Error> {
    let mut all = Vec::new();
    for (index, placed) in parts.members.iter().enumerate() {
        let Member::Forest(forest) = &placed.member else { continue };
        let rows = encoded(parts, placed.branch as usize, dataset)?;
        let shares = of_forest(forest, &rows, dataset.weights());
        all.push(ForestShares { member: position(index)?, shares });
    }
    Ok(all)
}

/// The training rows as the members of a branch read them.
fn encoded(parts: &Parts, branch: usize, dataset: &Dataset) -> Result<Array2<f64>, Error> {
    let Some(branch) = parts.branches.get(branch) else {
        return Err(Error::Data(format!("branch {branch} of {}", parts.branches.len())));
    };
    let mut rows = match branch.source {
        Some(source) => encoded(parts, source as usize, dataset)?,
        None => dataset.values().clone(),
    };
    for step in &branch.steps {
        rows = step.encode(rows.view())?;
    }
    Ok(rows)
}

/// One share per split, tree after tree. Where no row arrives, half of them go to either side.
fn of_forest(forest: &Forest, rows: &Array2<f64>, weights: Option<&[f64]>) -> Vec<f64> {
    let mut shares = Vec::new();
    for tree in &forest.trees {
        let mut arrived = vec![0.0; tree.nodes.len()];
        for (index, row) in rows.rows().into_iter().enumerate() {
            let mut next = Some(0);
            while let Some(node) = next {
                arrived[node] += weights.map_or(1.0, |weights| weights[index]);
                next = child(forest, &tree.nodes[node], row);
            }
        }
        for node in &tree.nodes {
            if let Node::Split { left, right, .. } | Node::SplitLevels { left, right, .. } = node {
                let (left, right) = (arrived[*left as usize], arrived[*right as usize]);
                shares.push(if left + right > 0.0 { left / (left + right) } else { 0.5 });
            }
        }
    }
    shares
}

/// The child of a split that a row takes.
fn child(forest: &Forest, node: &Node, row: ArrayView1<'_, f64>) -> Option<usize> {
    let value = |input: u32| row[input as usize];
    let (is_left, left, right) = match node {
        Node::Split { input, threshold, left, right, default_child } => {
            let value = value(*input);
            let is_left = goes_left(forest, value, *threshold);
            (is_left || (value.is_nan() && *default_child == Side::Left), left, right)
        }
        Node::SplitLevels { input, levels, left, right, default_child } => {
            let value = value(*input);
            let is_left = levels.iter().any(|level| f64::from(*level) == value);
            (is_left || (value.is_nan() && *default_child == Side::Left), left, right)
        }
        Node::Leaf { .. } => return None,
    };
    Some(if is_left { *left } else { *right } as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nomogram::{Link, Tree};

    #[test]
    fn rows_are_counted_at_every_split() {
        let split = |input, threshold, left, right| Node::Split {
            input,
            threshold,
            left,
            right,
            default_child: Side::Right,
        };
        let leaf = |leaf| Node::Leaf { leaf };
        let nodes = vec![split(0, 1.5, 1, 2), leaf(0), split(1, 0.0, 3, 4), leaf(1), leaf(2)];
        let tree = Tree { margin: Some(0), nodes, leaves: vec![0.0; 3] };
        let forest = Forest::new(Link::Logit, 2, vec![0.0], vec![tree]).unwrap();
        let rows = ndarray::array![[1.0, 0.0], [2.0, 0.0], [3.0, 1.0], [f64::NAN, -1.0]];
        assert_eq!(of_forest(&forest, &rows, None), [0.25, 2.0 / 3.0]);
        assert_eq!(of_forest(&forest, &rows, Some(&[3.0, 1.0, 1.0, 1.0])), [0.5, 2.0 / 3.0]);
    }
}
