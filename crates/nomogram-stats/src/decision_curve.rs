//! Net benefit of acting on probabilities (Vickers and Elkin 2006).

use serde::Serialize;

use crate::confusion::ConfusionMatrix;
use crate::count::number;
use crate::error::Error;

/// Net benefit of acting on a model at one cutoff, of acting for all rows, and for none.
///
/// In units of true positives per row: `tp / n − fp / n · cutoff / (1 − cutoff)`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetBenefit {
    /// The probability at which harm and benefit of acting balance (threshold probability); rows with
    /// at least this probability are acted on.
    pub cutoff: f64,
    /// Acting for rows with at least this probability.
    pub model: f64,
    /// Acting for all rows.
    pub treat_all: f64,
    /// Acting for no row: 0 by definition.
    pub treat_none: f64,
    /// `model / prevalence`: 1 is the best possible (Kerr et al. 2016). `None` when no row is positive.
    pub standardized: Option<f64>,
    /// Interventions that the model spares per row, against treating all, without treating fewer
    /// positive rows: `(model − treat_all) · (1 − cutoff) / cutoff`. `None` at cutoff 0.
    pub interventions_avoided: Option<f64>,
}

/// Net benefit at each cutoff: the `dca` of the dcurves packages for R and Python.
///
/// Outcomes of one class are allowed: without a positive row, `model` is the cost of false positives.
///
/// # Errors
///
/// `Data` when a cutoff is not at least 0 and below 1, and as in [the crate's conventions](crate).
pub fn decision_curve(
    outcomes: &[bool],
    probabilities: &[f64],
    cutoffs: &[f64],
) -> Result<Vec<NetBenefit>, Error> {
    let at_cutoff = |cutoff: &f64| net_benefit(outcomes, probabilities, *cutoff);
    cutoffs.iter().map(at_cutoff).collect()
}

fn net_benefit(outcomes: &[bool], probabilities: &[f64], cutoff: f64) -> Result<NetBenefit, Error> {
    if !(0.0..1.0).contains(&cutoff) {
        return Err(Error::Data(format!("cutoff {cutoff}, expected at least 0 and below 1")));
    }
    let confusion = ConfusionMatrix::at_cutoff(outcomes, probabilities, cutoff)?;
    let (n_positive, n_negative) = (confusion.n_positive(), confusion.n_negative());
    let n = number(outcomes.len());
    let odds = cutoff / (1.0 - cutoff);
    let benefit = |tp: usize, fp: usize| number(tp) / n - odds * (number(fp) / n);
    let model = benefit(confusion.true_positive, confusion.false_positive);
    let treat_all = benefit(n_positive, n_negative);
    Ok(NetBenefit {
        cutoff,
        model,
        treat_all,
        treat_none: 0.0,
        standardized: (n_positive > 0).then(|| model / (number(n_positive) / n)),
        interventions_avoided: (cutoff > 0.0).then(|| (model - treat_all) / odds),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_treated_at_cutoff_0() {
        let curve = decision_curve(&[true, false], &[0.0, 1.0], &[0.0]).unwrap();
        assert_eq!((curve[0].model, curve[0].treat_all), (0.5, 0.5));
        assert_eq!((curve[0].standardized, curve[0].interventions_avoided), (Some(1.0), None));
    }

    #[test]
    fn without_a_positive_row_there_is_only_harm() {
        let curve = decision_curve(&[false, false], &[0.5, 0.1], &[0.5]).unwrap();
        assert_eq!((curve[0].model, curve[0].treat_all), (-0.5, -1.0));
        assert_eq!((curve[0].standardized, curve[0].interventions_avoided), (None, Some(0.5)));
    }

    #[test]
    fn cutoffs_without_odds_are_refused() {
        for wrong in [1.0, -0.1, f64::NAN] {
            assert!(decision_curve(&[true], &[0.5], &[wrong]).is_err(), "{wrong}");
        }
        assert!(decision_curve(&[true], &[0.5], &[]).unwrap().is_empty());
    }
}
