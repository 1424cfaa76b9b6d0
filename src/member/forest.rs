//! Forests: margins as sums or means over decision trees.
//!
//! A tree is stored as a list of nodes in which each child comes after its parent, so that every
//! walk ends. Opening lays the nodes out so that a walk has no branch: see [`FlatForest`].

mod quadrature;
mod tree;

mod octet;
mod order;
mod slots;

mod complete;

mod bits;
mod select;

mod table_splits;

mod intervals;

mod flat;

mod margins;

mod block;
mod shares;

mod paths;

mod path_memory;

mod small;

mod listed;

mod attribution;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub(crate) use attribution::Against;
pub(crate) use flat::{FlatForest, Layouts};
pub(crate) use listed::Tables;
pub(crate) use path_memory::PathMemory;
pub(crate) use paths::ForestPaths;
pub(crate) use shares::LeftShares;
pub use tree::{Node, Side, Tree};

use super::{MemberKind, check_finite, check_width};
use crate::codec::{decode_enum, decode_struct};
use crate::domain::Domain;
use crate::error::{Error, Place, ordinal};
use crate::link::Link;
use crate::memory;

/// `margin = base margin + Σ leaf` (or `+ Σ leaf / n_trees`), over the trees of that margin, from
/// the first to the last.
///
/// # Forests of other libraries
///
/// Each of these gives the library's margins bit for bit (`tests/reference/to_forests.py`):
///
/// - **scikit-learn**: `SingleInputs`, and `Mean` for random forests. Histogram-based boosting:
///   `Double`; a level that it never saw it treats as missing, so make it missing before. A
///   threshold of +∞, which separates missing from present values, becomes `f64::MAX`.
/// - **LightGBM**: `Double`, and `Mean` for `boosting="rf"`. Missing goes right at splits by levels;
///   at those with `missing_type` `None` it counts as 0: left if `0 <= threshold`. Of a model with
///   `zero_as_missing`, make 0 missing before the forest. Its linear trees are a
///   [`LinearForest`](super::LinearForest).
/// - **XGBoost**: `Below` and `Single`. Its sets go to the right and other levels to the left, so
///   exchange the children and the default child. The base margin is the link of
///   `base_score`, in single precision. Multiply leaves of DART by their tree's weight.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forest {
    /// How its margins become probabilities, or a value.
    pub link: Link,
    /// How many values it reads.
    pub n_inputs: u32,
    /// When a split goes to the left.
    pub comparison: Comparison,
    /// Which numbers are rounded to single precision.
    pub precision: Precision,
    /// How the leaves become a margin.
    pub aggregate: Aggregate,
    /// What each margin starts from.
    pub base_margins: Vec<f64>,
    /// The trees, in the order in which they are added.
    pub trees: Vec<Tree>,
}
decode_struct!(Forest { link, n_inputs, comparison, precision, aggregate, base_margins, trees });

/// When a split goes to the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// `value <= threshold`, as scikit-learn and LightGBM do.
    AtMost,
    /// `value < threshold`, as XGBoost does.
    Below,
}
decode_enum!(Comparison { AtMost, Below });

impl Comparison {
    /// The value above which a value goes to the right.
    fn highest_left(self, threshold: f64) -> f64 {
        match self {
            Self::AtMost => threshold,
            Self::Below => threshold.next_down(),
        }
    }
}

/// Which numbers are rounded to single precision, to reproduce those of the source library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precision {
    /// Nothing, as in LightGBM.
    Double,
    /// Values before they are compared, as in scikit-learn.
    SingleInputs,
    /// Values before they are compared, and the sum after each addition, as in XGBoost.
    Single,
}
decode_enum!(Precision { Double, SingleInputs, Single });

impl Precision {
    /// A leaf, or a result on the way to a margin, as this precision has it.
    #[inline(always)]
    fn round(self, result: f64) -> f64 {
        if self == Self::Single { single(result) } else { result }
    }
}

/// How the leaves that a row reaches become a margin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Aggregate {
    /// They are added, as in gradient boosting.
    Sum,
    /// They are added and divided by the number of trees of that margin, as in random forests.
    Mean,
}
decode_enum!(Aggregate { Sum, Mean });

impl Forest {
    /// Gradient-boosted trees: leaves are summed, a value equal to the threshold goes left, nothing
    /// is rounded. Change the fields for forests of another make.
    ///
    /// # Errors
    ///
    /// `InvalidModel` with tree and node, when an index is out of range, a child does not come after
    /// its parent, or a number is not finite.
    pub fn new(
        link: Link,
        n_inputs: u32,
        base_margins: Vec<f64>,
        trees: Vec<Tree>,
    ) -> Result<Self, Error> {
        let forest = Self {
            link,
            n_inputs,
            comparison: Comparison::AtMost,
            precision: Precision::Double,
            aggregate: Aggregate::Sum,
            base_margins,
            trees,
        };
        forest.check_trees(|_| {}).map(|()| forest)
    }

    /// The index of the leaf, among those of the tree, that an encoded row reaches: for comparing decision
    /// paths with another library. Slower than predicting. `None` for a tree, a node or an input that is
    /// not there.
    #[must_use]
    pub fn leaf(&self, tree: usize, encoded: &[f64]) -> Option<usize> {
        let nodes = &self.trees.get(tree)?.nodes;
        let mut index = 0;
        // A child comes after its parent in a forest that was checked; in any other, walks end too.
        for _ in 0..nodes.len() {
            let (input, left, right, default_child) = match nodes.get(index)? {
                Node::Leaf { leaf } => return Some(*leaf as usize),
                Node::Split { input, left, right, default_child, .. }
                | Node::SplitLevels { input, left, right, default_child, .. } => {
                    (*input, *left, *right, *default_child)
                }
            };
            let value = *encoded.get(input as usize)?;
            let value = if self.precision == Precision::Double { value } else { single(value) };
            let goes_left = match nodes.get(index)? {
                _ if value.is_nan() => default_child == Side::Left,
                Node::Split { threshold, .. } => value <= self.comparison.highest_left(*threshold),
                Node::SplitLevels { levels, .. } => {
                    levels.iter().any(|level| f64::from(*level) == value)
                }
                Node::Leaf { .. } => false,
            };
            index = if goes_left { left } else { right } as usize;
        }
        None
    }

    /// Checks everything that does not depend on the inputs. Passes the lowest and the highest leaf of
    /// each margin to `each`, tree by tree.
    fn check_trees(&self, mut each: impl FnMut(LeafRange)) -> Result<(), Error> {
        check_finite(&self.base_margins, "base margin")?;
        for (index, tree) in self.trees.iter().enumerate() {
            let checked = tree
                .check_nodes(self.n_inputs)
                .and_then(|n_leaves| self.check_leaves(tree, n_leaves, &mut each));
            checked.map_err(|e| e.within(Place::Tree(index)))?;
        }
        Ok(())
    }

    /// Checks the leaves of a tree. Passes the lowest and highest one to `each`, for each margin that
    /// the tree adds to.
    fn check_leaves(
        &self,
        tree: &Tree,
        n_leaves: usize,
        each: &mut impl FnMut(LeafRange),
    ) -> Result<(), Error> {
        let n_margins = self.base_margins.len();
        let (first, width) = match tree.margin {
            Some(margin) if (margin as usize) < n_margins => (margin as usize, 1),
            Some(margin) => {
                let detail = format_args!(
                    "adds to margin {}, expected 1 to {n_margins}",
                    ordinal(margin as usize)
                );
                return Err(Error::invalid_model(detail));
            }
            None => (0, n_margins),
        };
        if tree.leaves.is_empty() || n_leaves.checked_mul(width) != Some(tree.leaves.len()) {
            return Err(Error::invalid_model(format_args!(
                "{} leaf values, expected {n_leaves} leaves × {width}",
                tree.leaves.len()
            )));
        }
        check_finite(&tree.leaves, "leaf")?;
        if self.link == Link::Probability {
            self.check_distributions(tree, width)?;
        }
        for nth in 0..width {
            let values = || tree.leaves.iter().copied().skip(nth).step_by(width);
            each(LeafRange {
                margin: first + nth,
                low: values().fold(f64::INFINITY, f64::min),
                high: values().fold(f64::NEG_INFINITY, f64::max),
            });
        }
        Ok(())
    }

    /// Averaged leaves are probabilities only when every leaf is a distribution over the classes.
    fn check_distributions(&self, tree: &Tree, width: usize) -> Result<(), Error> {
        let is_mean = self.aggregate == Aggregate::Mean && tree.margin.is_none();
        if !is_mean || self.base_margins.iter().any(|base| *base != 0.0) {
            let detail = "the probability link needs the mean of leaves with one value per class";
            return Err(Error::invalid_model(detail));
        }
        for (index, leaf) in tree.leaves.chunks_exact(width).enumerate() {
            let sum: f64 = leaf.iter().sum();
            if leaf.iter().any(|probability| *probability < 0.0)
                || !(1.0 - 1e-9..=1.0 + 1e-9).contains(&sum)
            {
                let detail = format_args!(
                    "leaf {} sums to {sum}, expected probabilities that sum to 1",
                    ordinal(index)
                );
                return Err(Error::invalid_model(detail));
            }
        }
        Ok(())
    }

    /// Checks the trees, and returns the sums of the lowest and of the highest leaves, taken as
    /// [`FlatForest::margins`] takes them: rounding never reverses an order, so every margin lies
    /// between the two. `range` returns the range that counts for a tree with that of its leaves.
    pub(super) fn margin_domains(
        &self,
        range: &mut dyn FnMut(LeafRange) -> LeafRange,
    ) -> Result<Vec<Domain>, Error> {
        let round = |sum: f64| self.precision.round(sum);
        let start = |base: &f64| match self.aggregate {
            Aggregate::Sum => Domain::new(round(*base), round(*base)),
            Aggregate::Mean => Domain::new(0.0, 0.0),
        };
        let n_margins = self.base_margins.len();
        let mut sums = memory::collect(self.base_margins.iter().map(|base| Ok(start(base))))?;
        let mut n_trees = memory::filled(0.0_f64, n_margins)?;
        self.check_trees(|leaves| {
            let range = range(leaves);
            let margin = sums.get_mut(range.margin).zip(n_trees.get_mut(range.margin));
            if let Some((sum, n_trees)) = margin {
                sum.low = round(sum.low + round(range.low));
                sum.high = round(sum.high + round(range.high));
                *n_trees += 1.0;
            }
        })?;
        if self.aggregate == Aggregate::Mean {
            for ((sum, n_trees), base) in sums.iter_mut().zip(n_trees).zip(&self.base_margins) {
                let mean = |sum: f64| round(round(*base) + round(sum / n_trees.max(1.0)));
                *sum = Domain::new(mean(sum.low), mean(sum.high));
            }
        }
        Ok(sums)
    }

    /// A split by levels needs their numbers.
    fn check_level_inputs(&self, inputs: &[Domain]) -> Result<(), Error> {
        for (tree, node) in self
            .trees
            .iter()
            .enumerate()
            .flat_map(|(index, tree)| tree.nodes.iter().map(move |node| (index, node)))
        {
            let Node::SplitLevels { input, .. } = node else { continue };
            if !inputs.get(*input as usize).is_some_and(|d| d.is_whole && d.low >= 0.0) {
                let detail =
                    format_args!("input {} is not a level, expected one", ordinal(*input as usize));
                return Err(Error::invalid_model(detail).within(Place::Tree(tree)));
            }
        }
        Ok(())
    }
}

impl MemberKind for Forest {
    fn link(&self) -> Link {
        self.link
    }

    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        check_width(inputs, self.n_inputs as usize)?;
        let domains = self.margin_domains(&mut |range| range)?;
        self.check_level_inputs(inputs)?;
        for domain in &domains {
            domain.check()?;
            if self.precision == Precision::Single {
                // A sum in single precision overflows much earlier.
                domain.check_within(-1e30, 1e30)?;
            }
        }
        Ok(domains)
    }
}

/// The range of what a tree can add to a margin.
pub(super) struct LeafRange {
    pub(super) margin: usize,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Rounded to single precision. A sum or quotient of two such numbers, computed in double precision
/// and then rounded, is the one that single precision gives.
#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
#[inline(always)]
fn single(value: f64) -> f64 {
    f64::from(value as f32)
}

#[cfg(test)]
pub(super) mod properties;
#[cfg(test)]
mod tests;
