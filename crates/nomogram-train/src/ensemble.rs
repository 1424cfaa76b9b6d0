//! How the outputs of members become one: combiner, calibrator and cutoffs, fitted to out-of-fold
//! predictions.

// Layers, lowest first.
mod calibration_rows;
mod weights;

mod calibration;
mod combiner;
mod cutoffs;

pub use calibration::CalibratorSpec;
pub use calibration_rows::CalibrationRows;
pub use combiner::{CombinerSpec, StackReads, StackSpec};
pub use cutoffs::CutoffSpec;
