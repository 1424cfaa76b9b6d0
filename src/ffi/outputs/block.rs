//! Writes the outputs of a block of rows as if every value was used as it is.

use core::mem::MaybeUninit;
use core::ops::Range;

use super::{NOMO_CLASS_NONE, Output, Outputs, as_u32};
use crate::ffi::status::NOMO_OK;
use crate::lanes::Lanes;
use crate::model::Block;

impl<T: Copy> Output<'_, T> {
    /// The room for some rows, if the output is wanted.
    fn rows(this: &mut Option<Self>, rows: Range<usize>) -> Option<&mut [MaybeUninit<T>]> {
        let Self { values, per_row } = this.as_mut()?;
        values.get_mut(rows.start * *per_row..rows.end * *per_row)
    }

    /// As [`Self::fill`], for some rows.
    fn fill_rows(this: &mut Option<Self>, rows: Range<usize>, value: T) {
        for element in Self::rows(this, rows).into_iter().flatten() {
            element.write(value);
        }
    }
}

impl Output<'_, f64> {
    /// Writes a block of rows, which has one block of numbers for each element of a row.
    fn write_block(this: &mut Option<Self>, rows: Range<usize>, block: &[Lanes]) {
        let Some(room) = Self::rows(this, rows) else { return };
        if let [first, second] = block {
            // As most models have it, in few instructions.
            let pairs = room.as_chunks_mut::<2>().0;
            for ([one, other], (first, second)) in pairs.iter_mut().zip(first.iter().zip(second)) {
                one.write(*first);
                other.write(*second);
            }
            return;
        }
        for (nth, lanes) in block.iter().enumerate() {
            for (element, number) in room.iter_mut().skip(nth).step_by(block.len()).zip(lanes) {
                element.write(*number);
            }
        }
    }
}

impl Outputs<'_> {
    /// Writes the predictions of a block of rows.
    pub(super) fn predict_block(&mut self, rows: Range<usize>, block: &Block<'_>) {
        Output::write_block(&mut self.probabilities, rows.clone(), block.outputs);
        Output::write_block(&mut self.members, rows.clone(), block.members);
        Output::write_block(&mut self.margins, rows.clone(), block.margins);
        let classes = Output::rows(&mut self.class_indices, rows.clone());
        for (lane, element) in classes.into_iter().flatten().enumerate() {
            element.write(block.class(lane).map_or(NOMO_CLASS_NONE, as_u32));
        }
        if let Some(reached) = Output::rows(&mut self.cutoffs_reached, rows.clone()) {
            for (lane, reached) in reached.chunks_exact_mut(self.cutoffs.len().max(1)).enumerate() {
                for (element, cutoff) in reached.iter_mut().zip(self.cutoffs) {
                    let lanes = block.outputs.get(cutoff.class as usize);
                    let probability = lanes.and_then(|lanes| lanes.get(lane));
                    element.write(u8::from(cutoff.is_reached_at(probability)));
                }
            }
        }
        Output::fill_rows(&mut self.row_status, rows.clone(), NOMO_OK);
        Output::fill_rows(&mut self.row_flags, rows.clone(), 0);
        Output::fill_rows(&mut self.flag_counts, rows.clone(), 0);
        Output::fill_rows(&mut self.feature_flags, rows.clone(), 0);
        Output::fill_rows(&mut self.rules_broken, rows, 0);
    }
}
