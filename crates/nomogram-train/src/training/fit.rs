//! Fits of one configuration to different rows.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use nomogram::{EnsembleMember, MIN_GOLDEN_CASES, Manifest, Parts};
use nomogram_table::TABLE_FORMAT;
use rayon::prelude::*;

use super::config::{CONFIGURATION, TrainingConfig};
use super::inputs::Inputs;
use super::out_of_fold::OutOfFold;
use super::progress::Progress;
use crate::data::Dataset;
use crate::error::Error;
use crate::invalid::Invalid;
use crate::learners::TrainingRows;
use crate::parallel::try_map;
use crate::split::{Split, kept_together};
use crate::table::TableFormat;

/// Fits of one configuration, from any thread.
pub(super) struct Fits<'a> {
    config: &'a TrainingConfig,
    total: usize,
    /// The number of members that are fitted, and who receives it.
    progress: Mutex<(usize, &'a mut dyn Progress)>,
}

impl<'a> Fits<'a> {
    /// Will fit all members `n_fits` times.
    pub(super) fn new(
        config: &'a TrainingConfig,
        n_fits: usize,
        progress: &'a mut dyn Progress,
    ) -> Self {
        Self { config, total: n_fits * config.members.len(), progress: Mutex::new((0, progress)) }
    }

    /// Fits preprocessing and members to these rows alone. The combiner is not fitted yet, and there
    /// is no calibrator.
    pub(super) fn fit(&self, dataset: &Dataset, what: &str) -> Result<Parts, Error> {
        let located = |error| dataset.located(error, dataset.schema());
        self.fit_rows(dataset, what).map_err(located)
    }

    fn fit_rows(&self, dataset: &Dataset, what: &str) -> Result<Parts, Error> {
        if dataset.n_rows() < MIN_GOLDEN_CASES {
            return Err(Error::Data(format!(
                "{what}: {} rows to fit to, expected at least {MIN_GOLDEN_CASES}",
                dataset.n_rows()
            )));
        }
        let distance = self.config.distance_input();
        let inputs = Inputs::fit(self.config, distance.as_ref(), dataset)?;
        let groups = kept_together(dataset);
        let mut members = Vec::with_capacity(self.config.members.len());
        for (index, member) in self.config.members.iter().enumerate() {
            self.report(0, &format!("{what}: {}", member.name));
            let (branch, view) = inputs.of(&member.input);
            let rows = TrainingRows {
                values: view.values.view(),
                classes: dataset.classes(),
                n_classes: dataset.schema().target().classes().len(),
                weights: dataset.weights(),
                groups: groups.as_deref(),
                columns: &view.columns,
            };
            let in_member = |invalid: Invalid| {
                let learner = invalid.at(member.learner.key()).at("learner");
                learner.in_item(index, Some(&member.name)).at("members")
            };
            let fitted = member.learner.fit(rows, self.config.seed);
            let fitted = fitted.map_err(|error| error.map_invalid(in_member))?;
            members.push(EnsembleMember { name: member.name.clone(), branch, member: fitted });
            self.report(1, &format!("{what}: {}", member.name));
        }
        Ok(Parts {
            manifest: self.manifest(dataset)?,
            schema: dataset.schema().clone(),
            branches: inputs.branches(),
            members,
            combiner: self.config.combiner.unfitted(self.config.weights()),
            calibrator: None,
            profile: None,
            cutoffs: Vec::new(),
            uncertainty: None,
            card: None,
            explanation: None,
        })
    }

    /// [`Self::fit`], and the combiner and the calibrator where they are fitted to out-of-fold
    /// predictions: those of `folds`.
    pub(super) fn fit_ensemble(
        &self,
        dataset: &Dataset,
        folds: impl FnOnce() -> Result<Vec<Split>, Error>,
        what: &str,
    ) -> Result<Parts, Error> {
        let members = self.fit(dataset, what)?;
        if !self.config.needs_out_of_fold() {
            return Ok(members);
        }
        let out_of_fold = self.fit_folds(dataset, folds()?, &format!("{what}, "))?;
        Ok(out_of_fold.fit_combination()?.of(members))
    }

    /// The folds that the configuration asks for.
    pub(super) fn folds(&self, dataset: &Dataset) -> Result<Vec<Split>, Error> {
        self.config.folds(dataset, self.config.seed)
    }

    /// Fits members to the training rows of each fold, on all threads.
    pub(super) fn fit_folds<'d>(
        &'d self,
        dataset: &'d Dataset,
        folds: Vec<Split>,
        what: &str,
    ) -> Result<OutOfFold<'d>, Error> {
        let fit = |(fold, split): (usize, Split)| {
            let parts =
                self.fit(&dataset.select(&split.train), &format!("{what}fold {}", fold + 1))?;
            Ok::<_, Error>((split, parts))
        };
        let folds = try_map(folds.into_par_iter().enumerate(), fit)?;
        OutOfFold::new(self.config, dataset, folds)
    }

    fn report(&self, n_finished: usize, what: &str) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.0 += n_finished;
        let done = progress.0;
        progress.1.fitting(done, self.total, what);
    }

    fn manifest(&self, dataset: &Dataset) -> Result<Manifest, Error> {
        let mut notes = BTreeMap::from([
            (CONFIGURATION.into(), self.config.to_json()?),
            ("training rows".into(), dataset.n_rows().to_string()),
        ]);
        let format = self.config.data.table_format();
        if format != TableFormat::default() {
            notes.insert(TABLE_FORMAT.into(), format.to_json());
        }
        Ok(Manifest {
            name: self.config.model.name.clone(),
            version: self.config.model.version.clone(),
            created_by: concat!("nomogram-train ", env!("CARGO_PKG_VERSION")).into(),
            training_data_digest: dataset.digest(),
            configuration_digest: self.config.digest()?,
            notes,
        })
    }
}
