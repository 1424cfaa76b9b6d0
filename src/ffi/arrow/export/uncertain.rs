//! The columns of models with uncertainty.

use alloc::vec::Vec;

use super::buffer::Buffer;
use super::indices;
use crate::error::Error;
use crate::ffi::outputs::{Counts, NOMO_VERDICT_REFUSED, as_u32, verdict};
use crate::memory;
use crate::model::Model;
use crate::uncertainty::Uncertain;

/// What a model with uncertainty has; nothing of other models.
pub(super) struct UncertainColumns {
    pub(super) verdicts: Option<Buffer>,
    /// The p-values of each class.
    pub(super) p_values: Vec<Buffer>,
    /// The lower and the upper end of each interval, one after the other.
    pub(super) ends: Vec<Buffer>,
    pub(super) distance_p_values: Option<Buffer>,
    pub(super) furthest: Option<FurthestColumns>,
}

/// The feature that is the furthest from what was seen, and how many times as far as usual.
pub(super) struct FurthestColumns {
    pub(super) features: Vec<u32>,
    pub(super) times: Buffer,
}

impl UncertainColumns {
    pub(super) fn new(model: &Model, n_rows: usize) -> Result<Self, Error> {
        let counts = Counts::of(model);
        let numbers = || Buffer::of_elements::<f64>(n_rows);
        let furthest =
            || Ok::<_, Error>(FurthestColumns { features: indices(n_rows)?, times: numbers()? });
        Ok(Self {
            verdicts: (counts.n_verdicts > 0)
                .then(|| Buffer::of_elements::<u32>(n_rows))
                .transpose()?,
            p_values: memory::collect((0..counts.n_p_values).map(|_| numbers()))?,
            ends: memory::collect((0..2 * counts.n_intervals).map(|_| numbers()))?,
            distance_p_values: (counts.n_distances > 0).then(numbers).transpose()?,
            furthest: (counts.n_furthest > 0).then(furthest).transpose()?,
        })
    }

    pub(super) fn n_columns(&self) -> usize {
        self.p_values.len()
            + self.ends.len()
            + usize::from(self.verdicts.is_some())
            + usize::from(self.distance_p_values.is_some())
            + 2 * usize::from(self.furthest.is_some())
    }

    pub(super) fn write(&mut self, row: usize, uncertain: &Uncertain<'_>) {
        if let Some(verdicts) = &mut self.verdicts {
            verdicts.put(row, verdict(uncertain.verdict()).to_ne_bytes());
        }
        let ends = uncertain.intervals().flat_map(|interval| [interval.low, interval.high]);
        put_all(&mut self.p_values, row, uncertain.p_values());
        put_all(&mut self.ends, row, ends);
        put_all(&mut self.distance_p_values, row, uncertain.distance_p_value());
        if let Some(columns) = &mut self.furthest
            && let Some(furthest) = uncertain.furthest()
        {
            if let Some(feature) = columns.features.get_mut(row) {
                *feature = as_u32(furthest.feature);
            }
            columns.times.put(row, furthest.times.to_ne_bytes());
        }
    }

    pub(super) fn refuse(&mut self, row: usize) {
        if let Some(verdicts) = &mut self.verdicts {
            verdicts.put(row, NOMO_VERDICT_REFUSED.to_ne_bytes());
        }
        let times = self.furthest.iter_mut().map(|columns| &mut columns.times);
        let numbers = self.p_values.iter_mut().chain(&mut self.ends);
        for buffer in numbers.chain(&mut self.distance_p_values).chain(times) {
            buffer.put(row, f64::NAN.to_ne_bytes());
        }
    }
}

/// Writes one number to each buffer.
fn put_all<'b>(
    buffers: impl IntoIterator<Item = &'b mut Buffer>,
    row: usize,
    numbers: impl IntoIterator<Item = f64>,
) {
    for (buffer, number) in buffers.into_iter().zip(numbers) {
        buffer.put(row, number.to_ne_bytes());
    }
}
