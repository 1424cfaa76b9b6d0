//! How good a model is: assessment, importance, learning curve, optimism, warnings.

// Layers, lowest first. From predictions:
mod assessment;
mod importance;
mod metrics_table;
mod warnings;

mod known_rows;

mod number_assessment;

// From fits of a whole configuration to other rows:
mod learning_curve;
mod optimism;

pub use assessment::PredictedRows;
pub use importance::{Importance, permutation_importance};
pub use known_rows::{EvaluatedRows, KnownRows};
pub use learning_curve::{LearningPoint, learning_curve};
pub use metrics_table::{metrics_table, rows_line};
pub use number_assessment::{NumberAssessment, VerdictCounts};
pub use optimism::{CorrectedPerformance, corrected_performance};
pub use warnings::{Warning, warnings};
