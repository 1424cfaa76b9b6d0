//! Net benefit of acting on probabilities (Vickers and Elkin 2006).

use serde::Serialize;

use crate::confusion::ConfusionMatrix;
use crate::error::Error;
use crate::rows::Rows;

/// Net benefit of acting on a model at one cutoff, of acting for all rows, and for none.
///
/// In units of true positives per row: `tp / n − fp / n · cutoff / (1 − cutoff)`; rows count with their
/// weights.
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
/// `Data` when a cutoff is not at least 0 and below 1.
pub fn decision_curve(rows: Rows<'_>, cutoffs: &[f64]) -> Result<Vec<NetBenefit>, Error> {
    cutoffs.iter().map(|cutoff| net_benefit(rows, *cutoff)).collect()
}

fn net_benefit(rows: Rows<'_>, cutoff: f64) -> Result<NetBenefit, Error> {
    if !(0.0..1.0).contains(&cutoff) {
        return Err(Error::Data(format!("cutoff {cutoff}, expected at least 0 and below 1")));
    }
    let confusion = ConfusionMatrix::at_cutoff(rows, cutoff)?;
    let (positive, negative, total) = (confusion.positive(), confusion.negative(), rows.total());
    let odds = cutoff / (1.0 - cutoff);
    let benefit = |tp: f64, fp: f64| tp / total - odds * (fp / total);
    let model = benefit(confusion.true_positive, confusion.false_positive);
    let treat_all = benefit(positive, negative);
    Ok(NetBenefit {
        cutoff,
        model,
        treat_all,
        treat_none: 0.0,
        standardized: (positive > 0.0).then(|| model / (positive / total)),
        interventions_avoided: (cutoff > 0.0).then(|| (model - treat_all) / odds),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_treated_at_cutoff_0() {
        let curve =
            decision_curve(Rows::new(&[true, false], &[0.0, 1.0]).unwrap(), &[0.0]).unwrap();
        assert_eq!((curve[0].model, curve[0].treat_all), (0.5, 0.5));
        assert_eq!((curve[0].standardized, curve[0].interventions_avoided), (Some(1.0), None));
    }

    #[test]
    fn without_a_positive_row_there_is_only_harm() {
        let curve =
            decision_curve(Rows::new(&[false, false], &[0.5, 0.1]).unwrap(), &[0.5]).unwrap();
        assert_eq!((curve[0].model, curve[0].treat_all), (-0.5, -1.0));
        assert_eq!((curve[0].standardized, curve[0].interventions_avoided), (None, Some(0.5)));
    }

    #[test]
    fn cutoffs_without_odds_are_refused() {
        let rows = Rows::new(&[true], &[0.5]).unwrap();
        for wrong in [1.0, -0.1, f64::NAN] {
            assert!(decision_curve(rows, &[wrong]).is_err(), "{wrong}");
        }
        assert!(decision_curve(rows, &[]).unwrap().is_empty());
    }
}
