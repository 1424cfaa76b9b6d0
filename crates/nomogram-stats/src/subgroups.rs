//! Statistics of each level of a feature, such as sex or site.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::calibration::{
    BrierScore, CalibrationLine, ObservedExpected, calibration_in_the_large, calibration_line,
    observed_expected,
};
use crate::checks::check_length;
use crate::classification::Classification;
use crate::discrimination::{AucEstimate, auc_estimate};
use crate::error::Error;
use crate::interval::{Confidence, Estimate};
use crate::rows::{Rows, select};
use crate::whole;

/// A level with fewer positive or fewer negative rows has no statistics: any number would mislead.
pub const MIN_EVENTS: usize = 5;

/// The level of rows without a value.
pub const MISSING: &str = "missing";

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
    /// The level, or [`MISSING`].
    pub level: String,
    /// Whether its rows have no value, whatever levels are called.
    #[serde(skip_serializing_if = "is_false")]
    pub is_missing: bool,
    /// The number of rows.
    pub n_rows: usize,
    /// The number of positive rows.
    pub n_events: usize,
    /// The number of patients, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_patients: Option<usize>,
    /// The sum of the weights, where rows have them.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "whole::optional")]
    pub sum_of_weights: Option<f64>,
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

/// Statistics of each level that has rows, in the order of `names`; rows without a level are the last
/// group.
///
/// `level_of_row` has the place of each row's level among `names`, or `None` where the row has no
/// value.
///
/// # Errors
///
/// `Data` when there is not one level per row, when a level has no name, and when the cutoff is NaN.
pub fn subgroups(
    rows: Rows<'_>,
    names: &[String],
    level_of_row: &[Option<usize>],
    spec: SubgroupSpec,
) -> Result<Vec<Subgroup>, Error> {
    check_length("levels", level_of_row.len(), rows.n_rows())?;
    let mut rows_of: Vec<Vec<usize>> = vec![Vec::new(); names.len()];
    let mut without = Vec::new();
    for (row, level) in level_of_row.iter().enumerate() {
        let group = level.map_or(Some(&mut without), |level| rows_of.get_mut(level));
        let Some(group) = group else {
            let n_names = names.len();
            return Err(Error::Data(format!("row {}: its level is not one of {n_names}", row + 1)));
        };
        group.push(row);
    }
    let named = names.iter().map(|name| (name.as_str(), false)).zip(rows_of);
    let all = named.chain([((MISSING, true), without)]).filter(|(_, indices)| !indices.is_empty());
    let group = |((level, is_missing), indices): ((&str, bool), Vec<usize>)| {
        Subgroup::new(level, is_missing, rows, &indices, spec)
    };
    all.map(group).collect()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Subgroup {
    fn new(
        level: &str,
        is_missing: bool,
        all: Rows<'_>,
        indices: &[usize],
        spec: SubgroupSpec,
    ) -> Result<Self, Error> {
        let selected = all.select(indices);
        let rows = selected.rows();
        let (n_events, n_without) = rows.counts();
        let is_too_small = n_events.min(n_without) < MIN_EVENTS;
        let patients = all.patients().map(|patients| select(patients, indices));
        Ok(Self {
            level: level.to_owned(),
            is_missing,
            n_rows: indices.len(),
            n_events,
            n_patients: patients.map(|patients| BTreeSet::from_iter(patients).len()),
            sum_of_weights: rows.weights().map(|_| rows.total()),
            is_too_small,
            statistics: (!is_too_small).then(|| SubgroupStatistics::new(rows, spec)).transpose()?,
        })
    }
}

impl SubgroupStatistics {
    /// The statistics of rows of both classes.
    fn new(
        rows: Rows<'_>,
        SubgroupSpec { cutoff, confidence }: SubgroupSpec,
    ) -> Result<Self, Error> {
        Ok(Self {
            auc: auc_estimate(rows, confidence)?,
            classification: Classification::new(rows, cutoff, confidence)?,
            brier: BrierScore::new(rows),
            observed_expected: observed_expected(rows, confidence).ok(),
            calibration_in_the_large: calibration_in_the_large(rows, confidence).ok(),
            calibration_line: calibration_line(rows, confidence).ok(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: SubgroupSpec = SubgroupSpec { cutoff: 0.5, confidence: Confidence::PERCENT_95 };

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_level_with_too_few_events_is_flagged_and_has_no_statistics() {
        let outcomes: Vec<bool> = (0..20).map(|row| row % 2 == 0).collect();
        let probabilities: Vec<f64> = (0..20).map(|row| f64::from(row) / 20.0).collect();
        let levels: Vec<Option<usize>> = (0..20).map(|row| Some(usize::from(row >= 11))).collect();
        let rows = Rows::new(&outcomes, &probabilities).unwrap();
        let groups = subgroups(rows, &names(&["a", "b"]), &levels, SPEC).unwrap();
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
    fn levels_keep_their_order_and_missing_is_apart_from_a_level_of_that_name() {
        let rows = Rows::new(&[true, false, true, false], &[0.5; 4]).unwrap();
        let rows = rows.weighted(Some(&[1.0, 2.0, 4.0, 8.0])).unwrap();
        let rows = rows.of_patients(Some(&[7, 7, 1, 2])).unwrap();
        let levels = [Some(2), None, Some(0), Some(2)];
        let groups = subgroups(rows, &names(&["from 5", "from 10", "missing"]), &levels, SPEC);
        let found: Vec<_> = groups.unwrap().into_iter().collect();
        let found: Vec<_> = found
            .iter()
            .map(|g| (g.level.as_str(), g.is_missing, g.sum_of_weights, g.n_patients))
            .collect();
        let expected = [
            ("from 5", false, Some(4.0), Some(1)),
            ("missing", false, Some(9.0), Some(2)),
            ("missing", true, Some(2.0), Some(1)),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn levels_that_do_not_fit_are_refused() {
        let rows = Rows::new(&[true, false], &[0.5, 0.5]).unwrap();
        assert!(subgroups(rows, &names(&["a"]), &[Some(0)], SPEC).is_err());
        let error = subgroups(rows, &names(&["a"]), &[Some(0), Some(1)], SPEC).unwrap_err();
        assert_eq!(error.to_string(), "row 2: its level is not one of 1");
    }
}
