//! A bundle in words and as JSON: what `inspect` shows and `diff` compares.

mod member;
mod schema;
mod words;

use std::collections::BTreeMap;

use nomogram::{Branch, Calibrator, Combiner, StackInput};
use serde::Serialize;
use serde_json::Value;

pub(crate) use member::MemberDescription;
pub(crate) use schema::{FeatureDescription, RuleDescription};
pub(crate) use words::count;

use crate::bundle::OpenBundle;
use words::{kind_and_parameters, n_numbers};

/// All that a bundle says.
#[derive(Debug, Serialize)]
pub(crate) struct Description {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) digest: String,
    pub(crate) format: u32,
    pub(crate) n_bytes: usize,
    pub(crate) created_by: String,
    pub(crate) training_data_digest: String,
    pub(crate) configuration_digest: String,
    pub(crate) notes: BTreeMap<String, String>,
    pub(crate) n_skipped_sections: usize,
    pub(crate) target: TargetDescription,
    pub(crate) features: Vec<FeatureDescription>,
    pub(crate) rules: Vec<RuleDescription>,
    pub(crate) branches: Vec<BranchDescription>,
    pub(crate) members: Vec<MemberDescription>,
    pub(crate) combiner: CombinerDescription,
    pub(crate) calibrator: Option<CalibratorDescription>,
    pub(crate) cutoffs: Vec<CutoffDescription>,
    pub(crate) n_golden_cases: usize,
    pub(crate) card: Option<String>,
}

/// What is predicted.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct TargetDescription {
    pub(crate) name: String,
    /// None for a number.
    pub(crate) classes: Vec<String>,
    pub(crate) unit: Option<String>,
}

/// A chain of steps.
#[derive(Debug, Serialize)]
pub(crate) struct BranchDescription {
    pub(crate) name: String,
    /// The name of the branch that it goes on from; nothing for the row itself.
    pub(crate) source: Option<String>,
    pub(crate) steps: Vec<StepDescription>,
}

/// A fitted step.
#[derive(Debug, Serialize)]
pub(crate) struct StepDescription {
    pub(crate) kind: String,
    /// How many values it reads, where it lists them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) n_inputs: Option<usize>,
    pub(crate) n_parameters: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<Value>,
}

/// How members become one prediction.
#[derive(Debug, Serialize)]
pub(crate) struct CombinerDescription {
    pub(crate) kind: &'static str,
    /// Weights by the names of the members.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) weights: Vec<(String, f64)>,
    /// What a stacked member reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) member: Option<MemberDescription>,
}

/// What is done to the probabilities.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct CalibratorDescription {
    pub(crate) kind: String,
    pub(crate) parameters: Value,
}

/// An operating point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct CutoffDescription {
    pub(crate) name: String,
    pub(crate) class: String,
    pub(crate) probability: f64,
}

impl Description {
    /// Of a bundle; `has_parameters` says whether fitted parameters are listed one by one.
    pub(crate) fn new(bundle: &OpenBundle, has_parameters: bool) -> Self {
        let (model, parts) = (&bundle.model, &bundle.parts);
        let (manifest, schema) = (model.manifest(), model.schema());
        let branch_name = |index: u32| {
            parts.branches.get(index as usize).map_or(String::new(), |branch| branch.name.clone())
        };
        let members = parts.members.iter().map(|placed| {
            let of = MemberDescription::new(&placed.member, has_parameters);
            of.placed(&placed.name, &branch_name(placed.branch))
        });
        let branches = parts.branches.iter().map(|branch| {
            let source = branch.source.map(branch_name);
            BranchDescription::new(branch, source, has_parameters)
        });
        let cutoffs = model.cutoffs().iter().map(|cutoff| CutoffDescription {
            name: cutoff.name.clone(),
            class: class_name(schema.target().classes(), cutoff.class),
            probability: cutoff.probability,
        });
        Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            digest: model.digest().to_string(),
            format: model.format(),
            n_bytes: bundle.bytes.len(),
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
            combiner: CombinerDescription::new(&parts.combiner, model, has_parameters),
            calibrator: parts.calibrator.as_ref().map(CalibratorDescription::new),
            cutoffs: cutoffs.collect(),
            n_golden_cases: model.n_golden_cases(),
            card: model.card().map(str::to_owned),
        }
    }
}

impl TargetDescription {
    fn new(target: &nomogram::Target) -> Self {
        let unit = match target {
            nomogram::Target::Number { unit, .. } => unit.clone(),
            _ => None,
        };
        Self { name: target.name().into(), classes: target.classes().to_vec(), unit }
    }

    /// In one line.
    pub(crate) fn text(&self) -> String {
        if self.classes.is_empty() {
            let unit = self.unit.as_ref().map_or(String::new(), |unit| format!(" in {unit}"));
            return format!("{}: a number{unit}", self.name);
        }
        format!("{}: {}", self.name, self.classes.join(", "))
    }
}

impl BranchDescription {
    fn new(branch: &Branch, source: Option<String>, has_parameters: bool) -> Self {
        let step = |step| {
            let (kind, parameters) = kind_and_parameters(step);
            StepDescription {
                kind,
                n_inputs: parameters.get("inputs").and_then(Value::as_array).map(Vec::len),
                n_parameters: n_numbers(&parameters),
                parameters: has_parameters.then_some(parameters),
            }
        };
        Self { name: branch.name.clone(), source, steps: branch.steps.iter().map(step).collect() }
    }

    /// In one line.
    pub(crate) fn text(&self) -> String {
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

impl CombinerDescription {
    fn new(combiner: &Combiner, model: &nomogram::Model, has_parameters: bool) -> Self {
        let weighted = |weights: &[f64]| {
            let names = model.member_names().map(str::to_owned);
            names.zip(weights.iter().copied()).collect()
        };
        let voting = |kind, weights| Self { kind, weights, input: None, member: None };
        match combiner {
            Combiner::SoftVote { weights } => voting("soft vote", weighted(weights)),
            Combiner::HardVote { weights } => voting("hard vote", weighted(weights)),
            Combiner::Stack { input, member } => Self {
                kind: "stack",
                weights: Vec::new(),
                input: Some(match input {
                    StackInput::Margins => "margins",
                    _ => "outputs",
                }),
                member: Some(MemberDescription::new(member, has_parameters)),
            },
            _ => voting("of a kind that this version does not know", Vec::new()),
        }
    }

    /// In one line.
    pub(crate) fn text(&self) -> String {
        let weights: Vec<String> =
            self.weights.iter().map(|(name, weight)| format!("{name} {weight}")).collect();
        match (&self.member, self.input) {
            (Some(member), Some(input)) => {
                format!("{} of the members' {input}: {}", self.kind, member.text())
            }
            _ => format!("{}: {}", self.kind, weights.join(", ")),
        }
    }
}

impl CalibratorDescription {
    fn new(calibrator: &Calibrator) -> Self {
        let (kind, parameters) = kind_and_parameters(calibrator);
        Self { kind, parameters }
    }

    /// In one line: the kind, and the parameters if they are few.
    pub(crate) fn text(&self) -> String {
        let n_parameters = n_numbers(&self.parameters);
        if n_parameters > 6 {
            return format!("{} ({})", self.kind, count(n_parameters, "parameter"));
        }
        format!("{} {}", self.kind, self.parameters)
    }
}

fn class_name(classes: &[String], class: u32) -> String {
    classes.get(class as usize).cloned().unwrap_or_default()
}
