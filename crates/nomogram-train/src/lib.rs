//! Trains clinical risk models and seals them into bundles.
//!
//! From a table to a bundle: draft what its columns are ([`infer_schema`]), validate it
//! ([`validate`]), read it ([`Dataset`]), split it ([`split`]), fit and seal ([`train`]), evaluate
//! ([`PredictedRows`]). Every fit sees training rows only: preprocessing is fitted inside the fold. The
//! same data, configuration and seed give the same bundle, byte for byte, on every platform, in
//! debug and in release.
//!
//! Only this crate has `fit`; it returns the fitted types of the `nomogram` crate.
//!
//! ```
//! use nomogram_train::{Dataset, TrainingConfig, train};
//!
//! let config = TrainingConfig::from_yaml(
//!     r#"
//! model: { name: fever, version: "1.0" }
//! data:
//!   target: { column: flu, negative: "no", positive: "yes" }
//!   features: [{ name: temperature, unit: Cel }]
//! seed: 1
//! validation: { n_folds: 2, min_auc: 0.6 }
//! members:
//!   - name: linear
//!     input: scaled
//!     weight: 1.0
//!     learner: { logistic_regression: { c: 1.0, class_weight: equal } }
//! combiner: soft_vote
//! "#,
//! )?;
//! let rows = (0..40).map(|row| format!("{},{}\n", 36 + row % 5, ["no", "yes"][row % 5 / 3]));
//! let table = format!("temperature,flu\n{}", rows.collect::<String>());
//! let dataset = Dataset::from_csv("table", table.as_bytes(), &config.data)?;
//! let trained = train(&config, &dataset, &mut |done: usize, total: usize, next: &str| {
//!     println!("{done} of {total}: {next}");
//! })?;
//! assert_eq!(trained.model.manifest().name, "fever");
//! assert_eq!(trained.out_of_fold.ensemble.nrows(), 40);
//!
//! let error = TrainingConfig::from_yaml("seed: 1").unwrap_err();
//! assert!(error.to_string().contains("model"), "{error}");
//! # Ok::<(), nomogram_train::Error>(())
//! ```

// Layers, lowest first: a module uses only the blocks above its own.
mod invalid;

mod error;

mod count;
mod parallel;
mod yaml;

// A table: its cells, what its columns are, its rows.
mod table;

pub mod data;

// Which rows are for what. Splits come before every fit.
pub mod split;

// What is fitted to training rows: what members read, then how they learn.
pub mod steps;

pub mod learners;

// From the outputs of members to those of the ensemble.
mod predictions;

pub mod ensemble;
mod uncertainty;

// From a configuration and rows to a bundle.
pub mod training;

// How good it is.
mod evaluation;

pub use data::{
    AbsentColumn, Check, DataConfig, Dataset, Dialect, DialectOptions, Draft, Finding,
    InferOptions, Limits, ModelColumns, NumberRows, Partition, Severity, ValidationReport,
    infer_schema, validate, validate_within,
};
pub use error::Error;
pub use evaluation::{
    CorrectedPerformance, EvaluatedRows, Importance, KnownRows, LearningPoint, NumberAssessment,
    PredictedRows, VerdictCounts, Warning, corrected_performance, learning_curve, metrics_table,
    permutation_importance, rows_line, warnings,
};
pub use invalid::{Checked, Excerpt, Invalid, Key, Spec};
pub use predictions::{NumberPredictions, Predictions};
pub use steps::{fit_standard_scaler, fit_steps};
pub use table::{BooleanTexts, DecimalMark, Encoding, Table, TableFormat};
pub use training::{
    Progress, Recalibrated, RecalibratedUncertainty, Trained, TrainingConfig, UncertaintyConfig,
    cross_validate, cross_validate_tuned, recalibrate, recalibrate_uncertainty, rehearse, train,
    tune, tuning, validate_training,
};
pub use uncertainty::{
    DifficultySpec, ReferralSpec, SealedReferralSpec, SealedUncertaintySpec, UncertaintySpec,
};

/// The example of the README is compiled with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
