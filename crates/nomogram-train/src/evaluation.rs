//! How good a model is: assessment, importance, learning curve, warnings.

// Layers, lowest first. From predictions:
mod importance;
mod member_metrics;
mod warnings;

mod assessment;

// From fits of a whole configuration to other rows:
mod learning_curve;

pub use assessment::{
    Agreement, Assessment, AtCutoff, Calibration, CalibrationGroup, Discrimination,
    FeatureSubgroups, Histogram,
};
pub use importance::{Importance, permutation_importance};
pub use learning_curve::{
    CorrectedPerformance, LearningPoint, corrected_performance, learning_curve,
};
pub use member_metrics::{Evaluation, EvaluationRow};
pub use warnings::{Warning, warnings};
