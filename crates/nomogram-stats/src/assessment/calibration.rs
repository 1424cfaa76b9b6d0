//! Line, groups, curve and scores of calibration of one set of rows.

use serde::Serialize;

use crate::calibration::{
    Binning, BrierDecomposition, BrierScore, CalibrationBins, CalibrationLine, ObservedExpected,
    SmoothCalibration, SpiegelhalterTest, bin_rows, calibration_in_the_large, calibration_line,
    clipped, observed_expected, spiegelhalter,
};
use crate::classification::Proportion;
use crate::error::Error;
use crate::interval::{Confidence, Estimate};
use crate::rows::Rows;

/// Groups of equal counts, fewer where there are few rows.
const N_GROUPS: usize = 10;
const EQUAL_WIDTHS: Binning = Binning::EqualWidth(10);

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
    /// The same over ten bins of equal width, as most papers have it: a bin of few rows counts little,
    /// and where most probabilities are small, nearly all rows are in one bin.
    pub equal_width_calibration_error: f64,
    /// The smoothed curve, and its distances from the ideal; `None` also where curves are left out.
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
    /// `Data`, which no rows cause.
    pub fn new(rows: Rows<'_>, confidence: Confidence) -> Result<Self, Error> {
        let smooth = SmoothCalibration::new(rows).ok();
        Ok(Self { smooth, ..Self::without_curve(rows, confidence)? })
    }

    /// All but the smoothed curve.
    ///
    /// # Errors
    ///
    /// `Data`, which no rows cause.
    pub fn without_curve(rows: Rows<'_>, confidence: Confidence) -> Result<Self, Error> {
        let inside = clipped(rows.probabilities());
        let inside = rows.with_probabilities(&inside);
        let binning = Binning::EqualCount(N_GROUPS.min(rows.n_rows()));
        let has_weights = rows.weights().is_some();
        let groups = bin_rows(rows, binning)?;
        let groups = groups.iter().filter_map(|bin| {
            let observed = bin.observed(has_weights, confidence)?;
            Some(CalibrationGroup { mean_probability: bin.means().0, observed })
        });
        Ok(Self {
            line: calibration_line(inside, confidence).ok(),
            in_the_large: calibration_in_the_large(inside, confidence).ok(),
            observed_expected: observed_expected(rows, confidence).ok(),
            spiegelhalter: spiegelhalter(rows).ok(),
            brier: BrierScore::new(rows),
            brier_decomposition: BrierDecomposition::new(rows, binning)?,
            groups: groups.collect(),
            expected_calibration_error: CalibrationBins::new(rows, binning)?
                .expected_calibration_error,
            equal_width_calibration_error: CalibrationBins::new(rows, EQUAL_WIDTHS)?
                .expected_calibration_error,
            smooth: None,
        })
    }
}
