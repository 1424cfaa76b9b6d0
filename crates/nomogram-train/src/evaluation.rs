//! How good a model is, and what it needs: assessment, importance, learning curve, warnings.

mod assessment;
mod importance;
mod learning_curve;
mod metrics_table;
mod optimism;
mod warnings;

pub use assessment::PredictedRows;
pub use importance::{Importance, permutation_importance};
pub use learning_curve::{LearningPoint, learning_curve};
pub use metrics_table::metrics_table;
pub use optimism::{CorrectedPerformance, corrected_performance};
pub use warnings::{Warning, warnings};
