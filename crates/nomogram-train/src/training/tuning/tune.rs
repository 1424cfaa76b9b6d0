//! Settings of a training configuration, judged by the log loss of its vote.

use std::path::Path;

use super::{Journal, Search, Settings, TuningConfig, search, with_settings};
use crate::config::TrainingConfig;
use crate::data::Dataset;
use crate::error::Error;
use crate::predictions::Predictions;
use crate::split::Split;
use crate::training::cross_validate;
use nomogram_stats::metrics::log_loss;

/// Searches the settings that `config.tuning` names, and puts the best ones into the configuration.
///
/// A trial is judged on stratified folds of `dataset`, as many as `config.validation` says; where a
/// rung asks for more, on those of another seed, and so on. With `journal`, a search that was killed
/// goes on from there and finds the same.
///
/// # Errors
///
/// `Configuration` without `tuning`, or as [`search`]; `Table` when the journal is of another search.
pub fn tune(
    config: &TrainingConfig,
    dataset: &Dataset,
    journal: Option<&Path>,
) -> Result<(TrainingConfig, Search), Error> {
    config.check()?;
    let tuning = tuning(config)?;
    let journal = match journal {
        None => Journal::none(),
        Some(path) => {
            let digest = tuning.digest(config.seed, dataset.digest(), config.digest()?)?;
            Journal::open(path, digest)?
        }
    };
    let n_folds = tuning.rungs.last().copied().unwrap_or(0);
    let folds = folds(config, dataset, n_folds)?;
    let loss = |settings: &Settings, fold: usize| {
        let config = with_settings(config, settings)?;
        let fold = folds.get(fold).map(std::slice::from_ref).unwrap_or_default();
        let nobody = &mut |_: usize, _: usize, _: &str| {};
        let predictions = cross_validate(&config, dataset, fold, nobody)?;
        let held_out = fold.iter().flat_map(|split| &split.test).copied().collect::<Vec<_>>();
        let predictions = predictions.select(&held_out);
        Ok(log_loss(&predictions.vote, dataset.select(&held_out).classes()))
    };
    let found = search(tuning, config.seed, &journal, &loss)?;
    Ok((with_settings(config, &found.best_trial().settings)?, found))
}

/// Predicts the held-out rows of each fold by a model whose settings were searched, and that was
/// trained, on the fold's other rows alone: nested cross-validation (Cawley and Talbot, On
/// over-fitting in model selection, 2010). Tells the settings of each fold.
///
/// # Errors
///
/// As [`tune`].
pub fn cross_validate_tuned(
    config: &TrainingConfig,
    dataset: &Dataset,
    folds: &[Split],
) -> Result<(Predictions, Vec<Settings>), Error> {
    let (mut predicted, mut chosen) = (Vec::new(), Vec::new());
    for fold in folds {
        let (config, found) = tune(config, &dataset.select(&fold.train), None)?;
        let nobody = &mut |_: usize, _: usize, _: &str| {};
        let predictions = cross_validate(&config, dataset, std::slice::from_ref(fold), nobody)?;
        predicted.push((fold.test.as_slice(), predictions.select(&fold.test)));
        chosen.push(found.best_trial().settings.clone());
    }
    Ok((Predictions::gather(&predicted, dataset.n_rows())?, chosen))
}

fn tuning(config: &TrainingConfig) -> Result<&TuningConfig, Error> {
    config.tuning.as_ref().ok_or_else(|| {
        Error::Configuration("tuning: the configuration does not say what to search".into())
    })
}

/// As many folds as the last rung asks for.
fn folds(config: &TrainingConfig, dataset: &Dataset, n: usize) -> Result<Vec<Split>, Error> {
    let mut all = Vec::with_capacity(n);
    for seed in config.seed.. {
        if all.len() >= n {
            break;
        }
        all.extend(config.folds(dataset, seed)?);
    }
    all.truncate(n);
    Ok(all)
}
