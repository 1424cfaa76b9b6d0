//! How often users accepted or overrode what they were shown, by model. Counts only, since the start.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::metric::{escaped, write_head};

/// What users did with cards, by the name of the model.
#[derive(Debug, Default)]
pub struct Feedback(Mutex<BTreeMap<String, FeedbackCounts>>);

/// What users did with the cards of one model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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

    /// Writes the counts as metrics.
    pub fn write_metrics(&self, text: &mut String) {
        write_head(text, "nomogram_cards_total");
        for (model, FeedbackCounts { accepted, overridden }) in self.counts() {
            let model = escaped(&model);
            for (outcome, count) in [("accepted", accepted), ("overridden", overridden)] {
                // Writing to a text does not fail.
                let _written = writeln!(
                    text,
                    "nomogram_cards_total{{model=\"{model}\",outcome=\"{outcome}\"}} {count}"
                );
            }
        }
    }
}
