//! What the enum of learners asks of each.

use nomogram::Member;

use super::training_rows::TrainingRows;
use crate::error::Error;

/// Checked settings that fit a member.
pub(super) trait FitMember {
    /// Fits a member; `seed` decides every random choice, if there is one.
    fn fit_member(&self, rows: TrainingRows<'_>, seed: u64) -> Result<Member, Error>;
}
