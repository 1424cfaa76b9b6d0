//! Classification at one cutoff, with intervals.
//!
//! A row is predicted positive when its probability is **at least** the cutoff, so that a cutoff
//! taken from the data keeps the row it was taken from. The cutoff 0.5 differs from the predicted class
//! ([`Metrics`](crate::metrics::Metrics)) where a probability is exactly 0.5.

use nomogram::numeric::sqrt;
use serde::Serialize;

use crate::confusion::{ConfusionMatrix, check_cutoff, is_positive};
use crate::distributions::beta_quantile;
use crate::effective::Share;
use crate::error::Error;
use crate::interval::{Confidence, Interval};
use crate::rows::Rows;

/// Statistics of predictions at one cutoff.
///
/// A ratio whose denominator is 0 is undefined: `None`, not 0.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Classification {
    /// Rows with at least this probability are predicted positive.
    pub cutoff: f64,
    /// Rows by class and prediction.
    pub confusion: ConfusionMatrix,
    /// The share of positive rows that were predicted positive.
    pub sensitivity: Option<Proportion>,
    /// The share of negative rows that were predicted negative.
    pub specificity: Option<Proportion>,
    /// The share of positive predictions that came true.
    pub ppv: Option<Proportion>,
    /// The share of negative predictions that came true.
    pub npv: Option<Proportion>,
    /// The share of rows whose outcome was predicted.
    pub accuracy: Option<Proportion>,
    /// The mean of sensitivity and specificity.
    pub balanced_accuracy: Option<f64>,
    /// The harmonic mean of sensitivity and PPV.
    pub f1: Option<f64>,
    /// Matthews' correlation of prediction and outcome; `None` when either is the same for all rows
    /// (scikit-learn returns 0).
    pub mcc: Option<f64>,
    /// Sensitivity / (1 − specificity); `None` when no negative row was predicted positive.
    pub positive_likelihood_ratio: Option<f64>,
    /// (1 − sensitivity) / specificity; `None` when no negative row was predicted negative.
    pub negative_likelihood_ratio: Option<f64>,
}

/// A share of rows, with two intervals.
///
/// Of weighted rows it is the share of their weights. The intervals are then those of an effective number
/// of rows: `p (1 − p)` over the linearised variance of `p`, at most `n_rows` (Korn and Graubard
/// 1998); for a share of 0 or 1, `(Σ weight)² / Σ weight²` (Kish 1965).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Proportion {
    /// The number of rows that have the property.
    pub n_with: usize,
    /// The number of all rows.
    pub n_rows: usize,
    /// `n_with / n_rows`; of weighted rows, the share of their weights.
    pub value: f64,
    /// The effective number of rows, where they have weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_effective: Option<f64>,
    /// The exact interval (Clopper and Pearson 1934): never covers less than asked for.
    pub clopper_pearson: Interval,
    /// The score interval (Wilson 1927): covers as asked for on average, and is shorter.
    pub wilson: Interval,
}

impl Classification {
    /// Compares predictions at `cutoff` with outcomes.
    ///
    /// # Errors
    ///
    /// `Data` when the cutoff is NaN.
    pub fn new(rows: Rows<'_>, cutoff: f64, confidence: Confidence) -> Result<Self, Error> {
        check_cutoff(cutoff)?;
        let confusion = ConfusionMatrix::at_cutoff(rows, cutoff)?;
        // Of the rows that are counted: whether they have the property, nothing for the others.
        let proportion = |property: fn(bool, bool) -> Option<bool>| {
            let counted = rows.each().filter_map(|(outcome, probability, weight)| {
                Some((property(outcome, is_positive(probability, cutoff))?, weight))
            });
            Proportion::of(counted, rows.weights().is_some(), confidence)
        };
        // Products of sums, so that 1 − specificity is not rounded: (tp / p) / (fp / n).
        let (all_positive, all_negative) = (confusion.positive(), confusion.negative());
        let likelihood_ratio = |of_positive: f64, of_negative: f64| {
            let denominator = of_negative * all_positive;
            (all_positive > 0.0 && of_negative > 0.0)
                .then(|| (of_positive * all_negative) / denominator)
        };
        let ConfusionMatrix { true_positive, false_positive, true_negative, false_negative } =
            confusion;
        Ok(Self {
            cutoff,
            confusion,
            sensitivity: proportion(|outcome, predicted| outcome.then_some(predicted)),
            specificity: proportion(|outcome, predicted| (!outcome).then_some(!predicted)),
            ppv: proportion(|outcome, predicted| predicted.then_some(outcome)),
            npv: proportion(|outcome, predicted| (!predicted).then_some(!outcome)),
            accuracy: proportion(|outcome, predicted| Some(outcome == predicted)),
            balanced_accuracy: confusion
                .sensitivity()
                .zip(confusion.specificity())
                .map(|(sensitivity, specificity)| (sensitivity + specificity) / 2.0),
            f1: confusion.f1(),
            mcc: mcc(confusion),
            positive_likelihood_ratio: likelihood_ratio(true_positive, false_positive),
            negative_likelihood_ratio: likelihood_ratio(false_negative, true_negative),
        })
    }
}

impl Proportion {
    /// The share of `n_with` in `n_rows`.
    ///
    /// Clopper–Pearson: beta quantiles, with the ends 0 at no row and 1 at all rows. Wilson: the
    /// score test inverted, without continuity correction.
    ///
    /// # Errors
    ///
    /// `Data` when there is no row, or fewer rows than rows with the property.
    pub fn new(n_with: usize, n_rows: usize, confidence: Confidence) -> Result<Self, Error> {
        let rows = (0..n_rows).map(|row| (row < n_with, 1.0));
        let proportion = if n_with > n_rows { None } else { Self::of(rows, false, confidence) };
        proportion.ok_or_else(|| {
            Error::Data(format!(
                "{n_with} of {n_rows} rows, expected at least 1 row and no more than all of them"
            ))
        })
    }

    /// The share of rows that have a property, from pairs of property and weight; `None` without rows.
    pub(crate) fn of(
        rows: impl Iterator<Item = (bool, f64)>,
        has_weights: bool,
        confidence: Confidence,
    ) -> Option<Self> {
        let share = Share::of(rows);
        if share.n_rows == 0 {
            return None;
        }
        // Without weights, rows count as they are: nothing is rounded.
        let n_effective = has_weights.then(|| share.n_effective());
        let scale = n_effective.map_or(1.0, |n| n / (share.with + share.without));
        let (with, without) = (share.with * scale, share.without * scale);
        Some(Self {
            n_with: share.n_with,
            n_rows: share.n_rows,
            value: share.value(),
            n_effective,
            clopper_pearson: clopper_pearson(with, without, confidence),
            wilson: wilson(with, without, share.value(), confidence),
        })
    }
}

fn mcc(confusion: ConfusionMatrix) -> Option<f64> {
    let [tp, fp, tn, fn_] = confusion.numbers();
    let margins = [tp + fp, tp + fn_, tn + fp, tn + fn_];
    let is_defined = margins.iter().all(|margin| *margin > 0.0);
    is_defined.then(|| (tp * tn - fp * fn_) / margins.map(sqrt).iter().product::<f64>())
}

fn clopper_pearson(with: f64, without: f64, confidence: Confidence) -> Interval {
    let tail = confidence.tail();
    let lower = if with > 0.0 { beta_quantile(tail, with, without + 1.0) } else { 0.0 };
    // By the smaller tail of the mirrored distribution.
    let upper = if without > 0.0 { 1.0 - beta_quantile(tail, without, with + 1.0) } else { 1.0 };
    Interval { lower, upper }
}

fn wilson(with: f64, without: f64, p: f64, confidence: Confidence) -> Interval {
    let (n, z) = (with + without, confidence.z());
    let denominator = 1.0 + z * z / n;
    let centre = (p + z * z / (2.0 * n)) / denominator;
    let half = z * sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n)) / denominator;
    Interval {
        lower: if with > 0.0 { centre - half } else { 0.0 },
        upper: if without > 0.0 { centre + half } else { 1.0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIDENCE: Confidence = Confidence::PERCENT_95;

    #[test]
    fn rows_of_one_class_leave_ratios_of_the_other_undefined() {
        let rows = Rows::new(&[false, false], &[0.1, 0.2]).unwrap();
        let at_half = Classification::new(rows, 0.5, CONFIDENCE).unwrap();
        assert_eq!(at_half.specificity.unwrap().value, 1.0);
        assert_eq!(at_half.accuracy.unwrap().value, 1.0);
        assert!(at_half.sensitivity.is_none() && at_half.ppv.is_none());
        assert_eq!((at_half.balanced_accuracy, at_half.f1, at_half.mcc), (None, None, None));
        assert_eq!(at_half.positive_likelihood_ratio, None);
        assert_eq!(at_half.negative_likelihood_ratio, None);
    }

    #[test]
    fn intervals_of_none_and_all_end_at_0_and_1() {
        let none = Proportion::new(0, 10, CONFIDENCE).unwrap();
        assert_eq!((none.clopper_pearson.lower, none.wilson.lower), (0.0, 0.0));
        // The rule of three, exactly: 1 − 0.025^(1/10).
        assert!((none.clopper_pearson.upper - 0.308_497_107_818_760_8).abs() < 1e-12);
        let all = Proportion::new(1, 1, CONFIDENCE).unwrap();
        assert_eq!((all.clopper_pearson.upper, all.wilson.upper), (1.0, 1.0));
        assert!((all.clopper_pearson.lower - 0.025).abs() < 1e-15);
        assert!(Proportion::new(0, 0, CONFIDENCE).is_err());
        assert!(Proportion::new(2, 1, CONFIDENCE).is_err());
    }

    #[test]
    fn a_cutoff_that_is_not_a_number_is_refused() {
        let rows = Rows::new(&[true], &[0.5]).unwrap();
        assert!(Classification::new(rows, f64::NAN, CONFIDENCE).is_err());
    }
}
