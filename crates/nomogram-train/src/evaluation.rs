//! How good a model is, and what it needs: assessment, importance, learning curve, warnings.

mod assessment;
mod importance;
mod learning_curve;
mod member_metrics;
mod warnings;

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
