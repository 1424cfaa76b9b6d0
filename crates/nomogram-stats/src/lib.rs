//! Statistics of predicted probabilities: pure functions of outcomes and probabilities.
//!
//! One formula each: discrimination, calibration, classification, net benefit, comparison of models and
//! subgroups, with intervals. [`assessment`] computes all of them for one set of rows, as a report
//! shows them. No reading of files, no fitting of models, no formatting for people.
//!
//! ```
//! use nomogram_stats::Confidence;
//! use nomogram_stats::calibration::BrierScore;
//! use nomogram_stats::classification::Classification;
//! use nomogram_stats::discrimination::auc_estimate;
//!
//! let outcomes = [true, true, false, true, false, false];
//! let probabilities = [0.9, 0.5, 0.5, 0.7, 0.2, 0.1];
//!
//! let area = auc_estimate(&outcomes, &probabilities, Confidence::PERCENT_95)?;
//! assert_eq!(area.auc, 8.5 / 9.0); // The tie at 0.5 counts one half.
//!
//! // A probability equal to the cutoff is positive.
//! let at_half = Classification::new(&outcomes, &probabilities, 0.5, Confidence::PERCENT_95)?;
//! assert_eq!(at_half.confusion.false_positive, 1);
//! let sensitivity = at_half.sensitivity.expect("there are positive rows");
//! assert_eq!((sensitivity.n_with, sensitivity.n_rows), (3, 3));
//!
//! // A number that is not a probability is refused, with its row.
//! let error = BrierScore::new(&[true, false], &[0.5, 1.5]).unwrap_err();
//! assert_eq!(error.to_string(), "row 2: probability 1.5, expected a number in [0, 1]");
//! # Ok::<(), nomogram_stats::Error>(())
//! ```
//!
//! # Conventions
//!
//! Functions read `outcomes` (true: a positive row, the event came true) and `probabilities` of the
//! event, one each per row. They return `Data` for no rows, for different lengths, and for a
//! probability outside `[0, 1]` or NaN; rows in messages are counted from 1. A statistic that the rows
//! do not define is an error where it is the only result, and `None` where it is one of several; never
//! 0 or NaN.
//!
//! **Ties at a cutoff**: a row is positive at a cutoff when its probability is **at least** the cutoff
//! ([`is_positive`]), as `nomogram::Cutoff` decides. The rule holds for every cutoff, also for 0.5 in
//! reports. The *predicted class* is not a cutoff: it is the most probable class and, of equally
//! probable ones, the first ([`metrics::most_probable`]), as `nomogram::Prediction::class` decides. So
//! [`metrics::Metrics`], which describes predicted classes, counts a row with a probability of exactly
//! 0.5 as negative, and a classification at the cutoff 0.5 counts it as positive.
//!
//! # Bits
//!
//! Sums run in the order of rows or of sorted probabilities, and elementary functions are those of
//! [`nomogram::numeric`]: the same rows give the same bits on every platform.
//!
//! smartcore computes the area under the ROC curve ([`discrimination::auc_of_values`]), the only
//! statistic of this crate that it has in exact form: ranks, mean ranks of ties and their sum are
//! multiples of one half, so one division is all that rounds. It is the only formula of the area here;
//! a test compares it with the pairs of the definition, bit for bit. `DeLong`'s variance needs the ranks of
//! single rows, which smartcore does not return. Its accuracy, precision and recall would repeat counts
//! of the confusion matrix, and its models call the platform's `exp` and `ln`, whose bits differ.
//!
//! References and tolerances: `tests/statistics.rs` and `tests/metrics.rs`. How to add a statistic:
//! `docs/adding-a-statistic.md`.

// Layers, lowest first: a module uses only the blocks above its own.
pub mod count;
mod error;
pub mod random;

mod distributions;
mod quantile;
mod rows;

mod confusion;
mod interval;
mod loss;

mod predicted_class;
mod sweep;

pub mod calibration;
pub mod discrimination;

pub mod bootstrap;

pub mod classification;
pub mod metrics;

pub mod comparison;
pub mod cutoffs;
pub mod decision_curve;
pub mod subgroups;

pub mod assessment;

pub use confusion::{ConfusionMatrix, is_positive};
pub use error::Error;
pub use interval::{Confidence, Estimate, Interval};
pub use quantile::quantile;
pub use rows::outcomes_of;

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
