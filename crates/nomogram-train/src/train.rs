//! From rows to a sealed bundle.

mod golden_rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ndarray::Array2;
use nomogram::{
    Branch, Combiner, EnsembleMember, MIN_GOLDEN_CASES, Manifest, Model, Parts, Step, seal,
};

use crate::config::{Input, TrainingConfig, Vote};
use crate::dataset::Dataset;
use crate::error::Error;
use crate::learner::{TrainingRows, fit_standard_scaler};
use crate::metrics::Metrics;
use crate::predictions::Predictions;
use crate::split::stratified_folds;

/// Told about long work.
pub trait Progress {
    /// `done` of `total` fits are finished; `next` is being fitted.
    fn fitting(&mut self, done: usize, total: usize, next: &str);
}

impl<F: FnMut(usize, usize, &str)> Progress for F {
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
/// crate decides the bytes of the bundle.
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
    let mut fits = Fits::new(config, config.validation.n_folds + 1, progress);
    let out_of_fold = out_of_fold(&mut fits, dataset)?;
    let bundle = fits.fit_and_seal(dataset, "all rows")?;
    let model = Arc::new(Model::open(&bundle)?);
    let trained = Trained { bundle, model, out_of_fold };
    if !config.allow_dead_members {
        refuse_dead_members(config, dataset, &trained)?;
    }
    Ok(trained)
}

/// Predicts each row of `dataset` by a model that was fitted to the other folds.
///
/// # Errors
///
/// As [`train`], but dead members are not looked for.
pub fn cross_validate(
    config: &TrainingConfig,
    dataset: &Dataset,
    progress: &mut dyn Progress,
) -> Result<Predictions, Error> {
    out_of_fold(&mut Fits::new(config, config.validation.n_folds, progress), dataset)
}

fn out_of_fold(fits: &mut Fits<'_>, dataset: &Dataset) -> Result<Predictions, Error> {
    let config = fits.config;
    config.check()?;
    refuse_what_is_not_learned_from(dataset)?;
    let names = config.members.iter().map(|member| member.name.clone()).collect();
    let mut out_of_fold = Predictions::empty(names, dataset.n_rows());
    let folds = stratified_folds(dataset.classes(), config.validation.n_folds, config.seed)?;
    for (fold, split) in folds.iter().enumerate() {
        let bundle = fits.fit_and_seal(&dataset.select(&split.train), &format!("fold {fold}"))?;
        let held_out = dataset.select(&split.test);
        let predictions = Predictions::of(&Arc::new(Model::open(&bundle)?), &held_out)?;
        out_of_fold.place(&split.test, &predictions);
    }
    Ok(out_of_fold)
}

/// Refuses data of which this training would not make use, and would not say so.
fn refuse_what_is_not_learned_from(dataset: &Dataset) -> Result<(), Error> {
    let refused = |what: &str| Err(Error::Data(format!("{what}, which training does not support")));
    if dataset.n_classes() != 2 {
        return refused(&format!("{} classes", dataset.n_classes()));
    }
    if dataset.weights().is_some() {
        return refused("rows have weights");
    }
    if dataset.has_missing_values() {
        return refused("values are missing");
    }
    Ok(())
}

/// A row of fits, each of all members to some rows.
struct Fits<'a> {
    config: &'a TrainingConfig,
    progress: &'a mut dyn Progress,
    done: usize,
    total: usize,
}

impl<'a> Fits<'a> {
    fn new(config: &'a TrainingConfig, n: usize, progress: &'a mut dyn Progress) -> Self {
        Self { config, progress, done: 0, total: n * config.members.len() }
    }

    /// Fits preprocessing and members to these rows alone, and seals them.
    fn fit_and_seal(&mut self, dataset: &Dataset, what: &str) -> Result<Vec<u8>, Error> {
        if dataset.n_rows() < MIN_GOLDEN_CASES {
            return Err(Error::Data(format!(
                "{what}: {} rows to fit to, expected at least {MIN_GOLDEN_CASES}",
                dataset.n_rows()
            )));
        }
        let parts = self.fit(dataset, what)?;
        let golden_rows = golden_rows::choose(&parts, dataset)?;
        Ok(seal(&parts, golden_rows.view())?)
    }

    fn fit(&mut self, dataset: &Dataset, what: &str) -> Result<Parts, Error> {
        let inputs = Inputs::fit(self.config, dataset)?;
        let mut members = Vec::with_capacity(self.config.members.len());
        for member in &self.config.members {
            self.progress.fitting(self.done, self.total, &format!("{what}: {}", member.name));
            let (branch, values) = inputs.of(member.input);
            let rows = TrainingRows::binary(values.view(), dataset.classes());
            members.push(EnsembleMember {
                name: member.name.clone(),
                branch,
                member: member.learner.fit(rows, self.config.seed)?,
            });
            self.done += 1;
        }
        let weights = self.config.members.iter().map(|member| member.weight).collect();
        Ok(Parts {
            manifest: self.manifest(dataset)?,
            schema: dataset.schema().clone(),
            branches: inputs.branches,
            members,
            combiner: match self.config.vote {
                Vote::Soft => Combiner::SoftVote { weights },
                Vote::Hard => Combiner::HardVote { weights },
            },
            calibrator: None,
            cutoffs: Vec::new(),
            card: None,
        })
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
            let lowest = fitted.iter().copied().fold(f64::INFINITY, f64::min);
            let highest = fitted.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if highest <= lowest {
                let n_rows = dataset.n_rows();
                return Err(refused(format!(
                    "it gives the probability {lowest} for each of the {n_rows} training rows"
                )));
            }
        }
        let out_of_fold = trained.out_of_fold.members.get(index);
        let auc = out_of_fold.and_then(|held_out| Metrics::new(dataset.classes(), held_out).auc);
        if auc.is_none_or(|auc| auc < min_auc) {
            let auc = auc.map_or("undefined".into(), |auc| format!("{auc:.4}"));
            return Err(refused(format!(
                "its AUC on held-out folds is {auc}, expected at least {min_auc}"
            )));
        }
    }
    Ok(())
}
