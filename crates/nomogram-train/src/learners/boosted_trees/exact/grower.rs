//! Growth of one tree, level by level.

use nomogram::Tree;

use super::grown::{Grown, tree};
use super::search::{Open, Search, Split};
use crate::count::position;
use crate::error::Error;

/// A leaf whose rows have less curvature than this adds nothing, as in scikit-learn.
const MIN_CURVATURE: f64 = 1e-150;

#[allow(clippy::indexing_slicing, reason = "rows and open nodes are those of the table and level")]
impl Search<'_> {
    /// Grows a tree on the rows that were drawn.
    pub(super) fn grow(&self, drawn: Vec<bool>) -> Result<Tree, Error> {
        // The value of each node as long as it is a leaf.
        let mut nodes = vec![Grown::Leaf { margin: 0.0 }];
        // The open node of the level that each row is in.
        let mut place: Vec<Option<usize>> = drawn.into_iter().map(|d| d.then_some(0)).collect();
        let mut level = self.open(&place, &[0]);
        for depth in 0.. {
            for open in &level {
                nodes[open.node] = Grown::Leaf { margin: self.leaf(open) };
            }
            if Some(depth) == self.spec.max_depth {
                break;
            }
            self.find_splits(&mut level, &place);
            let mut children = Vec::new();
            let mut first_child = vec![0; level.len()];
            for (index, open) in level.iter().enumerate() {
                let Some(split) = open.best else { continue };
                let (left, right) = (position(nodes.len())?, position(nodes.len() + 1)?);
                let (input, Split { threshold, missing, .. }) = (position(split.input)?, split);
                nodes[open.node] = Grown::Split { input, threshold, missing, left, right };
                first_child[index] = children.len();
                children.extend([nodes.len(), nodes.len() + 1]);
                nodes.extend([Grown::Leaf { margin: 0.0 }; 2]);
            }
            if children.is_empty() {
                break;
            }
            for (row, place) in place.iter_mut().enumerate() {
                *place = place.and_then(|open| {
                    let split = level[open].best?;
                    let Split { input, threshold, missing, .. } = split;
                    let goes_left = self.columns.goes_left(row, input, threshold, missing);
                    Some(first_child[open] + usize::from(!goes_left))
                });
            }
            level = self.open(&place, &children);
        }
        Ok(tree(nodes))
    }

    /// The sums of each node of a level, from the first row to the last.
    fn open(&self, place: &[Option<usize>], nodes: &[usize]) -> Vec<Open> {
        let empty = |node: &usize| Open {
            node: *node,
            n_rows: 0,
            weight: 0.0,
            sum: 0.0,
            sum_of_squares: 0.0,
            curvature: 0.0,
            best: None,
        };
        let mut level: Vec<Open> = nodes.iter().map(empty).collect();
        for (gradient, place) in self.gradients.iter().zip(place) {
            let Some(open) = place.map(|index| &mut level[index]) else { continue };
            open.n_rows += 1;
            let weighted = gradient.weight * gradient.residual;
            open.weight += gradient.weight;
            open.sum += weighted;
            open.sum_of_squares += weighted * gradient.residual;
            open.curvature += gradient.weight * gradient.curvature;
        }
        level
    }

    /// One Newton step on the log loss of the node's rows, times the learning rate.
    fn leaf(&self, open: &Open) -> f64 {
        if open.curvature.abs() < MIN_CURVATURE {
            return 0.0;
        }
        self.spec.learning_rate * (open.sum / open.curvature)
    }
}
