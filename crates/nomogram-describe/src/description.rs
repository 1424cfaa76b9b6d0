//! A whole bundle: what `inspect` shows and `diff` compares.

use std::collections::BTreeMap;

use nomogram::{Branch, Model, Parts, Profile, Target};
use serde::Serialize;
use serde_json::Value;

use crate::ensemble::{CalibratorDescription, CombinerDescription, CutoffDescription};
use crate::explanation::ExplanationDescription;
use crate::feature::{FeatureDescription, RuleDescription};
use crate::member::MemberDescription;
use crate::uncertainty::UncertaintyDescription;
use crate::words::{count, n_numbers, variant_and_content};

/// Everything that a bundle holds, apart from the golden cases themselves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// The name of the model.
    pub name: String,
    /// The version of the model.
    pub version: String,
    /// The digest that names the bundle.
    pub digest: String,
    /// The number of the bundle format.
    pub format: u32,
    /// The program that made it.
    pub created_by: String,
    /// The digest of the training rows.
    pub training_data_digest: String,
    /// The digest of the configuration.
    pub configuration_digest: String,
    /// Notes of the manifest, by key.
    pub notes: BTreeMap<String, String>,
    /// How many optional sections this version does not know.
    pub n_skipped_sections: usize,
    /// What is predicted.
    pub target: TargetDescription,
    /// The features, in the order of the schema.
    pub features: Vec<FeatureDescription>,
    /// Rules between features.
    pub rules: Vec<RuleDescription>,
    /// The preprocessing, one chain of steps per branch.
    pub branches: Vec<BranchDescription>,
    /// The members, in the order in which they are combined.
    pub members: Vec<MemberDescription>,
    /// How members' outputs become one.
    pub combiner: CombinerDescription,
    /// What is done to the probabilities of the ensemble.
    pub calibrator: Option<CalibratorDescription>,
    /// Named operating points.
    pub cutoffs: Vec<CutoffDescription>,
    /// What explaining predictions needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation: Option<ExplanationDescription>,
    /// What is known of the uncertainty of predictions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<UncertaintyDescription>,
    /// How the training rows were distributed, where the bundle states it.
    pub profile: Option<ProfileDescription>,
    /// How many golden cases there are.
    pub n_golden_cases: usize,
    /// The model card, Markdown.
    pub card: Option<String>,
}

/// The profile of the training rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProfileDescription {
    /// How many rows it describes.
    pub n_rows: u64,
    /// How many bins all features have together.
    pub n_bins: usize,
    /// Every edge and count, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Profile>,
}

/// What is predicted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TargetDescription {
    /// Its name.
    pub name: String,
    /// Its classes; empty for a number.
    pub classes: Vec<String>,
    /// The unit of a number.
    pub unit: Option<String>,
}

/// A chain of steps.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BranchDescription {
    /// Its name.
    pub name: String,
    /// The branch that it continues; `None` for the row itself.
    pub source: Option<String>,
    /// Its steps, in order.
    pub steps: Vec<StepDescription>,
}

/// A fitted step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepDescription {
    /// Its kind, for example `standard scale`.
    pub kind: String,
    /// How many values it reads, where it lists them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_inputs: Option<usize>,
    /// How many numbers its parameters have.
    pub n_parameters: usize,
    /// Every fitted parameter, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
}

impl Description {
    /// Describes an opened bundle; `parts` are those of the same bundle. Fitted parameters are
    /// counted, not listed.
    #[must_use]
    pub fn new(model: &Model, parts: &Parts) -> Self {
        Self::build(model, parts, false)
    }

    /// [`Self::new`], with every fitted parameter of steps and members.
    #[must_use]
    pub fn with_parameters(model: &Model, parts: &Parts) -> Self {
        Self::build(model, parts, true)
    }

    fn build(model: &Model, parts: &Parts, lists_parameters: bool) -> Self {
        let (manifest, schema) = (model.manifest(), model.schema());
        let branch_name = |index: u32| {
            parts.branches.get(index as usize).map_or(String::new(), |branch| branch.name.clone())
        };
        let members = parts.members.iter().map(|placed| {
            MemberDescription::new(&placed.member, lists_parameters)
                .named(&placed.name, &branch_name(placed.branch))
        });
        let branches = parts.branches.iter().map(|branch| {
            BranchDescription::new(branch, branch.source.map(branch_name), lists_parameters)
        });
        let classes = schema.target().classes();
        Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            digest: model.digest().to_string(),
            format: model.format(),
            created_by: manifest.created_by.clone(),
            training_data_digest: manifest.training_data_digest.to_string(),
            configuration_digest: manifest.configuration_digest.to_string(),
            notes: manifest.notes.clone(),
            n_skipped_sections: model.n_skipped_sections(),
            target: TargetDescription::new(schema.target()),
            features: schema.features().iter().map(FeatureDescription::new).collect(),
            rules: schema.rules().iter().map(|rule| RuleDescription::new(rule, schema)).collect(),
            branches: branches.collect(),
            members: members.collect(),
            combiner: CombinerDescription::new(parts, lists_parameters),
            calibrator: parts.calibrator.as_ref().map(CalibratorDescription::new),
            cutoffs: model
                .cutoffs()
                .iter()
                .map(|own| CutoffDescription::new(own, classes))
                .collect(),
            explanation: parts
                .explanation
                .as_ref()
                .map(|explanation| ExplanationDescription::new(explanation, parts)),
            uncertainty: parts
                .uncertainty
                .as_ref()
                .map(|own| UncertaintyDescription::new(own, parts, classes)),
            profile: model.profile().map(|own| ProfileDescription::new(own, lists_parameters)),
            n_golden_cases: model.n_golden_cases(),
            card: model.card().map(str::to_owned),
        }
    }
}

impl ProfileDescription {
    fn new(profile: &Profile, lists_parameters: bool) -> Self {
        let n_bins = profile.features.iter().map(|histogram| histogram.bins.counts().len()).sum();
        let parameters = lists_parameters.then(|| profile.clone());
        Self { n_rows: profile.n_rows, n_bins, parameters }
    }

    /// In one line, for example `426 rows in 300 bins`.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{} rows in {}", self.n_rows, count(self.n_bins, "bin"))
    }
}

impl TargetDescription {
    /// Describes a target.
    #[must_use]
    pub fn new(target: &Target) -> Self {
        let unit = match target {
            Target::Number { unit, .. } => unit.clone(),
            Target::Classes { .. } => None,
        };
        Self { name: target.name().into(), classes: target.classes().to_vec(), unit }
    }

    /// In one line, for example `diagnosis: B, M`.
    #[must_use]
    pub fn text(&self) -> String {
        if self.classes.is_empty() {
            let unit = self.unit.as_ref().map_or(String::new(), |unit| format!(" in {unit}"));
            return format!("{}: a number{unit}", self.name);
        }
        format!("{}: {}", self.name, self.classes.join(", "))
    }
}

impl BranchDescription {
    fn new(branch: &Branch, source: Option<String>, lists_parameters: bool) -> Self {
        let step = |step| {
            let (kind, parameters) = variant_and_content(step);
            StepDescription {
                kind,
                n_inputs: parameters.get("inputs").and_then(Value::as_array).map(Vec::len),
                n_parameters: n_numbers(&parameters),
                parameters: lists_parameters.then_some(parameters),
            }
        };
        Self { name: branch.name.clone(), source, steps: branch.steps.iter().map(step).collect() }
    }

    /// In one line, for example `row → impute (2 values) → standard scale (5 values)`.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.source.clone().unwrap_or_else(|| "row".into());
        for step in &self.steps {
            text.push_str(" → ");
            text.push_str(&step.kind);
            if let Some(n_inputs) = step.n_inputs {
                text.push_str(&format!(" ({})", count(n_inputs, "value")));
            }
        }
        text
    }
}
