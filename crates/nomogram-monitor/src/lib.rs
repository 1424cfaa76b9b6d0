//! Whether patients, or the quality of predictions, have changed since a model was trained.
//!
//! Pure functions of counts. [`drift::Drift`] compares counts of periods with the profile of a bundle,
//! and [`outcomes::OutcomeTest`] compares outcomes with predicted probabilities. Both return a wager:
//! what a gambler would own who started with 1 and bet against "nothing has changed" at fair odds.
//! Without a change it exceeds 20 in at most 5 of 100 horizons, however often it is looked at and
//! however features depend on each other (Ville's inequality). [`charts`] has what clinicians know:
//! VLAD, CUSUM with its run length, O/E with an exact interval. [`effect`] and [`recalibration`] have
//! sizes of changes, which never raise an alarm.
//!
//! No files, no formatting for people, no randomness. What the numbers mean: `docs/monitoring.md`.
//!
//! ```
//! use nomogram_monitor::outcomes::OutcomeTest;
//!
//! // Every second patient has the event, at a predicted risk of 0.1.
//! let mut test = OutcomeTest::new(1000)?;
//! let alarm = (0..1000).find(|row| test.add(0.1, row % 2 == 0).is_ok_and(|wager| wager >= 20.0));
//! assert!(alarm.is_some_and(|row| row < 60));
//! # Ok::<(), nomogram_monitor::Error>(())
//! ```

// Layers, lowest first: a module uses only the blocks above its own.
mod error;
pub mod multinomial;

pub mod effect;
mod streams;

pub mod drift;
pub mod outcomes;

pub mod charts;
pub mod performance;
mod period;
pub mod recalibration;

pub mod analysis;

pub use error::Error;
pub use period::Period;

/// An alarm: a wager of at least this much. Without a change, at most 1 in 20 horizons reaches it.
pub const ALARM: f64 = 20.0;

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
