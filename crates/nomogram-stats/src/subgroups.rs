//! Statistics of each level of a feature, such as sex or site.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::calibration::{
    BrierScore, CalibrationLine, ObservedExpected, calibration_in_the_large, calibration_line,
    observed_expected,
};
use crate::classification::Classification;
use crate::discrimination::{AucEstimate, auc_estimate};
use crate::error::Error;
use crate::interval::{Confidence, Estimate};
use crate::rows::{check, counts, select};

/// A level with fewer positive or fewer negative rows has no statistics: any number would mislead.
pub const MIN_EVENTS: usize = 5;

/// Settings of all levels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SubgroupSpec {
    /// Rows with at least this probability are predicted positive.
    pub cutoff: f64,
    /// The confidence of all intervals.
    pub confidence: Confidence,
}

/// The rows of one level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Subgroup {
    /// The level.
    pub level: String,
    /// The number of rows.
    pub n_rows: usize,
    /// The number of positive rows.
    pub n_events: usize,
    /// Whether there are fewer than [`MIN_EVENTS`] positive or negative rows.
    pub is_too_small: bool,
    /// `None` when the level is too small.
    pub statistics: Option<SubgroupStatistics>,
}

/// The statistics of one level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SubgroupStatistics {
    /// The area under the ROC curve.
    pub auc: AucEstimate,
    /// Predicted classes at the cutoff.
    pub classification: Classification,
    /// The Brier score.
    pub brier: BrierScore,
    /// Observed against expected events; `None` when all probabilities are 0.
    pub observed_expected: Option<ObservedExpected>,
    /// Calibration in the large; `None` when a probability is 0 or 1.
    pub calibration_in_the_large: Option<Estimate>,
    /// Calibration slope and intercept; `None` when a probability is 0 or 1, or when one cutoff
    /// separates the classes.
    pub calibration_line: Option<CalibrationLine>,
}

/// Statistics of each level, in the order of levels' names.
///
/// `levels` has the level of each row; the caller names the level of rows without a value.
///
/// # Errors
///
/// `Data` when there is not one level per row, when the cutoff is NaN, and as in
/// [the crate's conventions](crate).
pub fn subgroups<L: AsRef<str>>(
    outcomes: &[bool],
    probabilities: &[f64],
    levels: &[L],
    spec: SubgroupSpec,
) -> Result<Vec<Subgroup>, Error> {
    check(outcomes, probabilities)?;
    if levels.len() != outcomes.len() {
        return Err(Error::Data(format!(
            "{} levels for {} rows, expected one each",
            levels.len(),
            outcomes.len()
        )));
    }
    let mut rows_of: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, level) in levels.iter().enumerate() {
        rows_of.entry(level.as_ref()).or_default().push(row);
    }
    let of_level = |(level, rows): (&str, Vec<usize>)| {
        let (outcomes, probabilities) = (select(outcomes, &rows), select(probabilities, &rows));
        let (n_events, n_without) = counts(&outcomes);
        let is_too_small = n_events.min(n_without) < MIN_EVENTS;
        let statistics = if is_too_small {
            None
        } else {
            Some(SubgroupStatistics::new(&outcomes, &probabilities, spec)?)
        };
        let (level, n_rows) = (level.to_owned(), rows.len());
        Ok(Subgroup { level, n_rows, n_events, is_too_small, statistics })
    };
    rows_of.into_iter().map(of_level).collect()
}

impl SubgroupStatistics {
    /// The statistics of rows of both classes.
    fn new(
        outcomes: &[bool],
        probabilities: &[f64],
        SubgroupSpec { cutoff, confidence }: SubgroupSpec,
    ) -> Result<Self, Error> {
        Ok(Self {
            auc: auc_estimate(outcomes, probabilities, confidence)?,
            classification: Classification::new(outcomes, probabilities, cutoff, confidence)?,
            brier: BrierScore::new(outcomes, probabilities)?,
            observed_expected: observed_expected(outcomes, probabilities, confidence).ok(),
            calibration_in_the_large: calibration_in_the_large(outcomes, probabilities, confidence)
                .ok(),
            calibration_line: calibration_line(outcomes, probabilities, confidence).ok(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_with_too_few_events_is_flagged_and_has_no_statistics() {
        let outcomes: Vec<bool> = (0..20).map(|row| row % 2 == 0).collect();
        let probabilities: Vec<f64> = (0..20).map(|row| f64::from(row) / 20.0).collect();
        let level = |row: i32| if row < 11 { "a" } else { "b" };
        let levels: Vec<&str> = (0..20).map(level).collect();
        let spec = SubgroupSpec { cutoff: 0.5, confidence: Confidence::PERCENT_95 };
        let groups = subgroups(&outcomes, &probabilities, &levels, spec).unwrap();
        let flags: Vec<_> = groups
            .iter()
            .map(|group| (group.level.as_str(), group.n_rows, group.n_events, group.is_too_small))
            .collect();
        assert_eq!(flags, [("a", 11, 6, false), ("b", 9, 4, true)]);
        let first = groups[0].statistics.as_ref().unwrap();
        assert_eq!(first.auc.auc, 0.5);
        // Row 0 has the probability 0.
        assert_eq!((&first.calibration_line, &first.calibration_in_the_large), (&None, &None));
        assert!(groups[1].statistics.is_none());
    }

    #[test]
    fn levels_that_are_not_one_per_row_are_refused() {
        let spec = SubgroupSpec { cutoff: 0.5, confidence: Confidence::PERCENT_95 };
        assert!(subgroups(&[true, false], &[0.5, 0.5], &["a"], spec).is_err());
    }
}
