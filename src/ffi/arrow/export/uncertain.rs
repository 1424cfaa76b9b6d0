//! The columns of models with uncertainty.

use alloc::vec::Vec;

use super::buffer::Buffer;
use crate::error::Error;
use crate::ffi::outputs::{Counts, NOMO_VERDICT_REFUSED, verdict};
use crate::memory;
use crate::model::Model;
use crate::uncertainty::Uncertain;

/// What a model with uncertainty has; nothing of other models.
pub(super) struct UncertainColumns {
    pub(super) verdicts: Option<Buffer>,
    /// The p-values of each class.
    pub(super) p_values: Vec<Buffer>,
    pub(super) distance_p_values: Option<Buffer>,
}

impl UncertainColumns {
    pub(super) fn new(model: &Model, n_rows: usize) -> Result<Self, Error> {
        let counts = Counts::of(model);
        let numbers = || Buffer::of_elements::<f64>(n_rows);
        Ok(Self {
            verdicts: (counts.n_verdicts > 0)
                .then(|| Buffer::of_elements::<u32>(n_rows))
                .transpose()?,
            p_values: memory::collect((0..counts.n_p_values).map(|_| numbers()))?,
            distance_p_values: (counts.n_distances > 0).then(numbers).transpose()?,
        })
    }

    pub(super) fn n_columns(&self) -> usize {
        self.p_values.len()
            + usize::from(self.verdicts.is_some())
            + usize::from(self.distance_p_values.is_some())
    }

    pub(super) fn write(&mut self, row: usize, uncertain: &Uncertain<'_>) {
        if let Some(verdicts) = &mut self.verdicts {
            verdicts.put(row, verdict(uncertain.verdict()).to_ne_bytes());
        }
        for (buffer, p_value) in self.p_values.iter_mut().zip(uncertain.p_values()) {
            buffer.put(row, p_value.to_ne_bytes());
        }
        if let (Some(buffer), Some(p_value)) =
            (&mut self.distance_p_values, uncertain.distance_p_value())
        {
            buffer.put(row, p_value.to_ne_bytes());
        }
    }

    pub(super) fn refuse(&mut self, row: usize) {
        if let Some(verdicts) = &mut self.verdicts {
            verdicts.put(row, NOMO_VERDICT_REFUSED.to_ne_bytes());
        }
        for buffer in self.p_values.iter_mut().chain(&mut self.distance_p_values) {
            buffer.put(row, f64::NAN.to_ne_bytes());
        }
    }
}
