//! The prediction of many rows, in whatever form a caller has them.

use core::mem;
use core::ops::Range;

use super::Model;
use super::row::check_subnormals;
use crate::error::{Error, Place};
use crate::intake::{Cell, Flags};
use crate::lanes::{Lanes, N_LANES};
use crate::prediction::Prediction;
use crate::scratch::{BlockRegions, Regions, Scratch};
use crate::uncertainty::Uncertainty;

/// What happens when a row of a batch cannot be predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

    /// The number of each feature in a row, NaN where there is none.
    fn numbers(&self, row: usize, n_features: usize) -> impl Iterator<Item = f64> {
        (0..n_features).map(move |feature| self.cell(row, feature).number_or_nan())
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
        rows: &impl Rows,
        on_refusal: OnRefusal,
        mut sink: impl FnMut(usize, Result<Prediction<'_>, Error>),
    ) -> Result<(), Error> {
        check_subnormals()?;
        match on_refusal {
            OnRefusal::Stop => self.check_rows(scratch, rows)?,
            OnRefusal::GoOn => {}
        }
        for block in self.blocks(rows) {
            if block.len() >= MIN_BLOCK {
                self.predict_block(scratch, rows, block, &mut sink);
                continue;
            }
            for row in block {
                let mut regions = scratch.regions(&self.scratch_layout);
                let counters = mem::take(&mut regions.counters);
                let prediction = match self.admit(self.cells(rows, row), &mut regions) {
                    Ok(row_flags) => {
                        let prediction = self.predict(regions, row_flags);
                        self.count(counters, self.cells(rows, row), &prediction);
                        Ok(prediction)
                    }
                    Err(error) => Err(self.count_refusal(counters, error).within(Place::Row(row))),
                };
                sink(row, prediction);
            }
        }
        Ok(())
    }

    /// The rows, at most as many at a time as can be predicted together.
    fn blocks(&self, rows: &impl Rows) -> impl Iterator<Item = Range<usize>> {
        let (n_rows, has_blocks) = (rows.n_rows(), self.scratch_layout.has_blocks());
        let len = if has_blocks { N_LANES } else { 1 };
        (0..n_rows).step_by(len).map(move |first| first..n_rows.min(first.saturating_add(len)))
    }

    fn cells<'r, R: Rows>(
        &self,
        rows: &'r R,
        row: usize,
    ) -> impl Iterator<Item = Cell> + use<'r, R> {
        (0..self.intake.n_features()).map(move |feature| rows.cell(row, feature))
    }

    /// Fails with the first row that is refused.
    fn check_rows(&self, scratch: &mut Scratch<'_>, rows: &impl Rows) -> Result<(), Error> {
        let n_features = self.intake.n_features();
        for row in 0..rows.n_rows() {
            if !self.intake.is_plain_row(rows.numbers(row, n_features)) {
                let mut regions = scratch.regions(&self.scratch_layout);
                let admitted = self.admit(self.cells(rows, row), &mut regions);
                admitted.map_err(|error| {
                    self.count_refusal(regions.counters, error).within(Place::Row(row))
                })?;
            }
        }
        Ok(())
    }

    /// Reads the caller's numbers of a block of rows. Returns which rows the model takes as they are:
    /// none, without memory for blocks.
    #[allow(clippy::indexing_slicing, reason = "a block has at most a row per lane")]
    fn read_block(
        &self,
        rows: &impl Rows,
        block: Range<usize>,
        encoded: &mut [Lanes],
    ) -> [bool; N_LANES] {
        if encoded.is_empty() {
            return [false; N_LANES];
        }
        let n_features = self.intake.n_features();
        let values = &mut encoded[..n_features];
        let n_rows = block.len();
        for (lane, row) in block.enumerate() {
            for (values, number) in values.iter_mut().zip(rows.numbers(row, n_features)) {
                values[lane] = number;
            }
        }
        if n_rows < N_LANES {
            for (values, placeholder) in values.iter_mut().zip(self.intake.placeholders()) {
                values[n_rows..].fill(placeholder);
            }
        }
        self.intake.plain_rows(values)
    }

    /// Predicts a block of rows: as [`Self::predict`], bit for bit.
    #[allow(clippy::indexing_slicing, reason = "a block has at most a row per lane")]
    fn predict_block(
        &self,
        scratch: &mut Scratch<'_>,
        rows: &impl Rows,
        block: Range<usize>,
        sink: &mut impl FnMut(usize, Result<Prediction<'_>, Error>),
    ) {
        let mut regions = scratch.regions(&self.scratch_layout);
        let are_plain = self.read_block(rows, block.clone(), regions.block.encoded);
        for (lane, row) in block.clone().enumerate() {
            if are_plain[lane] {
                continue;
            }
            let admitted = self.admit(self.cells(rows, row), &mut regions).is_ok();
            let values = regions.encoded.iter().copied();
            let values = values.zip(self.intake.placeholders());
            for (lanes, (value, placeholder)) in regions.block.encoded.iter_mut().zip(values) {
                // A row that is refused is refused again below, where its error is passed on.
                lanes[lane] = if admitted { value } else { placeholder };
            }
        }
        self.encode_block(&mut regions.block);
        regions.clear_flags();
        for (lane, row) in block.enumerate() {
            let mut regions = scratch.regions(&self.scratch_layout);
            let mut row_flags = Flags::default();
            if !are_plain[lane] {
                match self.admit(self.cells(rows, row), &mut regions) {
                    Ok(flags) => row_flags = flags,
                    Err(error) => {
                        let error = self.count_refusal(regions.counters, error);
                        sink(row, Err(error.within(Place::Row(row))));
                        regions.clear_flags();
                        continue;
                    }
                }
            }
            for (margin, margins) in regions.margins.iter_mut().zip(&*regions.block.margins) {
                *margin = margins[lane];
            }
            if let Some(uncertainty) = &self.uncertainty {
                self.copy_lane(lane, uncertainty, &mut regions);
            }
            let counters = mem::take(&mut regions.counters);
            let prediction = self.finish(regions, row_flags);
            self.count(counters, self.cells(rows, row), &prediction);
            sink(row, Ok(prediction));
            if !are_plain[lane] {
                scratch.regions(&self.scratch_layout).clear_flags();
            }
        }
    }

    /// Copies what the uncertainty of a row reads from its lane: the row and the branch of the distance.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn copy_lane(&self, lane: usize, uncertainty: &Uncertainty, regions: &mut Regions<'_>) {
        let mut copy = |span: Range<usize>| {
            let lanes = &regions.block.encoded[span.clone()];
            for (value, lanes) in regions.encoded[span].iter_mut().zip(lanes) {
                *value = lanes[lane];
            }
        };
        copy(0..self.intake.n_features());
        if let Some(distance) = &uncertainty.distance {
            copy(self.pipeline.span(distance.branch as usize));
        }
    }

    /// Encodes a block of admitted rows and computes the margins of its members.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn encode_block(&self, block: &mut BlockRegions<'_>) {
        let BlockRegions { encoded, margins, temporary } = block;
        self.pipeline.apply(encoded, &mut temporary[..self.pipeline.n_temporary()]);
        let mut first_margin = 0;
        for placed in &self.members {
            let margins = &mut margins[first_margin..first_margin + placed.n_margins];
            let encoded = self.pipeline.encoded(placed.branch, encoded);
            let temporary = &mut temporary[..placed.member.n_temporary()];
            placed.member.block_margins(self.level, encoded, temporary, margins);
            first_margin += placed.n_margins;
        }
    }
}

#[cfg(test)]
mod tests;
