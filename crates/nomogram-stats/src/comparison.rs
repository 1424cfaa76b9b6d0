//! Two models on the same rows.

use nomogram::numeric::sqrt;
use serde::Serialize;

use crate::bootstrap::{BootstrapDistribution, BootstrapSpec, bootstrap};
use crate::confusion::{check_cutoff, is_positive};
use crate::count::number;
use crate::discrimination::{Components, auc};
use crate::distributions::{beta_cdf, chi_square_tail, two_sided_normal};
use crate::error::Error;
use crate::interval::{Confidence, Interval};
use crate::rows::Rows;

/// Outcomes and the probabilities of two models for the same rows. Holding one is the proof that there
/// is one probability of each model per row.
#[derive(Clone, Copy, Debug)]
pub struct Paired<'a> {
    first: Rows<'a>,
    second: Rows<'a>,
}

/// `DeLong`'s test of two areas under the ROC curve.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DelongTest {
    /// The area of the first model.
    pub first: f64,
    /// The area of the second model.
    pub second: f64,
    /// `first − second`.
    pub difference: f64,
    /// The standard error of the difference, with the covariance of both models.
    pub standard_error: f64,
    /// `difference ± z · standard_error`.
    pub interval: Interval,
    /// `difference / standard_error`; `None` when the standard error is 0, as for a model and itself.
    pub z: Option<f64>,
    /// The two-sided p-value; `None` when `z` is.
    pub p_value: Option<f64>,
}

/// `McNemar`'s test of the numbers of rows that only one of two models classifies correctly. It counts
/// rows: weights do not enter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct McnemarTest {
    /// Rows that only the first model classifies correctly.
    pub n_only_first: usize,
    /// Rows that only the second model classifies correctly.
    pub n_only_second: usize,
    /// The exact binomial two-sided p-value, at most 1.
    pub exact_p_value: f64,
    /// `(|n_only_first − n_only_second| − 1)² / (n_only_first + n_only_second)`, with continuity
    /// correction; `None` when both are 0.
    pub chi_square: Option<f64>,
    /// The p-value of chi-square with one degree of freedom.
    pub chi_square_p_value: Option<f64>,
}

impl<'a> Paired<'a> {
    /// Checks that there is one probability of each model per row.
    ///
    /// # Errors
    ///
    /// `Data` as in [the crate's conventions](crate).
    pub fn new(outcomes: &'a [bool], first: &'a [f64], second: &'a [f64]) -> Result<Self, Error> {
        Ok(Self { first: Rows::new(outcomes, first)?, second: Rows::new(outcomes, second)? })
    }

    /// The same rows with a weight for each; `None`: each counts 1.
    ///
    /// # Errors
    ///
    /// `Data` as in [`Rows::weighted`].
    pub fn weighted(self, weights: Option<&'a [f64]>) -> Result<Self, Error> {
        let Self { first, second } = self;
        Ok(Self { first: first.weighted(weights)?, second: second.weighted(weights)? })
    }

    /// The same rows with the number of the patient of each: the bootstrap then draws patients.
    ///
    /// # Errors
    ///
    /// `Data` as in [`Rows::of_patients`].
    pub fn of_patients(self, patients: Option<&'a [usize]>) -> Result<Self, Error> {
        let Self { first, second } = self;
        Ok(Self { first: first.of_patients(patients)?, second: second.of_patients(patients)? })
    }

    /// `DeLong`'s paired test (DeLong, DeLong and Clarke-Pearson 1988; fast algorithm of Sun and Xu
    /// 2014).
    ///
    /// # Errors
    ///
    /// `Data` when there are not at least two rows of each class.
    pub fn delong(&self, confidence: Confidence) -> Result<DelongTest, Error> {
        let (first, second) = (auc(self.first)?, auc(self.second)?);
        let contrast = Components::new(self.first)?.contrast(&Components::new(self.second)?);
        let variance = contrast
            .covariance(&contrast)
            .ok_or_else(|| Error::Data("a class has 1 row, expected at least 2".into()))?;
        let difference = first - second;
        let standard_error = sqrt(variance);
        let z = (variance > 0.0).then(|| difference / standard_error);
        Ok(DelongTest {
            first,
            second,
            difference,
            standard_error,
            interval: Interval::wald(difference, standard_error, confidence),
            z,
            p_value: z.map(two_sided_normal),
        })
    }

    /// `McNemar`'s test of the classifications of both models, each at a cutoff for it. Unweighted.
    ///
    /// # Errors
    ///
    /// `Data` when a cutoff is NaN.
    pub fn mcnemar(&self, first_cutoff: f64, second_cutoff: f64) -> Result<McnemarTest, Error> {
        check_cutoff(first_cutoff)?;
        check_cutoff(second_cutoff)?;
        let probabilities = self.first.probabilities().iter().zip(self.second.probabilities());
        let rows = self.first.outcomes().iter().zip(probabilities);
        let (mut n_only_first, mut n_only_second) = (0, 0);
        for (outcome, (first, second)) in rows {
            let is_right =
                |probability: f64, cutoff: f64| is_positive(probability, cutoff) == *outcome;
            match (is_right(*first, first_cutoff), is_right(*second, second_cutoff)) {
                (true, false) => n_only_first += 1,
                (false, true) => n_only_second += 1,
                (true, true) | (false, false) => {}
            }
        }
        Ok(McnemarTest::of_counts(n_only_first, n_only_second))
    }

    /// The difference of a metric, first minus second, with both models on the same drawn rows (paired
    /// bootstrap).
    ///
    /// # Errors
    ///
    /// `Data` as in [`bootstrap`](crate::bootstrap::bootstrap()).
    pub fn bootstrap<F>(
        &self,
        spec: &BootstrapSpec,
        metric: F,
    ) -> Result<BootstrapDistribution, Error>
    where
        F: Fn(Rows<'_>) -> Option<f64> + Sync,
    {
        bootstrap(self.first, spec, self.difference(metric))
    }

    /// A statistic of row indices: the difference of a metric, first minus second. For
    /// [`jackknife`](crate::bootstrap::jackknife()).
    pub fn difference<F>(&self, metric: F) -> impl Fn(&[usize]) -> Option<f64> + Sync + use<'a, F>
    where
        F: Fn(Rows<'_>) -> Option<f64> + Sync,
    {
        let Self { first, second } = *self;
        move |rows: &[usize]| {
            if rows.is_empty() {
                return None;
            }
            let of_first = metric(first.select(rows).rows())?;
            Some(of_first - metric(second.select(rows).rows())?)
        }
    }
}

impl McnemarTest {
    /// The test of counts, as statsmodels' `mcnemar`.
    #[must_use]
    pub fn of_counts(n_only_first: usize, n_only_second: usize) -> Self {
        let n = number(n_only_first + n_only_second);
        let fewer = number(n_only_first.min(n_only_second));
        // The binomial distribution up to `fewer` of `n`; below all of `n` when n = 0.
        let up_to = if n > fewer { beta_cdf(0.5, n - fewer, fewer + 1.0) } else { 1.0 };
        let difference = number(n_only_first.abs_diff(n_only_second)) - 1.0;
        let chi_square = (n > 0.0).then(|| difference * difference / n);
        Self {
            n_only_first,
            n_only_second,
            exact_p_value: (2.0 * up_to).min(1.0),
            chi_square,
            chi_square_p_value: chi_square.map(chi_square_tail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTCOMES: [bool; 4] = [true, true, false, false];
    const FIRST: [f64; 4] = [0.9, 0.4, 0.5, 0.1];

    #[test]
    fn a_model_and_itself_do_not_differ() {
        let paired = Paired::new(&OUTCOMES, &FIRST, &FIRST).unwrap();
        let test = paired.delong(Confidence::PERCENT_95).unwrap();
        assert_eq!((test.difference, test.standard_error), (0.0, 0.0));
        assert_eq!((test.z, test.p_value), (None, None));
        let test = paired.mcnemar(0.5, 0.5).unwrap();
        assert_eq!((test.exact_p_value, test.chi_square), (1.0, None));
        let drawn = paired.bootstrap(&BootstrapSpec::new(10, 1), |rows| auc(rows).ok()).unwrap();
        assert_eq!(drawn.percentile(Confidence::PERCENT_95), Interval { lower: 0.0, upper: 0.0 });
    }

    #[test]
    fn one_row_of_a_class_is_not_enough() {
        let paired = Paired::new(&OUTCOMES[1..], &FIRST[1..], &[0.1, 0.2, 0.3]).unwrap();
        assert!(paired.delong(Confidence::PERCENT_95).is_err());
        assert!(Paired::new(&OUTCOMES, &FIRST, &[0.5]).is_err());
    }

    #[test]
    fn one_discordant_row_is_no_evidence() {
        let test = McnemarTest::of_counts(1, 0);
        assert_eq!((test.exact_p_value, test.chi_square), (1.0, Some(0.0)));
        assert_eq!(test.chi_square_p_value, Some(1.0));
        assert!((McnemarTest::of_counts(0, 5).exact_p_value - 0.0625).abs() < 1e-15);
    }
}
