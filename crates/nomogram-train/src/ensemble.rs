//! How the outputs of members become one: combiner, calibrator and cutoffs, fitted to out-of-fold
//! predictions.

// Layers, lowest first.
mod weights;

mod calibration;
mod combiner;
mod cutoffs;

pub use calibration::CalibratorSpec;
pub use combiner::{CombinerSpec, StackReads, StackSpec};
pub use cutoffs::CutoffSpec;
