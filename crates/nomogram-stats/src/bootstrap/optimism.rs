//! How much better a model looks on the rows it was fitted to.

use serde::Serialize;

use super::resample::{BootstrapSpec, check_spec, replicates};
use crate::error::Error;
use crate::rows::{mean, select};

/// A metric on the rows that a model was fitted to, corrected for that (Harrell, Lee and Mark 1996).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Optimism {
    /// The metric of the model of all rows on all rows.
    pub apparent: f64,
    /// The mean over replicates of: the metric of a replicate's model on the replicate, minus its
    /// metric on all rows.
    pub optimism: f64,
    /// `apparent − optimism`.
    pub corrected: f64,
    /// Replicates that count.
    pub n_replicates: usize,
    /// Replicates on which the metric was not defined.
    pub n_undefined: usize,
}

/// Fits a model to all rows and to each replicate, and corrects `metric` for optimism.
///
/// `fit` reads row numbers, repeated as drawn, and must do all that learns from data: preprocessing,
/// selection, tuning. The model it returns reads row numbers and gives a probability for each.
/// `metric` returns nothing where it is not defined.
///
/// # Errors
///
/// The error of the first fit that fails, in the order of replicates; `Data` when there is no row or no
/// replicate, when a model does not give one probability per row, or when the metric is not defined on
/// all rows, or on no replicate.
pub fn optimism<M, F, P>(
    outcomes: &[bool],
    spec: &BootstrapSpec,
    fit: F,
    metric: M,
) -> Result<Optimism, Error>
where
    M: Fn(&[bool], &[f64]) -> Option<f64> + Sync,
    F: Fn(&[usize]) -> Result<P, Error> + Sync,
    P: Fn(&[usize]) -> Vec<f64>,
{
    check_spec(outcomes, spec)?;
    let all: Vec<usize> = (0..outcomes.len()).collect();
    let on = |model: &P, rows: &[usize]| -> Result<Option<f64>, Error> {
        let probabilities = model(rows);
        if probabilities.len() != rows.len() {
            return Err(Error::Data(format!(
                "the model gave {} probabilities for {} rows, expected one each",
                probabilities.len(),
                rows.len()
            )));
        }
        Ok(metric(&select(outcomes, rows), &probabilities).filter(|value| value.is_finite()))
    };
    let apparent = on(&fit(&all)?, &all)?
        .ok_or_else(|| Error::Data("the metric is not defined on all rows".into()))?;
    let of_replicate = |rows: &[usize]| -> Result<Option<f64>, Error> {
        let model = fit(rows)?;
        let (own, test) = (on(&model, rows)?, on(&model, &all)?);
        Ok(own.zip(test).map(|(own, test)| own - test))
    };
    let values: Vec<Option<f64>> =
        replicates(outcomes, spec, of_replicate).into_iter().collect::<Result<_, _>>()?;
    let defined: Vec<f64> = values.iter().copied().flatten().collect();
    if defined.is_empty() {
        return Err(Error::Data("the metric is not defined on any replicate".into()));
    }
    let optimism = mean(&defined);
    Ok(Optimism {
        apparent,
        optimism,
        corrected: apparent - optimism,
        n_replicates: defined.len(),
        n_undefined: values.len() - defined.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discrimination::auc;

    const OUTCOMES: [bool; 6] = [true, false, true, false, false, true];

    #[test]
    fn a_model_that_learns_nothing_has_no_bias_but_that_of_resampling() {
        let spec = BootstrapSpec::new(200, 3);
        let probabilities = [0.9, 0.2, 0.6, 0.7, 0.1, 0.4];
        let fit = |_: &[usize]| Ok(move |rows: &[usize]| select(&probabilities, rows));
        let found = optimism(&OUTCOMES, &spec, fit, |y, p| auc(y, p).ok()).unwrap();
        assert!(found.optimism.abs() < 0.05, "{found:?}");
        assert_eq!((found.n_replicates, found.n_undefined), (200, 0));
    }

    #[test]
    fn a_failed_fit_is_the_error() {
        let spec = BootstrapSpec::new(3, 3);
        let fit = |rows: &[usize]| {
            let are_all = rows.is_sorted_by(|a, b| a < b);
            let model = |rows: &[usize]| vec![0.5; rows.len()];
            are_all.then_some(model).ok_or(Error::NotConverged("no".into()))
        };
        let found = optimism(&OUTCOMES, &spec, fit, |y, p| auc(y, p).ok());
        assert!(matches!(found, Err(Error::NotConverged(_))), "{found:?}");
    }

    #[test]
    fn a_model_without_a_probability_per_row_is_refused() {
        let fit = |_: &[usize]| Ok(|_: &[usize]| vec![0.5]);
        assert!(optimism(&OUTCOMES, &BootstrapSpec::new(3, 3), fit, |_, _| Some(0.0)).is_err());
    }
}
