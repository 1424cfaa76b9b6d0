//! How good predicted numbers and their intervals are, on rows with known numbers.

use std::sync::Arc;

use nomogram::{Model, Session, Verdict};
use nomogram_stats::Confidence;
use nomogram_stats::numbers::{IntervalCoverage, NumberErrors};
use serde::Serialize;

use super::known_rows::FITTED_TO_THESE_ROWS;
use crate::data::NumberRows;
use crate::error::Error;
use crate::training::RECALIBRATION_DATA;

/// How good a model of a number is on some rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NumberAssessment {
    /// The errors of the predicted numbers.
    pub errors: NumberErrors,
    /// How often the intervals of each level hold the number; none without uncertainty.
    pub intervals: Vec<IntervalCoverage>,
    /// How many rows have which verdict; `None` without uncertainty.
    pub verdicts: Option<VerdictCounts>,
    /// What a reader should know about these rows.
    pub warnings: Vec<String>,
}

/// How many rows have which verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VerdictCounts {
    /// Predicted.
    pub predicted: usize,
    /// Ambiguous.
    pub ambiguous: usize,
    /// Unlike the training rows.
    pub unlike: usize,
}

impl NumberAssessment {
    /// Predicts the rows and compares.
    ///
    /// # Errors
    ///
    /// `Model` when a row does not fit the model.
    pub fn new(model: &Arc<Model>, rows: &NumberRows) -> Result<Self, Error> {
        let levels = model.uncertainty().map_or(&[][..], |fitted| &fitted.levels);
        let mut predicted = Vec::new();
        let mut intervals: Vec<Vec<[f64; 2]>> = vec![Vec::new(); levels.len()];
        let mut verdicts = model.uncertainty().map(|_| VerdictCounts::default());
        let mut session = Session::new(model.clone());
        let result = session.predict_each(rows.values().view(), |_, prediction| {
            predicted.extend(prediction.outputs().first());
            let Some(uncertain) = prediction.uncertain() else { return };
            for (of_level, interval) in intervals.iter_mut().zip(uncertain.intervals()) {
                of_level.push([interval.low, interval.high]);
            }
            if let Some(counts) = &mut verdicts {
                *match uncertain.verdict() {
                    Verdict::Predicted => &mut counts.predicted,
                    Verdict::Ambiguous => &mut counts.ambiguous,
                    Verdict::Unlike => &mut counts.unlike,
                } += 1;
            }
        });
        result.map_err(|error| rows.feature_rows().located(error.into(), model.schema()))?;
        let coverage = levels.iter().zip(&intervals).map(|(level, intervals)| {
            IntervalCoverage::new(*level, rows.numbers(), intervals, Confidence::PERCENT_95)
        });
        let fitted_to = model.manifest().notes.get(RECALIBRATION_DATA);
        let is_fitted_to = fitted_to.is_some_and(|digest| *digest == rows.digest().to_string());
        Ok(Self {
            errors: NumberErrors::new(rows.numbers(), &predicted)?,
            intervals: coverage.collect::<Result<_, _>>()?,
            verdicts,
            warnings: is_fitted_to.then(|| FITTED_TO_THESE_ROWS.to_owned()).into_iter().collect(),
        })
    }
}
