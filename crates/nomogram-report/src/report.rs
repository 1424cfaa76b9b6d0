//! All that a report tells, as data.

use nomogram::{FeatureKind, Model};
use nomogram_train::{
    Assessment, CorrectedPerformance, Importance, LearningPoint, ValidationReport, Warning,
};
use serde::Serialize;

use crate::charts::NomogramChart;
use crate::tripod::TripodItem;

/// All that a report tells. Parts that were not asked for are empty.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Which model.
    pub model: ModelSummary,
    /// What it reads.
    pub features: Vec<FeatureSummary>,
    /// What it was trained with, as YAML or JSON.
    pub configuration: Option<String>,
    /// What was wrong with the data.
    pub validation: Option<ValidationReport>,
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
    /// Anything else that the manifest says.
    pub notes: std::collections::BTreeMap<String, String>,
}

/// What a feature is.
#[derive(Clone, Debug, Serialize)]
pub struct FeatureSummary {
    /// Its name.
    pub name: String,
    /// `number`, `integer`, `boolean`, or the levels of a category.
    pub kind: String,
    /// The UCUM code of its unit.
    pub unit: Option<String>,
    /// Where plausible values lie.
    pub range: Option<[f64; 2]>,
}

impl ModelSummary {
    /// What a bundle says of itself.
    #[must_use]
    pub fn of(model: &Model) -> Self {
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
                _ => feature.levels().join(", "),
            },
            unit: feature.unit.clone(),
            range: feature.range.map(|range| [range.low, range.high]),
        };
        model.schema().features().iter().map(summary).collect()
    }
}
