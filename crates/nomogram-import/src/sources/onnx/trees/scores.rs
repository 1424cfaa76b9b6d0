//! How leaves become margins.

use nomogram::{Aggregate, Link, Node as TreeNode, Tree};

use super::super::answer::Prediction;
use super::TreeSource;
use crate::error::Error;
use crate::forests;

/// Leaves with a weight for each of two classes, one the other with its sign changed, as CatBoost writes them:
/// leaves only that of the second, as the one sum. Returns whether all leaves are such.
pub(super) fn keep_one_of_opposites(trees: &mut [TreeSource]) -> bool {
    let of_second = |leaf: &[(usize, f64)]| match leaf {
        [(0, first), (1, second)] | [(1, second), (0, first)] if *first == -second => Some(*second),
        _ => None,
    };
    let is_opposite = |tree: &TreeSource| tree.leaves().all(|leaf| of_second(leaf).is_some());
    if !trees.iter().all(is_opposite) {
        return false;
    }
    for leaf in trees.iter_mut().flat_map(|tree| &mut tree.leaves) {
        if let Some(second) = of_second(leaf) {
            *leaf = vec![(0, second)];
        }
    }
    true
}

/// Whether every row reaches a leaf with a weight of the second class.
pub(super) fn always_reaches_second(trees: &[TreeSource]) -> bool {
    trees.iter().any(|tree| tree.leaves().all(|leaf| leaf.iter().any(|(target, _)| *target == 1)))
}

/// How leaves become the prediction.
pub(super) struct Scores {
    pub(super) link: Link,
    pub(super) n_margins: usize,
    pub(super) aggregate: Aggregate,
    pub(super) bases: Vec<f64>,
    pub(super) prediction: Prediction,
    pub(super) classes: Vec<String>,
    /// Leaves give the probability of the second class only.
    pub(super) is_of_second: bool,
}

impl Scores {
    /// The margin that a tree adds to; none if its leaves have one value for each.
    pub(super) fn margin_of(&self, tree: &TreeSource) -> Result<Option<u32>, Error> {
        if self.link == Link::Probability {
            return Ok(None);
        }
        let mut targets = tree.leaves.iter().flatten().map(|(target, _)| *target);
        let first = targets.next().unwrap_or(0);
        if targets.any(|target| target != first) {
            return Ok(None);
        }
        if first >= self.n_margins {
            let detail = format!("target {}, expected 1 to {}", first + 1, self.n_margins);
            return Err(Error::malformed(detail));
        }
        forests::number(first).map(Some)
    }

    /// The values of a leaf.
    pub(super) fn values(
        &self,
        leaf: &[(usize, f64)],
        margin: Option<u32>,
        n_trees: usize,
    ) -> Result<Vec<f64>, Error> {
        if margin.is_some() {
            return match leaf {
                [] => Ok(vec![0.0]),
                [(_, weight)] => Ok(vec![*weight]),
                _ => Err(Error::malformed("two weights of one target")),
            };
        }
        let mut values = vec![0.0; self.n_margins];
        for (target, weight) in leaf {
            let target = if self.is_of_second { 1 } else { *target };
            let detail = || format!("target {}, expected 1 to {}", target + 1, self.n_margins);
            *values.get_mut(target).ok_or_else(|| Error::malformed(detail()))? += weight;
        }
        if self.link != Link::Probability {
            return Ok(values);
        }
        #[allow(clippy::cast_precision_loss, reason = "trees are few")]
        let n_trees = n_trees as f64;
        values.iter_mut().for_each(|value| *value *= n_trees);
        if self.is_of_second
            && let [first, second] = values.as_mut_slice()
        {
            // A share of 1, divided by the number of trees in single precision, may exceed 1.
            if *second > 1.0 && *second <= 1.0 + 1e-6 {
                *second = 1.0;
            }
            *first = 1.0 - *second;
        }
        let sum: f64 = values.iter().sum();
        if !(sum - 1.0).abs().le(&1e-5) || values.iter().any(|value| *value < 0.0) {
            let detail = format!("leaves that are no probabilities: one sums to {sum}, expected 1");
            return Err(Error::unsupported(detail));
        }
        Ok(values.into_iter().map(|value| value / sum).collect())
    }

    /// Adds trees of one leaf for the base values. Returns what each margin starts from.
    pub(super) fn add_bases(&self, trees: &mut Vec<Tree>) -> Result<Vec<f64>, Error> {
        let zeros = vec![0.0; self.n_margins];
        if self.bases.iter().all(|base| *base == 0.0) {
            return Ok(zeros);
        }
        if self.link == Link::Probability || self.bases.len() != self.n_margins {
            let (found, expected) = (self.bases.len(), self.n_margins);
            let detail = format!("{found} base values of {expected} sums of trees");
            return Err(Error::unsupported(detail));
        }
        if self.aggregate == Aggregate::Mean {
            return Ok(self.bases.clone());
        }
        for (margin, base) in self.bases.iter().enumerate() {
            let nodes = vec![TreeNode::Leaf { leaf: 0 }];
            let margin = Some(forests::number(margin)?);
            trees.push(Tree { margin, nodes, leaves: vec![*base] });
        }
        Ok(zeros)
    }
}
