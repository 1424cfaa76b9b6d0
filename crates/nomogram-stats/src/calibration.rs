//! How well probabilities agree with observed events.

mod bins;

mod brier;
mod line;
mod smooth;
mod total;

pub(crate) use bins::bin_rows;
pub use bins::{Binning, CalibrationBin, CalibrationBins};
pub use brier::{BrierDecomposition, BrierScore};
pub use line::{CalibrationLine, calibration_in_the_large, calibration_line, clipped};
pub use smooth::{SmoothCalibration, lowess};

pub use total::{ObservedExpected, SpiegelhalterTest, observed_expected, spiegelhalter};
