//! Rows in bins of similar probability.

use serde::Serialize;

use crate::classification::Proportion;
use crate::count::number;
use crate::error::Error;
use crate::interval::Confidence;
use crate::quantile::quantile_at_ratio;
use crate::rows::{Rows, indicator};
use crate::whole;

/// Where the bins end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Binning {
    /// That many bins of equal width from 0 to 1.
    EqualWidth(usize),
    /// That many bins of about equal numbers of rows: ends are quantiles of the probabilities
    /// (linearly interpolated), so that equal probabilities stay together. Weights do not move the
    /// ends: each bin has rows enough for its interval.
    EqualCount(usize),
}

/// Probabilities and outcomes of the rows in each bin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalibrationBins {
    /// The bins with at least one row, from the lowest up.
    pub bins: Vec<CalibrationBin>,
    /// `Σ weight / total weight · |observed − mean_probability|` (Naeini et al. 2015); without
    /// weights, rows count 1 each.
    pub expected_calibration_error: f64,
}

/// The rows in one bin.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalibrationBin {
    /// Where the bin begins; not in it, except for the first bin.
    pub lower: f64,
    /// Where the bin ends; in it.
    pub upper: f64,
    /// The number of rows.
    pub n_rows: usize,
    /// The number of positive rows.
    pub n_events: usize,
    /// The sum of their weights: the number of rows where they have none.
    #[serde(serialize_with = "whole::sum")]
    pub weight: f64,
    /// The mean of their probabilities.
    pub mean_probability: f64,
    /// The share of positive rows.
    pub observed: f64,
}

impl CalibrationBins {
    /// Puts rows in bins, as scikit-learn's `calibration_curve` does.
    ///
    /// # Errors
    ///
    /// `Data` when there are 0 bins.
    pub fn new(rows: Rows<'_>, binning: Binning) -> Result<Self, Error> {
        let bins: Vec<CalibrationBin> =
            bin_rows(rows, binning)?.iter().map(BinRows::summary).collect();
        let total = rows.total();
        let error =
            |bin: &CalibrationBin| bin.weight / total * (bin.observed - bin.mean_probability).abs();
        Ok(Self { expected_calibration_error: bins.iter().map(error).sum(), bins })
    }
}

/// The rows of one bin, at least one.
pub(crate) struct BinRows {
    lower: f64,
    upper: f64,
    /// Outcome, probability and weight.
    pub(super) rows: Vec<(bool, f64, f64)>,
}

impl BinRows {
    /// The sum of the weights.
    pub(super) fn weight(&self) -> f64 {
        self.rows.iter().fold(0.0, |sum, (.., weight)| sum + weight)
    }

    /// The means of probability and outcome.
    pub(crate) fn means(&self) -> (f64, f64) {
        let add = |(p, y): (f64, f64), (outcome, probability, weight): &(bool, f64, f64)| {
            (p + weight * probability, y + weight * indicator(*outcome))
        };
        let (p, y) = self.rows.iter().fold((0.0, 0.0), add);
        (p / self.weight(), y / self.weight())
    }

    /// The share of positive rows with its intervals; a bin has a row.
    pub(crate) fn observed(&self, has_weights: bool, confidence: Confidence) -> Option<Proportion> {
        let outcomes = self.rows.iter().map(|(outcome, _, weight)| (*outcome, *weight));
        Proportion::of(outcomes, has_weights, confidence)
    }

    fn summary(&self) -> CalibrationBin {
        let (mean_probability, observed) = self.means();
        CalibrationBin {
            lower: self.lower,
            upper: self.upper,
            n_rows: self.rows.len(),
            n_events: self.rows.iter().filter(|(outcome, ..)| *outcome).count(),
            weight: self.weight(),
            mean_probability,
            observed,
        }
    }
}

/// The rows by bin; bins without rows are left out.
pub(crate) fn bin_rows(rows: Rows<'_>, binning: Binning) -> Result<Vec<BinRows>, Error> {
    let edges = edges(rows.probabilities(), binning)?;
    let mut bins: Vec<BinRows> = edges
        .iter()
        .zip(edges.iter().skip(1))
        .map(|(lower, upper)| BinRows { lower: *lower, upper: *upper, rows: Vec::new() })
        .collect();
    for row in rows.each() {
        let inner = edges.get(1..edges.len() - 1).unwrap_or_default();
        let bin = inner.partition_point(|edge| *edge < row.1);
        if let Some(bin) = bins.get_mut(bin) {
            bin.rows.push(row);
        }
    }
    bins.retain(|bin| !bin.rows.is_empty());
    Ok(bins)
}

/// One more edge than bins, at least two, not falling.
fn edges(probabilities: &[f64], binning: Binning) -> Result<Vec<f64>, Error> {
    let (Binning::EqualWidth(n_bins) | Binning::EqualCount(n_bins)) = binning;
    if n_bins == 0 {
        return Err(Error::Data("0 bins, expected at least 1".into()));
    }
    if let Binning::EqualWidth(_) = binning {
        return Ok((0..=n_bins).map(|edge| number(edge) / number(n_bins)).collect());
    }
    let mut sorted = probabilities.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Ok((0..=n_bins).filter_map(|edge| quantile_at_ratio(&sorted, edge, n_bins)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_at_an_edge_is_in_the_lower_bin() {
        let rows = Rows::new(&[true, false, true], &[0.0, 0.5, 1.0]).unwrap();
        let binned = CalibrationBins::new(rows, Binning::EqualWidth(2)).unwrap();
        let sizes: Vec<usize> = binned.bins.iter().map(|bin| bin.n_rows).collect();
        assert_eq!(sizes, [2, 1]);
        assert_eq!((binned.bins[0].lower, binned.bins[0].upper), (0.0, 0.5));
        assert_eq!(binned.bins[0].mean_probability, 0.25);
    }

    #[test]
    fn equal_probabilities_share_a_bin() {
        let binning = Binning::EqualCount(10);
        let of = |outcomes: &[bool], probabilities: &[f64]| {
            let rows = Rows::new(outcomes, probabilities).unwrap();
            CalibrationBins::new(rows, binning).unwrap()
        };
        let binned = of(&[true, false, false, true], &[0.5; 4]);
        assert_eq!((binned.bins.len(), binned.bins[0].n_rows), (1, 4));
        assert_eq!(binned.expected_calibration_error, 0.0);
        assert_eq!(of(&[true], &[0.25]).expected_calibration_error, 0.75);
    }

    #[test]
    fn zero_bins_are_refused() {
        let rows = Rows::new(&[true], &[0.5]).unwrap();
        assert!(CalibrationBins::new(rows, Binning::EqualWidth(0)).is_err());
    }
}
