//! How well probabilities part positive rows from negative ones.

mod auc;
mod precision_recall;
mod roc;

pub use auc::{AucEstimate, MacroAuc, auc, auc_estimate, macro_auc};
pub use precision_recall::{PrecisionRecallPoint, average_precision, precision_recall_curve};
pub use roc::{RocPoint, roc_curve, without_collinear};
