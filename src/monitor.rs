//! Monitors: counters of predicted rows, their bytes, and how they are added.
//!
//! A counter holds how many rows were in a bin, never a value of a row. Counters are whole numbers, so
//! adding those of several sessions gives the same bytes in any order.

mod bytes;

use alloc::sync::Arc;
use alloc::vec::Vec;

pub(crate) use bytes::{add_bytes, cell, n_bytes, write_bytes};

use crate::error::{Error, ErrorKind, Place};
use crate::memory;
use crate::model::Model;
use crate::profile::{CounterLayout, Profile};

/// The counters of one model, for a session to count in.
///
/// ```
/// use std::sync::Arc;
/// use nomogram::{Model, Monitor, Session};
/// # let model = Model::open(&nomogram_testkit::bundle_with_profile())?;
/// let model = Arc::new(model);
/// let mut session = Session::new(Arc::clone(&model));
/// session.attach(Monitor::new(Arc::clone(&model))?)?;
/// session.predict_row(&[17.99, 10.38, 122.8])?;
/// let monitor = session.detach().expect("a monitor was attached");
/// assert_eq!(monitor.n_rows(), 1);
///
/// let mut of_all_wards = Monitor::new(model)?;
/// of_all_wards.add(&monitor.to_bytes())?;
/// assert_eq!(of_all_wards.to_bytes(), monitor.to_bytes());
/// # Ok::<(), nomogram::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Monitor {
    model: Arc<Model>,
    cells: Vec<u64>,
}

impl Monitor {
    /// Counters of a model, all 0.
    ///
    /// # Errors
    ///
    /// `NoProfile` or `OutOfMemory`.
    pub fn new(model: Arc<Model>) -> Result<Self, Error> {
        let n_cells = layout(&model)?.n_cells();
        Ok(Self { cells: memory::filled(0, n_cells)?, model })
    }

    /// Counters from their bytes.
    ///
    /// # Errors
    ///
    /// `Counters` for bytes of another bundle, or changed ones; otherwise as [`Self::new`].
    pub fn of_bytes(model: Arc<Model>, bytes: &[u8]) -> Result<Self, Error> {
        let mut monitor = Self::new(model)?;
        monitor.add(bytes)?;
        Ok(monitor)
    }

    /// The model whose rows are counted.
    #[must_use]
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// Every counter, in the order of [`Self::layout`].
    #[must_use]
    pub fn cells(&self) -> &[u64] {
        &self.cells
    }

    /// Where each counter lies.
    ///
    /// # Errors
    ///
    /// None for a monitor; the type is that of a model without a profile.
    pub fn layout(&self) -> Result<CounterLayout<'_>, Error> {
        layout(&self.model)
    }

    /// How many rows were predicted.
    #[must_use]
    pub fn n_rows(&self) -> u64 {
        self.cells.get(CounterLayout::N_ROWS).copied().unwrap_or(0)
    }

    /// Adds counters of the same bundle.
    ///
    /// # Errors
    ///
    /// `Counters` for bytes of another bundle, or changed ones; nothing is then added.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), Error> {
        add_bytes(bytes, self.model.digest(), &mut self.cells)
    }

    /// Counts the outcome of a row that was predicted before: whether the second of two classes came
    /// true.
    ///
    /// # Errors
    ///
    /// `Option` for a probability outside of [0, 1], or a model that does not predict two classes.
    pub fn add_outcome(&mut self, probability: f64, came_true: bool) -> Result<(), Error> {
        add_outcome(&self.model, &mut self.cells, probability, came_true)
    }

    /// Sets every counter to 0.
    pub fn clear(&mut self) {
        self.cells.fill(0);
    }

    /// The bytes of the counters, with the digest of the bundle.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bytes_of(self.cells.iter().copied())
    }

    /// The bytes of counters for others: each count is rounded to a multiple of `base`, so that none
    /// shows fewer than half as many patients.
    #[must_use]
    pub fn to_rounded_bytes(&self, base: u32) -> Vec<u8> {
        self.bytes_of((0..self.cells.len()).map(|at| cell(&self.model, &self.cells, at, base)))
    }

    fn bytes_of(&self, cells: impl Iterator<Item = u64>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(n_bytes(self.cells.len()));
        write_bytes(self.model.digest(), cells, |piece| bytes.extend_from_slice(piece));
        bytes
    }

    pub(crate) fn into_cells(self) -> Vec<u64> {
        self.cells
    }

    pub(crate) fn of_cells(model: Arc<Model>, cells: Vec<u64>) -> Self {
        Self { model, cells }
    }
}

/// Where the counters of a model lie.
///
/// # Errors
///
/// `NoProfile`.
pub(crate) fn layout(model: &Model) -> Result<CounterLayout<'_>, Error> {
    let profile = model.profile().ok_or_else(no_profile)?;
    Ok(profile.layout(model.schema().rules().len()))
}

/// Counts an outcome.
///
/// # Errors
///
/// As [`Monitor::add_outcome`].
pub(crate) fn add_outcome(
    model: &Model,
    cells: &mut [u64],
    probability: f64,
    came_true: bool,
) -> Result<(), Error> {
    let profile: &Profile = model.profile().ok_or_else(no_profile)?;
    let refused =
        |name, detail| Error::new(ErrorKind::Option, detail).within(Place::Argument(name));
    let n_classes = profile.classes.len();
    if n_classes != 2 {
        let detail = format_args!("outcomes of {n_classes} classes, expected 2");
        return Err(refused("model", detail));
    }
    if !(0.0..=1.0).contains(&probability) {
        return Err(refused("probability", format_args!("expected a number in [0, 1]")));
    }
    profile.count_outcome(cells, model.schema().rules().len(), probability, came_true);
    Ok(())
}

fn no_profile() -> Error {
    Error::new(ErrorKind::NoProfile, "the bundle has no profile, so rows cannot be counted")
}

#[cfg(test)]
mod tests;
