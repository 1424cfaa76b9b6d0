//! How members' outputs become one: combiner and calibrator, fitted to out-of-fold predictions.

pub mod calibration;
pub(crate) mod combiner;
