//! What the model predicts for rows that nobody measured: for explanations.

use super::Model;
use super::batch::MIN_BLOCK;
use crate::error::Error;
use crate::intake::{Cell, Flags};
use crate::lanes::{N_LANES, set_lane};
use crate::member::{CompiledMember, LeftShares};
use crate::pipeline::Origin;
use crate::prediction::Prediction;
use crate::scratch::Scratch;

use alloc::vec::Vec;

impl Model {
    /// Applies the policies to a row of the caller and writes it to `row`.
    ///
    /// # Errors
    ///
    /// `FeatureCount`; a kind of the class `Value`.
    pub(crate) fn admit_row(
        &self,
        scratch: &mut Scratch<'_>,
        n_values: usize,
        cells: &mut dyn Iterator<Item = Cell>,
        row: &mut [f64],
    ) -> Result<(), Error> {
        self.intake().check_width(n_values)?;
        let mut regions = scratch.regions(self.scratch_layout());
        let admitted = self.admit(cells, &mut regions);
        for (value, admitted) in row.iter_mut().zip(regions.encoded.iter()) {
            *value = *admitted;
        }
        admitted.map(|_| regions.clear_flags())
    }

    /// Predicts `n_rows` admitted rows, whether or not they break a rule. `change` turns `row` into the
    /// next one; `sink` gets the prediction of each, in order.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(crate) fn evaluate_rows(
        &self,
        scratch: &mut Scratch<'_>,
        n_rows: usize,
        row: &mut [f64],
        change: &mut dyn FnMut(usize, &mut [f64]),
        sink: &mut dyn FnMut(usize, &Prediction<'_>),
    ) {
        let layout = self.scratch_layout();
        let len = if layout.has_blocks() { N_LANES } else { 1 };
        for first in (0..n_rows).step_by(len) {
            let n_lanes = len.min(n_rows - first);
            if n_lanes < MIN_BLOCK {
                for index in first..first + n_lanes {
                    change(index, row);
                    let regions = scratch.regions(layout);
                    regions.encoded[..row.len()].copy_from_slice(row);
                    sink(index, &self.predict(regions, Flags::default()));
                }
                continue;
            }
            let (mut regions, mut block) = scratch.all_regions(layout);
            for lane in 0..N_LANES {
                if lane < n_lanes {
                    change(first + lane, row);
                }
                set_lane(lane, row, block.encoded);
            }
            self.encode_block(&mut block);
            self.finish_block(&mut regions, &mut block);
            for lane in 0..n_lanes {
                let regions = scratch.all_regions(layout);
                let flags = Flags::default();
                sink(first + lane, &self.prediction_of_lane(lane, regions, flags, None));
            }
        }
    }

    /// A member, with the shares of its trees if there are any.
    pub(crate) fn member(&self, index: usize) -> Option<(&CompiledMember, Option<&LeftShares>)> {
        let placed = self.members.get(index)?;
        Some((&placed.member, placed.left_shares.as_ref()))
    }

    /// Where the margins of a member begin, and how many there are.
    pub(crate) fn margins_of(&self, index: usize) -> (usize, usize) {
        let before = self.members.iter().take(index).map(|placed| placed.n_margins).sum();
        (before, self.members.get(index).map_or(0, |placed| placed.n_margins))
    }

    /// The feature of each value that a member reads.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub(crate) fn origins_of(&self, index: usize) -> Result<Vec<Origin>, Error> {
        self.pipeline.origins(self.members.get(index).map_or(0, |placed| placed.branch))
    }

    /// Encodes an admitted row for a member.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(crate) fn encode_for<'s>(
        &self,
        index: usize,
        scratch: &'s mut Scratch<'_>,
        row: &[f64],
    ) -> &'s [f64] {
        let regions = scratch.regions(self.scratch_layout());
        regions.encoded[..row.len()].copy_from_slice(row);
        let temporary = &mut regions.temporary[..self.pipeline.n_temporary()];
        self.pipeline.apply(regions.encoded, temporary);
        let branch = self.members.get(index).map_or(0, |placed| placed.branch);
        self.pipeline.encoded(branch, regions.encoded)
    }
}
