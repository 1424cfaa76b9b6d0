//! Predicted classes at one cutoff against what came true.
//!
//! A row is predicted positive when its probability is **at least** the cutoff, so that a cutoff
//! taken from the data keeps the row it was taken from. ([`Metrics`](crate::Metrics) asks for more
//! than 0.5, because there the larger of two class probabilities wins.)

use nomogram::numeric::sqrt;
use serde::Serialize;

use super::distributions::beta_quantile;
use super::interval::{Confidence, Interval};
use super::rows::{check, number, ratio};
use crate::error::Error;
use crate::metrics::ConfusionMatrix;

/// How good predicted classes are at one cutoff.
///
/// A ratio whose denominator is 0 is undefined: nothing, not 0.
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
    /// The share of rows whose class was predicted.
    pub accuracy: Option<Proportion>,
    /// The mean of sensitivity and specificity.
    pub balanced_accuracy: Option<f64>,
    /// The harmonic mean of sensitivity and PPV.
    pub f1: Option<f64>,
    /// Matthews' correlation of prediction and outcome; nothing when either is the same for all rows
    /// (scikit-learn says 0).
    pub mcc: Option<f64>,
    /// Sensitivity / (1 − specificity); nothing when no negative row was predicted positive.
    pub positive_likelihood_ratio: Option<f64>,
    /// (1 − sensitivity) / specificity; nothing when no negative row was predicted negative.
    pub negative_likelihood_ratio: Option<f64>,
}

/// A share of rows, with two intervals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Proportion {
    /// Rows that have the property.
    pub n_with: usize,
    /// Rows that were looked at.
    pub n_rows: usize,
    /// `n_with / n_rows`.
    pub value: f64,
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
    /// `Data` when the cutoff is NaN, and as in [the crate's conventions](crate).
    pub fn new(
        outcomes: &[bool],
        probabilities: &[f64],
        cutoff: f64,
        confidence: Confidence,
    ) -> Result<Self, Error> {
        let confusion = confusion_matrix(outcomes, probabilities, cutoff)?;
        Ok(Self::of_counts(confusion, cutoff, confidence))
    }

    fn of_counts(confusion: ConfusionMatrix, cutoff: f64, confidence: Confidence) -> Self {
        let ConfusionMatrix {
            true_positive: tp,
            false_positive: fp,
            true_negative: tn,
            false_negative: fn_,
        } = confusion;
        let proportion = |part, rest| Proportion::new(part, part + rest, confidence).ok();
        let (sensitivity, specificity) = (proportion(tp, fn_), proportion(tn, fp));
        let of_both = |combine: fn(f64, f64) -> f64| {
            Some(combine(sensitivity.as_ref()?.value, specificity.as_ref()?.value))
        };
        // Products of counts, so that 1 − specificity is not rounded: (tp / p) / (fp / n).
        let quotient = |part: usize, other: usize| {
            let (p, n) = (number(tp + fn_), number(tn + fp));
            (tp + fn_ > 0 && other > 0).then(|| (number(part) * n) / (number(other) * p))
        };
        Self {
            cutoff,
            confusion,
            sensitivity,
            specificity,
            ppv: proportion(tp, fp),
            npv: proportion(tn, fn_),
            accuracy: proportion(tp + tn, fp + fn_),
            balanced_accuracy: of_both(|a, b| (a + b) / 2.0),
            f1: ratio(2 * tp, 2 * tp + fp + fn_),
            mcc: mcc(confusion),
            positive_likelihood_ratio: quotient(tp, fp),
            negative_likelihood_ratio: quotient(fn_, tn),
        }
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
        if n_rows == 0 || n_with > n_rows {
            return Err(Error::Data(format!("{n_with} of {n_rows} rows are no share")));
        }
        Ok(Self {
            n_with,
            n_rows,
            value: number(n_with) / number(n_rows),
            clopper_pearson: clopper_pearson(n_with, n_rows, confidence),
            wilson: wilson(n_with, n_rows, confidence),
        })
    }
}

/// Rows by class and prediction, predicted positive at `cutoff` or above.
///
/// # Errors
///
/// `Data` when the cutoff is NaN, and as in [the crate's conventions](crate).
pub fn confusion_matrix(
    outcomes: &[bool],
    probabilities: &[f64],
    cutoff: f64,
) -> Result<ConfusionMatrix, Error> {
    check(outcomes, probabilities)?;
    if cutoff.is_nan() {
        return Err(Error::Data("cutoff NaN, expected a number".into()));
    }
    let mut confusion = ConfusionMatrix::default();
    for (outcome, probability) in outcomes.iter().zip(probabilities) {
        *match (*outcome, *probability >= cutoff) {
            (true, true) => &mut confusion.true_positive,
            (false, true) => &mut confusion.false_positive,
            (false, false) => &mut confusion.true_negative,
            (true, false) => &mut confusion.false_negative,
        } += 1;
    }
    Ok(confusion)
}

fn mcc(confusion: ConfusionMatrix) -> Option<f64> {
    let ConfusionMatrix { true_positive, false_positive, true_negative, false_negative } =
        confusion;
    let [tp, fp, tn, fn_] =
        [true_positive, false_positive, true_negative, false_negative].map(number);
    let margins = [tp + fp, tp + fn_, tn + fp, tn + fn_];
    let is_defined = margins.iter().all(|margin| *margin > 0.0);
    is_defined.then(|| (tp * tn - fp * fn_) / margins.map(sqrt).iter().product::<f64>())
}

fn clopper_pearson(n_with: usize, n_rows: usize, confidence: Confidence) -> Interval {
    let n_without = n_rows - n_with;
    let (with, without) = (number(n_with), number(n_without));
    let tail = confidence.tail();
    let lower = if n_with == 0 { 0.0 } else { beta_quantile(tail, with, without + 1.0) };
    // By the smaller tail of the mirrored distribution.
    let upper = if n_without == 0 { 1.0 } else { 1.0 - beta_quantile(tail, without, with + 1.0) };
    Interval { lower, upper }
}

fn wilson(n_with: usize, n_rows: usize, confidence: Confidence) -> Interval {
    let (n, p, z) = (number(n_rows), number(n_with) / number(n_rows), confidence.z());
    let denominator = 1.0 + z * z / n;
    let centre = (p + z * z / (2.0 * n)) / denominator;
    let half = z * sqrt(p * (1.0 - p) / n + z * z / (4.0 * n * n)) / denominator;
    Interval {
        lower: if n_with == 0 { 0.0 } else { centre - half },
        upper: if n_with == n_rows { 1.0 } else { centre + half },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIDENCE: Confidence = Confidence::PERCENT_95;

    #[test]
    fn a_probability_at_the_cutoff_is_positive() {
        let confusion = confusion_matrix(&[true, false, true], &[0.5, 0.5, 0.0], 0.5).unwrap();
        let expected = ConfusionMatrix {
            true_positive: 1,
            false_positive: 1,
            true_negative: 0,
            false_negative: 1,
        };
        assert_eq!(confusion, expected);
        let all = confusion_matrix(&[true, false], &[0.0, 1.0], 0.0).unwrap();
        assert_eq!((all.true_positive, all.false_positive), (1, 1));
        let one = confusion_matrix(&[true, false], &[0.0, 1.0], 1.0).unwrap();
        assert_eq!((one.false_negative, one.false_positive), (1, 1));
    }

    #[test]
    fn rows_of_one_class_leave_half_of_it_undefined() {
        let found = Classification::new(&[false, false], &[0.1, 0.2], 0.5, CONFIDENCE).unwrap();
        assert_eq!(found.specificity.unwrap().value, 1.0);
        assert_eq!(found.accuracy.unwrap().value, 1.0);
        assert!(found.sensitivity.is_none() && found.ppv.is_none());
        assert_eq!((found.balanced_accuracy, found.f1, found.mcc), (None, None, None));
        assert_eq!(found.positive_likelihood_ratio, None);
        assert_eq!(found.negative_likelihood_ratio, None);
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
    fn a_cutoff_that_is_no_number_is_refused() {
        assert!(Classification::new(&[true], &[0.5], f64::NAN, CONFIDENCE).is_err());
    }
}
