//! The counts of one period, by variable, from the counters of a bundle.

use std::sync::Arc;

use nomogram::{Model, Monitor, N_STATUSES};

use crate::error::Error;
use crate::outcomes::OutcomeBin;

/// Units of a sum of probabilities: 2^32 are 1.
const UNITS: f64 = 4_294_967_296.0;

/// The counts of one period.
#[derive(Clone, Debug)]
pub struct Period {
    monitor: Monitor,
}

impl Period {
    /// The counts that are written in `bytes`.
    ///
    /// # Errors
    ///
    /// `Model` for counters of another bundle, or a bundle without a profile.
    pub fn of_bytes(model: &Arc<Model>, bytes: &[u8]) -> Result<Self, Error> {
        Ok(Self { monitor: Monitor::of_bytes(Arc::clone(model), bytes)? })
    }

    /// The counts of a monitor.
    #[must_use]
    pub fn of_monitor(monitor: Monitor) -> Self {
        Self { monitor }
    }

    /// How many rows were predicted.
    #[must_use]
    pub fn n_rows(&self) -> u64 {
        self.monitor.n_rows()
    }

    /// How many rows were refused, by [`nomogram::REASONS`].
    ///
    /// # Errors
    ///
    /// None for a period.
    pub fn refused(&self) -> Result<Vec<u64>, Error> {
        Ok(self.cells(self.monitor.layout()?.reasons()).to_vec())
    }

    /// The counts as [`Drift`](crate::drift::Drift) takes them: of each feature the bins and the
    /// statuses, of each output the bins, of the class the rows of each.
    ///
    /// # Errors
    ///
    /// None for a period.
    pub fn counts(&self) -> Result<Vec<Vec<Vec<f64>>>, Error> {
        let layout = self.monitor.layout()?;
        let mut counts = Vec::new();
        for feature in layout.features() {
            let bins = self.numbers(feature.bins);
            let mut statuses = Vec::with_capacity(1 + N_STATUSES);
            statuses.push(bins.iter().sum());
            statuses.extend(self.numbers(feature.statuses));
            counts.push(vec![bins, statuses]);
        }
        counts.extend(layout.outputs().map(|output| vec![self.numbers(output.bins)]));
        if !layout.classes().is_empty() {
            counts.push(vec![self.numbers(layout.classes())]);
        }
        Ok(counts)
    }

    /// The predicted probabilities of the second of two classes: rows and mean per bin.
    ///
    /// # Errors
    ///
    /// None for a period.
    pub fn risks(&self) -> Result<Vec<(u64, f64)>, Error> {
        let Some(output) = self.monitor.layout()?.outputs().next() else { return Ok(Vec::new()) };
        let rows = self.cells(output.bins).iter().zip(self.cells(output.sums));
        Ok(rows.map(|(n, sum)| (*n, mean(*n, *sum))).collect())
    }

    /// The outcomes that are known, per bin of predicted probability.
    ///
    /// # Errors
    ///
    /// None for a period.
    pub fn outcomes(&self) -> Result<Vec<OutcomeBin>, Error> {
        let [rows, events, sums] = self.monitor.layout()?.outcomes();
        let counts = self.cells(rows).iter().zip(self.cells(events)).zip(self.cells(sums));
        let bin = |((n, events), sum): ((&u64, &u64), &u64)| OutcomeBin {
            n_rows: *n,
            events: *events,
            mean: mean(*n, *sum),
        };
        Ok(counts.map(bin).collect())
    }

    fn cells(&self, range: std::ops::Range<usize>) -> &[u64] {
        self.monitor.cells().get(range).unwrap_or_default()
    }

    #[allow(clippy::cast_precision_loss, reason = "counts of patients")]
    fn numbers(&self, range: std::ops::Range<usize>) -> Vec<f64> {
        self.cells(range).iter().map(|cell| *cell as f64).collect()
    }
}

/// The mean probability of a bin; 0 without rows.
#[allow(clippy::cast_precision_loss, reason = "below 2^53 up to two million patients")]
fn mean(n_rows: u64, sum: u64) -> f64 {
    if n_rows == 0 { 0.0 } else { (sum as f64 / UNITS / n_rows as f64).min(1.0) }
}
