//! Drawn rows for what several features decide: rules, totals, intervals of calibrators, cutoffs.

use nomogram::Error;
use nomogram_describe::reach::Target;

use super::Construction;
use crate::training::golden::goals::DecidedBy;
use crate::training::golden::space::Needs;

/// How many rows are drawn for targets without goals.
const N_SEARCHED: usize = 2048;

impl Construction<'_> {
    /// Draws rows, and keeps those that reach something new.
    pub(super) fn search(&mut self, n_max: usize) -> Result<(), Error> {
        for nth in 0..N_SEARCHED {
            let mut searched = self.reach.targets().iter().filter(|target| is_searched(target));
            let is_complete = searched.all(|target| self.reached.contains(target));
            if is_complete || self.rows.len() >= n_max {
                break;
            }
            let share = (nth % 2 == 0).then(|| self.random.uniform());
            let Some(row) = self.row(&Needs::new(), share) else { continue };
            let Some(reached) = self.evaluate(&row)? else { continue };
            let is_new = |target: &Target| is_searched(target) && !self.reached.contains(target);
            if reached.iter().any(is_new) {
                self.keep(row, reached);
            }
        }
        Ok(())
    }
}

/// Whether a target has no goal.
pub(super) fn is_searched(target: &Target) -> bool {
    DecidedBy::of(target) == DecidedBy::Row
}
