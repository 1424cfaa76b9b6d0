//! The best split of a node by one input, from its histogram.
//!
//! Of equal gains the lowest threshold wins, then missing values on the right.

use super::best::{Best, Search};
use super::bins::Bins;
use super::splits::{Searched, Split};
use super::sums::Sum;
use super::{levels, thresholds};

impl Search<'_> {
    /// The best split of a node by one input; `bins` are its sums by bin, missing values last.
    pub(super) fn best(
        &self,
        node: Searched,
        input: usize,
        kind: &Bins,
        bins: &[Sum],
    ) -> Option<Split> {
        let mut best = Best::new(self, node, input);
        match kind {
            Bins::Numbers { .. } => thresholds::scan(&mut best, bins),
            Bins::Levels { levels, .. } => levels::scan(&mut best, levels.len(), bins),
        }
        best.split
    }
}
