//! Statistics of predictions, for reports: pure functions of outcomes and probabilities.
//!
//! Every function reads `outcomes` (true: the event came true) and `probabilities` of the event, one
//! each per row, and refuses with `Data`: no rows, different lengths, and probabilities outside
//! `[0, 1]` or NaN. A statistic that these rows do not define is an error where it is all that was
//! asked for, and nothing (`None`) where it is one of several; never 0 or NaN. A row is positive at a
//! cutoff when its probability is **at least** the cutoff.
//!
//! Sums run in the order of rows or of sorted probabilities, and elementary functions are those of
//! [`nomogram::numeric`]: the same rows give the same bits on every platform. References and
//! tolerances: `tests/statistics.rs`.

// Layers, lowest first: a module uses only the blocks above its own.
mod error;
pub mod random;
mod rows;

mod distributions;
mod quantile;

mod interval;
mod sweep;

mod delong;

pub mod bootstrap;
pub mod calibration;
pub mod discrimination;

pub mod metrics;

pub mod classification;

pub mod decision_curve;

pub mod comparison;
pub mod cutoffs;
pub mod subgroups;

pub use error::Error;
pub use interval::{Confidence, Estimate, Interval};
pub use quantile::quantile;
