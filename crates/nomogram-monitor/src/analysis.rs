//! All of it for the periods of one model, as reports show it.

mod analyser;

use nomogram::Model;
use serde::Serialize;

pub use self::analyser::{Analyser, Preview};
use crate::Period;
use crate::charts::{Cusum, ObservedExpected};
use crate::error::Error;
use crate::performance::ExpectedPerformance;
use crate::recalibration::Recalibration;

/// What is computed for a model and its periods.
#[derive(Clone, Debug, Serialize)]
pub struct Analysis {
    /// The name and the version of the model.
    pub model: String,
    /// The digest of its bundle.
    pub digest: String,
    /// How many periods the wagers cover.
    pub horizon: usize,
    /// The wager at which an alarm is raised.
    pub alarm_at: f64,
    /// One per period.
    pub periods: Vec<PeriodAnalysis>,
    /// The first period whose drift wager reached the alarm.
    pub drift_alarm: Option<Alarm>,
    /// Every variable that has a value since the start of the last period's window with the most
    /// evidence, in the order of the wager: features, predicted risk or probabilities, predicted class.
    pub changes: Vec<Change>,
    /// The first period whose wager on outcomes reached the alarm, counted from 0.
    pub calibration_alarm: Option<usize>,
    /// The size of the change that raised that alarm.
    pub miscalibration: Option<Miscalibration>,
    /// Mean outcomes until the CUSUM for doubled odds reaches its limit although the risks are right.
    pub cusum_run_length: Option<f64>,
}

/// The first alarm of drift.
#[derive(Clone, Debug, Serialize)]
pub struct Alarm {
    /// The period, counted from 0.
    pub period: usize,
    /// The period in which the change most likely began, counted from 0.
    pub start: usize,
    /// At most five variables with the largest shares of the wager, largest first, with sizes of their
    /// change: those with more than 1 in 100, and those whose share alone reaches the alarm.
    pub variables: Vec<Change>,
}

/// How the outcomes differ from the risks, from the most likely start to the alarm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Miscalibration {
    /// The period in which the change most likely began, counted from 0.
    pub start: usize,
    /// The difference since.
    #[serde(flatten)]
    pub recalibration: Recalibration,
}

/// How one variable changed since the start of a window.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// The name of the feature, or `predicted risk`, `predicted class`.
    pub name: String,
    /// Its share of the wager.
    pub share: f64,
    /// The population stability index against the training rows.
    pub psi: f64,
    /// The Wasserstein distance in the units of the feature; `None` for levels.
    pub wasserstein: Option<f64>,
}

/// One period.
#[derive(Clone, Debug, Serialize)]
pub struct PeriodAnalysis {
    /// Its name.
    pub name: String,
    /// Rows that were predicted.
    pub n_rows: u64,
    /// Rows that were refused, by the name of the status; those with none are left out.
    pub refused: Vec<(String, u64)>,
    /// The wager on drift.
    pub drift: f64,
    /// The share of each variable in it that has more than 1 in 100, largest first.
    pub shares: Vec<(String, f64)>,
    /// The wager on outcomes; `None` before the first outcome.
    pub calibration: Option<f64>,
    /// Observed against expected events with the exact 95 % interval, where outcomes are known.
    pub observed_expected: Option<ObservedExpected>,
    /// The Brier score of the outcomes of this period; `None` without.
    pub brier_score: Option<f64>,
    /// Expected minus observed events up to this period.
    pub vlad: f64,
    /// Risk-adjusted CUSUMs after this period.
    pub cusum: Cusum,
    /// The performance that is expected without outcomes; `None` once calibration has alarmed.
    pub expected: Option<ExpectedPerformance>,
}

/// Analyses named periods in their order.
///
/// # Errors
///
/// `Model` for a bundle without a profile, `Data` for more periods than the horizon.
pub fn analyse(
    model: &Model,
    periods: &[(String, Period)],
    horizon: usize,
) -> Result<Analysis, Error> {
    let mut analyser = Analyser::new(model, horizon)?;
    for (name, period) in periods {
        analyser.add(name, period)?;
    }
    analyser.finish()
}
