//! Random forests: classification trees on drawn rows and inputs, averaged.
//!
//! Breiman (2001), in the form of scikit-learn's `RandomForestClassifier`: each leaf holds the shares
//! of the classes, a forest is the mean of its trees. Each tree has its own stream of random
//! numbers, so threads change no bit.
//!
//! Levels are taken as numbers here; sets of levels are for boosting.

mod classes;
mod grower;
#[cfg(test)]
mod tests;

use ndarray::Array2;
use nomogram::{Aggregate, Comparison, Forest, Link, Node, Precision, Side, Tree};
use rayon::prelude::*;

use super::{TrainingRows, position};
use crate::config::{MaxFeatures, RandomForestSpec};
use crate::error::Error;
use grower::{Columns, Grower};
use nomogram_stats::random::Random;

/// Stream of random numbers of this module.
const TREES: u64 = 7;

/// Fits a forest; missing values go with the side that they fit better.
///
/// Trees are fitted on the threads of rayon's pool at hand; their number changes no bit.
///
/// # Errors
///
/// `Configuration` when the specification makes no sense; `Data` when the forest does not fit a
/// bundle.
pub fn fit_random_forest(
    spec: &RandomForestSpec,
    rows: TrainingRows<'_>,
    seed: u64,
) -> Result<Forest, Error> {
    fit(spec, rows, seed).map(|(forest, _)| forest)
}

/// [`fit_random_forest`], and each row's probabilities by the trees that it was not drawn for.
///
/// Shape `(n_rows, n_classes)`; NaN for a row that was drawn for every tree.
///
/// # Errors
///
/// As [`fit_random_forest`], and `Configuration` without `bootstrap`.
pub fn fit_random_forest_out_of_bag(
    spec: &RandomForestSpec,
    rows: TrainingRows<'_>,
    seed: u64,
) -> Result<(Forest, Array2<f64>), Error> {
    if !spec.bootstrap {
        let detail = "out-of-bag probabilities need `bootstrap: true`";
        return Err(Error::configuration(detail.to_owned()));
    }
    let (forest, drawn) = fit(spec, rows, seed)?;
    let of_rows: Vec<Vec<f64>> = (0..rows.n_rows())
        .into_par_iter()
        .map(|row| out_of_bag(&forest, &drawn, rows, row))
        .collect();
    let mut all = Array2::zeros((rows.n_rows(), rows.n_classes));
    all.iter_mut().zip(of_rows.into_iter().flatten()).for_each(|(slot, share)| *slot = share);
    Ok((forest, all))
}

/// The forest, and for each tree which rows were drawn for it.
fn fit(
    spec: &RandomForestSpec,
    rows: TrainingRows<'_>,
    seed: u64,
) -> Result<(Forest, Vec<Vec<bool>>), Error> {
    spec.check().map_err(Error::configuration)?;
    position(rows.n_rows())?;
    let columns = Columns::new(rows.values);
    let mut seeds = Random::new(seed, TREES);
    let seeds: Vec<u64> = (0..spec.n_trees).map(|_| seeds.below(u64::MAX)).collect();
    let n_tried = n_tried(spec.max_features, rows.n_inputs());
    let fit_one = |seed: &u64| {
        let mut random = Random::new(*seed, TREES);
        let weights = draw(spec, rows, &mut random);
        let drawn = weights.iter().map(|weight| *weight > 0.0).collect();
        let (classes, n_classes) = (rows.classes, rows.n_classes);
        let columns = &columns;
        let grower = Grower { spec, n_tried, columns, classes, n_classes, weights: &weights };
        grower.grow(random).map(|tree| (tree, drawn))
    };
    let grown: Vec<Result<(Tree, Vec<bool>), Error>> = seeds.par_iter().map(fit_one).collect();
    let grown: Vec<(Tree, Vec<bool>)> = grown.into_iter().collect::<Result<_, _>>()?;
    let (trees, drawn) = grown.into_iter().unzip();
    let forest = Forest {
        link: Link::Probability,
        n_inputs: position(rows.n_inputs())?,
        comparison: Comparison::AtMost,
        precision: Precision::Double,
        aggregate: Aggregate::Mean,
        base_margins: vec![0.0; rows.n_classes],
        trees,
    };
    Ok((forest, drawn))
}

/// How much each row counts for a tree: not at all where it was not drawn.
#[allow(clippy::cast_possible_truncation, reason = "an index below a length fits `usize`")]
fn draw(spec: &RandomForestSpec, rows: TrainingRows<'_>, random: &mut Random) -> Vec<f64> {
    let n_rows = rows.n_rows();
    let weight = |row: usize| rows.weights.and_then(|all| all.get(row)).copied().unwrap_or(1.0);
    if !spec.bootstrap {
        return (0..n_rows).map(weight).collect();
    }
    let mut weights = vec![0.0; n_rows];
    for _ in 0..n_rows {
        let row = random.below(n_rows as u64) as usize;
        if let Some(sum) = weights.get_mut(row) {
            *sum += weight(row);
        }
    }
    weights
}

/// How many inputs are tried for a split.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count is a count"
)]
fn n_tried(max_features: MaxFeatures, n_inputs: usize) -> usize {
    let n = match max_features {
        MaxFeatures::Sqrt => n_inputs.isqrt(),
        MaxFeatures::Log2 => n_inputs.checked_ilog2().unwrap_or(0) as usize,
        MaxFeatures::Share(share) => (share * super::number(n_inputs)) as usize,
        MaxFeatures::All => n_inputs,
    };
    n.max(1)
}

/// A row's probabilities by the trees that it was not drawn for, added from the first to the last.
#[allow(clippy::indexing_slicing, reason = "rows of the table, leaves of the tree")]
fn out_of_bag(
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
    // 0 / 0 is NaN: no tree can tell.
    sums.iter().map(|sum| sum / super::number(n_trees)).collect()
}

#[allow(clippy::indexing_slicing, reason = "children are nodes of the tree")]
fn leaf_of(tree: &Tree, value_of: impl Fn(usize) -> f64) -> usize {
    let mut at = 0;
    loop {
        match tree.nodes[at] {
            Node::Split { input, threshold, left, right, default_child } => {
                let value = value_of(input as usize);
                let goes_left =
                    if value.is_nan() { default_child == Side::Left } else { value <= threshold };
                at = if goes_left { left } else { right } as usize;
            }
            Node::Leaf { leaf } => return leaf as usize,
            // `Node` may get more kinds; this learner makes these two.
            _ => return 0,
        }
    }
}
