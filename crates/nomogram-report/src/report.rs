//! All that a report tells, as data.

use nomogram::{CalibrationMap, Calibrator, Combiner, FeatureKind, Model, Parts, StackInput};
use nomogram_stats::assessment::Assessment;
use nomogram_train::{
    CorrectedPerformance, Importance, LearningPoint, ValidationReport, Warning,
};
use serde::Serialize;

use crate::characteristics::Characteristics;
use crate::charts::NomogramChart;
use crate::tripod::TripodItem;

/// The version of the report as JSON: higher where a field is gone or means something else.
pub const FORMAT: u32 = 1;

/// All that a report tells. Intervals are 95 % confidence intervals. Parts that were not asked for are empty.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// Which model.
    pub model: ModelSummary,
    /// What it reads.
    pub features: Vec<FeatureSummary>,
    /// What it was trained with, as YAML or JSON.
    pub configuration: Option<String>,
    /// What was wrong with the data.
    pub validation: Option<ValidationReport>,
    /// What the rows are like.
    pub characteristics: Vec<Characteristics>,
    /// How good it is on each set of rows.
    pub assessments: Vec<Assessment>,
    /// How much it needs each feature.
    pub importance: Vec<Importance>,
    /// The loss by the number of rows that were learned from.
    pub learning_curve: Vec<LearningPoint>,
    /// The performance on the training rows, corrected for optimism.
    pub corrected: Option<CorrectedPerformance>,
    /// What a person should know before trusting the model.
    pub warnings: Vec<Warning>,
    /// The scales of each linear member.
    pub nomograms: Vec<(String, NomogramChart)>,
    /// The items of TRIPOD+AI.
    pub tripod: Vec<TripodItem>,
}

/// Which model, and where it comes from.
#[derive(Clone, Debug, Serialize)]
pub struct ModelSummary {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The digest of the bundle.
    pub digest: String,
    /// The program that made it.
    pub created_by: String,
    /// The digest of the training rows.
    pub training_data_digest: String,
    /// The digest of the configuration.
    pub configuration_digest: String,
    /// What is predicted.
    pub target: String,
    /// Its classes.
    pub classes: Vec<String>,
    /// The members.
    pub members: Vec<String>,
    /// How they vote, in words.
    pub combiner: String,
    /// What is done to the probabilities of the vote, in words; nothing: they stay as they are.
    pub calibrator: Option<String>,
    /// Anything else that the manifest says.
    pub notes: std::collections::BTreeMap<String, String>,
}

/// What a feature is.
#[derive(Clone, Debug, Serialize)]
pub struct FeatureSummary {
    /// Its name.
    pub name: String,
    /// `number`, `integer`, `boolean` or `category`.
    pub kind: String,
    /// The levels of a category.
    pub levels: Vec<String>,
    /// The UCUM code of its unit.
    pub unit: Option<String>,
    /// Where plausible values lie.
    pub range: Option<[f64; 2]>,
}

impl ModelSummary {
    /// What a bundle says of itself; `parts` are those of the model.
    #[must_use]
    pub fn of(model: &Model, parts: &Parts) -> Self {
        let manifest = model.manifest();
        Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            digest: model.digest().to_string(),
            created_by: manifest.created_by.clone(),
            training_data_digest: manifest.training_data_digest.to_string(),
            configuration_digest: manifest.configuration_digest.to_string(),
            target: model.schema().target().name().into(),
            classes: model.schema().target().classes().to_vec(),
            members: model.member_names().map(Into::into).collect(),
            combiner: combiner(parts),
            calibrator: parts.calibrator.as_ref().map(calibrator),
            notes: manifest.notes.clone(),
        }
    }
}

impl FeatureSummary {
    /// The features of a model, in the order of its schema.
    #[must_use]
    pub fn all_of(model: &Model) -> Vec<Self> {
        let summary = |feature: &nomogram::Feature| Self {
            name: feature.name.clone(),
            kind: match &feature.kind {
                FeatureKind::Number => "number".into(),
                FeatureKind::Integer => "integer".into(),
                FeatureKind::Boolean => "boolean".into(),
                _ => "category".into(),
            },
            levels: feature.levels().to_vec(),
            unit: feature.unit.clone(),
            range: feature.range.map(|range| [range.low, range.high]),
        };
        model.schema().features().iter().map(summary).collect()
    }
}

fn combiner(parts: &Parts) -> String {
    let weighted = |how: &str, weights: &[f64]| {
        let members = parts.members.iter().zip(weights);
        let members = members.map(|(member, weight)| format!("{} {weight}", member.name));
        format!("{how} vote with the weights {}", members.collect::<Vec<_>>().join(", "))
    };
    match &parts.combiner {
        Combiner::SoftVote { weights } => weighted("soft", weights),
        Combiner::HardVote { weights } => weighted("hard", weights),
        Combiner::Stack { input: StackInput::Margins, .. } => {
            "stack on the members' margins".into()
        }
        _ => "stack on the members' probabilities".into(),
    }
}

fn calibrator(calibrator: &Calibrator) -> String {
    match calibrator {
        Calibrator::Binary(own) => map(own),
        Calibrator::PerClass(maps) => {
            let maps: Vec<String> = maps.iter().map(map).collect();
            format!("for each class: {}", maps.join("; "))
        }
        Calibrator::Temperature { temperature } => format!("temperature {temperature:.4}"),
        other => format!("{other:?}"),
    }
}

fn map(map: &CalibrationMap) -> String {
    match map {
        CalibrationMap::Platt { slope, intercept } => {
            format!("Platt on the logit, slope {slope:.4}, intercept {intercept:.4}")
        }
        CalibrationMap::Beta { a, b, c } => format!("beta, a {a:.4}, b {b:.4}, c {c:.4}"),
        CalibrationMap::Isotonic { probabilities, .. } => {
            format!("isotonic, {} points", probabilities.len())
        }
        CalibrationMap::PlattOfProbability { slope, intercept } => {
            format!("Platt on the probability, slope {slope:.4}, intercept {intercept:.4}")
        }
        other => format!("{other:?}"),
    }
}
