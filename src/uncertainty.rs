//! Uncertainty: what a probability alone does not show, fitted to rows that were held out.
//!
//! Optional: a model without it predicts the same numbers. P-values and sets of classes, intervals, how
//! far a row is from the training rows, and the verdict whether to refer it. `docs/uncertainty.md`
//! explains the numbers. Fitting is in `crates/nomogram-train`.

mod ranks;
mod venn_abers;

mod distance;
mod referral;
mod scores;
mod spread;

mod uncertain;

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

pub use distance::Distance;
pub use ranks::Ranks;
pub use referral::{Ambiguity, Referral, Verdict};
pub use scores::{Difficulty, Scores};
pub use spread::{Furthest, Spread};
pub use uncertain::Uncertain;
pub use venn_abers::VennAbers;

use crate::budget::times;
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::{Error, Place};
use crate::schema::Schema;

/// The most levels of coverage.
const MAX_LEVELS: usize = 16;

/// What is known of the uncertainty of a model, from rows that were held out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Uncertainty {
    /// The conformal scores of held-out rows.
    pub scores: Scores,
    /// The levels of coverage of prediction sets and intervals, ascending, for example 0.9 and 0.95.
    pub levels: Vec<f64>,
    /// The interval of the probability of class 1, for two classes.
    pub venn_abers: Option<VennAbers>,
    /// The distance from the training rows.
    pub distance: Option<Distance>,
    /// What was seen of each feature in training; empty where that is not kept.
    pub spreads: Vec<Spread>,
    /// The rules that refer a row.
    pub referral: Referral,
}
decode_struct!(Uncertainty { scores, levels, venn_abers, distance, spreads, referral });

/// An interval with its ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The lower end; minus infinity where it has none.
    pub low: f64,
    /// The upper end; infinity where it has none.
    pub high: f64,
}

impl Uncertainty {
    /// How many p-values a row has: one per class; none when a number is predicted.
    #[must_use]
    pub fn n_p_values(&self) -> usize {
        match &self.scores {
            Scores::Classes { ranks } => ranks.len(),
            Scores::Number { .. } => 0,
        }
    }

    /// How many intervals a row has: one of a probability, if it was fitted, or one per level of a
    /// predicted number.
    #[must_use]
    pub fn n_intervals(&self) -> usize {
        match &self.scores {
            Scores::Classes { .. } => usize::from(self.venn_abers.is_some()),
            Scores::Number { .. } => self.levels.len(),
        }
    }

    /// The level at a position; 0, within which nothing is, beyond all levels.
    fn level(&self, position: usize) -> f64 {
        self.levels.get(position).copied().unwrap_or(0.0)
    }

    /// What all results of a row compute, in steps of about a nanosecond.
    pub(crate) fn work(&self) -> u64 {
        /// Of a search among scores, of all levels.
        const SEARCH: u64 = 64 * MAX_LEVELS as u64;
        let n_searches = self.n_p_values() + self.n_intervals() + 1;
        // The self-test measures the distance once.
        let n_steps = self.distance.as_ref().map_or(0, Distance::n_steps);
        times(n_searches, SEARCH)
            .saturating_add(times(n_steps, 2))
            .saturating_add(times(self.spreads.len(), 8))
    }

    /// Checks all parts against the schema, and the distance against the encoded rows of its branch,
    /// which `encoded` returns.
    ///
    /// # Errors
    ///
    /// `InvalidModel`, with the place.
    pub(crate) fn check<'d>(
        &self,
        schema: &Schema,
        encoded: impl FnOnce(usize) -> Result<&'d [Domain], Error>,
    ) -> Result<(), Error> {
        let n_classes = schema.target().classes().len();
        self.scores.check(schema.target())?;
        let Self { levels, venn_abers, distance, spreads, .. } = self;
        let are_levels = levels.iter().all(|level| (0.01..=0.9999).contains(level));
        if levels.len() > MAX_LEVELS || !are_levels || !levels.is_sorted_by(|a, b| a < b) {
            let detail = format_args!(
                "{} levels, expected at most {MAX_LEVELS}, ascending, each 0.01 to 0.9999",
                levels.len()
            );
            return Err(Error::invalid_model(detail));
        }
        if let Some(venn_abers) = venn_abers {
            if n_classes != 2 {
                let detail =
                    format_args!("an interval of 2 classes, but the target has {n_classes}");
                return Err(Error::invalid_model(detail));
            }
            venn_abers.check()?;
        }
        if let Some(distance) = distance {
            distance.check(encoded(distance.branch as usize)?)?;
        }
        if !spreads.is_empty() && spreads.len() != schema.n_features() {
            let (found, expected) = (spreads.len(), schema.n_features());
            let detail = format_args!("spreads of {found} features, expected {expected} or none");
            return Err(Error::invalid_model(detail));
        }
        for (feature, spread) in spreads.iter().enumerate() {
            spread.check().map_err(|e| e.within(Place::Feature(feature)))?;
        }
        self.referral.check(levels.len(), n_classes > 0, distance.is_some())
    }
}

#[cfg(test)]
mod tests;
