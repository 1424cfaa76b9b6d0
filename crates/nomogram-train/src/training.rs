//! From rows to a sealed bundle.

mod fit;
mod golden_rows;
mod out_of_fold;
mod recalibrate;
mod train;
pub mod tuning;

pub use recalibrate::{Recalibrated, recalibrate};
pub(crate) use train::fit_sample;
pub use train::{Progress, Trained, cross_validate, train};
