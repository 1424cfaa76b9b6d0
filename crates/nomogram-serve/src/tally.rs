//! How many rows a model predicted and refused, for metrics.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use nomogram::Verdict;

/// Counts of rows since the model was loaded. A count names no row.
#[derive(Debug, Default)]
pub struct Tally {
    predicted: AtomicU64,
    verdicts: [AtomicU64; 3],
    refused: Mutex<BTreeMap<Cow<'static, str>, u64>>,
}

impl Tally {
    /// Every verdict, in the order of the counts.
    pub const VERDICTS: [Verdict; 3] = [Verdict::Predicted, Verdict::Ambiguous, Verdict::Unlike];

    /// Counts a predicted row.
    pub fn count_predicted(&self, verdict: Option<Verdict>) {
        self.predicted.fetch_add(1, Ordering::Relaxed);
        let position = verdict.map(Self::position_of);
        if let Some(count) = position.and_then(|position| self.verdicts.get(position)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The position of a verdict in [`Self::VERDICTS`].
    pub(crate) fn position_of(verdict: Verdict) -> usize {
        match verdict {
            Verdict::Predicted => 0,
            Verdict::Ambiguous => 1,
            Verdict::Unlike => 2,
        }
    }

    /// Counts predicted rows at once, with those of each of [`Self::VERDICTS`].
    pub(crate) fn add_predicted(&self, n_predicted: u64, n_verdicts: [u64; 3]) {
        self.predicted.fetch_add(n_predicted, Ordering::Relaxed);
        for (count, n_rows) in self.verdicts.iter().zip(n_verdicts) {
            count.fetch_add(n_rows, Ordering::Relaxed);
        }
    }

    /// Counts a refused row.
    #[allow(clippy::ptr_arg, reason = "most statuses are static, and kept without a copy")]
    pub fn count_refused(&self, status: &Cow<'static, str>) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        match refused.get_mut(status) {
            Some(count) => *count += 1,
            None => drop(refused.insert(status.clone(), 1)),
        }
    }

    /// How many rows were predicted.
    pub fn n_predicted(&self) -> u64 {
        self.predicted.load(Ordering::Relaxed)
    }

    /// How many rows got each of [`Self::VERDICTS`].
    pub fn verdicts(&self) -> [u64; 3] {
        [0, 1, 2].map(|position: usize| {
            self.verdicts.get(position).map_or(0, |count| count.load(Ordering::Relaxed))
        })
    }

    /// How many rows were refused, by status.
    pub fn refused(&self) -> Vec<(Cow<'static, str>, u64)> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.iter().map(|(status, count)| (status.clone(), *count)).collect()
    }
}
