//! Tunes settings of a training configuration by the out-of-fold log loss of its ensemble.

use std::path::Path;

use super::config::TrainingConfig;
use super::cross_validate::cross_validate;
use super::progress::unseen;
use super::tuning::{Journal, Search, Settings, TuningSpec, search};
use crate::data::Dataset;
use crate::error::Error;
use crate::invalid::Invalid;
use crate::predictions::Predictions;
use crate::split::Split;
use nomogram_stats::metrics::log_loss;

/// Searches the settings that `config.tuning` names, and returns the configuration with the best ones.
///
/// A trial is evaluated on the folds of the configuration; where a rung asks for more, also on those
/// of the next seed, and so on. With `journal`, an interrupted search continues and has the same
/// result.
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
        let config = config.with_settings(settings)?;
        let fold = folds.get(fold).map(std::slice::from_ref).unwrap_or_default();
        let predictions = cross_validate(&config, dataset, fold, &mut unseen())?;
        let held_out = fold.iter().flat_map(|split| &split.test).copied().collect::<Vec<_>>();
        let predictions = predictions.select(&held_out);
        let held_out = dataset.select(&held_out);
        Ok(log_loss(&predictions.ensemble, held_out.classes(), held_out.weights()))
    };
    let searched = search(tuning, config.seed, &journal, &loss)?;
    Ok((config.with_settings(&searched.best_trial().settings)?, searched))
}

/// Predicts the held-out rows of each fold by a model whose settings were searched, and that was
/// trained, on the fold's other rows alone: nested cross-validation (Cawley and Talbot, On
/// over-fitting in model selection, 2010). Returns the settings of each fold too.
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
        let (config, searched) = tune(config, &dataset.select(&fold.train), None)?;
        let only = std::slice::from_ref(fold);
        let predictions = cross_validate(&config, dataset, only, &mut unseen())?;
        predicted.push((fold.test.as_slice(), predictions.select(&fold.test)));
        chosen.push(searched.best_trial().settings.clone());
    }
    Ok((Predictions::gather(&predicted, dataset.n_rows())?, chosen))
}

fn tuning(config: &TrainingConfig) -> Result<&TuningSpec, Error> {
    let absent = || Invalid::because("absent, expected what to search").at("tuning");
    Ok(config.tuning.as_ref().ok_or_else(absent)?)
}

/// As many folds as the last rung asks for.
fn folds(config: &TrainingConfig, dataset: &Dataset, n: usize) -> Result<Vec<Split>, Error> {
    let mut all = Vec::with_capacity(n);
    let mut seed = config.seed;
    while all.len() < n {
        all.extend(config.folds(dataset, seed)?);
        seed = seed.wrapping_add(1);
    }
    all.truncate(n);
    Ok(all)
}
