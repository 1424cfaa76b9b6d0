//! Fits of one configuration to different rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use ndarray::Array2;
use nomogram::{Branch, EnsembleMember, MIN_GOLDEN_CASES, Manifest, Parts};
use rayon::prelude::*;

use super::held_out::HeldOut;
use super::{Progress, vote};
use crate::config::{CONFIGURATION, Input, StepConfig, TrainingConfig};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::learner::TrainingRows;
use crate::preprocessing::fit_steps;
use crate::split::Split;

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
            let (branch, values) = inputs.of(&member.input);
            let rows = TrainingRows {
                values: values.view(),
                classes: dataset.classes(),
                n_classes: dataset.schema().target().classes().len(),
                weights: dataset.weights(),
            };
            members.push(EnsembleMember {
                name: member.name.clone(),
                branch,
                member: member.learner.fit(rows, self.config.seed)?,
            });
            self.tell(1, &format!("{what}: {}", member.name));
        }
        Ok(Parts {
            manifest: self.manifest(dataset)?,
            schema: dataset.schema().clone(),
            branches: inputs.branches,
            members,
            combiner: vote::given(self.config),
            calibrator: None,
            cutoffs: Vec::new(),
            card: None,
        })
    }

    /// [`Self::fit`], and the vote and the calibrator where they need held-out rows.
    pub(super) fn fit_with_vote(&self, dataset: &Dataset, what: &str) -> Result<Parts, Error> {
        let members = self.fit(dataset, what)?;
        if !self.config.needs_held_out() {
            return Ok(members);
        }
        Ok(self.hold_out(dataset, &format!("{what}, "))?.fit_vote()?.of(members))
    }

    /// Fits to all folds but one, for each fold in turn.
    pub(super) fn hold_out<'d>(
        &'d self,
        dataset: &'d Dataset,
        what: &str,
    ) -> Result<HeldOut<'d>, Error> {
        let folds = self.config.folds(dataset, self.config.seed)?;
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
        let notes = BTreeMap::from([
            (CONFIGURATION.into(), self.config.to_json()?),
            ("training rows".into(), dataset.n_rows().to_string()),
        ]);
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

/// The branches that the members read, and the training rows as each of them encodes them.
struct Inputs {
    branches: Vec<Branch>,
    encoded: BTreeMap<Input, (u32, Array2<f64>)>,
}

impl Inputs {
    #[allow(clippy::indexing_slicing, reason = "inputs are checked with the configuration")]
    fn fit(config: &TrainingConfig, dataset: &Dataset) -> Result<Self, Error> {
        let used: BTreeSet<&Input> = config.members.iter().map(|member| &member.input).collect();
        let mut inputs = Self { branches: Vec::new(), encoded: BTreeMap::new() };
        for (index, input) in (0..).zip(used) {
            let (steps, encoded) = match input {
                Input::Raw => (Vec::new(), dataset.values().clone()),
                Input::Scaled => fit_steps(dataset, &StepConfig::scaled())?,
                Input::Named(name) => fit_steps(dataset, &config.inputs[name])
                    .map_err(|error| Error::Data(format!("inputs: `{name}`: {error}")))?,
            };
            inputs.branches.push(Branch { name: input.name().into(), source: None, steps });
            inputs.encoded.insert(input.clone(), (index, encoded));
        }
        Ok(inputs)
    }

    /// The number of the branch and its encoded rows.
    #[allow(clippy::indexing_slicing, reason = "`fit` makes one for each input of a member")]
    fn of(&self, input: &Input) -> (u32, &Array2<f64>) {
        let (branch, encoded) = &self.encoded[input];
        (*branch, encoded)
    }
}
