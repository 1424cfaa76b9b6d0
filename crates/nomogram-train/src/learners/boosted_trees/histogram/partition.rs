//! The rows of each leaf: one list, in which each leaf has a range.

use std::ops::Range;

use super::bins::BLOCK;
use super::splits::Sides;

/// Rows, leaf by leaf; within a leaf they keep their order.
pub(super) struct Partition {
    rows: Vec<u32>,
    /// Room for the rows that go to the right.
    moved: Vec<u32>,
}

impl Partition {
    pub(super) fn new(rows: Vec<u32>) -> Self {
        let moved = vec![0; rows.len()];
        Self { rows, moved }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The rows of a leaf.
    #[allow(clippy::indexing_slicing, reason = "the range of a leaf")]
    pub(super) fn rows(&self, leaf: Range<usize>) -> &[u32] {
        &self.rows[leaf]
    }

    /// Puts the rows that go to the left before the others; returns their number.
    #[allow(clippy::indexing_slicing, reason = "the range of a leaf, and rows of the table")]
    pub(super) fn split(
        &mut self,
        leaf: Range<usize>,
        block: &[[u8; BLOCK]],
        place: usize,
        sides: &Sides,
    ) -> usize {
        let rows = &mut self.rows[leaf];
        let moved = &mut self.moved[..rows.len()];
        let (mut n_left, mut n_right) = (0, 0);
        // Both places are written and one is kept: the processor would mispredict a branch too often.
        for at in 0..rows.len() {
            let row = rows[at];
            let goes_left = sides[block[row as usize][place] as usize];
            rows[n_left] = row;
            moved[n_right] = row;
            n_left += usize::from(goes_left);
            n_right += usize::from(!goes_left);
        }
        rows[n_left..].copy_from_slice(&moved[..n_right]);
        n_left
    }
}
