//! Uncertainty of the model that is sealed, from the models of the folds.

use nomogram::{Distance, Parts, Ranks, Referral, Scores, Session, Uncertainty};

use super::config::TrainingConfig;
use super::distance::fit_distance;
use super::out_of_fold::OutOfFold;
use super::provisional::open;
use crate::data::Dataset;
use crate::error::Error;
use crate::predictions::Predictions;
use crate::uncertainty::{independent_rows, ranks_of_distances};

/// Fits what the configuration asks for to held-out rows; `parts` was fitted to all rows, and
/// `out_of_fold` are the predictions of the held-out rows, in their order.
pub(super) fn fit_uncertainty(
    config: &TrainingConfig,
    dataset: &Dataset,
    parts: &Parts,
    folds: &OutOfFold<'_>,
    out_of_fold: &Predictions,
) -> Result<Option<Uncertainty>, Error> {
    let Some(spec) = &config.uncertainty else { return Ok(None) };
    let held_out = dataset.select(folds.rows());
    let distance = match config.distance_input() {
        None => None,
        Some(input) => {
            let distances = held_out_distances(input.name(), dataset, folds)?;
            let rows = independent_rows(held_out.feature_rows(), config.seed);
            let known = rows.iter().filter_map(|row| distances.get(*row).copied());
            let distance = fit_distance(input.name(), parts, dataset.values().view())?;
            Some(Distance { ranks: ranks_of_distances(known)?, ..distance })
        }
    };
    spec.fit(&held_out, &out_of_fold.ensemble, distance, config.seed).map(Some)
}

/// The distance of each held-out row from the rows that the model of its fold was fitted to.
fn held_out_distances(
    input: &str,
    dataset: &Dataset,
    folds: &OutOfFold<'_>,
) -> Result<Vec<f64>, Error> {
    let mut distances = vec![f64::NAN; dataset.n_rows()];
    for (split, parts) in folds.folds() {
        let fitted = dataset.select(&split.train);
        let uncertainty = Uncertainty {
            scores: Scores::Classes { ranks: vec![Ranks::of(vec![0.0])?; dataset.n_classes()] },
            levels: Vec::new(),
            venn_abers: None,
            distance: Some(fit_distance(input, parts, fitted.values().view())?),
            spreads: Vec::new(),
            referral: Referral::default(),
        };
        let parts = Parts { uncertainty: Some(uncertainty), ..parts.clone() };
        let mut session = Session::new(open(&parts, &fitted)?);
        let held_out = dataset.select(&split.test);
        let predicted = session.predict_each(held_out.values().view(), |index, prediction| {
            let distance = prediction.uncertain().and_then(|uncertain| uncertain.distance());
            let row = split.test.get(index).and_then(|row| distances.get_mut(*row));
            if let (Some(row), Some(distance)) = (row, distance) {
                *row = distance;
            }
        });
        predicted.map_err(|error| held_out.located(error.into(), &parts.schema))?;
    }
    Ok(folds.rows().iter().filter_map(|row| distances.get(*row)).copied().collect())
}
