//! What to train: data, members, validation.
//!
//! Read from YAML by [`TrainingConfig::from_yaml`] or built in Rust. Nothing has a hidden default:
//! what a model was trained with stands in its configuration, whose digest is sealed with it.

mod inputs;
mod place;
mod report;
mod trees;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use nomogram::{Activation, Digest, Manifest};
use serde::{Deserialize, Serialize};

pub use crate::data::{
    ActionConfig, CsvConfig, DataConfig, Encoding, FeatureConfig, Kind, PolicyConfig,
    QuantityConfig, RuleActionConfig, RuleConfig, TargetConfig, UnitConfig,
};

pub use inputs::{
    BinsConfig, ClipConfig, ColumnsConfig, ImputeConfig, Input, OneHotConfig, PcaConfig,
    SplineConfig, Statistic, StepConfig, TransformConfig,
};
pub use report::{ReportConfig, SubgroupConfig};
pub use trees::{BoostedTreesSpec, HistogramSpec, Impurity, MaxFeatures, RandomForestSpec, Splits};

use crate::data::Dataset;
use crate::ensemble::calibration::Calibration;
use crate::error::Error;
use crate::split::{FoldsConfig, RowParts, Split, SplitConfig, stratified_folds};
use crate::training::tuning::TuningConfig;
use nomogram_stats::cutoffs::CutoffRule;

/// The note of a manifest that has the configuration, as JSON.
pub const CONFIGURATION: &str = "configuration";

/// Everything that decides what a bundle contains, apart from the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// How the model is called.
    pub model: ModelName,
    /// What the columns of the table are.
    pub data: DataConfig,
    /// Which rows are for testing, and how folds are dealt; without it, all rows are learned from and
    /// folds are stratified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub splits: Option<SplitConfig>,
    /// Decides every random choice.
    pub seed: u64,
    /// How members are judged before the model is sealed.
    pub validation: ValidationConfig,
    /// What members can read besides `raw` and `scaled`: its name and its steps.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Vec<StepConfig>>,
    /// The members, in the order in which they are combined.
    pub members: Vec<MemberConfig>,
    /// How the members vote.
    pub vote: Vote,
    /// What is done to the probabilities of the vote, fitted on held-out folds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
    /// Probabilities of the positive class at which something is done, chosen on held-out folds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cutoffs: Vec<CutoffConfig>,
    /// Seals a model even if a member learned nothing.
    #[serde(default)]
    pub allow_dead_members: bool,
    /// Which settings are searched, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<TuningConfig>,
    /// What a report tells besides the performance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<ReportConfig>,
}

/// How a model is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelName {
    /// Its name, for example `wdbc`.
    pub name: String,
    /// Its version, for example `1.0`.
    pub version: String,
}

/// How members are judged on rows that they were not fitted to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidationConfig {
    /// The number of stratified folds of the training rows.
    pub n_folds: usize,
    /// A member whose out-of-fold AUC is below is dead; 0.6 is a good bound.
    pub min_auc: f64,
}

/// One member: what it learns from, how, and how much its vote counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberConfig {
    /// Its name, unique.
    pub name: String,
    /// What it reads.
    pub input: Input,
    /// The weight of its vote.
    pub weight: f64,
    /// How it learns.
    pub learner: Learner,
}

/// How a member learns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Learner {
    /// Logistic regression.
    LogisticRegression(LogisticRegressionSpec),
    /// Gradient-boosted trees.
    BoostedTrees(BoostedTreesSpec),
    /// A multi-layer perceptron.
    Network(NetworkSpec),
    /// A random forest.
    RandomForest(RandomForestSpec),
    /// Gaussian naive Bayes.
    NaiveBayes(NaiveBayesSpec),
}

/// Logistic regression with a penalty on the weights, as scikit-learn defines it: `((1 − l1_ratio) / 2 ·
/// ‖w‖² + l1_ratio · ‖w‖₁) / c` is added to the sum of the rows' log losses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogisticRegressionSpec {
    /// The inverse of the strength of the penalty, which leaves the intercept alone.
    pub c: f64,
    /// How much of the penalty is L1: 0 (ridge) to 1 (lasso), between them the elastic net.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub l1_ratio: f64,
    /// How much each row counts.
    pub class_weight: ClassWeight,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}

impl LogisticRegressionSpec {
    /// An L2 penalty of this inverse strength; every row counts the same.
    #[must_use]
    pub fn ridge(c: f64) -> Self {
        Self { c, l1_ratio: 0.0, class_weight: ClassWeight::Equal }
    }
}

/// Gaussian naive Bayes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NaiveBayesSpec {
    /// This share of the largest variance of all inputs is added to each variance.
    #[serde(default = "smallest_variance")]
    pub var_smoothing: f64,
}

fn smallest_variance() -> f64 {
    1e-9
}

/// How much each row counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// Every row counts the same.
    #[default]
    Equal,
    /// Rows of a class count `n_rows / (n_classes · n_rows of the class)`, with weights their sums.
    Balanced,
}

/// A multi-layer perceptron with log loss, fitted by Adam (Kingma and Ba 2015).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// The widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// The function at the end of each hidden layer.
    pub activation: Activation,
    /// The strength of the L2 penalty on the weights, per row of a batch.
    pub l2: f64,
    /// The step size of Adam.
    pub learning_rate: f64,
    /// The rows of a batch.
    pub batch_rows: usize,
    /// The largest number of passes over the rows.
    pub max_epochs: usize,
    /// Stops when held-out rows no longer gain; without it every epoch is run.
    #[serde(default)]
    pub early_stopping: Option<EarlyStopping>,
    /// How the step size changes from epoch to epoch; without it, not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// How much each row counts.
    #[serde(default, skip_serializing_if = "ClassWeight::is_equal")]
    pub class_weight: ClassWeight,
    /// How many networks are fitted, from other initial weights and with other batches, whose
    /// margins are averaged.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub n_seeds: usize,
}

/// How the step size changes, counted from epoch 0; `e` is the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Schedule {
    /// `learning_rate · (1 + cos(π · e / max_epochs)) / 2` (Loshchilov and Hutter 2017).
    Cosine,
    /// `learning_rate · factor^e`.
    Exponential(f64),
    /// `learning_rate · factor^(e / every)`, rounded down.
    Step {
        /// Epochs between two changes.
        every: u32,
        /// What the step size is multiplied by, above 0 and at most 1.
        factor: f64,
    },
}

/// When to stop, judged on rows held out from the fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// The share of the rows that is held out, stratified.
    pub fraction: f64,
    /// The number of epochs or rounds without a lower log loss after which to stop.
    pub patience: usize,
}

/// A named operating point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutoffConfig {
    /// Its name, unique, for example `refer to biopsy`.
    pub name: String,
    /// The class whose probability is compared; of two classes the positive one, unless said
    /// otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// What makes a probability the best one.
    pub rule: CutoffRule,
}

/// How the members vote.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Vote {
    /// The mean of probabilities, weighted as the members say.
    Soft,
    /// The share of votes, weighted as the members say.
    Hard,
    /// The mean of probabilities with the weights that have the lowest log loss on held-out folds.
    Fitted,
    /// A logistic regression that reads the members, fitted on held-out folds.
    Stack(StackSpec),
}

/// A logistic regression over the members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StackSpec {
    /// What it reads of each member.
    pub reads: StackReads,
    /// The inverse of the strength of its L2 penalty.
    pub c: f64,
}

/// What a stacked model reads of each member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StackReads {
    /// Its probabilities.
    Outputs,
    /// Its margins: of two classes, the logit.
    Margins,
}

impl ClassWeight {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    fn is_equal(&self) -> bool {
        *self == Self::Equal
    }
}

fn one() -> usize {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_one(count: &usize) -> bool {
    *count == 1
}

impl NetworkSpec {
    /// Hidden layers of these widths, and the defaults of scikit-learn's `MLPClassifier`.
    #[must_use]
    pub fn new(hidden: Vec<usize>) -> Self {
        Self {
            hidden,
            activation: Activation::Relu,
            l2: 1e-4,
            learning_rate: 1e-3,
            batch_rows: 200,
            max_epochs: 200,
            early_stopping: None,
            schedule: None,
            class_weight: ClassWeight::Equal,
            n_seeds: 1,
        }
    }

    fn check(&self) -> Result<(), String> {
        self.hidden.iter().try_for_each(|width| count(*width, "hidden"))?;
        demand(self.l2 >= 0.0 && self.l2.is_finite(), || {
            format!("l2: {}, expected 0 or more", self.l2)
        })?;
        positive(self.learning_rate, "learning_rate")?;
        count(self.batch_rows, "batch_rows")?;
        count(self.max_epochs, "max_epochs")?;
        count(self.n_seeds, "n_seeds")?;
        if let Some(Schedule::Exponential(factor) | Schedule::Step { factor, .. }) = self.schedule {
            demand(factor > 0.0 && factor <= 1.0, || {
                format!("schedule: factor {factor}, expected above 0 and at most 1")
            })?;
        }
        if let Some(Schedule::Step { every, .. }) = self.schedule {
            demand(every >= 1, || "schedule: every 0, expected at least 1".into())?;
        }
        let Some(stopping) = &self.early_stopping else { return Ok(()) };
        count(stopping.patience, "early_stopping: patience")?;
        demand(stopping.fraction > 0.0 && stopping.fraction < 1.0, || {
            format!("early_stopping: fraction: {}, expected between 0 and 1", stopping.fraction)
        })
    }
}

impl TrainingConfig {
    /// Reads a configuration from YAML.
    ///
    /// # Errors
    ///
    /// `Configuration` with line and column when the text is not YAML, lacks something, has
    /// something that is not known, or has a value that makes no sense.
    pub fn from_yaml(text: &str) -> Result<Self, Error> {
        Self::from_named_yaml(text, "configuration")
    }

    /// Messages name the text as `name`.
    fn from_named_yaml(text: &str, name: &str) -> Result<Self, Error> {
        let config: Self = serde_saphyr::from_str(text).map_err(|e| not_read(&e, name))?;
        config.check().map_err(|error| in_text(error, text, name))?;
        Ok(config)
    }

    /// [`Self::from_yaml`] of a file.
    ///
    /// # Errors
    ///
    /// As [`Self::from_yaml`], and `File`.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path)
            .map_err(|cause| Error::File { path: path.into(), cause })?;
        Self::from_named_yaml(&text, &path.display().to_string())
    }

    /// The configuration as JSON, in the order of the fields; [`Self::from_yaml`] reads it.
    ///
    /// # Errors
    ///
    /// `Configuration` when it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|e| Error::Configuration(e.to_string()))
    }

    /// The configuration that a bundle was trained with, which its manifest keeps; nothing when it
    /// keeps none.
    ///
    /// # Errors
    ///
    /// As [`Self::from_yaml`].
    #[must_use]
    pub fn of_bundle(manifest: &Manifest) -> Option<Result<Self, Error>> {
        manifest.notes.get(CONFIGURATION).map(|text| Self::from_yaml(text))
    }

    /// SHA-256 of [`Self::to_json`].
    ///
    /// # Errors
    ///
    /// As [`Self::to_json`].
    pub fn digest(&self) -> Result<Digest, Error> {
        Ok(Digest::of(self.to_json()?.as_bytes()))
    }

    /// The rows to learn from and the rows for testing.
    ///
    /// # Errors
    ///
    /// `Data` when the rows cannot be split as asked.
    pub fn parts(&self, dataset: &Dataset) -> Result<RowParts, Error> {
        match &self.splits {
            Some(splits) => splits.parts(dataset, self.seed),
            None => Ok(RowParts { train: (0..dataset.n_rows()).collect(), ..RowParts::default() }),
        }
    }

    /// Folds of the rows to learn from; repeats have other seeds.
    ///
    /// # Errors
    ///
    /// `Data` when the rows cannot be dealt as asked.
    pub(crate) fn folds(&self, dataset: &Dataset, seed: u64) -> Result<Vec<Split>, Error> {
        match &self.splits {
            None => stratified_folds(dataset.classes(), self.validation.n_folds, seed),
            Some(splits) => {
                let once = FoldsConfig { repeats: 1, ..splits.folds };
                let folds = SplitConfig { folds: once, ..*splits }.folds(dataset, seed)?;
                Ok(folds.into_iter().flatten().collect())
            }
        }
    }

    /// How many folds there are, as far as this is known without the data.
    pub(crate) fn n_folds(&self) -> usize {
        self.splits.and_then(|splits| splits.folds.n).unwrap_or(self.validation.n_folds)
    }

    /// Whether the vote is fitted to predictions of rows that the members had not seen.
    pub(crate) fn needs_held_out(&self) -> bool {
        !matches!(self.vote, Vote::Soft | Vote::Hard) || self.calibration.is_some()
    }

    /// Refuses values that make no sense; called by all that trains.
    pub(crate) fn check(&self) -> Result<(), Error> {
        require(!self.members.is_empty(), || "members: none, at least 1 is needed".into())?;
        require(self.validation.n_folds >= 2, || {
            format!("validation: n_folds: {}, expected at least 2", self.validation.n_folds)
        })?;
        require((0.0..=1.0).contains(&self.validation.min_auc), || {
            format!("validation: min_auc: {}, expected 0 to 1", self.validation.min_auc)
        })?;
        self.data.check()?;
        for (name, steps) in &self.inputs {
            require(!matches!(name.as_str(), "raw" | "scaled"), || {
                format!("inputs: `{name}` is there already, expected another name")
            })?;
            for (number, step) in steps.iter().enumerate() {
                step.check().map_err(|detail| {
                    let step = step.name();
                    Error::Configuration(format!(
                        "inputs: `{name}`: step {number}: {step}: {detail}"
                    ))
                })?;
            }
        }
        let mut names = BTreeSet::new();
        for member in &self.members {
            let name = &member.name;
            require(names.insert(name), || format!("member `{name}` stands twice"))?;
            require(member.weight >= 0.0 && member.weight.is_finite(), || {
                format!("member `{name}`: weight: {}, expected 0 or more", member.weight)
            })?;
            if let Input::Named(input) = &member.input {
                let known = self.inputs.keys().map(|name| format!(", `{name}`"));
                require(self.inputs.contains_key(input), || {
                    let known: String = known.collect();
                    format!("member `{name}`: input: `{input}`, expected `raw`, `scaled`{known}")
                })?;
            }
            let learner = &member.learner;
            learner.check().map_err(|detail| {
                let kind = learner.key();
                Error::Configuration(format!("member `{name}`: learner: {kind}: {detail}"))
            })?;
        }
        require(self.members.iter().any(|member| member.weight > 0.0), || {
            "members: every one has weight 0, at least 1 must count".into()
        })?;
        self.splits.as_ref().map_or(Ok(()), SplitConfig::check)?;
        for cutoff in &self.cutoffs {
            let name = &cutoff.name;
            cutoff.rule.check().map_err(|detail| {
                Error::Configuration(format!("cutoff `{name}`: rule: {detail}"))
            })?;
        }
        let report = self.report.as_ref().map_or(Ok(()), |report| report.check(&self.data));
        report.map_err(|detail| Error::Configuration(format!("report: {detail}")))?;
        self.tuning.as_ref().map_or(Ok(()), TuningConfig::check)
    }
}

/// The error with its place in the text that was read.
pub(crate) fn in_text(error: Error, text: &str, name: &str) -> Error {
    match error {
        Error::Configuration(message) => not_read(&place::located(&message, text), name),
        other => other,
    }
}

/// Why a text is no configuration, without the names that the parser has for what it read.
pub(crate) fn not_read(error: &serde_saphyr::Error, name: &str) -> Error {
    let text = error.to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    Error::Configuration(text.replace("--> <input>:", &format!("--> {name}:")))
}

impl Learner {
    /// What it is called in a configuration.
    fn key(&self) -> &'static str {
        match self {
            Self::LogisticRegression(_) => "logistic_regression",
            Self::BoostedTrees(_) => "boosted_trees",
            Self::Network(_) => "network",
            Self::RandomForest(_) => "random_forest",
            Self::NaiveBayes(_) => "naive_bayes",
        }
    }

    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Self::LogisticRegression(spec) => {
                positive(spec.c, "c")?;
                demand((0.0..=1.0).contains(&spec.l1_ratio), || {
                    format!("l1_ratio: {}, expected 0 to 1", spec.l1_ratio)
                })
            }
            Self::NaiveBayes(spec) => positive(spec.var_smoothing, "var_smoothing"),
            Self::BoostedTrees(spec) => spec.check(),
            Self::RandomForest(spec) => spec.check(),
            Self::Network(spec) => spec.check(),
        }
    }
}

fn positive(value: f64, name: &str) -> Result<(), String> {
    demand(value > 0.0 && value.is_finite(), || {
        format!("{name}: {value}, expected a positive number")
    })
}

fn count(value: usize, name: &str) -> Result<(), String> {
    demand(value >= 1, || format!("{name}: {value}, expected at least 1"))
}

fn demand(holds: bool, detail: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(detail()) }
}

fn require(holds: bool, detail: impl FnOnce() -> String) -> Result<(), Error> {
    demand(holds, detail).map_err(Error::Configuration)
}
