//! Optimism: how much better a model performs on the rows it was fitted to.

use serde::Serialize;

use crate::checks::check;
use crate::error::Error;
use crate::rows::{Rows, mean};

/// One bootstrap replicate and the predictions of the model that was fitted to it.
///
/// The fit must repeat everything that learns from data: preprocessing, selection, tuning.
#[derive(Clone, Debug, PartialEq)]
pub struct FittedReplicate {
    /// The indices of the drawn rows, repeated as drawn:
    /// [`BootstrapSpec::rows`](super::BootstrapSpec::rows), or
    /// [`BootstrapSpec::rows_of_patients`](super::BootstrapSpec::rows_of_patients).
    pub rows: Vec<usize>,
    /// The probability of **every** row of the table, drawn or not; `None` when no model could be
    /// fitted to this replicate.
    pub probabilities: Option<Vec<f64>>,
}

/// A metric on the rows that a model was fitted to, corrected for optimism (Harrell, Lee and Mark
/// 1996).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Optimism {
    /// The metric of the model of all rows on all rows.
    pub apparent: f64,
    /// The mean over replicates of: the metric of a replicate's model on the replicate, minus its
    /// metric on all rows.
    pub optimism: f64,
    /// `apparent − optimism`.
    pub corrected: f64,
    /// The number of replicates in the mean.
    pub n_replicates: usize,
    /// The number of replicates without a model, or on which the metric is undefined: left out.
    pub n_undefined: usize,
}

/// Corrects `metric` for optimism.
///
/// `rows` have the probabilities of the model of all rows, and weights where rows have them. `metric`
/// returns `None` where it is undefined; a value that is not finite is undefined, too.
///
/// # Errors
///
/// `Data` when a model does not have one probability per row, when a replicate draws a row that does
/// not exist, and when the metric is undefined on all rows or on every replicate.
pub fn optimism<M>(
    rows: Rows<'_>,
    replicates: &[FittedReplicate],
    metric: M,
) -> Result<Optimism, Error>
where
    M: Fn(Rows<'_>) -> Option<f64>,
{
    let metric = |rows: Rows<'_>| metric(rows).filter(|value| value.is_finite());
    let all = rows;
    let apparent =
        metric(all).ok_or_else(|| Error::Data("the metric is undefined on all rows".into()))?;
    let mut differences = Vec::with_capacity(replicates.len());
    for (replicate, FittedReplicate { rows, probabilities }) in (1..).zip(replicates) {
        let refused = |detail: String| Error::Data(format!("replicate {replicate}: {detail}"));
        if let Some(row) = rows.iter().find(|row| **row >= all.n_rows()) {
            let n_rows = all.n_rows();
            return Err(refused(format!("draws row {}, expected 1 to {n_rows}", row + 1)));
        }
        let Some(probabilities) = probabilities else { continue };
        check(all.outcomes(), probabilities).map_err(|error| refused(error.to_string()))?;
        let of_replicate = all.with_probabilities(probabilities);
        let drawn = of_replicate.select(rows);
        let on_replicate = if rows.is_empty() { None } else { metric(drawn.rows()) };
        let on_all = metric(of_replicate);
        differences.extend(on_replicate.zip(on_all).map(|(replicate, all)| replicate - all));
    }
    if differences.is_empty() {
        return Err(Error::Data(format!(
            "the metric is undefined on {0} of {0} replicates, expected at least 1 value",
            replicates.len()
        )));
    }
    let optimism = mean(&differences);
    Ok(Optimism {
        apparent,
        optimism,
        corrected: apparent - optimism,
        n_replicates: differences.len(),
        n_undefined: replicates.len() - differences.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bootstrap::BootstrapSpec;
    use crate::discrimination::auc;

    const OUTCOMES: [bool; 6] = [true, false, true, false, false, true];
    const PROBABILITIES: [f64; 6] = [0.9, 0.2, 0.6, 0.7, 0.1, 0.4];

    fn all_rows() -> Rows<'static> {
        Rows::new(&OUTCOMES, &PROBABILITIES).unwrap()
    }

    fn area(rows: Rows<'_>) -> Option<f64> {
        auc(rows).ok()
    }

    /// Replicates of a model that ignores the rows it is fitted to.
    fn replicates(n: usize) -> Vec<FittedReplicate> {
        let spec = BootstrapSpec::new(n, 3);
        let rows = (0..n as u64).map(|replicate| spec.rows(&OUTCOMES, replicate));
        let probabilities = Some(PROBABILITIES.to_vec());
        rows.map(|rows| FittedReplicate { rows, probabilities: probabilities.clone() }).collect()
    }

    #[test]
    fn a_model_that_learns_nothing_has_almost_no_optimism() {
        let auc = optimism(all_rows(), &replicates(200), area).unwrap();
        assert!(auc.optimism.abs() < 0.05, "{auc:?}");
        assert_eq!((auc.n_replicates, auc.n_undefined), (200, 0));
    }

    #[test]
    fn optimism_is_the_mean_of_differences() {
        let fitted = |rows: [usize; 6], probabilities: [f64; 6]| FittedReplicate {
            rows: rows.to_vec(),
            probabilities: Some(probabilities.to_vec()),
        };
        // Rows 1 and 2 alone are ranked perfectly; on all rows 7 of 9 pairs are.
        let replicates =
            [fitted([0, 1, 0, 1, 0, 1], PROBABILITIES), fitted([0, 1, 2, 3, 4, 5], PROBABILITIES)];
        let auc = optimism(all_rows(), &replicates, area).unwrap();
        let expected = (1.0 - 7.0 / 9.0) / 2.0;
        assert_eq!((auc.apparent, auc.optimism), (7.0 / 9.0, expected));
        assert_eq!(auc.corrected, 7.0 / 9.0 - expected);
    }

    #[test]
    fn replicates_without_a_model_or_a_metric_are_counted_and_left_out() {
        let mut replicates = replicates(4);
        replicates[1].probabilities = None;
        replicates[3].rows = vec![0; 6];
        let auc = optimism(all_rows(), &replicates, area).unwrap();
        assert_eq!((auc.n_replicates, auc.n_undefined), (2, 2));
    }

    #[test]
    fn replicates_that_do_not_fit_are_refused_by_number() {
        let refused = |replicates: &[FittedReplicate], expected: &str| {
            let result = optimism(all_rows(), replicates, area);
            let error = result.unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        let mut short = replicates(2);
        short[1].probabilities = Some(vec![0.5]);
        refused(&short, "replicate 2: 1 probabilities for 6 outcomes");
        let mut beyond = replicates(2);
        beyond[0].rows[2] = 6;
        refused(&beyond, "replicate 1: draws row 7, expected 1 to 6");
        refused(&[], "the metric is undefined on 0 of 0 replicates");
        let undefined = optimism(all_rows(), &replicates(1), |_| None);
        assert!(undefined.is_err());
    }
}
