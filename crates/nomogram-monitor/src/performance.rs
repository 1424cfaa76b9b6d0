//! The performance that is expected if the probabilities are right, before outcomes are known.

use serde::Serialize;

/// Expected performance of the predicted probabilities of a period (confidence-based performance
/// estimation). It assumes calibration: it cannot show that the model became wrong.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ExpectedPerformance {
    /// The share of events: the mean probability.
    pub event_rate: f64,
    /// The Brier score, `Σ p (1 − p) / n`, with all rows of a bin at its mean.
    pub brier_score: f64,
    /// The area under the ROC curve, with ties within a bin: a lower bound of the true one. `None`
    /// when no event, or nothing else, is expected.
    pub auc: Option<f64>,
}

/// The expected performance of rows in bins of ascending probability: rows and mean per bin. `None`
/// without rows.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "counts of patients")]
pub fn expected(bins: &[(u64, f64)]) -> Option<ExpectedPerformance> {
    let n_rows: f64 = bins.iter().map(|(n, _)| *n as f64).sum();
    if n_rows == 0.0 {
        return None;
    }
    let (mut events, mut others, mut ordered, mut brier) = (0.0, 0.0, 0.0, 0.0);
    for (n, p) in bins {
        let (of_event, of_other) = (*n as f64 * p, *n as f64 * (1.0 - p));
        ordered += of_event * (others + of_other / 2.0);
        brier += of_event * (1.0 - p);
        events += of_event;
        others += of_other;
    }
    let pairs = events * others;
    Some(ExpectedPerformance {
        event_rate: events / n_rows,
        brier_score: brier / n_rows,
        auc: (pairs > 0.0).then(|| ordered / pairs),
    })
}
