//! How often users accepted or overrode what they were shown, by model. Counts only.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What users did with cards, by the name of the model.
#[derive(Debug, Default)]
pub struct Feedback(Mutex<BTreeMap<String, FeedbackCounts>>);

/// What users did with the cards of one model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeedbackCounts {
    /// Cards that were accepted.
    pub accepted: u64,
    /// Cards that were overridden.
    pub overridden: u64,
}

impl Feedback {
    /// Adds what users did.
    pub fn add(&self, model: &str, counts: FeedbackCounts) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(model.to_owned()).or_default();
        known.accepted += counts.accepted;
        known.overridden += counts.overridden;
    }

    /// The counts of all models.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, FeedbackCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
