//! Statistics of predicted probabilities and numbers: pure functions of outcomes and predictions.
//!
//! One formula each: discrimination, calibration, classification, net benefit, comparison of models and
//! subgroups, with intervals. [`assessment`] computes all of them for one set of rows, as a report
//! shows them. No reading of files, no fitting of models, no formatting for people.
//!
//! ```
//! use nomogram_stats::{Confidence, Rows};
//! use nomogram_stats::calibration::BrierScore;
//! use nomogram_stats::classification::Classification;
//! use nomogram_stats::discrimination::auc_estimate;
//!
//! let outcomes = [true, true, false, true, false, false];
//! let probabilities = [0.9, 0.5, 0.5, 0.7, 0.2, 0.1];
//!
//! let rows = Rows::new(&outcomes, &probabilities)?;
//! let area = auc_estimate(rows, Confidence::PERCENT_95)?;
//! assert_eq!(area.auc, 8.5 / 9.0); // The tie at 0.5 counts one half.
//!
//! // A probability equal to the cutoff is positive.
//! let at_half = Classification::new(rows, 0.5, Confidence::PERCENT_95)?;
//! assert_eq!(at_half.confusion.false_positive, 1.0);
//! let sensitivity = at_half.sensitivity.expect("there are positive rows");
//! assert_eq!((sensitivity.n_with, sensitivity.n_rows), (3, 3));
//!
//! // A row of weight 3 counts as 3.
//! let weighted = rows.weighted(Some(&[1.0, 3.0, 1.0, 1.0, 1.0, 1.0]))?;
//! assert_eq!(BrierScore::new(weighted).of_prevalence, 5.0 / 8.0 * (3.0 / 8.0));
//!
//! // A number that is not a probability is refused, with its row.
//! let error = Rows::new(&[true, false], &[0.5, 1.5]).unwrap_err();
//! assert_eq!(error.to_string(), "row 2: probability 1.5, expected a number in [0, 1]");
//! # Ok::<(), nomogram_stats::Error>(())
//! ```
//!
//! # Conventions
//!
//! Functions read [`Rows`]: outcomes (true: a positive row, the event came true), probabilities of the
//! event, and weights if there are any; statistics of several classes read [`ClassRows`]. Making these
//! returns `Data` for no rows, for different lengths, for a probability outside `[0, 1]` or NaN, and for
//! a weight that is not positive and finite; rows in messages are counted from 1. A statistic that the
//! rows do not define is an error where it is the only result, and `None` where it is one of several;
//! never 0 or NaN.
//!
//! **Weights** count wherever rows count. A weight is the number of rows that a row represents, as in a
//! sample that was drawn with unequal probabilities: estimates are those of that many copies (as with
//! scikit-learn's `sample_weight` and statsmodels' `freq_weights`), but intervals are those of the rows
//! that were observed, and do not change when all weights are multiplied by a number. Variances are
//! linearised (Binder 1983), as in R's `survey` for a sample drawn with replacement: `DeLong`'s of an
//! area, the sandwich of a calibration line, and an effective number of rows for shares and O/E. Copies
//! that were counted, rather than represented, are rows of their own. Unweighted are: numbers of rows,
//! the edges of calibration bins, the number of rows near a point of a smoothed curve, and `McNemar`'s
//! test.
//!
//! **Patients**: where rows of one patient are not independent, give their numbers
//! ([`Rows::of_patients`]). Bootstraps then draw patients, each with all of its rows. Standard errors and
//! Wald intervals still treat rows as independent.
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
//! multiples of one half, so one division is all that rounds. It does not take weights: of weighted rows
//! the area is a sum over sorted rows. Tests compare it with the pairs of the definition and with the
//! weighted form, bit for bit. `DeLong`'s variance needs the ranks of
//! single rows, which smartcore does not return. Its accuracy, precision and recall would repeat counts
//! of the confusion matrix, and its models call the platform's `exp` and `ln`, whose bits differ.
//!
//! References and tolerances: `tests/statistics.rs` and `tests/metrics.rs`. How to add a statistic:
//! `docs/adding-a-statistic.md`.

// Layers, lowest first: a module uses only the blocks above its own.
pub mod bins;
pub mod count;
mod error;
pub mod random;
mod sum;

mod checks;
mod distributions;
mod quantile;
mod whole;

mod interval;
mod rows;

mod class_rows;
mod confusion;
mod effective;

mod loss;
mod predicted_class;
mod sweep;

pub mod abstention;
pub mod classification;
pub mod discrimination;

pub mod calibration;
pub mod metrics;
pub mod numbers;

pub mod bootstrap;

pub mod comparison;
pub mod cutoffs;
pub mod decision_curve;
pub mod subgroups;

pub mod assessment;

pub use class_rows::{ClassRows, OneClass, outcomes_of};
pub use confusion::{ConfusionMatrix, is_positive};
pub use effective::effective_n;
pub use error::Error;
pub use interval::{Confidence, Estimate, Interval};
pub use quantile::quantile;
pub use rows::{Rows, numbered_patients};
pub use sum::CompensatedSum;

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
