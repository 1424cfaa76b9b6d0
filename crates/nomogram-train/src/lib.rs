//! Trains clinical risk models and seals them into bundles.
//!
//! From a table to a bundle: draft what its columns are ([`infer_schema`]), look for all that is wrong
//! with it ([`validate`]), read ([`Dataset`]), split ([`split`]), fit and check ([`train`]),
//! evaluate ([`Evaluation`]). Every fit sees training rows only: preprocessing is fitted inside the
//! fold. The same data, configuration and seed give the same bundle, byte for byte, on every
//! platform, in debug and in release.
//!
//! Only this crate has `fit`; what it returns are the fitted types of the `nomogram` crate.

// Layers, lowest first: a module uses only the blocks above its own.
mod invalid;

mod error;

mod count;

pub mod config;
mod table;

mod data;

pub mod split;

mod steps;

pub mod learners;

mod predictions;

pub mod ensemble;

mod training;

mod evaluation;

pub use config::TrainingConfig;
pub use data::{
    Check, DataConfig, Dataset, Draft, Finding, InferOptions, Limits, Part, Severity,
    ValidationReport, infer_schema, validate, validate_within,
};
pub use error::Error;
pub use evaluation::{
    Agreement, Assessment, AtCutoff, Calibration, CalibrationGroup, CorrectedPerformance,
    Discrimination, Evaluation, EvaluationRow, FeatureSubgroups, Histogram, Importance,
    LearningPoint, Warning, corrected_performance, learning_curve, permutation_importance,
    warnings,
};
pub use invalid::{Invalid, Key};
pub use predictions::Predictions;
pub use steps::{fit_standard_scaler, fit_steps};
pub use table::{BooleanTexts, DecimalMark, Table, TableFormat};
pub use training::{Progress, Recalibrated, Trained, cross_validate, recalibrate, train, tuning};
