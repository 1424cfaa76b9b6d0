//! The prediction of a block of rows, lane by lane as that of one row.

use core::ops::Range;

use super::Model;
use crate::ensemble::RowOfMembers;
use crate::intake::Flags;
use crate::lanes::{Lanes, N_LANES, copy_lane, set_lane};
use crate::link::index_of_largest;
use crate::prediction::Prediction;
use crate::scratch::{BlockRegions, Regions};
use crate::uncertainty::{Uncertain, Uncertainty};

/// The predictions of a block of rows, as far as nothing was done to their values and they break no rule.
///
/// Each list has one block of numbers where a [`Prediction`] has one number.
#[derive(Debug)]
#[cfg_attr(not(feature = "ffi"), allow(dead_code, reason = "only C reads blocks"))]
pub(crate) struct Block<'a> {
    pub(crate) is_of_classes: bool,
    pub(crate) outputs: &'a [Lanes],
    pub(crate) members: &'a [Lanes],
    pub(crate) margins: &'a [Lanes],
}

#[cfg_attr(not(feature = "ffi"), allow(dead_code, reason = "only C reads blocks"))]
impl Block<'_> {
    /// As [`Prediction::class`], of one lane.
    #[allow(clippy::indexing_slicing, reason = "callers count lanes up to N_LANES")]
    pub(crate) fn class(&self, lane: usize) -> Option<usize> {
        self.is_of_classes.then(|| index_of_largest(self.outputs.iter().map(|lanes| lanes[lane])))
    }
}

impl Model {
    /// Encodes a block of admitted rows and computes the margins of its members.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn encode_block(&self, block: &mut BlockRegions<'_>) {
        let BlockRegions { encoded, margins, temporary, .. } = block;
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

    /// Computes the outputs of a block of rows from the margins of its members.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn finish_block(&self, regions: &mut Regions<'_>, block: &mut BlockRegions<'_>) {
        let Regions { member_outputs, margins, outputs, temporary, .. } = regions;
        let mut first_margin = 0;
        let outputs_of_members = block.member_outputs.chunks_exact_mut(block.outputs.len());
        for (placed, block_outputs) in self.members.iter().zip(outputs_of_members) {
            let span = first_margin..first_margin + placed.n_margins;
            let row = (&mut margins[..placed.n_margins], &mut outputs[..]);
            placed.link.block_outputs(self.level, &block.margins[span], row, block_outputs);
            first_margin += placed.n_margins;
        }
        let row = RowOfMembers {
            members: member_outputs,
            margins,
            temporary: &mut temporary[..self.combiner.n_temporary()],
            out: outputs,
        };
        let members = (&*block.member_outputs, &*block.margins);
        self.combiner.combine_block(self.level, members, row, block.outputs);
        if let Some(calibrator) = &self.calibrator {
            for lane in 0..N_LANES {
                copy_lane(lane, block.outputs, outputs);
                calibrator.apply(outputs);
                set_lane(lane, outputs, block.outputs);
            }
        }
    }

    /// The distances of the rows of a block from the training rows; `None` for a model that has none.
    pub(super) fn block_distances(&self, block: &BlockRegions<'_>) -> Option<Lanes> {
        let distance = self.uncertainty.as_ref()?.distance.as_ref()?;
        let encoded = block.encoded.get(self.pipeline.span(distance.branch as usize))?;
        Some(distance.of_block(self.level, encoded))
    }

    /// The prediction of one row of a block whose outputs were computed; with its distance, if that was
    /// computed too.
    pub(super) fn prediction_of_lane<'s>(
        &'s self,
        lane: usize,
        (regions, block): (Regions<'s>, BlockRegions<'_>),
        row_flags: Flags,
        distances: Option<&Lanes>,
    ) -> Prediction<'s> {
        let distance = distances.and_then(|distances| distances.get(lane).copied());
        copy_lane(lane, block.margins, regions.margins);
        copy_lane(lane, block.member_outputs, regions.member_outputs);
        copy_lane(lane, block.outputs, regions.outputs);
        if let Some(uncertainty) = &self.uncertainty {
            let is_measured = distance.is_some();
            self.copy_encoded((lane, is_measured), uncertainty, block.encoded, regions.encoded);
        }
        let mut prediction = self.prediction(regions, row_flags);
        prediction.uncertain = prediction.uncertain.map(|known| Uncertain { distance, ..known });
        prediction
    }

    /// Copies what the uncertainty of a row reads from its lane: the row, and the branch of the distance if
    /// that is not measured yet.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn copy_encoded(
        &self,
        (lane, is_measured): (usize, bool),
        uncertainty: &Uncertainty,
        block: &[Lanes],
        encoded: &mut [f64],
    ) {
        let mut copy = |span: Range<usize>| {
            copy_lane(lane, &block[span.clone()], &mut encoded[span]);
        };
        copy(0..self.intake.n_features());
        if let Some(distance) = uncertainty.distance.as_ref().filter(|_| !is_measured) {
            copy(self.pipeline.span(distance.branch as usize));
        }
    }
}
