//! External recalibration: the ensemble of a bundle with a calibrator for other patients.

use std::collections::BTreeSet;
use std::sync::Arc;

use nomogram::{Calibrator, Model, Parts, seal, unseal};

use super::child::{manifest_of_child, with_spreads_of};
use super::config::TrainingConfig;
use super::distance::sealed_distance;
use super::{golden, profile};
use crate::data::Dataset;
use crate::ensemble::{CalibrationRows, CutoffSpec};
use crate::error::Error;
use crate::invalid::Invalid;
use crate::predictions::Predictions;

/// The note of a manifest about golden cases that a recalibration added to those of the parent.
pub const ADDED_GOLDEN_ROWS: &str = "added golden rows";

/// A child bundle, and predictions by parent and child of the rows that it was recalibrated on.
#[derive(Debug)]
pub struct Recalibrated {
    /// The child.
    pub bundle: Vec<u8>,
    /// The same bundle, opened.
    pub model: Arc<Model>,
    /// The rows that both are evaluated on: those that the folds of the configuration hold out.
    pub rows: Vec<usize>,
    /// Predictions of these rows by the parent.
    pub before: Predictions,
    /// Out-of-fold predictions of these rows: the calibrator is fitted to the training rows of each
    /// fold.
    pub after: Predictions,
    /// The cutoffs of the parent that the child does not have.
    pub dropped_cutoffs: Vec<String>,
}

/// Fits the calibrator that `config.calibration` names to predictions of all rows of `dataset` by the
/// parent without its calibrator, and seals the same ensemble with it.
///
/// The manifest of the child has the notes of the parent, and adds the digest of the parent
/// (`parent`), the digest of these rows (`recalibration data`) and their number
/// (`recalibration rows`); its version is that of `config.model`. Its cutoffs are chosen on these
/// rows, by the rules of `config.cutoffs`. It has the golden cases of the parent, and constructed ones
/// that prove the new calibrator and the new cutoffs (`added golden rows`). Its uncertainty is fitted to these
/// rows, if `config` asks for it; the distance stays that of the parent, and is fitted to these rows if it
/// has none. The cutoffs and the model card of the parent are about other probabilities, and are left out. The same parent, rows and configuration give the same bytes.
///
/// # Errors
///
/// `Configuration` without a calibration; `Model` when the parent is refused or a row does not fit
/// it; `Data` when the rows have other classes or cannot be dealt to the folds of the configuration;
/// `NotConverged` when no calibrator is best.
pub fn recalibrate(
    parent: &[u8],
    config: &TrainingConfig,
    dataset: &Dataset,
) -> Result<Recalibrated, Error> {
    recalibrate_rows(parent, config, dataset)
        .map_err(|error| error.with_class_names(dataset.schema().target().classes()))
}

fn recalibrate_rows(
    parent: &[u8],
    config: &TrainingConfig,
    dataset: &Dataset,
) -> Result<Recalibrated, Error> {
    let Some(calibration) = config.calibration else {
        return Err(Invalid::because("absent, expected a calibrator").at("calibration").into());
    };
    config.check()?;
    let model = Arc::new(Model::open(parent)?);
    let before = Predictions::of(&model, dataset)?;
    let (parts, golden_rows) = unseal(parent)?;
    let sealed = |parts: &Parts| seal(parts, golden_rows.view());
    let bare = Parts { calibrator: None, cutoffs: Vec::new(), uncertainty: None, ..parts.clone() };
    let bare = Predictions::of(&Arc::new(Model::open(&sealed(&bare)?)?), dataset)?;

    let fit = |predictions: &Predictions, rows: &Dataset| {
        calibration.fit(CalibrationRows::of(rows, predictions.ensemble.view()), config.seed)
    };
    let mut after = Predictions { uncalibrated: Some(bare.ensemble.clone()), ..bare.clone() };
    let mut rows = BTreeSet::new();
    for fold in config.folds(dataset, config.seed)? {
        let others = dataset.select(&fold.train);
        let calibrator = fit(&bare.select(&fold.train), &others)?;
        for row in fold.test {
            apply(calibrator.as_ref(), &mut after, row);
            rows.insert(row);
        }
    }
    let rows: Vec<usize> = rows.into_iter().collect();
    let (before, after) = (before.select(&rows), after.select(&rows));
    let calibrator = fit(&bare, dataset)?;
    let held_out = dataset.select(&rows);
    let choose = |cutoff: &CutoffSpec| cutoff.choose(&held_out, &after);
    let cutoffs = config.cutoffs.iter().map(choose).collect::<Result<Vec<_>, _>>()?;
    let dropped = parts.cutoffs.iter().filter(|old| cutoffs.iter().all(|new| new.name != old.name));
    let dropped_cutoffs = dropped.map(|cutoff| cutoff.name.clone()).collect();

    // The parent's scores are about other probabilities; its distances are not.
    let uncertainty = match &config.uncertainty {
        None => None,
        Some(spec) => {
            let rows = held_out.feature_rows();
            let distance = sealed_distance(spec.distance.as_deref(), &parts, rows, config.seed)?;
            let fitted = spec.fit(&held_out, &after.ensemble, distance, config.seed)?;
            Some(with_spreads_of(&parts, fitted))
        }
    };

    let version = &config.model.version;
    let manifest = manifest_of_child(&model, version, dataset.digest(), dataset.n_rows());
    // The rows of the new place are what later ones are compared with.
    let profile = config.profile.then(|| profile::fit(dataset, &held_out, &after));
    let mut child =
        Parts { manifest, card: None, calibrator, cutoffs, uncertainty, profile, ..parts };
    let rows_of_child = golden::extended(&child, golden_rows.view(), dataset, config.seed)?;
    let n_added = rows_of_child.nrows() - golden_rows.nrows();
    if n_added > 0 {
        let note = format!("{n_added}, constructed for the new calibrator and the new cutoffs");
        child.manifest.notes.insert(ADDED_GOLDEN_ROWS.into(), note);
    }
    let bundle = seal(&child, rows_of_child.view())?;
    let model = Arc::new(Model::open(&bundle)?);
    Ok(Recalibrated { bundle, model, rows, before, after, dropped_cutoffs })
}

fn apply(calibrator: Option<&Calibrator>, predictions: &mut Predictions, row: usize) {
    let Some(calibrator) = calibrator else { return };
    let mut probabilities = predictions.ensemble.row(row).to_vec();
    calibrator.apply(&mut probabilities);
    let row = predictions.ensemble.row_mut(row);
    row.into_iter().zip(probabilities).for_each(|(to, from)| *to = from);
}
