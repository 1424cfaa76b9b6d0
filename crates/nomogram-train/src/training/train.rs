//! From rows to a sealed bundle.

use std::sync::Arc;

use nomogram::{Model, Parts, seal};

use super::config::TrainingConfig;
use super::explanation::{BACKGROUND_ROWS, explanation};
use super::fit::Fits;
use super::golden::{self, GOLDEN_ROWS};
use super::profile;
use super::progress::Progress;
use super::uncertain::fit_uncertainty;
use super::uninformative::refuse_uninformative;
use crate::data::Dataset;
use crate::ensemble::CutoffSpec;
use crate::error::Error;
use crate::invalid::{Invalid, require};
use crate::predictions::Predictions;
use crate::split::Split;
use crate::uncertainty::refuse_weights;

/// A model, its bytes, and its out-of-fold predictions.
#[derive(Debug)]
pub struct Trained {
    /// The bundle.
    pub bundle: Vec<u8>,
    /// The same bundle, opened.
    pub model: Arc<Model>,
    /// Predictions of the rows of [`Self::held_out`], in this order, by models that were not fitted to
    /// them.
    pub out_of_fold: Predictions,
    /// The training rows that a fold holds out: all of them, except the earliest of folds by time.
    pub held_out: Vec<usize>,
}

/// Trains a model, evaluates every member on held-out folds, and seals it.
///
/// `dataset` has the training rows alone. The bytes of the bundle depend on its rows, on `config` and
/// on the version of this crate, and on nothing else; folds are fitted on all threads of the current
/// rayon pool.
///
/// # Errors
///
/// `Configuration` when the folds have repeats: [`SplitSpec::repeats`](crate::split::SplitSpec::repeats)
/// and [`cross_validate`](crate::cross_validate) evaluate those. `Configuration`, `Data` or `NotConverged`
/// when a fit is not possible; `UninformativeMembers` when a
/// member learned nothing and the configuration does not allow that.
pub fn train(
    config: &TrainingConfig,
    dataset: &Dataset,
    progress: &mut dyn Progress,
) -> Result<Trained, Error> {
    config.check()?;
    refuse_repeats(config)?;
    if config.uncertainty.is_some() {
        refuse_weights(dataset)?;
    }
    // Refuse rows that cannot be dealt to folds before anything is fitted.
    let folds = config.folds(dataset, config.seed)?;
    train_on_folds(config, dataset, folds, progress)
        .map_err(|error| error.with_class_names(dataset.schema().target().classes()))
}

/// [`train`] with given folds.
pub(super) fn train_on_folds(
    config: &TrainingConfig,
    dataset: &Dataset,
    folds: Vec<Split>,
    progress: &mut dyn Progress,
) -> Result<Trained, Error> {
    let fits = Fits::new(config, folds.len() + 1, progress);
    let (members, folds) =
        rayon::join(|| fits.fit(dataset, "all rows"), || fits.fit_folds(dataset, folds, ""));
    let (members, folds) = (members?, folds?);
    let out_of_fold = folds.predict()?.select(folds.rows());
    let held_out = dataset.select(folds.rows());
    let choose = |cutoff: &CutoffSpec| cutoff.choose(&held_out, &out_of_fold);
    let cutoffs = config.cutoffs.iter().map(choose).collect::<Result<_, _>>()?;
    let uncertainty = fit_uncertainty(config, dataset, &members, &folds, &out_of_fold)?;
    let profile = config.profile.then(|| profile::fit(dataset, &held_out, &out_of_fold));
    let mut parts = Parts { cutoffs, uncertainty, profile, ..folds.fit_combination()?.of(members) };
    let golden = golden::rows(config.golden, &parts, dataset, config.seed)?;
    parts.manifest.notes.insert(GOLDEN_ROWS.into(), golden.note);
    if let Some((explanation, note)) = explanation(&config.explanation, &parts, dataset)? {
        parts.explanation = Some(explanation);
        parts.manifest.notes.insert(BACKGROUND_ROWS.into(), note);
    }
    let bundle = seal(&parts, golden.rows.view())?;
    let model = Arc::new(Model::open(&bundle)?);
    if !config.allow_uninformative_members {
        let in_sample = Predictions::of(&model, dataset)?;
        refuse_uninformative(config, &in_sample, &out_of_fold, &held_out)?;
    }
    Ok(Trained { bundle, model, out_of_fold, held_out: folds.rows().to_vec() })
}

/// Refuses repeats of the folds, as the bundle has one set of out-of-fold predictions.
fn refuse_repeats(config: &TrainingConfig) -> Result<(), Invalid> {
    let repeats = config.splits.map_or(1, |splits| splits.folds.repeats);
    require(repeats == 1, || {
        let expected = "1: training draws its folds once, and evaluates each row once";
        Invalid::new(repeats, expected).at("repeats").at("folds").at("splits")
    })
}
