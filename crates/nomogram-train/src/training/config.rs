//! What to train: the specs of data, splits, members, ensemble and report in one document.
//!
//! It only composes: each spec is beside the code that fits it and checks itself. Every setting is
//! in the configuration, whose digest is sealed into the bundle.

mod input;
mod report;
mod validation;

mod member;

mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use nomogram::{Digest, Manifest};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::explanation::ExplanationSpec;
use super::golden::GoldenSpec;
use super::tuning::TuningSpec;
use crate::data::{DataConfig, Dataset};
use crate::ensemble::{CalibratorSpec, CombinerSpec, CutoffSpec};
use crate::error::Error;
use crate::invalid::{Invalid, Spec as _, require};
use crate::split::{Partitions, Split, SplitSpec, grouped_folds, kept_together, stratified_folds};
use crate::steps::StepSpec;
use crate::uncertainty::UncertaintySpec;
use crate::yaml;

pub use input::Input;
pub use member::MemberSpec;
pub use report::{ReportConfig, SubgroupConfig};
pub use validation::ValidationSpec;

/// The note of a manifest that has the configuration, as JSON.
pub const CONFIGURATION: &str = "configuration";

/// Everything that decides what a bundle contains, apart from the rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// The name of the model.
    pub model: ModelName,
    /// What the columns of the table are.
    pub data: DataConfig,
    /// Which rows are for testing, and how folds are dealt; without it, all rows are for training
    /// and folds are stratified, of whole patients where the data name them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub splits: Option<SplitSpec>,
    /// Decides every random choice.
    pub seed: u64,
    /// How members are evaluated before the model is sealed.
    pub validation: ValidationSpec,
    /// What members can read besides `raw` and `scaled`: the name of each input and its steps.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Vec<StepSpec>>,
    /// The members, in the order in which they are combined.
    pub members: Vec<MemberSpec>,
    /// How the outputs of the members become one.
    pub combiner: CombinerSpec,
    /// The calibrator of the ensemble, fitted to out-of-fold predictions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CalibratorSpec>,
    /// Named cutoffs, chosen on out-of-fold predictions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cutoffs: Vec<CutoffSpec>,
    /// What is kept of the uncertainty of predictions, fitted to out-of-fold predictions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<UncertaintySpec>,
    /// Seals a model even if a member is uninformative.
    #[serde(default)]
    pub allow_uninformative_members: bool,
    /// Which rows become golden cases.
    #[serde(default, skip_serializing_if = "GoldenSpec::is_default")]
    pub golden: GoldenSpec,
    /// Whether the bundle states how the training rows were distributed, to compare later rows with.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub profile: bool,
    /// What the bundle has to explain its predictions with.
    #[serde(default, skip_serializing_if = "ExplanationSpec::is_default")]
    pub explanation: ExplanationSpec,
    /// Which settings are searched, and how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<TuningSpec>,
    /// What a report contains besides the performance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<ReportConfig>,
    /// How `nomogram serve` serves models: in the same file, but no part of what is trained.
    #[serde(default, skip_serializing)]
    pub deployment: Option<IgnoredAny>,
}

/// The name and the version of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelName {
    /// Its name, for example `wdbc`.
    pub name: String,
    /// Its version, for example `1.0`.
    pub version: String,
}

impl TrainingConfig {
    /// Reads a configuration from YAML.
    ///
    /// # Errors
    ///
    /// `Configuration` with line and column when the text is not YAML, when a key is absent or
    /// unknown, or when a value is invalid.
    pub fn from_yaml(text: &str) -> Result<Self, Error> {
        yaml::read(text, yaml::UNNAMED, Self::check)
    }

    /// [`Self::from_yaml`] of a file.
    ///
    /// # Errors
    ///
    /// As [`Self::from_yaml`], and `File`.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        yaml::read_file(path, Self::check)
    }

    /// JSON of the configuration, which [`Self::from_yaml`] reads back: what a bundle keeps.
    ///
    /// # Errors
    ///
    /// `Configuration` when it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|e| Error::configuration(e.to_string()))
    }

    /// The configuration that a bundle was trained with, from its manifest; `None` when the manifest
    /// has none.
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

    /// The rows for training and the rows for testing.
    ///
    /// # Errors
    ///
    /// As [`SplitSpec::partitions`].
    pub fn partitions(&self, dataset: &Dataset) -> Result<Partitions, Error> {
        match &self.splits {
            Some(splits) => splits.partitions(dataset, self.seed),
            None => Ok(Partitions::without_test(dataset.n_rows())),
        }
    }

    /// Folds of the training rows, drawn by `seed`.
    pub(crate) fn folds(&self, dataset: &Dataset, seed: u64) -> Result<Vec<Split>, Error> {
        match &self.splits {
            Some(splits) => splits.folds(dataset, seed),
            None => match kept_together(dataset) {
                None => stratified_folds(dataset.classes(), self.validation.n_folds, seed),
                Some(groups) => {
                    grouped_folds(dataset.classes(), &groups, self.validation.n_folds, seed)
                }
            }
            .map_err(|error| error.with_class_names(dataset.schema().target().classes())),
        }
    }

    /// The number of folds, as far as it is known without the data.
    pub(crate) fn n_folds(&self) -> usize {
        self.splits.and_then(|splits| splits.folds.n).unwrap_or(self.validation.n_folds)
    }

    /// Whether the ensemble is fitted to out-of-fold predictions.
    pub(crate) fn needs_out_of_fold(&self) -> bool {
        self.combiner.is_fitted() || self.calibration.is_some()
    }

    /// The weights of the members.
    pub(crate) fn weights(&self) -> Vec<f64> {
        self.members.iter().map(|member| member.weight).collect()
    }

    /// Refuses invalid values. Every function that trains calls this first.
    ///
    /// # Errors
    ///
    /// With the place of the value.
    pub fn check(&self) -> Result<(), Invalid> {
        self.validation.check().map_err(|invalid| invalid.at("validation"))?;
        self.data.check().map_err(|invalid| invalid.at("data"))?;
        self.check_inputs().map_err(|invalid| invalid.at("inputs"))?;
        self.check_members().map_err(|invalid| invalid.at("members"))?;
        self.combiner.check().map_err(|invalid| invalid.at("combiner"))?;
        let splits = self.splits.as_ref().map_or(Ok(()), SplitSpec::check);
        splits.map_err(|invalid| invalid.at("splits"))?;
        self.check_cutoffs().map_err(|invalid| invalid.at("cutoffs"))?;
        self.check_uncertainty().map_err(|invalid| invalid.at("uncertainty"))?;
        let report = self.report.as_ref().map_or(Ok(()), |report| report.check(&self.data));
        report.map_err(|invalid| invalid.at("report"))?;
        let explanation = self.explanation.check(&self.data);
        explanation.map_err(|invalid| invalid.at("explanation"))?;
        let tuning = self.tuning.as_ref().map_or(Ok(()), TuningSpec::check);
        tuning.map_err(|invalid| invalid.at("tuning"))
    }

    fn check_inputs(&self) -> Result<(), Invalid> {
        for (name, steps) in &self.inputs {
            require(!matches!(name.as_str(), "raw" | "scaled"), || {
                Invalid::because("the name is reserved, expected another").at(name)
            })?;
            for (index, step) in steps.iter().enumerate() {
                step.validate()
                    .map_err(|invalid| invalid.at(step.key()).in_item(index, None).at(name))?;
            }
        }
        Ok(())
    }

    fn check_members(&self) -> Result<(), Invalid> {
        require(!self.members.is_empty(), || Invalid::new("none", "at least 1"))?;
        let mut names = BTreeSet::new();
        for (index, member) in self.members.iter().enumerate() {
            let check = member
                .check(&self.inputs)
                .and_then(|()| require(names.insert(&member.name), duplicate_name));
            check.map_err(|invalid| invalid.in_item(index, Some(&member.name)))?;
        }
        require(self.members.iter().any(|member| member.weight > 0.0), || {
            Invalid::because("every weight is 0, expected a positive one")
        })
    }

    fn check_uncertainty(&self) -> Result<(), Invalid> {
        let Some(uncertainty) = &self.uncertainty else { return Ok(()) };
        uncertainty.check()?;
        match self.distance_input() {
            Some(Input::Named(name)) if !self.inputs.contains_key(&name) => {
                let expected = "`raw`, `scaled`, one of `inputs`, or null";
                Err(Invalid::new(format!("`{name}`"), expected).at("distance"))
            }
            Some(Input::Named(_) | Input::Raw | Input::Scaled) | None => Ok(()),
        }
    }

    /// The input whose rows are compared with the training rows.
    pub(crate) fn distance_input(&self) -> Option<Input> {
        let distance = self.uncertainty.as_ref()?.distance.clone()?;
        Some(Input::from(distance))
    }

    fn check_cutoffs(&self) -> Result<(), Invalid> {
        let mut names = BTreeSet::new();
        for (index, cutoff) in self.cutoffs.iter().enumerate() {
            let check = cutoff.check();
            let check = check.and_then(|()| require(names.insert(&cutoff.name), duplicate_name));
            check.map_err(|invalid| invalid.in_item(index, Some(&cutoff.name)))?;
        }
        Ok(())
    }
}

/// The default of what a configuration can switch off.
fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_yes(value: &bool) -> bool {
    *value
}

fn duplicate_name() -> Invalid {
    Invalid::because("duplicate name").at("name")
}
