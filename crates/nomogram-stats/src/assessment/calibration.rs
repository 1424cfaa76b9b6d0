//! Line, groups, curve and scores of calibration of one set of rows.

use serde::Serialize;

use crate::calibration::{
    Binning, BrierDecomposition, BrierScore, CalibrationBins, CalibrationLine, ObservedExpected,
    SmoothCalibration, SpiegelhalterTest, calibration_in_the_large, calibration_line, clipped,
    observed_expected, spiegelhalter,
};
use crate::classification::Proportion;
use crate::error::Error;
use crate::interval::{Confidence, Estimate};

/// Groups of equal counts, fewer where there are few rows.
const N_GROUPS: usize = 10;

/// How well probabilities agree with observed events.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Intercept and slope of the outcome on the logit; 0 and 1 are ideal.
    pub line: Option<CalibrationLine>,
    /// The intercept with the slope kept at 1; 0 is ideal.
    pub in_the_large: Option<Estimate>,
    /// Observed over expected events; 1 is ideal.
    pub observed_expected: Option<ObservedExpected>,
    /// The test of squared errors against those that calibrated probabilities would have.
    pub spiegelhalter: Option<SpiegelhalterTest>,
    /// The Brier score and its skill.
    pub brier: BrierScore,
    /// The decomposition of the Brier score over the groups.
    pub brier_decomposition: BrierDecomposition,
    /// Rows grouped by probability, about the same number of rows in each group.
    pub groups: Vec<CalibrationGroup>,
    /// The expected calibration error over the groups.
    pub expected_calibration_error: f64,
    /// The smoothed curve, and its distances from the ideal.
    pub smooth: Option<SmoothCalibration>,
}

/// A group of rows of similar probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalibrationGroup {
    /// The mean of their probabilities.
    pub mean_probability: f64,
    /// The share of positive rows.
    pub observed: Proportion,
}

impl Calibration {
    /// All statistics of calibration; probabilities of 0 and 1 are [`clipped`] for the line.
    ///
    /// # Errors
    ///
    /// `Data` as in [the crate's conventions](crate).
    pub fn new(
        outcomes: &[bool],
        probabilities: &[f64],
        confidence: Confidence,
    ) -> Result<Self, Error> {
        let inside = clipped(probabilities);
        let binning = Binning::EqualCount(N_GROUPS.min(outcomes.len()).max(1));
        let bins = CalibrationBins::new(outcomes, probabilities, binning)?;
        let groups = bins.bins.iter().map(|bin| {
            let observed = Proportion::new(bin.n_events, bin.n_rows, confidence)?;
            Ok(CalibrationGroup { mean_probability: bin.mean_probability, observed })
        });
        Ok(Self {
            line: calibration_line(outcomes, &inside, confidence).ok(),
            in_the_large: calibration_in_the_large(outcomes, &inside, confidence).ok(),
            observed_expected: observed_expected(outcomes, probabilities, confidence).ok(),
            spiegelhalter: spiegelhalter(outcomes, probabilities).ok(),
            brier: BrierScore::new(outcomes, probabilities)?,
            brier_decomposition: BrierDecomposition::new(outcomes, probabilities, binning)?,
            groups: groups.collect::<Result<_, Error>>()?,
            expected_calibration_error: bins.expected_calibration_error,
            smooth: SmoothCalibration::new(outcomes, probabilities).ok(),
        })
    }
}
