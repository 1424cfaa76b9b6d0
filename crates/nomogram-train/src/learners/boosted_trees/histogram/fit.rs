//! Fits round after round.

use nomogram::{Forest, Link, Tree};

use super::best::Search;
use super::bins::BinnedRows;
use super::grower::Grower;
use super::loss::{Loss, mean_log_loss};
use super::partition::Partition;

use super::sums::{Scale, Sum};
use crate::count::position;
use crate::error::Error;
use crate::invalid::Invalid;
use crate::learners::boosted_trees::draw::{SUBSAMPLE, draw, n_drawn};
use crate::learners::boosted_trees::histogram_spec::HistogramSpec;
use crate::learners::boosted_trees::spec::BoostedTreesSpec;
use crate::learners::early_stopping::Best;
use crate::learners::training_rows::TrainingRows;
use crate::split::{Split, share};
use nomogram_stats::random::Random;

#[cfg(test)]
mod tests;

/// Stream of random numbers that draws inputs.
const COLUMNS: u64 = 6;

/// Fits a forest whose leaves contain the learning rate.
pub(in crate::learners::boosted_trees) fn fit(
    spec: &BoostedTreesSpec,
    histogram: &HistogramSpec,
    rows: TrainingRows<'_>,
    seed: u64,
) -> Result<Forest, Error> {
    check(spec, rows)?;
    let split = match &spec.early_stopping {
        None => Split { train: (0..rows.n_rows()).collect(), test: Vec::new() },
        Some(rule) => rule.split(rows, seed)?,
    };
    let fitted = spec.early_stopping.as_ref().map(|_| split.train.as_slice());
    let binned = BinnedRows::new(rows, fitted, &spec.categorical, histogram.max_bins)?;
    let loss = Loss::new(rows, &split.test);
    let n_margins = loss.n_margins();
    let base_margins = loss.base_margins();
    let mut boosting = Boosting {
        spec,
        histogram,
        binned: &binned,
        n_drawn: n_drawn(spec, split.train.len())?,
        fitted: &split.train,
        held_out: &split.test,
        subsample: Random::new(seed, SUBSAMPLE),
        columns: Random::new(seed, COLUMNS),
        margins: base_margins.iter().copied().cycle().take(rows.n_rows() * n_margins).collect(),
        trees: Vec::new(),
    };
    let mut best = Best::new(0);
    for _ in 0..spec.n_trees {
        boosting.round(&loss)?;
        let Some(rule) = &spec.early_stopping else { continue };
        let held_out_loss = mean_log_loss(rows, &boosting.margins, &split.test);
        if best.update(held_out_loss, || boosting.trees.len(), rule) {
            break;
        }
    }
    let mut trees = boosting.trees;
    if spec.early_stopping.is_some() {
        trees.truncate(best.fit);
    }
    let link = if n_margins == 1 { Link::Logit } else { Link::Softmax };
    Ok(Forest::new(link, position(rows.n_inputs())?, base_margins, trees)?)
}

/// Refuses settings that do not fit the rows.
fn check(spec: &BoostedTreesSpec, rows: TrainingRows<'_>) -> Result<(), Error> {
    let n_inputs = rows.n_inputs();
    if i32::try_from(rows.n_rows()).is_err() {
        let (n_rows, most) = (rows.n_rows(), i32::MAX);
        return Err(Error::Data(format!("boosted trees: {n_rows} rows, expected at most {most}")));
    }
    if !spec.monotone.is_empty() && spec.monotone.len() != n_inputs {
        let signs = format!("{} signs", spec.monotone.len());
        return Err(Invalid::new(signs, format!("{n_inputs}, one for each input"))
            .at("monotone")
            .into());
    }
    if rows.n_classes != 2 && spec.monotone.iter().any(|sign| *sign != 0) {
        let classes = format!("{} classes", rows.n_classes);
        return Err(Invalid::new(classes, "2").at("monotone").into());
    }
    let mut categorical = spec.categorical.iter().enumerate();
    if let Some((index, input)) = categorical.find(|(_, input)| **input >= n_inputs) {
        let invalid = Invalid::new(input, format!("a position below {n_inputs}"));
        return Err(invalid.in_item(index, None).at("categorical").into());
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
                    if let Some(sum) = margins.get_mut(*row as usize * n_margins + margin) {
                        *sum += value;
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

    /// The inputs that a tree may split.
    #[allow(clippy::indexing_slicing, reason = "a permutation of the inputs")]
    fn draw_columns(&mut self) -> Vec<bool> {
        let n_inputs = self.binned.inputs.len();
        let n_used = share(n_inputs, self.spec.column_subsample).max(1);
        draw(&mut self.columns, n_inputs, n_used.min(n_inputs))
    }
}

fn row_numbers(rows: impl Iterator<Item = usize>) -> Result<Vec<u32>, Error> {
    rows.map(position).collect()
}
