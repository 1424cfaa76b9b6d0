//! Intervals that treat patients, not rows, as independent.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use serde::Serialize;

use crate::bootstrap::{BootstrapDistribution, BootstrapSpec, Strata, replicates};
use crate::calibration::{
    BrierScore, calibration_in_the_large, calibration_line, clipped, observed_expected,
};
use crate::confusion::ConfusionMatrix;
use crate::discrimination::{auc, average_precision};
use crate::interval::{Confidence, Interval};
use crate::metrics::Metrics;
use crate::rows::Rows;

/// Replicates of patients.
const N_REPLICATES: usize = 500;
/// The seed of all replicates.
const SEED: u64 = 0x7061_7469;

/// Percentile intervals of a bootstrap whose replicates draw patients, each with all of its rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PatientIntervals {
    /// The number of replicates.
    pub n_replicates: usize,
    /// Each statistic that all rows and at least two replicates define.
    pub intervals: Vec<PatientInterval>,
}

/// A statistic with its interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PatientInterval {
    /// Its name, for example `AUC` or `sensitivity at 0.5`.
    pub statistic: String,
    /// The statistic of all rows.
    pub value: f64,
    /// The percentile interval.
    pub interval: Interval,
    /// Replicates on which the statistic is undefined: left out.
    pub n_undefined: usize,
}

impl PatientIntervals {
    /// `None` for rows without patients.
    pub(super) fn new(
        rows: Rows<'_>,
        cutoffs: &[(&str, f64)],
        confidence: Confidence,
    ) -> Option<Self> {
        rows.patients()?;
        let names = names(cutoffs);
        let of_all = values(rows, cutoffs);
        let n_threads = NonZeroUsize::new(rayon::current_num_threads());
        let n_threads = n_threads.unwrap_or(NonZeroUsize::MIN);
        let spec = BootstrapSpec { n_threads, ..BootstrapSpec::new(N_REPLICATES, SEED) };
        let spec = BootstrapSpec { strata: Strata::None, ..spec };
        let drawn = replicates(rows, &spec, |drawn| values(rows.select(drawn).rows(), cutoffs));
        let interval = |(place, statistic): (usize, String)| {
            let value = of_all.get(place).copied().flatten()?;
            let values: Vec<Option<f64>> =
                drawn.iter().map(|values| values.get(place).copied().flatten()).collect();
            let distribution = BootstrapDistribution::new(value, &values).ok()?;
            let (interval, n_undefined) =
                (distribution.percentile(confidence), distribution.n_undefined);
            Some(PatientInterval { statistic, value, interval, n_undefined })
        };
        let intervals = names.into_iter().enumerate().filter_map(interval).collect();
        Some(Self { n_replicates: N_REPLICATES, intervals })
    }
}

/// The number of patients.
pub(super) fn n_patients(rows: Rows<'_>) -> Option<usize> {
    rows.patients().map(|patients| patients.iter().collect::<BTreeSet<_>>().len())
}

/// The names of [`values`].
fn names(cutoffs: &[(&str, f64)]) -> Vec<String> {
    let whole = [
        "AUC",
        "average precision",
        "Brier score",
        "log loss",
        "calibration intercept",
        "calibration slope",
        "calibration in the large",
        "observed / expected",
    ];
    let at_cutoff = |(name, _): &(&str, f64)| {
        ["sensitivity", "specificity", "PPV", "NPV"].map(|what| format!("{what} at {name}"))
    };
    whole.into_iter().map(str::to_owned).chain(cutoffs.iter().flat_map(at_cutoff)).collect()
}

/// Each statistic; `None` where it is undefined.
fn values(rows: Rows<'_>, cutoffs: &[(&str, f64)]) -> Vec<Option<f64>> {
    let inside = clipped(rows.probabilities());
    let inside = rows.with_probabilities(&inside);
    let confidence = Confidence::PERCENT_95;
    let line = calibration_line(inside, confidence).ok();
    let mut values = vec![
        auc(rows).ok(),
        average_precision(rows).ok(),
        Some(BrierScore::new(rows).score),
        Some(Metrics::of_event(rows).log_loss),
        line.as_ref().map(|line| line.intercept.value),
        line.as_ref().map(|line| line.slope.value),
        calibration_in_the_large(inside, confidence).ok().map(|large| large.value),
        observed_expected(rows, confidence).ok().map(|found| found.ratio),
    ];
    for (_, cutoff) in cutoffs {
        let confusion = ConfusionMatrix::at_cutoff(rows, *cutoff).unwrap_or_default();
        values.extend([
            confusion.sensitivity(),
            confusion.specificity(),
            confusion.ppv(),
            confusion.npv(),
        ]);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_rows_of_a_patient_do_not_narrow_the_interval() {
        let outcomes: Vec<bool> = (0..40).map(|row| row * 7 % 11 < 5).collect();
        let probabilities: Vec<f64> = (0..40).map(|row| f64::from(row * 13 % 37) / 37.0).collect();
        let patients: Vec<usize> = (0..40).collect();
        let width = |copies: usize| {
            let repeat = |row: &usize| *row % 40;
            let of_rows: Vec<usize> = (0..40 * copies).collect();
            let outcomes: Vec<bool> = of_rows.iter().map(|row| outcomes[repeat(row)]).collect();
            let p: Vec<f64> = of_rows.iter().map(|row| probabilities[repeat(row)]).collect();
            let patients: Vec<usize> = of_rows.iter().map(|row| patients[repeat(row)]).collect();
            let rows = Rows::new(&outcomes, &p).unwrap().of_patients(Some(&patients)).unwrap();
            let found = PatientIntervals::new(rows, &[("0.5", 0.5)], Confidence::PERCENT_95);
            let found = found.unwrap().intervals;
            let auc = found.iter().find(|interval| interval.statistic == "AUC").unwrap();
            auc.interval.upper - auc.interval.lower
        };
        assert!((width(1) - width(4)).abs() < 1e-12, "{} {}", width(1), width(4));
        assert!(width(1) > 0.1);
    }

    #[test]
    fn there_is_a_name_for_each_statistic() {
        let rows = Rows::new(&[true, false], &[0.75, 0.25]).unwrap();
        let cutoffs = [("0.5", 0.5), ("refer", 0.3)];
        assert_eq!(names(&cutoffs).len(), values(rows, &cutoffs).len());
        assert_eq!(PatientIntervals::new(rows, &cutoffs, Confidence::PERCENT_95), None);
    }
}
