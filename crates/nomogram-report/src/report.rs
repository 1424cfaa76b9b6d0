//! The content of a report, as data.

use std::sync::Arc;

use nomogram::{Model, Parts};
use nomogram_describe::Description;
use nomogram_stats::assessment::Assessment;
use nomogram_train::{
    CorrectedPerformance, Dataset, Importance, KnownRows, LearningPoint, PredictedRows,
    TrainingConfig, ValidationReport, Warning, corrected_performance, learning_curve,
    permutation_importance,
};
use serde::Serialize;

use crate::characteristics::Characteristics;
use crate::charts::NomogramChart;
use crate::contributions::Contributions;
use crate::coverage::SetCoverage;
use crate::error::Error;
use crate::scales::nomograms;
use crate::tripod::{Facts, TripodItem, items};

/// The version of the report as JSON: higher where a field is removed or changes its meaning.
pub const FORMAT: u32 = 2;

/// The name, in a report, of the rows that the folds of a training hold out.
pub const HELD_OUT_FOLDS: &str = "held-out folds";

/// The name of the test rows of a configuration.
pub const TEST_ROWS: &str = "test rows";

/// How many times the values of a feature are shuffled for its importance.
const N_SHUFFLES: usize = 5;

/// The content of a report. Intervals are 95 % confidence intervals. Lists that were not requested
/// are empty.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// What the report is of, for example `Training of wdbc 1.0`.
    pub title: String,
    /// The table that the model was evaluated on, where it was not trained for the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluated_file: Option<EvaluatedFile>,
    /// The bundle, without fitted parameters.
    pub model: Description,
    /// The configuration that it was trained with, as YAML or JSON.
    pub configuration: Option<String>,
    /// The errors and warnings of the table.
    pub validation: ValidationReport,
    /// The characteristics of each set of rows.
    pub characteristics: Vec<Characteristics>,
    /// The performance on each set of rows.
    pub assessments: Vec<Assessment>,
    /// The prediction sets of each set of rows that the uncertainty was not fitted to.
    pub set_coverage: Vec<SetCoverage>,
    /// The importance of each feature.
    pub importance: Vec<Importance>,
    /// What features add to predictions, if the bundle can be explained.
    pub contributions: Option<Contributions>,
    /// The loss by the number of training rows.
    pub learning_curve: Vec<LearningPoint>,
    /// The performance on the training rows, corrected for optimism.
    pub corrected: Option<CorrectedPerformance>,
    /// Warnings about members and ensemble.
    pub warnings: Vec<Warning>,
    /// The scales of each linear member.
    pub nomograms: Vec<(String, NomogramChart)>,
    /// The items of TRIPOD+AI.
    pub tripod: Vec<TripodItem>,
}

/// A table that a model is evaluated on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvaluatedFile {
    /// The name of the file.
    pub name: String,
    /// The SHA-256 of its bytes.
    pub sha256: String,
}

/// What a report is assembled from.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The model.
    pub model: &'a Arc<Model>,
    /// The content of the same bundle.
    pub parts: &'a Parts,
    /// The sets of rows, in the order of the report. Importance and nomograms are those of the last.
    pub rows: &'a [PredictedRows<'a>],
    /// Which subgroups are reported, and the seed of the shuffles.
    pub config: &'a TrainingConfig,
    /// The errors and warnings of the table.
    pub validation: &'a ValidationReport,
    /// The training, if the report is of a model that was just trained.
    pub training: Option<Training<'a>>,
    /// The table that an existing model is evaluated on.
    pub evaluated_file: Option<&'a EvaluatedFile>,
    /// Which of the rows the model has learned from, where it was not trained for the report.
    pub known_rows: Option<&'a KnownRows>,
}

/// A training that a report is about.
#[derive(Clone, Copy, Debug)]
pub struct Training<'a> {
    /// The training rows.
    pub rows: &'a Dataset,
    /// The text of the configuration.
    pub configuration: &'a str,
}

impl Report {
    /// Assembles a report.
    ///
    /// # Errors
    ///
    /// `Training` when rows and predictions do not fit each other, or a subgroup is not defined.
    pub fn new(inputs: &Inputs<'_>) -> Result<Self, Error> {
        let Inputs { model, parts, rows, config, validation, training, evaluated_file, known_rows } =
            *inputs;
        let subgroups = config.report.clone().unwrap_or_default().subgroups;
        let mut assessments = Vec::new();
        for rows in rows {
            assessments.extend(rows.assess(model.cutoffs(), &subgroups)?);
        }
        let (importance, contributions, scales) = match rows.last() {
            None => (Vec::new(), None, Vec::new()),
            Some(last) => (
                permutation_importance(model, last.dataset, N_SHUFFLES, config.seed)?,
                Contributions::new(model, last.dataset)?,
                nomograms(parts, last.dataset),
            ),
        };
        // Scores are those of the held-out folds: their sets hold the class by construction.
        let others = rows.iter().filter(|rows| {
            rows.name != HELD_OUT_FOLDS
                && rows.dataset.digest() != parts.manifest.training_data_digest
        });
        let set_coverage = others.map(|rows| SetCoverage::new(model, rows));
        let set_coverage: Result<Vec<_>, Error> = set_coverage.collect();
        let description = Description::new(model, parts);
        let characteristics = characteristics(rows, training);
        let tripod = items(&Facts {
            model: &description,
            has_configuration: training.is_some(),
            characteristics: &characteristics,
            assessments: &assessments,
        });
        Ok(Self {
            format: FORMAT,
            title: title(&description, inputs),
            evaluated_file: evaluated_file.cloned(),
            model: description,
            configuration: training.map(|training| training.configuration.to_owned()),
            validation: validation.clone(),
            characteristics,
            assessments,
            set_coverage: set_coverage?.into_iter().flatten().collect(),
            importance,
            contributions,
            learning_curve: Vec::new(),
            corrected: None,
            warnings: known_rows.map_or(Vec::new(), |known| known.warnings.clone()),
            nomograms: scales,
            tripod,
        })
    }

    /// Adds the results of training again on other rows, as far as the configuration asks for them:
    /// intervals of the cutoffs, the learning curve, and the performance corrected for optimism.
    /// `held_out` are the rows named [`HELD_OUT_FOLDS`]. Fits on all threads of the calling rayon
    /// pool.
    ///
    /// # Errors
    ///
    /// `Training` when a training fails.
    pub fn add_resampling_results(
        &mut self,
        config: &TrainingConfig,
        training_rows: &Dataset,
        held_out: PredictedRows<'_>,
    ) -> Result<(), Error> {
        for assessment in &mut self.assessments {
            if assessment.rows.starts_with(HELD_OUT_FOLDS) {
                held_out.add_choices(assessment, &config.cutoffs, config.seed)?;
            }
        }
        let spec = config.report.clone().unwrap_or_default();
        if !spec.learning_curve.is_empty() {
            self.learning_curve = learning_curve(config, training_rows, &spec.learning_curve)?;
        }
        if spec.n_bootstraps > 0 {
            let corrected = corrected_performance(config, training_rows, spec.n_bootstraps)?;
            self.corrected = Some(corrected);
        }
        Ok(())
    }
}

/// What the report is of: a training, or an evaluation of an existing model. An evaluation on other rows
/// than the training rows is an external validation, unless these are the test rows of the same table.
fn title(model: &Description, inputs: &Inputs<'_>) -> String {
    let model_name = format!("{} {}", model.name, model.version);
    if inputs.training.is_some() {
        return format!("Training of {model_name}");
    }
    let file = inputs.evaluated_file.map(|file| file.name.as_str());
    let on_training_rows =
        |rows: &PredictedRows<'_>| rows.dataset.digest().to_string() == model.training_data_digest;
    let (what, of) = if inputs.rows.iter().any(on_training_rows) {
        ("Evaluation", "its training rows")
    } else if inputs.known_rows.is_some_and(KnownRows::has_training_rows) {
        ("Evaluation", "rows that include its training rows")
    } else if inputs.rows.iter().any(|rows| rows.name == TEST_ROWS) {
        ("Evaluation", TEST_ROWS)
    } else {
        ("External validation", "other rows")
    };
    match file {
        Some(file) => format!("{what} of {model_name} on {of}: {file}"),
        None => format!("{what} of {model_name} on {of}"),
    }
}

/// The characteristics of the training rows, then those of the other sets. Held-out folds are
/// training rows.
fn characteristics(
    rows: &[PredictedRows<'_>],
    training: Option<Training<'_>>,
) -> Vec<Characteristics> {
    let training = training.map(|training| training.rows);
    let first = training.map(|rows| Characteristics::new("training rows", rows, None));
    let others = rows.iter().filter(|rows| rows.name != HELD_OUT_FOLDS);
    let others = others.map(|rows| Characteristics::new(rows.name, rows.dataset, training));
    first.into_iter().chain(others).collect()
}
