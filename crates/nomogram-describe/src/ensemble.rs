//! How members' outputs become one prediction: combiner, calibrator, cutoffs.

use nomogram::{CalibrationMap, Calibrator, Combiner, CombinerReads, Cutoff, Parts};
use serde::Serialize;
use serde_json::Value;

use crate::member::MemberDescription;
use crate::words::{count, variant_and_content};

/// How members' outputs become one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CombinerDescription {
    /// `soft vote`, `hard vote`, `stack` or `calibrated vote`.
    pub kind: &'static str,
    /// The weight of each member by its name; empty for a stack.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<(String, f64)>,
    /// What a stack, or the calibrators of a calibrated vote, read of each member: `margins` or `outputs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<&'static str>,
    /// The model on top of a stack.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberDescription>,
    /// The calibrator of each member of a calibrated vote.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calibrators: Vec<CalibratorDescription>,
    /// All of it in one line, for example `soft vote: linear 1, trees 2`.
    pub text: String,
}

/// What is done to the probabilities of the ensemble.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalibratorDescription {
    /// `binary`, `per class` or `temperature`.
    pub kind: String,
    /// The fitted parameters.
    pub parameters: Value,
    /// Kind and parameters in one line.
    pub text: String,
}

/// A named operating point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CutoffDescription {
    /// Its name.
    pub name: String,
    /// The class whose probability is compared.
    pub class: String,
    /// The smallest probability that reaches it.
    pub probability: f64,
}

impl CombinerDescription {
    pub(crate) fn new(parts: &Parts, lists_parameters: bool) -> Self {
        match &parts.combiner {
            Combiner::SoftVote { weights } => Self::weighted("soft vote", parts, weights),
            Combiner::HardVote { weights } => Self::weighted("hard vote", parts, weights),
            Combiner::Stack { input, member } => {
                let input = input_text(*input);
                let member = MemberDescription::new(member, lists_parameters);
                let text = format!("stack of the members' {input}: {}", member.text());
                let (input, member) = (Some(input), Some(member));
                let (weights, calibrators) = (Vec::new(), Vec::new());
                Self { kind: "stack", weights, input, member, calibrators, text }
            }
            Combiner::CalibratedVote { weights, input, calibrators } => {
                let input = input_text(*input);
                let vote = Self::weighted("calibrated vote", parts, weights);
                let calibrators: Vec<CalibratorDescription> =
                    calibrators.iter().map(CalibratorDescription::new).collect();
                let maps = parts.members.iter().zip(&calibrators);
                let maps = maps.map(|(member, map)| format!("{}: {}", member.name, map.text));
                let maps = maps.collect::<Vec<_>>().join("; ");
                let text = format!("{}; of the {input} of {maps}", vote.text);
                Self { input: Some(input), calibrators, text, ..vote }
            }
        }
    }

    fn weighted(kind: &'static str, parts: &Parts, weights: &[f64]) -> Self {
        let names = parts.members.iter().map(|member| member.name.clone());
        let weights: Vec<(String, f64)> = names.zip(weights.iter().copied()).collect();
        let text = weights.iter().map(|(name, weight)| format!("{name} {weight}"));
        let text = format!("{kind}: {}", text.collect::<Vec<_>>().join(", "));
        Self { kind, weights, input: None, member: None, calibrators: Vec::new(), text }
    }
}

fn input_text(input: CombinerReads) -> &'static str {
    match input {
        CombinerReads::Margins => "margins",
        CombinerReads::Outputs => "outputs",
    }
}

impl CalibratorDescription {
    pub(crate) fn new(calibrator: &Calibrator) -> Self {
        let (kind, parameters) = variant_and_content(calibrator);
        Self { kind, parameters, text: calibrator_text(calibrator) }
    }
}

impl CutoffDescription {
    pub(crate) fn new(cutoff: &Cutoff, classes: &[String]) -> Self {
        let class = classes.get(cutoff.class as usize).cloned().unwrap_or_default();
        Self { name: cutoff.name.clone(), class, probability: cutoff.probability }
    }
}

fn calibrator_text(calibrator: &Calibrator) -> String {
    match calibrator {
        Calibrator::Binary(map) => map_text(map),
        Calibrator::PerClass(maps) => {
            let maps: Vec<String> = maps.iter().map(map_text).collect();
            format!("for each class: {}", maps.join("; "))
        }
        Calibrator::Temperature { temperature } => format!("temperature {temperature:.4}"),
    }
}

fn map_text(map: &CalibrationMap) -> String {
    match map {
        CalibrationMap::Platt { slope, intercept } => {
            format!("Platt on the logit, slope {slope:.4}, intercept {intercept:.4}")
        }
        CalibrationMap::Beta { a, b, c } => format!("beta, a {a:.4}, b {b:.4}, c {c:.4}"),
        CalibrationMap::Isotonic { probabilities, .. } => {
            format!("isotonic, {}", count(probabilities.len(), "point"))
        }
        CalibrationMap::Sigmoid { slope, intercept } => {
            format!("Platt without the logit, slope {slope:.4}, intercept {intercept:.4}")
        }
    }
}
