//! Which settings have the lowest loss: random search and successive halving.
//!
//! A trial is one draw of all settings. Its loss on a fold depends on nothing but its number, so a
//! search has the same result on any number of threads, and after a restart. Successive halving
//! (Jamieson and Talwalkar, Non-stochastic best arm identification and hyperparameter optimization,
//! 2016) evaluates all trials on a few folds and only the better ones on more; with one rung it is
//! random search (Bergstra and Bengio 2012).

// Layers, lowest first.
mod distribution;
mod journal;

mod spec;

mod search;

use std::collections::BTreeMap;

use serde_json::Value;

pub use distribution::Distribution;
pub use journal::Journal;
pub use search::{Search, Trial, search};
pub use spec::TuningSpec;

/// Settings by their path in the configuration, for example `members.network.learner.network.l2`.
pub type Settings = BTreeMap<String, Value>;
