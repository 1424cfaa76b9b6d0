//! From rows to a sealed bundle.

mod golden_rows;
mod vote;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use ndarray::Array2;
use nomogram::{
    Branch, Combiner, EnsembleMember, MIN_GOLDEN_CASES, Manifest, Model, Parts, Step, seal,
};
use rayon::prelude::*;

use crate::config::{Input, TrainingConfig};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::learner::{TrainingRows, fit_standard_scaler};
use crate::metrics::Metrics;
use crate::predictions::Predictions;
use crate::split::{Split, stratified_folds};

/// Told about long work, from any thread.
pub trait Progress: Send {
    /// `done` of `total` fits are finished; `next` is being fitted.
    fn fitting(&mut self, done: usize, total: usize, next: &str);
}

impl<F: FnMut(usize, usize, &str) + Send> Progress for F {
    fn fitting(&mut self, done: usize, total: usize, next: &str) {
        self(done, total, next);
    }
}

/// A model, its bytes, and how it did on rows that it was not fitted to.
#[derive(Debug)]
pub struct Trained {
    /// The bundle.
    pub bundle: Vec<u8>,
    /// The same bundle, opened.
    pub model: Arc<Model>,
    /// The predictions of the training rows by models that had not seen them.
    pub out_of_fold: Predictions,
}

/// Trains, judges every member on held-out folds, and seals.
///
/// `dataset` holds the training rows alone. Nothing but its rows, `config` and the version of this
/// crate decides the bytes of the bundle; folds are fitted on all threads of the rayon pool that
/// calls.
///
/// # Errors
///
/// `Configuration`, `Data` or `NotConverged` when it cannot be trained; `DeadMember` when a member
/// learned nothing and the configuration does not allow that.
pub fn train(
    config: &TrainingConfig,
    dataset: &Dataset,
    progress: &mut dyn Progress,
) -> Result<Trained, Error> {
    config.check()?;
    let folds = folds(config, dataset)?;
    let mut all: Vec<(String, Dataset)> = parts_to_fit(dataset, &folds);
    all.push(("all rows".into(), dataset.clone()));
    let mut fitted = fit_all(config, &all, progress)?;
    let members = fitted.pop().ok_or_else(|| Error::Data("nothing was fitted".into()))?;

    let held_out = HeldOut::new(dataset, folds, fitted)?;
    let out_of_fold = held_out.vote(config, dataset)?;
    let combiner = vote::fit_combiner(config, &held_out.members, dataset.classes())?;
    let parts = Parts { combiner, ..members };
    let golden_rows = golden_rows::choose(&parts, dataset)?;
    let bundle = seal(&parts, golden_rows.view())?;
    let model = Arc::new(Model::open(&bundle)?);
    let trained = Trained { bundle, model, out_of_fold };
    if !config.allow_dead_members {
        refuse_dead_members(config, dataset, &trained)?;
    }
    Ok(trained)
}

/// Predicts each row of `dataset` by a model that was fitted to the other folds, its vote included.
///
/// # Errors
///
/// As [`train`], but dead members are not looked for.
pub fn cross_validate(
    config: &TrainingConfig,
    dataset: &Dataset,
    progress: &mut dyn Progress,
) -> Result<Predictions, Error> {
    config.check()?;
    let folds = folds(config, dataset)?;
    let fitted = fit_all(config, &parts_to_fit(dataset, &folds), progress)?;
    HeldOut::new(dataset, folds, fitted)?.vote(config, dataset)
}

fn folds(config: &TrainingConfig, dataset: &Dataset) -> Result<Vec<Split>, Error> {
    stratified_folds(dataset.classes(), config.validation.n_folds, config.seed)
}

/// The rows that the model of each fold is fitted to, and what they are called.
fn parts_to_fit(dataset: &Dataset, folds: &[Split]) -> Vec<(String, Dataset)> {
    let part =
        |(fold, split): (usize, &Split)| (format!("fold {fold}"), dataset.select(&split.train));
    folds.iter().enumerate().map(part).collect()
}

/// Fits all members to each of these parts of the rows, on all threads.
fn fit_all(
    config: &TrainingConfig,
    parts: &[(String, Dataset)],
    progress: &mut dyn Progress,
) -> Result<Vec<Parts>, Error> {
    let fits = Fits {
        config,
        total: parts.len() * config.members.len(),
        progress: Mutex::new((0, progress)),
    };
    parts.par_iter().map(|(what, rows)| fits.fit(rows, what)).collect()
}

/// The models of the folds, and what their members say of the rows that they had not seen.
struct HeldOut {
    folds: Vec<(Split, Parts)>,
    members: Predictions,
}

impl HeldOut {
    fn new(dataset: &Dataset, folds: Vec<Split>, fitted: Vec<Parts>) -> Result<Self, Error> {
        let folds: Vec<(Split, Parts)> = folds.into_iter().zip(fitted).collect();
        let members = predict(dataset, folds.iter().map(|(split, parts)| (split, parts.clone())))?;
        Ok(Self { folds, members })
    }

    /// What the vote says of each row, its combiner fitted to the predictions of the other folds.
    fn vote(&self, config: &TrainingConfig, dataset: &Dataset) -> Result<Predictions, Error> {
        let mut voting = Vec::with_capacity(self.folds.len());
        for (split, parts) in &self.folds {
            let others = self.members.select(&split.train);
            let classes = dataset.select(&split.train);
            let combiner = vote::fit_combiner(config, &others, classes.classes())?;
            voting.push((split, Parts { combiner, ..parts.clone() }));
        }
        predict(dataset, voting.into_iter())
    }
}

/// What models say of the rows that they had not seen.
fn predict<'a>(
    dataset: &Dataset,
    folds: impl Iterator<Item = (&'a Split, Parts)>,
) -> Result<Predictions, Error> {
    let mut parts = Vec::new();
    for (split, model) in folds {
        let model = Arc::new(Model::open(&seal_untold(&model, dataset)?)?);
        let held_out = dataset.select(&split.test);
        parts.push((split.test.as_slice(), Predictions::of(&model, &held_out)?));
    }
    Predictions::gather(&parts, dataset.n_rows())
}

/// Seals a model that is not given away: which golden rows it replays does not matter.
fn seal_untold(parts: &Parts, dataset: &Dataset) -> Result<Vec<u8>, Error> {
    let any: Vec<usize> = (0..MIN_GOLDEN_CASES).collect();
    Ok(seal(parts, dataset.select(&any).values().view())?)
}

/// Fits of the same configuration to different rows.
struct Fits<'a> {
    config: &'a TrainingConfig,
    total: usize,
    /// How many members are fitted, and who is told.
    progress: Mutex<(usize, &'a mut dyn Progress)>,
}

impl Fits<'_> {
    /// Fits preprocessing and members to these rows alone; the members' own weights vote.
    fn fit(&self, dataset: &Dataset, what: &str) -> Result<Parts, Error> {
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
            let (branch, values) = inputs.of(member.input);
            let rows = TrainingRows {
                values: values.view(),
                classes: dataset.classes(),
                n_classes: dataset.schema().target().classes().len(),
                weights: None,
            };
            members.push(EnsembleMember {
                name: member.name.clone(),
                branch,
                member: member.learner.fit(rows, self.config.seed)?,
            });
            self.tell(1, &format!("{what}: {}", member.name));
        }
        let weights = self.config.members.iter().map(|member| member.weight).collect();
        Ok(Parts {
            manifest: self.manifest(dataset)?,
            schema: dataset.schema().clone(),
            branches: inputs.branches,
            members,
            combiner: Combiner::SoftVote { weights },
            calibrator: None,
            cutoffs: Vec::new(),
            card: None,
        })
    }

    fn tell(&self, n_finished: usize, what: &str) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.0 += n_finished;
        let done = progress.0;
        progress.1.fitting(done, self.total, what);
    }

    fn manifest(&self, dataset: &Dataset) -> Result<Manifest, Error> {
        let notes = BTreeMap::from([("training rows".into(), dataset.n_rows().to_string())]);
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
    fn fit(config: &TrainingConfig, dataset: &Dataset) -> Result<Self, Error> {
        let used: BTreeSet<Input> = config.members.iter().map(|member| member.input).collect();
        let mut inputs = Self { branches: Vec::new(), encoded: BTreeMap::new() };
        for (index, input) in (0..).zip(used) {
            let (branch, encoded) = match input {
                Input::Raw => (("raw", Vec::new()), dataset.values().clone()),
                Input::Scaled => {
                    let scaler = fit_standard_scaler(dataset.values().view())?;
                    let step = Step::StandardScale(scaler);
                    let encoded = step.encode(dataset.values().view())?;
                    (("scaled", vec![step]), encoded)
                }
            };
            inputs.branches.push(Branch { name: branch.0.into(), source: None, steps: branch.1 });
            inputs.encoded.insert(input, (index, encoded));
        }
        Ok(inputs)
    }

    /// The number of the branch and its encoded rows.
    #[allow(clippy::indexing_slicing, reason = "`fit` makes one for each input of a member")]
    fn of(&self, input: Input) -> (u32, &Array2<f64>) {
        let (branch, encoded) = &self.encoded[&input];
        (*branch, encoded)
    }
}

/// A member that cannot tell the classes apart on rows it has not seen, or that gives every row the
/// same answer, would only dilute the vote.
fn refuse_dead_members(
    config: &TrainingConfig,
    dataset: &Dataset,
    trained: &Trained,
) -> Result<(), Error> {
    let min_auc = config.validation.min_auc;
    let of_fitted = Predictions::of(&trained.model, dataset)?;
    for (index, member) in config.members.iter().enumerate() {
        let refused = |reason| Error::DeadMember { member: member.name.clone(), reason };
        if let Some(fitted) = of_fitted.members.get(index) {
            let first = fitted.rows().into_iter().next();
            let first = first.filter(|first| fitted.rows().into_iter().all(|row| row == *first));
            if let Some(first) = first {
                let n_rows = dataset.n_rows();
                let lowest = first.last().copied().unwrap_or(f64::NAN);
                return Err(refused(format!(
                    "it gives the probability {lowest} for each of the {n_rows} training rows"
                )));
            }
        }
        let out_of_fold = trained.out_of_fold.members.get(index);
        let auc = out_of_fold
            .and_then(|held_out| Metrics::new(dataset.classes(), &held_out.column(1).to_vec()).auc);
        if auc.is_none_or(|auc| auc < min_auc) {
            let auc = auc.map_or("undefined".into(), |auc| format!("{auc:.4}"));
            return Err(refused(format!(
                "its AUC on held-out folds is {auc}, expected at least {min_auc}"
            )));
        }
    }
    Ok(())
}
