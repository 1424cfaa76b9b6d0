//! From rows to a sealed bundle.

// Layers, lowest first. What is searched and how, whatever the settings are of.
pub mod tuning;

// Preprocessing, and models that are not given away.
mod provisional;

mod golden;

mod explanation;

mod child;
pub mod config;
mod progress;

mod distance;
mod inputs;

mod out_of_fold;

mod fit;
mod profile;
mod uncertain;
mod uninformative;

// What other crates call.
mod cross_validate;
mod recalibrate;
mod recalibrate_uncertainty;
mod sample;
mod train;

mod rehearsal;
mod tune;

pub use child::RECALIBRATION_DATA;
pub use config::TrainingConfig;
pub use cross_validate::cross_validate;
pub use explanation::{BACKGROUND_ROWS, ExplanationSpec};
pub use golden::{GOLDEN_ROWS, GoldenSpec};
pub use progress::Progress;
pub use recalibrate::{ADDED_GOLDEN_ROWS, Recalibrated, recalibrate};
pub use recalibrate_uncertainty::{
    RecalibratedUncertainty, UncertaintyConfig, recalibrate_uncertainty,
};
pub use rehearsal::{rehearse, validate_training};
pub(crate) use sample::fit_sample;
pub use train::{Trained, train};
pub use tune::{cross_validate_tuned, tune};
