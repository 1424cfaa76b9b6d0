//! Counting a predicted or refused row: whole numbers only, and nothing of the row but its bins.

use super::layout::{CounterLayout, REASONS};
use super::{Bins, Profile};
use crate::error::{Error, Place};
use crate::intake::{Cell, Flags, LaneSet};
use crate::lanes::{Lanes, N_LANES};
use crate::link::index_of_largest;
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

/// Rows of a block to be counted.
#[derive(Debug)]
pub(crate) struct CountedRows<'a> {
    /// Which of the first `n_rows` lanes are counted.
    pub(crate) lanes: LaneSet,
    pub(crate) n_rows: usize,
    /// The caller's numbers of each feature.
    pub(crate) values: &'a [Lanes],
    pub(crate) outputs: &'a [Lanes],
    pub(crate) is_of_classes: bool,
}

/// The bins of the values of a block. Not compiled for each set of vector instructions: counting is a small
/// part of a prediction, and the library stays smaller.
#[inline(never)]
fn bins_of(bins: &Bins, values: &Lanes) -> [usize; N_LANES] {
    match bins {
        Bins::Gaps { edges, .. } | Bins::Intervals { edges, .. } => {
            let mut found = [0; N_LANES];
            // Edge by edge, so that vector instructions compare several rows.
            for edge in edges {
                for (bin, value) in found.iter_mut().zip(values) {
                    *bin += usize::from(*value > *edge);
                }
            }
            found
        }
        Bins::Levels { .. } => values.map(|value| bins.bin(value)),
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

    /// Counts rows of a block, of which no value was changed and no rule is broken: as [`Self::count`] of each.
    #[inline(never)]
    #[allow(clippy::indexing_slicing, reason = "lanes are below N_LANES")]
    pub(crate) fn count_block(&self, cells: &mut [u64], n_rules: usize, rows: &CountedRows<'_>) {
        let layout = self.layout(n_rules);
        let lanes = rows.lanes.among_first(rows.n_rows);
        add(cells, CounterLayout::N_ROWS, lanes.clone().count() as u64);
        for ((histogram, values), places) in
            self.features.iter().zip(rows.values).zip(layout.features())
        {
            let bins = bins_of(&histogram.bins, values);
            lanes.clone().for_each(|lane| add(cells, places.bins.start + bins[lane], 1));
        }
        let first = usize::from(self.classes.len() == 2);
        let outputs = rows.outputs.iter().skip(first);
        for ((bins, outputs), places) in self.outputs.iter().zip(outputs).zip(layout.outputs()) {
            let bins = bins_of(bins, outputs);
            for lane in lanes.clone() {
                add(cells, places.bins.start + bins[lane], 1);
                if !places.sums.is_empty() {
                    add(cells, places.sums.start + bins[lane], units(outputs[lane]));
                }
            }
        }
        if rows.is_of_classes {
            for lane in lanes {
                let class = index_of_largest(rows.outputs.iter().map(|outputs| outputs[lane]));
                add(cells, layout.classes().start + class, 1);
            }
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
