//! How good predictions are, as numbers.

use ndarray::{Array2, ArrayView1};
use serde::Serialize;
use smartcore::metrics::Metrics as _;
use smartcore::metrics::auc::AUC;

use nomogram::numeric;

use crate::discrimination::macro_auc;

/// Probabilities are kept this far from 0 and 1 when their logarithm is taken, as in scikit-learn.
const LOG_LOSS_CLIP: f64 = f64::EPSILON;

/// How good probabilities are against what came true.
///
/// A ratio whose denominator is 0 is undefined: nothing, not 0. Of more than two classes, there is
/// nothing that speaks of positive and negative rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metrics {
    /// The number of rows.
    pub n_rows: usize,
    /// Of two classes, rows by class and prediction.
    pub confusion: Option<ConfusionMatrix>,
    /// Of more classes, the rows of each class by the class that was predicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<Vec<Vec<usize>>>,
    /// The share of rows whose class was predicted.
    pub accuracy: f64,
    /// The share of positive rows that were predicted positive.
    pub sensitivity: Option<f64>,
    /// The share of negative rows that were predicted negative.
    pub specificity: Option<f64>,
    /// The share of positive predictions that came true.
    pub ppv: Option<f64>,
    /// The share of negative predictions that came true.
    pub npv: Option<f64>,
    /// The harmonic mean of sensitivity and PPV.
    pub f1: Option<f64>,
    /// The area under the ROC curve; ties count one half (Hanley and McNeil 1982). Of more than two
    /// classes the mean over them, each against all others.
    pub auc: Option<f64>,
    /// The mean squared difference between probability and outcome; of more than two classes, its sum
    /// over them (Brier 1950).
    pub brier: f64,
    /// The mean negative logarithm of the probability of what came true.
    pub log_loss: f64,
}

/// Rows by class and prediction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ConfusionMatrix {
    /// Positive rows that were predicted positive.
    pub true_positive: usize,
    /// Negative rows that were predicted positive.
    pub false_positive: usize,
    /// Negative rows that were predicted negative.
    pub true_negative: usize,
    /// Positive rows that were predicted negative.
    pub false_negative: usize,
}

impl Metrics {
    /// Compares probabilities of shape `(n_rows, n_classes)` with `classes`, row by row.
    ///
    /// A row is predicted to be of the most probable class; of equal ones, the first. There is one
    /// class per row, below the number of columns, and at least one row; probabilities are not NaN.
    #[must_use]
    #[allow(clippy::indexing_slicing, reason = "classes are below the number of columns")]
    pub fn of(classes: &[usize], probabilities: &Array2<f64>) -> Self {
        let n_classes = probabilities.ncols();
        if n_classes == 2 {
            return Self::new(classes, &probabilities.column(1).to_vec());
        }
        let mut counts = vec![vec![0; n_classes]; n_classes];
        let (mut brier, mut n_right) = (0.0, 0);
        for (row, class) in probabilities.rows().into_iter().zip(classes) {
            let predicted = most_probable(row);
            counts[*class][predicted] += 1;
            n_right += usize::from(predicted == *class);
            for (own, probability) in row.iter().enumerate() {
                let missed = if own == *class { 1.0 - probability } else { *probability };
                brier += missed * missed;
            }
        }
        let n_rows = classes.len();
        Self {
            n_rows,
            confusion: None,
            counts: Some(counts),
            accuracy: number(n_right) / number(n_rows),
            sensitivity: None,
            specificity: None,
            ppv: None,
            npv: None,
            f1: None,
            auc: macro_auc(classes, probabilities.view()).ok().map(|auc| auc.mean),
            brier: brier / number(n_rows),
            log_loss: log_loss(probabilities, classes),
        }
    }

    /// Compares probabilities of class 1 with `classes`, row by row.
    ///
    /// A row is predicted positive when its probability is above 0.5: the class with the larger
    /// probability, and class 0 when both are equal, as the core decides. Both slices have one entry
    /// per row, and at least one; probabilities are not NaN.
    #[must_use]
    pub fn new(classes: &[usize], probabilities: &[f64]) -> Self {
        let n_rows = classes.len();
        let mut confusion = ConfusionMatrix::default();
        let (mut brier, mut log_loss) = (0.0, 0.0);
        for (class, probability) in classes.iter().zip(probabilities) {
            let (is_positive, target) = if *class == 1 { (true, 1.0) } else { (false, 0.0) };
            *match (is_positive, *probability > 0.5) {
                (true, true) => &mut confusion.true_positive,
                (false, true) => &mut confusion.false_positive,
                (false, false) => &mut confusion.true_negative,
                (true, false) => &mut confusion.false_negative,
            } += 1;
            brier += (probability - target) * (probability - target);
            let of_truth = if is_positive { *probability } else { 1.0 - probability };
            log_loss -= numeric::ln(of_truth.clamp(LOG_LOSS_CLIP, 1.0 - LOG_LOSS_CLIP));
        }
        let ConfusionMatrix { true_positive, false_positive, true_negative, false_negative } =
            confusion;
        let n_positive = true_positive + false_negative;
        let n_negative = true_negative + false_positive;
        Self {
            n_rows,
            confusion: Some(confusion),
            counts: None,
            accuracy: number(true_positive + true_negative) / number(n_rows),
            sensitivity: ratio(true_positive, n_positive),
            specificity: ratio(true_negative, n_negative),
            ppv: ratio(true_positive, true_positive + false_positive),
            npv: ratio(true_negative, true_negative + false_negative),
            f1: ratio(2 * true_positive, 2 * true_positive + false_positive + false_negative),
            auc: (n_positive > 0 && n_negative > 0).then(|| auc(classes, probabilities)),
            brier: brier / number(n_rows),
            log_loss: log_loss / number(n_rows),
        }
    }
}

/// The mean negative logarithm of the probability of what came true; `probabilities` has shape
/// `(n_rows, n_classes)` and `classes` one class per row.
pub fn log_loss(probabilities: &Array2<f64>, classes: &[usize]) -> f64 {
    let of_truth = probabilities.rows().into_iter().zip(classes).map(|(row, class)| {
        let of_truth = row.get(*class).copied().unwrap_or(f64::NAN);
        numeric::ln(of_truth.clamp(LOG_LOSS_CLIP, 1.0 - LOG_LOSS_CLIP))
    });
    -of_truth.fold(0.0, |sum, term| sum + term) / number(classes.len())
}

/// The column of the largest probability; of equal ones, the first.
pub fn most_probable(probabilities: ArrayView1<'_, f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (class, probability) in probabilities.iter().enumerate() {
        if *probability > best.1 {
            best = (class, *probability);
        }
    }
    best.0
}

/// By smartcore: the rank statistic with mean ranks for ties.
fn auc(classes: &[usize], probabilities: &[f64]) -> f64 {
    let classes: Vec<f64> =
        classes.iter().map(|class| if *class == 1 { 1.0 } else { 0.0 }).collect();
    AUC::new().get_score(&classes, &probabilities.to_vec())
}

fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| number(part) / number(whole))
}

#[allow(clippy::cast_precision_loss, reason = "a table has far fewer than 2^53 rows")]
fn number(count: usize) -> f64 {
    count as f64
}
