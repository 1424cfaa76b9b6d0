//! Two versions on the same rows.

use nomogram_stats::Confidence;
use nomogram_stats::comparison::{DelongTest, McnemarTest, Paired};
use serde::Serialize;

/// The cutoff at which predicted classes are compared.
const CUTOFF: f64 = 0.5;
/// The most outcomes that are kept.
const MAX_OUTCOMES: usize = 100_000;

/// What is counted of two versions on the same rows.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// The name of the model.
    pub(super) model: String,
    n_rows: u64,
    n_agree: u64,
    sum_of_differences: f64,
    /// Of rows whose outcome is known, up to the planned number: outcomes and both probabilities.
    outcomes: Vec<bool>,
    first: Vec<f64>,
    second: Vec<f64>,
}

/// How two versions compare.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The digest of the model that answered.
    pub digest: String,
    /// The digest of its shadow.
    pub shadow: String,
    /// Rows that both predicted.
    pub n_rows: u64,
    /// Rows of which both predicted the same class.
    pub n_agree: u64,
    /// The mean absolute difference of their probabilities; `None` without rows.
    pub mean_difference: Option<f64>,
    /// Rows whose outcome is known.
    pub n_outcomes: usize,
    /// The number of outcomes at which p-values appear.
    pub n_planned: usize,
    /// Tests on the planned number of outcomes, the first ones; `None` before, since a p-value that is
    /// looked at often is no p-value.
    pub tests: Option<Tests>,
}

/// Tests of two versions on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tests {
    /// Of the areas under the ROC curve; `None` without two rows of each class.
    pub delong: Option<DelongTest>,
    /// Of the classes at a probability of 0.5.
    pub mcnemar: McnemarTest,
}

impl Pairs {
    pub(super) fn add(&mut self, (first, second): (f64, f64), agrees: bool) {
        self.n_rows += 1;
        self.n_agree += u64::from(agrees);
        self.sum_of_differences += (first - second).abs();
    }

    pub(super) fn add_outcome(&mut self, (first, second): (f64, f64), came_true: bool) {
        // The planned number is far smaller.
        if self.outcomes.len() >= MAX_OUTCOMES {
            return;
        }
        self.outcomes.push(came_true);
        self.first.push(first);
        self.second.push(second);
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of patients")]
    pub(super) fn compare(&self, digest: &str, shadow: &str, n_planned: usize) -> Comparison {
        let mean = self.sum_of_differences / self.n_rows as f64;
        Comparison {
            digest: digest.to_owned(),
            shadow: shadow.to_owned(),
            n_rows: self.n_rows,
            n_agree: self.n_agree,
            mean_difference: (self.n_rows > 0).then_some(mean),
            n_outcomes: self.outcomes.len(),
            n_planned,
            tests: self.tests(n_planned),
        }
    }

    /// The tests of the first `n_planned` outcomes.
    fn tests(&self, n_planned: usize) -> Option<Tests> {
        let (outcomes, first, second) = (
            self.outcomes.get(..n_planned)?,
            self.first.get(..n_planned)?,
            self.second.get(..n_planned)?,
        );
        let paired = Paired::new(outcomes, first, second).ok()?;
        Some(Tests {
            delong: paired.delong(Confidence::PERCENT_95).ok(),
            mcnemar: paired.mcnemar(CUTOFF, CUTOFF).ok()?,
        })
    }
}
