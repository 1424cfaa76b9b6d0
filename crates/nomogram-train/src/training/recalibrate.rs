//! External recalibration: a bundle's ensemble with a calibrator for other patients.

use std::collections::BTreeSet;
use std::sync::Arc;

use nomogram::{Calibrator, Model, Parts, seal, unseal};

use super::train::choose_cutoffs;
use crate::config::TrainingConfig;
use crate::data::Dataset;
use crate::error::Error;
use crate::predictions::Predictions;

/// A child bundle, and what both say of the rows that it was recalibrated on.
#[derive(Debug)]
pub struct Recalibrated {
    /// The child.
    pub bundle: Vec<u8>,
    /// The same bundle, opened.
    pub model: Arc<Model>,
    /// The rows that both are judged on: those that the folds of the configuration hold out.
    pub rows: Vec<usize>,
    /// What the parent says of each of these rows.
    pub before: Predictions,
    /// What the child says of each of these rows, its calibrator fitted to the rest of the fold.
    pub after: Predictions,
    /// The cutoffs of the parent that the child does not have.
    pub dropped_cutoffs: Vec<String>,
}

/// Fits the calibrator that `config.calibration` names to what the parent's ensemble, without its own
/// calibrator, says of all rows of `dataset`, and seals the same ensemble with it.
///
/// The child's manifest has the parent's notes, and names the parent's digest (`parent`), the digest
/// of these rows (`recalibration data`) and their number (`recalibration rows`); its version
/// is that of `config.model`. Its cutoffs are chosen on these rows, by the rules of `config.cutoffs`:
/// those of the parent speak of other probabilities; so does its model card, which is left out. The
/// same parent, rows and configuration give the same bytes.
///
/// # Errors
///
/// `Configuration` without a calibration; `Model` when the parent is refused or a row does not fit
/// it; `Data` when the rows are of other classes or cannot be dealt to folds as asked; `NotConverged` when no calibrator
/// is best.
pub fn recalibrate(
    parent: &[u8],
    config: &TrainingConfig,
    dataset: &Dataset,
) -> Result<Recalibrated, Error> {
    let Some(calibration) = config.calibration else {
        return Err(Error::Configuration("calibration: nothing, expected a calibrator".into()));
    };
    config.check()?;
    let own = Arc::new(Model::open(parent)?);
    let before = Predictions::of(&own, dataset)?;
    let (parts, golden_rows) = unseal(parent)?;
    let sealed = |parts: &Parts| seal(parts, golden_rows.view());
    let bare = Parts { calibrator: None, cutoffs: Vec::new(), ..parts.clone() };
    let bare = Predictions::of(&Arc::new(Model::open(&sealed(&bare)?)?), dataset)?;

    let fit = |predictions: &Predictions, classes: &[usize]| {
        calibration.fit(predictions.vote.view(), classes, config.seed)
    };
    let mut after = bare.clone();
    let mut rows = BTreeSet::new();
    for fold in config.folds(dataset, config.seed)? {
        let others = dataset.select(&fold.train);
        let calibrator = fit(&bare.select(&fold.train), others.classes())?;
        for row in fold.test {
            apply(calibrator.as_ref(), &mut after, row);
            rows.insert(row);
        }
    }
    let rows: Vec<usize> = rows.into_iter().collect();
    let (before, after) = (before.select(&rows), after.select(&rows));
    let calibrator = fit(&bare, dataset.classes())?;
    let cutoffs = choose_cutoffs(config, &dataset.select(&rows), &after)?;
    let dropped = parts.cutoffs.iter().filter(|old| cutoffs.iter().all(|new| new.name != old.name));
    let dropped_cutoffs = dropped.map(|cutoff| cutoff.name.clone()).collect();

    let mut manifest = parts.manifest.clone();
    manifest.version.clone_from(&config.model.version);
    for (key, note) in [
        ("parent", own.digest().to_string()),
        ("recalibration data", dataset.digest().to_string()),
        ("recalibration rows", dataset.n_rows().to_string()),
    ] {
        manifest.notes.insert(key.into(), note);
    }
    let bundle = sealed(&Parts { manifest, card: None, calibrator, cutoffs, ..parts })?;
    let model = Arc::new(Model::open(&bundle)?);
    Ok(Recalibrated { bundle, model, rows, before, after, dropped_cutoffs })
}

fn apply(calibrator: Option<&Calibrator>, predictions: &mut Predictions, row: usize) {
    let Some(calibrator) = calibrator else { return };
    let mut own = predictions.vote.row(row).to_vec();
    calibrator.apply(&mut own);
    predictions.vote.row_mut(row).iter_mut().zip(own).for_each(|(to, from)| *to = from);
}
