//! How well probabilities separate positive rows from negative ones.

mod below;

mod area;

mod components;

mod auc;
mod precision_recall;
mod roc;

pub use area::auc_of_values;
pub use auc::{AucEstimate, MacroAuc, auc, auc_estimate, macro_auc};
pub use precision_recall::{PrecisionRecallPoint, average_precision, precision_recall_curve};
pub use roc::{RocPoint, roc_curve, without_collinear};

pub(crate) use components::Components;
