//! The Brier score and its decomposition.

use serde::Serialize;

use super::bins::{Binning, bin_rows};
use crate::error::Error;
use crate::loss::squared_error;
use crate::rows::{Rows, indicator};

/// The Brier score, and its skill over the prevalence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BrierScore {
    /// The mean squared difference between probability and outcome (Brier 1950).
    pub score: f64,
    /// The score of predicting the prevalence for every row.
    pub of_prevalence: f64,
    /// `1 − score / of_prevalence`; `None` when all rows are of one class.
    pub skill: Option<f64>,
}

/// `score = reliability − resolution + uncertainty + within_bin_variance − within_bin_covariance`.
///
/// The first three are Murphy's (1973). They add up to the score only when all rows of a bin have the
/// same probability; the other two are the remainder (Stephenson, Coelho and Jolliffe 2008).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BrierDecomposition {
    /// The mean squared difference of probability and observed share over bins: 0 is best.
    pub reliability: f64,
    /// The mean squared difference of the observed share and the prevalence over bins: large is good.
    pub resolution: f64,
    /// `prevalence · (1 − prevalence)`: the score of the prevalence.
    pub uncertainty: f64,
    /// The variance of probabilities inside bins.
    pub within_bin_variance: f64,
    /// Twice the covariance of probabilities and outcomes inside bins.
    pub within_bin_covariance: f64,
}

impl BrierScore {
    /// Compares probabilities with outcomes.
    #[must_use]
    pub fn new(rows: Rows<'_>) -> Self {
        let score = squared_error(rows);
        let of_prevalence = uncertainty(rows);
        let skill = (of_prevalence > 0.0).then(|| 1.0 - score / of_prevalence);
        Self { score, of_prevalence, skill }
    }
}

impl BrierDecomposition {
    /// Decomposes the score over bins.
    ///
    /// # Errors
    ///
    /// `Data` when there are 0 bins.
    pub fn new(rows: Rows<'_>, binning: Binning) -> Result<Self, Error> {
        let n = rows.total();
        let prevalence = rows.sums().0 / n;
        let mut sums = Self {
            reliability: 0.0,
            resolution: 0.0,
            uncertainty: uncertainty(rows),
            within_bin_variance: 0.0,
            within_bin_covariance: 0.0,
        };
        for bin in bin_rows(rows, binning)? {
            let (mean_p, mean_y) = bin.means();
            let weight = bin.weight();
            sums.reliability += weight * (mean_p - mean_y) * (mean_p - mean_y) / n;
            sums.resolution += weight * (mean_y - prevalence) * (mean_y - prevalence) / n;
            for (outcome, p, weight) in &bin.rows {
                let y = indicator(*outcome);
                sums.within_bin_variance += weight * ((p - mean_p) * (p - mean_p)) / n;
                sums.within_bin_covariance += weight * (2.0 * (p - mean_p) * (y - mean_y)) / n;
            }
        }
        Ok(sums)
    }
}

fn uncertainty(rows: Rows<'_>) -> f64 {
    let (positive, negative) = rows.sums();
    let total = rows.total();
    positive / total * (negative / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terms_of_the_decomposition_add_up_to_the_score() {
        let outcomes = [true, false, true, true, false, false, false];
        let probabilities = [0.9, 0.1, 0.35, 1.0, 0.0, 0.35, 0.62];
        let weights = [1.0, 5.0, 0.25, 2.0, 1.5, 3.0, 0.1];
        for weights in [None, Some(&weights[..])] {
            let rows = Rows::new(&outcomes, &probabilities).unwrap().weighted(weights).unwrap();
            let score = BrierScore::new(rows).score;
            for binning in [Binning::EqualWidth(3), Binning::EqualCount(2), Binning::EqualWidth(1)]
            {
                let d = BrierDecomposition::new(rows, binning).unwrap();
                let sum = d.reliability - d.resolution + d.uncertainty + d.within_bin_variance
                    - d.within_bin_covariance;
                assert!((sum - score).abs() < 1e-15, "{binning:?}: {sum}, {score}");
            }
        }
    }

    #[test]
    fn rows_of_one_class_have_no_skill() {
        let of = |outcomes: &[bool], probabilities: &[f64]| {
            BrierScore::new(Rows::new(outcomes, probabilities).unwrap())
        };
        let brier = of(&[true, true], &[1.0, 0.5]);
        assert_eq!((brier.score, brier.of_prevalence, brier.skill), (0.125, 0.0, None));
        assert_eq!(of(&[true, false], &[1.0, 0.0]).skill, Some(1.0));
    }
}
