//! Fits of one configuration to different rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use nomogram::{Branch, EnsembleMember, MIN_GOLDEN_CASES, Manifest, Parts};
use nomogram_table::TABLE_FORMAT;
use rayon::prelude::*;

use super::out_of_fold::HeldOut;
use super::train::Progress;
use crate::config::{CONFIGURATION, Input, StepConfig, TrainingConfig};
use crate::data::Dataset;
use crate::ensemble::combiner;
use crate::error::Error;
use crate::learners::TrainingRows;
use crate::split::Split;
use crate::steps::{View, fit_view};
use crate::table::TableFormat;

/// Fits of one configuration, from any thread.
pub(super) struct Fits<'a> {
    config: &'a TrainingConfig,
    total: usize,
    /// How many members are fitted, and who is told.
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

    /// Fits preprocessing and members to these rows alone. The members vote as the configuration
    /// says, as far as it says so without held-out rows.
    pub(super) fn fit(&self, dataset: &Dataset, what: &str) -> Result<Parts, Error> {
        if dataset.n_rows() < MIN_GOLDEN_CASES {
            return Err(Error::Data(format!(
                "{what}: {} rows to fit to, expected at least {MIN_GOLDEN_CASES}",
                dataset.n_rows()
            )));
        }
        let inputs = Inputs::fit(self.config, dataset)?;
        let mut members = Vec::with_capacity(self.config.members.len());
        for member in &self.config.members {
            self.tell(0, &format!("{what}: {}", member.name));
            let (branch, view) = inputs.of(&member.input);
            let learner = member.learner.of_columns(view.columns()).map_err(|error| {
                Error::Configuration(format!("member `{}`: {error}", member.name))
            })?;
            let rows = TrainingRows {
                values: view.values.view(),
                classes: dataset.classes(),
                n_classes: dataset.schema().target().classes().len(),
                weights: dataset.weights(),
            };
            members.push(EnsembleMember {
                name: member.name.clone(),
                branch,
                member: learner.fit(rows, self.config.seed)?,
            });
            self.tell(1, &format!("{what}: {}", member.name));
        }
        Ok(Parts {
            manifest: self.manifest(dataset)?,
            schema: dataset.schema().clone(),
            branches: inputs.branches(),
            members,
            combiner: combiner::given(self.config),
            calibrator: None,
            cutoffs: Vec::new(),
            card: None,
        })
    }

    /// [`Self::fit`], and the vote and the calibrator where they need held-out rows: those of
    /// `folds`.
    pub(super) fn fit_with_vote(
        &self,
        dataset: &Dataset,
        folds: impl FnOnce() -> Result<Vec<Split>, Error>,
        what: &str,
    ) -> Result<Parts, Error> {
        let members = self.fit(dataset, what)?;
        if !self.config.needs_held_out() {
            return Ok(members);
        }
        Ok(self.hold_out(dataset, folds()?, &format!("{what}, "))?.fit_vote()?.of(members))
    }

    /// The folds that the configuration asks for.
    pub(super) fn folds(&self, dataset: &Dataset) -> Result<Vec<Split>, Error> {
        self.config.folds(dataset, self.config.seed)
    }

    /// Fits to all folds but one, for each fold in turn.
    pub(super) fn hold_out<'d>(
        &'d self,
        dataset: &'d Dataset,
        folds: Vec<Split>,
        what: &str,
    ) -> Result<HeldOut<'d>, Error> {
        let fit = |(fold, split): (usize, Split)| {
            let parts = self.fit(&dataset.select(&split.train), &format!("{what}fold {fold}"))?;
            Ok((split, parts))
        };
        let folds: Result<_, Error> = folds.into_par_iter().enumerate().map(fit).collect();
        HeldOut::new(self.config, dataset, folds?)
    }

    fn tell(&self, n_finished: usize, what: &str) {
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

/// The training rows as each input of a member encodes them, and the number of its branch.
struct Inputs<'a>(BTreeMap<&'a Input, (u32, View<'a>)>);

impl<'a> Inputs<'a> {
    #[allow(clippy::indexing_slicing, reason = "inputs are checked with the configuration")]
    fn fit(config: &'a TrainingConfig, dataset: &'a Dataset) -> Result<Self, Error> {
        let used: BTreeSet<&Input> = config.members.iter().map(|member| &member.input).collect();
        let fit = |(index, input): (u32, &'a Input)| {
            let view = match input {
                Input::Raw => fit_view(dataset, &[])?,
                Input::Scaled => fit_view(dataset, &StepConfig::scaled())?,
                Input::Named(name) => fit_view(dataset, &config.inputs[name])
                    .map_err(|error| Error::Data(format!("inputs: `{name}`: {error}")))?,
            };
            Ok((input, (index, view)))
        };
        Ok(Self((0..).zip(used).map(fit).collect::<Result<_, Error>>()?))
    }

    /// The number of the branch and its encoded rows.
    #[allow(clippy::indexing_slicing, reason = "`fit` makes one for each input of a member")]
    fn of(&self, input: &Input) -> (u32, &View<'a>) {
        let (branch, view) = &self.0[input];
        (*branch, view)
    }

    fn branches(self) -> Vec<Branch> {
        let branch = |(input, (_, view)): (&Input, (u32, View<'_>))| Branch {
            name: input.name().into(),
            source: None,
            steps: view.steps,
        };
        self.0.into_iter().map(branch).collect()
    }
}
