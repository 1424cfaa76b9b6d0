//! What the enum of learners asks of each.

use nomogram::Member;

use super::training_rows::TrainingRows;
use crate::error::Error;

/// Checked settings that fit a member.
pub(super) trait FitMember {
    /// Fits a member; `seed` decides every random choice, if there is one.
    fn fit_member(&self, rows: TrainingRows<'_>, seed: u64) -> Result<Member, Error>;
}

/// Settings that take little time, for a training that only shows what would be refused.
pub(super) trait Smallest: Sized {
    /// The same settings with one tree, one epoch and the like. What does not cost time stays.
    fn smallest(self) -> Self {
        self
    }
}
