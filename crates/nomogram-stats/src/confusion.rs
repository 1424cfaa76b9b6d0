//! Rows counted by outcome and prediction, and the ratios of these counts.
//!
//! [`is_positive`] is the only place where a probability is compared with a cutoff.

use serde::Serialize;

use crate::error::Error;
use crate::rows::Rows;
use crate::whole;

/// Whether a row is positive at a cutoff: its probability is at least the cutoff, as in
/// `nomogram::Cutoff::is_reached_by`.
#[must_use]
pub fn is_positive(probability: f64, cutoff: f64) -> bool {
    probability >= cutoff
}

/// Rows by outcome and prediction: the sum of their weights, which is their number where rows have no
/// weights.
///
/// A ratio whose denominator is 0 is undefined: `None`, not 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ConfusionMatrix {
    /// Positive rows that were predicted positive.
    #[serde(serialize_with = "whole::sum")]
    pub true_positive: f64,
    /// Negative rows that were predicted positive.
    #[serde(serialize_with = "whole::sum")]
    pub false_positive: f64,
    /// Negative rows that were predicted negative.
    #[serde(serialize_with = "whole::sum")]
    pub true_negative: f64,
    /// Positive rows that were predicted negative.
    #[serde(serialize_with = "whole::sum")]
    pub false_negative: f64,
}

impl ConfusionMatrix {
    /// Counts rows that are predicted positive when their probability is at least `cutoff`.
    ///
    /// # Errors
    ///
    /// `Data` when the cutoff is NaN.
    pub fn at_cutoff(rows: Rows<'_>, cutoff: f64) -> Result<Self, Error> {
        check_cutoff(cutoff)?;
        let predicted =
            |(outcome, probability, weight)| (outcome, is_positive(probability, cutoff), weight);
        Ok(Self::count(rows.each().map(predicted)))
    }

    /// Counts outcomes, predictions and weights.
    #[must_use]
    pub fn count(rows: impl IntoIterator<Item = (bool, bool, f64)>) -> Self {
        let mut counts = Self::default();
        for (outcome, predicted, weight) in rows {
            *match (outcome, predicted) {
                (true, true) => &mut counts.true_positive,
                (false, true) => &mut counts.false_positive,
                (false, false) => &mut counts.true_negative,
                (true, false) => &mut counts.false_negative,
            } += weight;
        }
        counts
    }

    /// All rows.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.positive() + self.negative()
    }

    /// The positive rows, whatever was predicted.
    #[must_use]
    pub fn positive(&self) -> f64 {
        self.true_positive + self.false_negative
    }

    /// The negative rows, whatever was predicted.
    #[must_use]
    pub fn negative(&self) -> f64 {
        self.true_negative + self.false_positive
    }

    /// The share of rows whose outcome was predicted.
    #[must_use]
    pub fn accuracy(&self) -> Option<f64> {
        ratio(self.true_positive + self.true_negative, self.total())
    }

    /// The share of positive rows that were predicted positive.
    #[must_use]
    pub fn sensitivity(&self) -> Option<f64> {
        ratio(self.true_positive, self.positive())
    }

    /// The share of negative rows that were predicted negative.
    #[must_use]
    pub fn specificity(&self) -> Option<f64> {
        ratio(self.true_negative, self.negative())
    }

    /// The share of negative rows that were predicted positive: 1 − specificity, rounded once.
    #[must_use]
    pub fn false_positive_rate(&self) -> Option<f64> {
        ratio(self.false_positive, self.negative())
    }

    /// The share of positive predictions that came true.
    #[must_use]
    pub fn ppv(&self) -> Option<f64> {
        ratio(self.true_positive, self.true_positive + self.false_positive)
    }

    /// The share of negative predictions that came true.
    #[must_use]
    pub fn npv(&self) -> Option<f64> {
        ratio(self.true_negative, self.true_negative + self.false_negative)
    }

    /// The harmonic mean of sensitivity and PPV.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        let doubled = 2.0 * self.true_positive;
        ratio(doubled, doubled + self.false_positive + self.false_negative)
    }

    /// True positive, false positive, true negative, false negative.
    pub(crate) fn numbers(self) -> [f64; 4] {
        [self.true_positive, self.false_positive, self.true_negative, self.false_negative]
    }
}

/// `numerator / denominator`; `None` when the denominator is 0.
pub(crate) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator > 0.0).then(|| numerator / denominator)
}

/// Refuses a cutoff that no probability can be compared with.
pub(crate) fn check_cutoff(cutoff: f64) -> Result<(), Error> {
    if cutoff.is_nan() {
        return Err(Error::Data("cutoff NaN, expected a number".into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(outcomes: &[bool], probabilities: &[f64], cutoff: f64) -> [f64; 4] {
        let rows = Rows::new(outcomes, probabilities).unwrap();
        ConfusionMatrix::at_cutoff(rows, cutoff).unwrap().numbers()
    }

    #[test]
    fn a_probability_equal_to_the_cutoff_is_positive() {
        assert_eq!(at(&[true, false, true], &[0.5, 0.5, 0.0], 0.5), [1.0, 1.0, 0.0, 1.0]);
        assert_eq!(at(&[true, false], &[0.0, 1.0], 0.0), [1.0, 1.0, 0.0, 0.0]);
        assert_eq!(at(&[true, false], &[0.0, 1.0], 1.0), [0.0, 1.0, 0.0, 1.0]);
    }

    #[test]
    fn a_cutoff_of_the_model_and_of_a_report_agree_at_the_tie() {
        for probability in [0.25_f64.next_down(), 0.25, 0.25_f64.next_up()] {
            let cutoff = nomogram::Cutoff { name: "refer".into(), class: 1, probability: 0.25 };
            let reached = cutoff.is_reached_by(&[1.0 - probability, probability]);
            assert_eq!(is_positive(probability, 0.25), reached, "{probability}");
        }
    }

    #[test]
    fn a_cutoff_that_is_not_a_number_is_refused() {
        let rows = Rows::new(&[true], &[0.5]).unwrap();
        assert!(ConfusionMatrix::at_cutoff(rows, f64::NAN).is_err());
    }
}
