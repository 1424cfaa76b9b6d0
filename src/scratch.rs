//! Scratch memory: what one thread writes to while it predicts with a model.
//!
//! [`ScratchLayout`] is the only place that knows the regions and their order. A model computes it
//! once, when it is opened. A [`Scratch`] of that layout is all the memory that predicting needs: a
//! session owns it, or a caller of the C ABI lends it.

use alloc::vec::Vec;
use core::mem;
use core::ops::{Deref, DerefMut};

use crate::budget::bytes_of;
use crate::error::Error;
use crate::intake::{Cell, Flags};
use crate::lanes::{Lanes, N_LANES};
use crate::memory;

/// The length of every region of scratch memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScratchLayout {
    pub(crate) n_features: usize,
    pub(crate) n_rules: usize,
    /// The values of the row and of every branch.
    pub(crate) n_encoded: usize,
    /// The outputs of all members.
    pub(crate) n_member_outputs: usize,
    /// The margins of all members.
    pub(crate) n_margins: usize,
    /// The outputs of the ensemble.
    pub(crate) n_outputs: usize,
    /// The most that any step, member or combiner needs while it runs; they use it in turn.
    pub(crate) n_temporary: usize,
}

/// The most numbers of a row for which there is memory for a block of rows. Wider models predict a
/// batch row by row: a block would not fit into the processor's caches.
const MAX_BLOCK_WIDTH: usize = 1 << 12;

/// Scratch memory of one session, either owned or borrowed for `'m`.
#[derive(Debug)]
pub(crate) struct Scratch<'m> {
    /// The value that the caller set for each feature.
    cells: Buffer<'m, Cell>,
    numbers: Buffer<'m, f64>,
    /// One per feature.
    flags: Buffer<'m, Flags>,
    /// One per rule.
    broken: Buffer<'m, bool>,
    /// The counters of a monitor; empty without one.
    counters: Buffer<'m, u64>,
}

/// The regions of a [`Scratch`], lent for one row.
#[derive(Debug)]
pub(crate) struct Regions<'s> {
    pub(crate) cells: &'s [Cell],
    /// The admitted row, then the encoded row of each branch.
    pub(crate) encoded: &'s mut [f64],
    /// Shape `(n_members, n_outputs)`, row-major.
    pub(crate) member_outputs: &'s mut [f64],
    pub(crate) margins: &'s mut [f64],
    pub(crate) outputs: &'s mut [f64],
    pub(crate) temporary: &'s mut [f64],
    pub(crate) flags: &'s mut [Flags],
    pub(crate) broken: &'s mut [bool],
    /// The counters of a monitor; empty without one.
    pub(crate) counters: &'s mut [u64],
}

impl Regions<'_> {
    /// Forgets what was done to the last row.
    pub(crate) fn clear_flags(&mut self) {
        self.flags.fill(Flags::default());
        self.broken.fill(false);
    }
}

/// The regions of a block of rows: as those of one row, with [`N_LANES`] numbers for each. Empty
/// where the layout has no blocks.
#[derive(Debug)]
pub(crate) struct BlockRegions<'s> {
    pub(crate) encoded: &'s mut [Lanes],
    pub(crate) member_outputs: &'s mut [Lanes],
    pub(crate) margins: &'s mut [Lanes],
    pub(crate) outputs: &'s mut [Lanes],
    pub(crate) temporary: &'s mut [Lanes],
}

impl ScratchLayout {
    /// The lengths of the regions of numbers, in their order in memory; first for a row, then for a block
    /// of rows.
    fn lengths(&self) -> [usize; 5] {
        let Self { n_encoded, n_member_outputs, n_margins, n_outputs, n_temporary, .. } = *self;
        [n_encoded, n_member_outputs, n_margins, n_outputs, n_temporary]
    }

    /// Whether there is memory for a block of rows.
    pub(crate) fn has_blocks(&self) -> bool {
        self.lengths().iter().sum::<usize>() <= MAX_BLOCK_WIDTH
    }

    /// How many numbers all regions have together.
    pub(crate) fn n_numbers(&self) -> usize {
        let n_rows = if self.has_blocks() { 1 + N_LANES } else { 1 };
        self.lengths().iter().sum::<usize>() * n_rows
    }

    /// How many bytes a [`Scratch`] has, or somewhat more.
    pub(crate) fn n_bytes(&self) -> u64 {
        bytes_of::<f64>(self.n_numbers())
            + bytes_of::<(Cell, Flags)>(self.n_features)
            + bytes_of::<bool>(self.n_rules)
    }

    /// Cuts `numbers` into regions of these lengths, and what is left.
    #[inline]
    fn split<'s, T>(&self, numbers: &'s mut [T]) -> ([&'s mut [T]; 5], &'s mut [T]) {
        let mut rest = numbers;
        let regions = self.lengths().map(|length| {
            let (region, after) =
                mem::take(&mut rest).split_at_mut_checked(length).unwrap_or_default();
            rest = after;
            region
        });
        (regions, rest)
    }
}

impl Scratch<'static> {
    /// Allocates all the memory that predicting will ever need. Every feature is unset.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub(crate) fn new(layout: &ScratchLayout) -> Result<Self, Error> {
        Ok(Self {
            cells: Buffer::Owned(memory::filled(Cell::UNSET, layout.n_features)?),
            numbers: Buffer::Owned(memory::filled(0.0, layout.n_numbers())?),
            flags: Buffer::Owned(memory::filled(Flags::default(), layout.n_features)?),
            broken: Buffer::Owned(memory::filled(false, layout.n_rules)?),
            counters: Buffer::Owned(Vec::new()),
        })
    }
}

impl<'m> Scratch<'m> {
    /// Uses memory of the caller: one cell and one set of flags per feature, as many numbers as the
    /// layout has, one bool per rule.
    #[cfg_attr(not(feature = "ffi"), allow(dead_code, reason = "only C lends memory"))]
    pub(crate) fn borrowed(
        cells: &'m mut [Cell],
        numbers: &'m mut [f64],
        flags: &'m mut [Flags],
        broken: &'m mut [bool],
    ) -> Self {
        Self {
            cells: Buffer::Borrowed(cells),
            numbers: Buffer::Borrowed(numbers),
            flags: Buffer::Borrowed(flags),
            broken: Buffer::Borrowed(broken),
            counters: Buffer::Owned(Vec::new()),
        }
    }

    /// The regions of a row, for a model of this layout.
    #[inline]
    pub(crate) fn regions(&mut self, layout: &ScratchLayout) -> Regions<'_> {
        self.all_regions(layout).0
    }

    /// The regions of a row, and those of a block of rows.
    #[inline]
    pub(crate) fn all_regions(
        &mut self,
        layout: &ScratchLayout,
    ) -> (Regions<'_>, BlockRegions<'_>) {
        let ([encoded, member_outputs, margins, outputs, temporary], rest) =
            layout.split(&mut self.numbers);
        let row = Regions {
            cells: &self.cells,
            encoded,
            member_outputs,
            margins,
            outputs,
            temporary,
            flags: &mut self.flags,
            broken: &mut self.broken,
            counters: &mut self.counters,
        };
        let ([encoded, member_outputs, margins, outputs, temporary], _) =
            layout.split(rest.as_chunks_mut().0);
        (row, BlockRegions { encoded, member_outputs, margins, outputs, temporary })
    }

    /// Counts the rows that are predicted from now on, in memory that the monitor of a session owned.
    pub(crate) fn count_in(&mut self, counters: Vec<u64>) {
        self.counters = Buffer::Owned(counters);
    }

    /// The same in memory of the caller.
    #[cfg_attr(not(feature = "ffi"), allow(dead_code, reason = "only C lends memory"))]
    pub(crate) fn count_in_borrowed(&mut self, counters: &'m mut [u64]) {
        self.counters = Buffer::Borrowed(counters);
    }

    /// Counts no longer, and gives back the memory that it owned.
    pub(crate) fn stop_counting(&mut self) -> Vec<u64> {
        match mem::replace(&mut self.counters, Buffer::Owned(Vec::new())) {
            Buffer::Owned(counters) => counters,
            Buffer::Borrowed(_) => Vec::new(),
        }
    }

    /// The counters of a monitor; empty without one.
    pub(crate) fn counters(&mut self) -> &mut [u64] {
        &mut self.counters
    }

    /// The value that the caller set for a feature, if the model has that feature.
    pub(crate) fn cell(&self, feature: usize) -> Option<Cell> {
        self.cells.get(feature).copied()
    }

    /// Keeps the value of a feature of the model until it is set again or cleared.
    pub(crate) fn set_cell(&mut self, feature: usize, cell: Cell) {
        if let Some(current) = self.cells.get_mut(feature) {
            *current = cell;
        }
    }

    /// Forgets every value that was set.
    pub(crate) fn clear(&mut self) {
        self.cells.fill(Cell::UNSET);
    }
}

/// Elements of one region, whoever owns them.
#[derive(Debug)]
enum Buffer<'m, T> {
    Owned(Vec<T>),
    #[cfg_attr(not(feature = "ffi"), allow(dead_code, reason = "only C lends memory"))]
    Borrowed(&'m mut [T]),
}

impl<T> Deref for Buffer<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match self {
            Self::Owned(elements) => elements,
            Self::Borrowed(elements) => elements,
        }
    }
}

impl<T> DerefMut for Buffer<'_, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::Owned(elements) => elements,
            Self::Borrowed(elements) => elements,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    const LAYOUT: ScratchLayout = ScratchLayout {
        n_features: 2,
        n_rules: 1,
        n_encoded: 5,
        n_member_outputs: 4,
        n_margins: 3,
        n_outputs: 2,
        n_temporary: 6,
    };

    const N_NUMBERS: usize = 20 + 20 * N_LANES;

    fn lengths((regions, block): (Regions<'_>, BlockRegions<'_>)) -> [usize; 13] {
        [
            regions.cells.len(),
            regions.encoded.len(),
            regions.member_outputs.len(),
            regions.margins.len(),
            regions.outputs.len(),
            regions.temporary.len(),
            regions.flags.len(),
            regions.broken.len(),
            block.encoded.len(),
            block.member_outputs.len(),
            block.margins.len(),
            block.outputs.len(),
            block.temporary.len(),
        ]
    }

    #[test]
    fn every_region_has_the_length_of_the_layout() {
        let mut scratch = Scratch::new(&LAYOUT).unwrap();
        assert_eq!(LAYOUT.n_numbers(), N_NUMBERS);
        assert_eq!(lengths(scratch.all_regions(&LAYOUT)), [2, 5, 4, 3, 2, 6, 2, 1, 5, 4, 3, 2, 6]);
    }

    #[test]
    fn a_wide_row_has_no_block() {
        let layout = ScratchLayout { n_encoded: MAX_BLOCK_WIDTH, ..LAYOUT };
        assert_eq!(layout.n_numbers(), 15 + MAX_BLOCK_WIDTH);
        let mut scratch = Scratch::new(&layout).unwrap();
        assert!(scratch.all_regions(&layout).1.encoded.is_empty());
    }

    #[test]
    fn regions_follow_each_other_without_overlap() {
        let mut numbers = [0.0; N_NUMBERS];
        let (mut cells, mut flags) = ([Cell::UNSET; 2], [Flags::default(); 2]);
        let mut scratch = Scratch::borrowed(&mut cells, &mut numbers, &mut flags, &mut []);
        let (regions, block) = scratch.all_regions(&LAYOUT);
        regions.encoded.fill(1.0);
        regions.member_outputs.fill(2.0);
        regions.margins.fill(3.0);
        regions.outputs.fill(4.0);
        regions.temporary.fill(5.0);
        block.encoded.fill([6.0; N_LANES]);
        block.member_outputs.fill([7.0; N_LANES]);
        block.margins.fill([8.0; N_LANES]);
        block.outputs.fill([9.0; N_LANES]);
        block.temporary.fill([10.0; N_LANES]);
        let lengths = [5, 4, 3, 2, 6].into_iter();
        let lengths = lengths.clone().chain(lengths.map(|length| length * N_LANES));
        let expected = (1..).zip(lengths).flat_map(|(nth, length)| vec![f64::from(nth); length]);
        assert_eq!(numbers[..], expected.collect::<Vec<f64>>());
    }

    #[test]
    fn owned_and_borrowed_memory_have_the_same_regions() {
        let (mut cells, mut flags) = ([Cell::UNSET; 2], [Flags::default(); 2]);
        let (mut numbers, mut broken) = ([0.0; N_NUMBERS], [false]);
        let mut borrowed = Scratch::borrowed(&mut cells, &mut numbers, &mut flags, &mut broken);
        let mut owned = Scratch::new(&LAYOUT).unwrap();
        assert_eq!(lengths(borrowed.all_regions(&LAYOUT)), lengths(owned.all_regions(&LAYOUT)));
    }

    #[test]
    fn a_value_stays_until_it_is_cleared() {
        let mut scratch = Scratch::new(&LAYOUT).unwrap();
        scratch.set_cell(1, Cell::of_array(2.5));
        scratch.regions(&LAYOUT).encoded.fill(7.0);
        assert_eq!(scratch.cell(1), Some(Cell::of_array(2.5)));
        assert_eq!(scratch.cell(0), Some(Cell::UNSET));
        scratch.clear();
        assert_eq!(scratch.cell(1), Some(Cell::UNSET));
    }

    #[test]
    fn a_feature_beyond_the_layout_has_no_value() {
        let mut scratch = Scratch::new(&LAYOUT).unwrap();
        scratch.set_cell(2, Cell::of_array(2.5));
        assert_eq!(scratch.cell(2), None);
    }
}
