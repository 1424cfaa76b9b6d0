//! Counting a predicted or refused row: whole numbers only, and nothing of the row but its bins.

use super::layout::{CounterLayout, REASONS};
use super::{Bins, Profile};
use crate::error::{Error, Place};
use crate::intake::{Cell, Flags};
use crate::numeric::round;
use crate::prediction::Prediction;

/// Units of a sum of probabilities: 2^32 are 1.
const UNITS: f64 = 4_294_967_296.0;

/// A counter never wraps around: then the order of merging would matter.
fn add(cells: &mut [u64], at: usize, n: u64) {
    if let Some(cell) = cells.get_mut(at) {
        *cell = cell.saturating_add(n);
    }
}

impl Profile {
    /// Counts a row that was predicted.
    pub(crate) fn count(
        &self,
        cells: &mut [u64],
        row: impl Iterator<Item = Cell>,
        prediction: &Prediction<'_>,
    ) {
        let layout = self.layout(prediction.broken_rules().len());
        add(cells, CounterLayout::N_ROWS, 1);
        for (rule, broken) in layout.rules().zip(prediction.broken_rules()) {
            add(cells, rule, u64::from(*broken));
        }
        let values = row.zip(prediction.feature_flags());
        for ((histogram, (cell, flags)), places) in
            self.features.iter().zip(values).zip(layout.features())
        {
            match status(cell, *flags) {
                None => add(cells, places.bins.start + histogram.bins.bin(cell.number), 1),
                Some(status) => add(cells, places.statuses.start + status, 1),
            }
        }
        let first = usize::from(self.classes.len() == 2);
        let outputs = prediction.outputs().iter().skip(first);
        for ((bins, output), places) in self.outputs.iter().zip(outputs).zip(layout.outputs()) {
            let bin = bins.bin(*output);
            add(cells, places.bins.start + bin, 1);
            if !places.sums.is_empty() {
                add(cells, places.sums.start + bin, units(*output));
            }
        }
        if let Some(class) = prediction.class() {
            add(cells, layout.classes().start + class, 1);
        }
    }

    /// Counts a row that was refused by its reason, and by its feature if there is one. Another error
    /// is not counted.
    pub(crate) fn count_refusal(&self, cells: &mut [u64], n_rules: usize, error: &Error) {
        let layout = self.layout(n_rules);
        let Some(reason) = REASONS.iter().position(|kind| *kind == error.kind()) else { return };
        add(cells, layout.reasons().start + reason, 1);
        // A broken rule names its features too, but none of them is the reason.
        let rule =
            error.path().find_map(|p| if let Place::Rule(rule) = p { Some(rule) } else { None });
        if let Some(rule) = rule {
            return add(cells, layout.rules().start + rule, 1);
        }
        let feature = error
            .path()
            .find_map(|p| if let Place::Feature(index) = p { Some(index) } else { None });
        let places = feature.and_then(|feature| layout.features().nth(feature));
        if let Some(places) = places {
            add(cells, places.refused, 1);
        }
    }

    /// Counts the outcome of a row that was predicted before: whether the second of two classes came
    /// true. `probability` is in `[0, 1]`.
    pub(crate) fn count_outcome(
        &self,
        cells: &mut [u64],
        n_rules: usize,
        probability: f64,
        came_true: bool,
    ) {
        let [rows, events, sums] = self.layout(n_rules).outcomes();
        let bin = self.outputs.first().map_or(0, |bins: &Bins| bins.bin(probability));
        add(cells, rows.start + bin, 1);
        add(cells, events.start + bin, u64::from(came_true));
        add(cells, sums.start + bin, units(probability));
    }
}

/// A probability in units of 2^-32.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 2^32")]
fn units(probability: f64) -> u64 {
    round(probability * UNITS) as u64
}

/// Why a value was not used as it is: the index of its status.
fn status(cell: Cell, flags: Flags) -> Option<usize> {
    if flags == Flags::default() {
        return None;
    }
    if flags.contains(Flags::UNSEEN_LEVEL) {
        return Some(3);
    }
    if flags.contains(Flags::OUT_OF_RANGE) {
        return Some(2);
    }
    if cell.is_unset() {
        return Some(1);
    }
    Some(if cell.is_missing() { 0 } else { 4 })
}
