//! Boosting with splits between bins, leaf by leaf.
//!
//! Ke et al. (2017) without sampling by gradient and without bundles of features. All sums that
//! decide a split are whole numbers (see [`sums`]), so threads and order change no bit.

mod bins;
mod grower;
mod levels;
mod loss;
mod partition;
mod splits;
mod sums;
#[cfg(test)]
mod tests;

use nomogram::{Forest, Link, Tree};

use super::{SUBSAMPLE, draw, n_drawn};
use crate::config::{BoostedTreesSpec, EarlyStopping, HistogramSpec};
use crate::count::{number, position};
use crate::error::Error;
use crate::learners::TrainingRows;
use crate::split::{Split, share};
use bins::BinnedRows;
use grower::Grower;
use loss::{Loss, mean_log_loss};
use nomogram_stats::random::Random;
use partition::Partition;
use splits::Search;
use sums::{Scale, Sum};

/// Stream of random numbers of this module.
const COLUMNS: u64 = 6;

/// Fits a forest whose leaves contain the learning rate.
pub(super) fn fit(
    spec: &BoostedTreesSpec,
    histogram: &HistogramSpec,
    rows: TrainingRows<'_>,
    seed: u64,
) -> Result<Forest, Error> {
    check(spec, rows)?;
    let parts = match &spec.early_stopping {
        None => Split { train: (0..rows.n_rows()).collect(), test: Vec::new() },
        Some(rule) => Split::stratified(rows.classes, rule.fraction, seed)?,
    };
    let fitted = spec.early_stopping.as_ref().map(|_| parts.train.as_slice());
    let binned = BinnedRows::new(rows.values, fitted, &spec.categorical, histogram.max_bins)?;
    let loss = Loss::new(rows, &parts.test);
    let n_margins = loss.n_margins();
    let base_margins = loss.base_margins();
    let mut boosting = Boosting {
        spec,
        histogram,
        binned: &binned,
        n_drawn: n_drawn(spec, parts.train.len())?,
        fitted: &parts.train,
        held_out: &parts.test,
        subsample: Random::new(seed, SUBSAMPLE),
        columns: Random::new(seed, COLUMNS),
        margins: base_margins.iter().copied().cycle().take(rows.n_rows() * n_margins).collect(),
        trees: Vec::new(),
    };
    let mut best = Best::default();
    for _ in 0..spec.n_trees {
        boosting.round(&loss)?;
        let Some(rule) = &spec.early_stopping else { continue };
        let held_out_loss = mean_log_loss(rows, &boosting.margins, &parts.test);
        if best.has_waited_long_enough(held_out_loss, boosting.trees.len(), rule) {
            break;
        }
    }
    let mut trees = boosting.trees;
    if spec.early_stopping.is_some() {
        trees.truncate(best.n_trees);
    }
    let link = if n_margins == 1 { Link::Logit } else { Link::Softmax };
    Ok(Forest::new(link, position(rows.n_inputs())?, base_margins, trees)?)
}

/// Refuses what does not fit the rows.
fn check(spec: &BoostedTreesSpec, rows: TrainingRows<'_>) -> Result<(), Error> {
    let n_inputs = rows.n_inputs();
    let refuse = |detail: String| Err(Error::configuration(detail));
    if rows.n_rows() > i32::MAX as usize {
        return Err(Error::Data(format!("boosted trees: {} rows are too many", rows.n_rows())));
    }
    if let Some(name) = spec.increasing.iter().chain(&spec.decreasing).next() {
        return refuse(format!("`{name}`: rows have no names, expected `monotone` by position"));
    }
    if !spec.monotone.is_empty() && spec.monotone.len() != n_inputs {
        let n = spec.monotone.len();
        return refuse(format!("monotone: {n} signs, expected one for each of {n_inputs} inputs"));
    }
    if rows.n_classes != 2 && spec.monotone.iter().any(|sign| *sign != 0) {
        let n_classes = rows.n_classes;
        return refuse(format!("monotone: {n_classes} classes, but it takes 2"));
    }
    if let Some(input) = spec.categorical.iter().find(|input| **input >= n_inputs) {
        return refuse(format!("categorical: input {input}, but there are {n_inputs}"));
    }
    Ok(())
}

/// A model that is being fitted.
struct Boosting<'a> {
    spec: &'a BoostedTreesSpec,
    histogram: &'a HistogramSpec,
    binned: &'a BinnedRows,
    fitted: &'a [usize],
    n_drawn: usize,
    held_out: &'a [usize],
    subsample: Random,
    columns: Random,
    /// The margins of each row, row by row.
    margins: Vec<f64>,
    trees: Vec<Tree>,
}

impl Boosting<'_> {
    /// Adds a tree to each margin.
    fn round(&mut self, loss: &Loss<'_>) -> Result<(), Error> {
        let drawn = draw(&mut self.subsample, self.fitted.len(), self.n_drawn);
        let rows_where = |kept: bool| {
            let rows = self.fitted.iter().zip(&drawn).filter(move |(_, drawn)| **drawn == kept);
            rows.map(|(row, _)| *row)
        };
        let fitted = row_numbers(rows_where(true))?;
        let others = row_numbers(rows_where(false).chain(self.held_out.iter().copied()))?;
        let n_margins = loss.n_margins();
        let probabilities = loss.probabilities(&self.margins);
        for margin in 0..n_margins {
            let used = self.draw_columns();
            let (derivatives, absolute) = loss.derivatives(&probabilities, margin);
            let scale = Scale::new(absolute, derivatives.len());
            let sums: Vec<Sum> = derivatives.into_iter().map(|row| scale.row(row)).collect();
            let min_rows = i64::try_from(self.spec.min_rows_per_leaf).unwrap_or(i64::MAX);
            let (spec, histogram) = (self.spec, self.histogram);
            let search = Search { spec, histogram, scale, min_rows };
            let grower = Grower { search, rows: self.binned, used: &used, sums: &sums };
            let margins = &mut self.margins;
            let add_to = |rows: &[u32], value: f64| {
                for row in rows {
                    if let Some(own) = margins.get_mut(*row as usize * n_margins + margin) {
                        *own += value;
                    }
                }
            };
            let (fitted, others) = (Partition::new(fitted.clone()), Partition::new(others.clone()));
            let mut tree = grower.grow(fitted, others, add_to)?;
            tree.margin = Some(position(margin)?);
            self.trees.push(tree);
        }
        Ok(())
    }

    /// Which inputs a tree may split.
    #[allow(clippy::indexing_slicing, reason = "a permutation of the inputs")]
    fn draw_columns(&mut self) -> Vec<bool> {
        let n_inputs = self.binned.inputs.len();
        let n_used = share(n_inputs, self.spec.column_subsample).max(1);
        draw(&mut self.columns, n_inputs, n_used.min(n_inputs))
    }
}

/// The best round so far, judged on held-out rows.
struct Best {
    loss: f64,
    n_trees: usize,
    n_waited: usize,
}

impl Default for Best {
    fn default() -> Self {
        Self { loss: f64::INFINITY, n_trees: 0, n_waited: 0 }
    }
}

impl Best {
    fn has_waited_long_enough(&mut self, loss: f64, n_trees: usize, rule: &EarlyStopping) -> bool {
        if loss < self.loss {
            *self = Self { loss, n_trees, n_waited: 0 };
            return false;
        }
        self.n_waited += 1;
        self.n_waited >= rule.patience
    }
}

fn row_numbers(rows: impl Iterator<Item = usize>) -> Result<Vec<u32>, Error> {
    rows.map(position).collect()
}

/// A number of rows as a number; see [`number`].
fn rows(count: i64) -> f64 {
    number(usize::try_from(count).unwrap_or(0))
}
