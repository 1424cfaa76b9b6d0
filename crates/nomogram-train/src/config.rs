//! What to train: data, members, validation.
//!
//! Read from YAML by [`TrainingConfig::from_yaml`] or built in Rust. Nothing has a hidden default:
//! what a model was trained with stands in its configuration, whose digest is sealed with it.

mod inputs;
mod place;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use nomogram::{Digest, Manifest};
use serde::{Deserialize, Serialize};

pub use crate::data::{
    ActionConfig, CsvConfig, DataConfig, Encoding, FeatureConfig, Kind, PolicyConfig,
    QuantityConfig, RuleActionConfig, RuleConfig, TargetConfig, UnitConfig,
};

pub use crate::learners::{
    BoostedTreesSpec, ClassWeight, EarlyStopping, HistogramSpec, Impurity, Learner,
    LogisticRegressionSpec, MaxFeatures, NaiveBayesSpec, NetworkSpec, RandomForestSpec, Schedule,
    Splits,
};
pub use crate::steps::StepSpec;
pub use inputs::Input;
pub use report::{ReportConfig, SubgroupConfig};

use crate::data::Dataset;
use crate::ensemble::calibration::Calibration;
use crate::error::Error;
use crate::invalid::Spec as _;
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
    pub inputs: BTreeMap<String, Vec<StepSpec>>,
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
                step.validate().map_err(|detail| {
                    let step = step.key();
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
            learner.validate().map_err(|detail| {
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

fn demand(holds: bool, detail: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(detail()) }
}

fn require(holds: bool, detail: impl FnOnce() -> String) -> Result<(), Error> {
    demand(holds, detail).map_err(Error::Configuration)
}
