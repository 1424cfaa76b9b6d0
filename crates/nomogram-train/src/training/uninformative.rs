//! Refuses members that learned nothing: they would only dilute the ensemble.

use ndarray::Array2;

use super::config::TrainingConfig;
use crate::data::Dataset;
use crate::error::Error;
use crate::predictions::Predictions;
use nomogram_stats::ClassRows;
use nomogram_stats::metrics::Metrics;

/// Refuses members that give every training row the same probability, or that do not separate the
/// classes out of fold. `in_sample` are predictions of the training rows, `out_of_fold` those of the
/// rows of `held_out`.
pub(super) fn refuse_uninformative(
    config: &TrainingConfig,
    in_sample: &Predictions,
    out_of_fold: &Predictions,
    held_out: &Dataset,
) -> Result<(), Error> {
    let min_auc = config.validation.min_auc;
    let of_both = in_sample.members.iter().zip(&out_of_fold.members);
    let reasons = of_both.map(|(in_sample, out_of_fold)| {
        constant(in_sample).or_else(|| low_auc(out_of_fold, held_out, min_auc))
    });
    let members = config.members.iter().zip(reasons);
    let uninformative = members.filter_map(|(member, reason)| Some((member.name.clone(), reason?)));
    let uninformative: Vec<(String, String)> = uninformative.collect();
    if uninformative.is_empty() { Ok(()) } else { Err(Error::UninformativeMembers(uninformative)) }
}

fn constant(probabilities: &Array2<f64>) -> Option<String> {
    let first = probabilities.rows().into_iter().next()?;
    if probabilities.rows().into_iter().any(|row| row != first) {
        return None;
    }
    let (probability, n_rows) = (first.last()?, probabilities.nrows());
    Some(format!("it gives the probability {probability} for each of the {n_rows} training rows"))
}

fn low_auc(probabilities: &Array2<f64>, held_out: &Dataset, min_auc: f64) -> Option<String> {
    let rows = ClassRows::new(held_out.classes(), probabilities.view());
    let rows = rows.and_then(|rows| rows.weighted(held_out.weights()));
    let auc = rows.ok().and_then(|rows| Metrics::of(&rows).auc);
    let shown = match auc {
        Some(auc) if auc >= min_auc => return None,
        Some(auc) => format!("{auc:.4}"),
        None => "undefined".into(),
    };
    Some(format!("its AUC on held-out folds is {shown}, expected at least {min_auc}"))
}
