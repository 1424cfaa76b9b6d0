//! Trains clinical risk models and seals them into bundles.
//!
//! From a table to a bundle: draft what its columns are ([`infer_schema`]), look for all that is wrong
//! with it ([`validate`]), read ([`Dataset`]), split ([`split`]), fit and check ([`train`]),
//! evaluate ([`Evaluation`]). Every fit sees training rows only: preprocessing is fitted inside the
//! fold. The same data, configuration and seed give the same bundle, byte for byte, on every
//! platform, in debug and in release.
//!
//! Only this crate has `fit`; what it returns are the fitted types of the `nomogram` crate.

// Modules stand in layers, lowest first; `config` names what each of them can be asked for.
mod error;
mod random;

pub mod config;
mod table;

mod dataset;
mod infer;
mod metrics;
pub mod split;
pub mod statistics;
mod validation;

pub mod calibrate;
pub mod learner;
mod predictions;
mod preprocessing;

mod assessment;
mod evaluation;
mod importance;
mod recalibrate;
mod repeated;
mod train;
pub mod tuning;
mod warnings;

pub use assessment::{
    Agreement, Assessment, AtCutoff, Calibration, CalibrationGroup, Discrimination,
    FeatureSubgroups, Histogram,
};
pub use config::{DataConfig, TrainingConfig};
pub use dataset::{Dataset, Part};
pub use error::Error;
pub use evaluation::{Evaluation, EvaluationRow};
pub use importance::{Importance, permutation_importance};
pub use infer::{Draft, InferOptions, infer_schema};
pub use metrics::{ConfusionMatrix, Metrics};
pub use predictions::Predictions;
pub use preprocessing::fit_steps;
pub use recalibrate::{Recalibrated, recalibrate};
pub use repeated::{CorrectedPerformance, LearningPoint, corrected_performance, learning_curve};
pub use table::Table;
pub use train::{Progress, Trained, cross_validate, train};
pub use validation::{
    Check, Finding, Limits, Severity, ValidationReport, validate, validate_within,
};
pub use warnings::{Warning, warnings};
