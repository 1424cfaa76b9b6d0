//! The prediction of many rows, in whatever form a caller has them.

use core::mem;
use core::ops::Range;

use super::Model;
use super::block::Block;
use super::row::check_subnormals;
use crate::error::{Error, Place};
use crate::intake::{Cell, Flags, LaneSet};
use crate::lanes::{Lanes, N_LANES, set_lane};
use crate::prediction::Prediction;
use crate::scratch::{Regions, Scratch};

/// What happens when a row of a batch cannot be predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnRefusal {
    /// The first such row fails the batch, before anything is predicted.
    Stop,
    /// The row gets its error, and the others are predicted.
    GoOn,
}

/// Rows of a batch.
pub(crate) trait Rows {
    fn n_rows(&self) -> usize;

    /// The caller's value of a feature in a row; both exist.
    fn cell(&self, row: usize, feature: usize) -> Cell;

    /// Sets the slices of some rows, or of the first of them, if the numbers of each row lie side by side
    /// in memory, one per feature; NaN is missing. Otherwise returns false.
    fn slices<'r>(&'r self, _rows: Range<usize>, _slices: &mut [&'r [f64]]) -> bool {
        false
    }

    /// Writes the numbers of a feature in some rows, one after the other; NaN where there is none.
    fn read(&self, feature: usize, rows: Range<usize>, numbers: &mut [f64]) {
        for (number, row) in numbers.iter_mut().zip(rows) {
            *number = self.cell(row, feature).number_or_nan();
        }
    }
}

/// What is read of the uncertainty of predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "ffi"), allow(dead_code, reason = "only C chooses"))]
pub(crate) enum Reads {
    Nothing,
    AllButDistance,
    /// Perhaps all of it.
    Distance,
}

/// What takes the predictions of a batch, block by block in the order of its rows.
pub(crate) trait Sink {
    fn take(&mut self, row: usize, prediction: Result<Prediction<'_>, Error>);

    /// What it reads of the uncertainty of predictions.
    fn reads(&self) -> Reads {
        Reads::Distance
    }

    /// Takes a block of rows, or returns false: then [`Self::take`] gets them one by one. After true, it gets
    /// only those whose values were not used as they are, and replaces what the block has of them.
    fn take_block(&mut self, _rows: Range<usize>, _block: &Block<'_>) -> bool {
        false
    }
}

/// Passes each prediction to a function.
pub(crate) struct Each<F>(F);

impl<F: FnMut(usize, Result<Prediction<'_>, Error>)> Each<F> {
    pub(crate) fn new(function: F) -> Self {
        Self(function)
    }
}

impl<F: FnMut(usize, Result<Prediction<'_>, Error>)> Sink for Each<F> {
    fn take(&mut self, row: usize, prediction: Result<Prediction<'_>, Error>) {
        (self.0)(row, prediction);
    }
}

/// Fewer rows than these are predicted one by one: a block costs the same however many rows it has.
pub(super) const MIN_BLOCK: usize = 4;

impl Model {
    /// Predicts `rows` and passes each prediction to `sink` with the index of its row, in order.
    ///
    /// # Errors
    ///
    /// `FloatingPoint`; with [`OnRefusal::Stop`], that of the first row that is refused. `sink` was then
    /// never called.
    pub(crate) fn predict_rows(
        &self,
        scratch: &mut Scratch<'_>,
        rows: &dyn Rows,
        on_refusal: OnRefusal,
        sink: &mut dyn Sink,
    ) -> Result<(), Error> {
        check_subnormals()?;
        let are_plain = match on_refusal {
            OnRefusal::Stop => self.check_rows(scratch, rows)?,
            OnRefusal::GoOn => false,
        };
        for block in self.blocks(rows) {
            if block.len() >= MIN_BLOCK {
                self.predict_block(scratch, (rows, block), are_plain, sink);
                continue;
            }
            for row in block {
                let mut regions = scratch.regions(&self.scratch_layout);
                let counters = mem::take(&mut regions.counters);
                let prediction = match self.admit_from(rows, row, &mut regions) {
                    Ok(row_flags) => {
                        let prediction = self.predict(regions, row_flags);
                        self.count(counters, self.cells(rows, row), &prediction);
                        Ok(prediction)
                    }
                    Err(error) => Err(self.count_refusal(counters, error).within(Place::Row(row))),
                };
                sink.take(row, prediction);
            }
        }
        Ok(())
    }

    /// The rows, at most as many at a time as can be predicted together.
    fn blocks(&self, rows: &dyn Rows) -> impl DoubleEndedIterator<Item = Range<usize>> + use<> {
        let (n_rows, has_blocks) = (rows.n_rows(), self.scratch_layout.has_blocks());
        let len = if has_blocks { N_LANES } else { 1 };
        (0..n_rows).step_by(len).map(move |first| first..n_rows.min(first.saturating_add(len)))
    }

    fn cells<'r>(&self, rows: &'r dyn Rows, row: usize) -> impl Iterator<Item = Cell> + use<'r> {
        (0..self.intake.n_features()).map(move |feature| rows.cell(row, feature))
    }

    /// As [`Self::admit`], for a row of a batch.
    fn admit_from(
        &self,
        rows: &dyn Rows,
        row: usize,
        regions: &mut Regions<'_>,
    ) -> Result<Flags, Error> {
        let mut slices: [&[f64]; 1] = [&[]];
        if rows.slices(row..row + 1, &mut slices) {
            return self.admit_numbers(slices[0], regions);
        }
        let cells: &mut dyn Iterator<Item = Cell> = &mut self.cells(rows, row);
        self.admit(cells, regions)
    }

    /// Fails with the first row that is refused. Otherwise returns whether the model takes all rows as they
    /// are.
    fn check_rows(&self, scratch: &mut Scratch<'_>, rows: &dyn Rows) -> Result<bool, Error> {
        let (mut are_all_plain, mut refused) = (true, None);
        // From the last block to the first: predicting then finds the first rows in the caches.
        for block in self.blocks(rows).rev() {
            if let Some(slices) = self.slices(rows, &block)
                && self.intake.are_plain_rows(self.level, &slices)
            {
                continue;
            }
            let (mut regions, lanes) = scratch.all_regions(&self.scratch_layout);
            let are_plain = self.read_block(rows, &block, lanes.encoded, false);
            are_all_plain &= are_plain == LaneSet::ALL;
            for (lane, row) in block.enumerate() {
                if !are_plain.contains(lane)
                    && let Err(error) = self.admit_from(rows, row, &mut regions)
                {
                    refused = Some((row, error));
                    break;
                }
            }
        }
        let Some((row, error)) = refused else { return Ok(are_all_plain) };
        Err(self.count_refusal(scratch.counters(), error).within(Place::Row(row)))
    }

    /// The rows of a block where their numbers lie side by side; the other lanes have a row that any model
    /// accepts.
    fn slices<'r>(
        &'r self,
        rows: &'r dyn Rows,
        block: &Range<usize>,
    ) -> Option<[&'r [f64]; N_LANES]> {
        let mut slices = [self.intake.placeholders(); N_LANES];
        rows.slices(block.clone(), &mut slices).then_some(slices)
    }

    /// Reads the caller's numbers of a block of rows. Returns which rows the model takes as they are: all
    /// if it is known that they are plain; none without memory for blocks.
    fn read_block(
        &self,
        rows: &dyn Rows,
        block: &Range<usize>,
        encoded: &mut [Lanes],
        are_plain: bool,
    ) -> LaneSet {
        let Some((values, _)) = encoded.split_at_mut_checked(self.intake.n_features()) else {
            return LaneSet::NONE;
        };
        if let Some(slices) = self.slices(rows, block) {
            self.intake.arrange(self.level, &slices, values);
        } else {
            let placeholders = self.intake.placeholders().iter();
            for (feature, (lanes, placeholder)) in values.iter_mut().zip(placeholders).enumerate() {
                let (lanes, unused) = lanes.split_at_mut(block.len());
                rows.read(feature, block.clone(), lanes);
                unused.fill(*placeholder);
            }
        }
        if are_plain { LaneSet::ALL } else { self.intake.plain_rows(self.level, values) }
    }

    /// Predicts a block of rows: as [`Self::predict`], bit for bit. `are_plain`: whether it is known that the
    /// model takes all of them as they are.
    fn predict_block(
        &self,
        scratch: &mut Scratch<'_>,
        (rows, block): (&dyn Rows, Range<usize>),
        are_plain: bool,
        sink: &mut dyn Sink,
    ) {
        let (mut regions, mut lanes) = scratch.all_regions(&self.scratch_layout);
        let are_plain = self.read_block(rows, &block, lanes.encoded, are_plain);
        if are_plain != LaneSet::ALL {
            for (lane, row) in block.clone().enumerate().filter(|(at, _)| !are_plain.contains(*at))
            {
                // A row that is refused is refused again below, where its error is passed on.
                let admitted = self.admit_from(rows, row, &mut regions).is_ok();
                let row = if admitted { &*regions.encoded } else { self.intake.placeholders() };
                let n_features = self.intake.n_features();
                set_lane(lane, row, lanes.encoded.split_at_mut(n_features).0);
            }
        }
        self.encode_block(&mut lanes);
        self.finish_block(&mut regions, &mut lanes);
        self.count_block(&mut regions, &lanes, (are_plain, block.len()));
        let reads = if self.uncertainty.is_none() { Reads::Nothing } else { sink.reads() };
        let predicted = Block {
            is_of_classes: self.is_of_classes(),
            outputs: lanes.outputs,
            members: lanes.member_outputs,
            margins: lanes.margins,
        };
        let is_taken = reads == Reads::Nothing
            && are_plain != LaneSet::NONE
            && sink.take_block(block.clone(), &predicted);
        if is_taken && are_plain == LaneSet::ALL {
            return;
        }
        regions.clear_flags();
        // Of a single row, every addition waits for the one before.
        let distances = match reads {
            Reads::Distance => self.block_distances(&lanes),
            Reads::Nothing | Reads::AllButDistance => None,
        };
        for (lane, row) in block.enumerate() {
            let (mut regions, lanes) = scratch.all_regions(&self.scratch_layout);
            let mut row_flags = Flags::default();
            let is_plain = are_plain.contains(lane);
            if is_taken && is_plain {
                continue;
            }
            if !is_plain {
                match self.admit_from(rows, row, &mut regions) {
                    Ok(flags) => row_flags = flags,
                    Err(error) => {
                        let error = self.count_refusal(regions.counters, error);
                        sink.take(row, Err(error.within(Place::Row(row))));
                        regions.clear_flags();
                        continue;
                    }
                }
            }
            let counters = mem::take(&mut regions.counters);
            let regions = (regions, lanes);
            let prediction = self.prediction_of_lane(lane, regions, row_flags, distances.as_ref());
            if !is_plain {
                self.count(counters, self.cells(rows, row), &prediction);
            }
            sink.take(row, Ok(prediction));
            if !is_plain {
                scratch.regions(&self.scratch_layout).clear_flags();
            }
        }
    }
}

#[cfg(test)]
mod tests;
