//! Fits all trees, each with its own rows and its own stream of random numbers.

use std::collections::BTreeSet;

use ndarray::Array2;
use nomogram::{Aggregate, Comparison, Forest, Link, Member, Precision, Tree};
use rayon::prelude::*;

use super::grower::{Columns, Grower};
use super::out_of_bag::row_probabilities;
use super::spec::RandomForestSpec;
use crate::count::position;
use crate::error::Error;
use crate::invalid::{Checked, Invalid};
use crate::learners::fit_member::FitMember;
use crate::learners::training_rows::TrainingRows;
use nomogram_stats::random::Random;

#[cfg(test)]
mod tests;

/// Stream of random numbers of this file.
const TREES: u64 = 7;

impl Checked<RandomForestSpec> {
    /// Fits a forest; missing values go with the side that they fit better.
    ///
    /// Trees are fitted on the threads of the current rayon pool; their number changes no bit.
    ///
    /// # Errors
    ///
    /// `Data` when the rows are not as [`TrainingRows`] promises, or the forest does not fit a bundle.
    pub fn fit(&self, rows: TrainingRows<'_>, seed: u64) -> Result<Forest, Error> {
        grow(self, rows, seed).map(|(forest, _)| forest)
    }

    /// `fit`, and each row's probabilities by the trees that it was not drawn for.
    ///
    /// Shape `(n_rows, n_classes)`; NaN for a row that was drawn for every tree. A row counts as drawn
    /// when any row of its group was.
    ///
    /// # Errors
    ///
    /// As `fit`, and `Configuration` without `bootstrap`.
    pub fn fit_out_of_bag(
        &self,
        rows: TrainingRows<'_>,
        seed: u64,
    ) -> Result<(Forest, Array2<f64>), Error> {
        if !self.bootstrap {
            let invalid = Invalid::new(false, "true for out-of-bag probabilities");
            return Err(invalid.at("bootstrap").into());
        }
        let (forest, mut drawn) = grow(self, rows, seed)?;
        if let Some(groups) = rows.groups {
            drawn.iter_mut().for_each(|drawn| draw_whole_groups(drawn, groups));
        }
        let by_row: Vec<Vec<f64>> = (0..rows.n_rows())
            .into_par_iter()
            .map(|row| row_probabilities(&forest, &drawn, rows, row))
            .collect();
        let mut all = Array2::zeros((rows.n_rows(), rows.n_classes));
        all.iter_mut().zip(by_row.into_iter().flatten()).for_each(|(slot, share)| *slot = share);
        Ok((forest, all))
    }
}

impl FitMember for Checked<RandomForestSpec> {
    fn fit_member(&self, rows: TrainingRows<'_>, seed: u64) -> Result<Member, Error> {
        self.fit(rows, seed).map(Member::Forest)
    }
}

/// The forest, and for each tree which rows were drawn for it.
fn grow(
    spec: &Checked<RandomForestSpec>,
    rows: TrainingRows<'_>,
    seed: u64,
) -> Result<(Forest, Vec<Vec<bool>>), Error> {
    rows.check()?;
    position(rows.n_rows())?;
    let columns = Columns::new(rows.values);
    let mut seeds = Random::new(seed, TREES);
    let seeds: Vec<u64> = (0..spec.n_trees).map(|_| seeds.below(u64::MAX)).collect();
    let n_tried = spec.max_features.n_tried(rows.n_inputs());
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

/// Counts each row as drawn when any row of its group was.
fn draw_whole_groups(drawn: &mut [bool], groups: &[usize]) {
    let with_drawn: BTreeSet<usize> =
        drawn.iter().zip(groups).filter(|(drawn, _)| **drawn).map(|(_, group)| *group).collect();
    for (drawn, group) in drawn.iter_mut().zip(groups) {
        *drawn = with_drawn.contains(group);
    }
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
