//! Forests over a block of rows: tree after tree, each for all rows.
//!
//! No kernel has a branch that depends on a value. Leaves are added in the order of the trees, as for a
//! single row.

use fearless_simd::prelude::*;
use fearless_simd::{Level, f64x8, mask64x8};

use super::flat::{FlatForest, FlatTree, Layout};
use super::margins::MAX_FULL_WALK;
use super::octet::{N_PARTS, N_ROWS, is_wide};
use super::{Precision, single};
use crate::lanes::{Lanes, N_LANES, dispatch};
use crate::memory::LINE;

impl FlatForest {
    /// As [`Self::margins`], for a block of rows.
    pub(in super::super) fn block_margins(
        &self,
        level: Level,
        encoded: &[Lanes],
        temporary: &mut [Lanes],
        out: &mut [Lanes],
    ) {
        dispatch!(level, simd => self.vector_margins(simd, encoded, temporary, out));
    }

    // What is not inlined into the dispatch would be compiled without the vector instructions.
    #[inline(always)]
    fn vector_margins<S: Simd>(
        &self,
        simd: S,
        encoded: &[Lanes],
        temporary: &mut [Lanes],
        out: &mut [Lanes],
    ) {
        let (encoded, has_missing) = self.compared_block(simd, encoded, temporary);
        self.start(out);
        if self.sets.is_empty() && !has_missing {
            for tree in &self.trees {
                self.add_tree::<S, false>(simd, tree, encoded, out);
            }
        } else {
            for tree in &self.trees {
                self.add_tree::<S, true>(simd, tree, encoded, out);
            }
        }
        self.finish(out);
    }

    /// The values of a block as they are compared, and whether any is missing. They are copied to where
    /// no vector lies in two lines of the cache, if there is room.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "there is room for the values and one more")]
    fn compared_block<'e, S: Simd>(
        &self,
        simd: S,
        encoded: &'e [Lanes],
        temporary: &'e mut [Lanes],
    ) -> (&'e [Lanes], bool) {
        let mut missing = Missing::none(simd);
        if self.n_temporary() == 0 {
            for values in encoded {
                missing.note(simd, values);
            }
            return (encoded, missing.are_any());
        }
        let temporary = temporary.as_flattened_mut();
        let n_skipped = Some(temporary.as_ptr().align_offset(LINE)).filter(|n| *n < N_LANES);
        let (_, aligned) = temporary.split_at_mut(n_skipped.unwrap_or(0));
        let (aligned, _) = aligned.as_chunks_mut::<N_LANES>();
        let compared = &mut aligned[..encoded.len()];
        for (compared, values) in compared.iter_mut().zip(encoded) {
            *compared = self.as_compared(*values);
            missing.note(simd, compared);
        }
        (compared, missing.are_any())
    }

    /// Adds the leaf of a tree for each row; `ANY` is whether any value may be missing, or any split has
    /// a set.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn add_tree<S: Simd, const ANY: bool>(
        &self,
        simd: S,
        tree: &FlatTree,
        encoded: &[Lanes],
        out: &mut [Lanes],
    ) {
        let leaves = self.block_leaves::<S, ANY>(simd, tree, encoded);
        let Some(margin) = tree.margin else {
            let mut first = [0.0; N_LANES];
            for (first, leaves) in first.as_chunks_mut::<N_ROWS>().0.iter_mut().zip(leaves) {
                *first = leaves.into();
            }
            return self.add_values(out, first);
        };
        let sums = out[margin as usize].as_chunks_mut::<N_ROWS>().0;
        for (sums, leaves) in sums.iter_mut().zip(leaves) {
            *sums = (f64x8::simd_from(simd, *sums) + leaves).into();
            if self.precision == Precision::Single {
                for sum in sums {
                    *sum = single(*sum);
                }
            }
        }
    }

    /// The leaf of each row.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn block_leaves<S: Simd, const ANY: bool>(
        &self,
        simd: S,
        tree: &FlatTree,
        encoded: &[Lanes],
    ) -> [f64x8<S>; N_PARTS] {
        let mut leaves = [0.0; N_LANES];
        match (tree.layout, tree.bits) {
            (Layout::Complete(complete), _) if is_wide::<S>() => {
                return self.complete.select::<S, ANY>(simd, complete, encoded);
            }
            (Layout::Complete(complete), _) => {
                for (lane, leaf) in leaves.iter_mut().enumerate() {
                    *leaf = self.complete.walk::<ANY>(
                        complete,
                        #[inline(always)]
                        |input| encoded[input][lane],
                    );
                }
            }
            (Layout::Linked(_), Some(bits)) if is_wide::<S>() => {
                leaves = self.bits.leaves::<S, ANY>(simd, bits, encoded);
            }
            (Layout::Linked(root), _) => {
                let positions = self.walk_block::<ANY>(root, tree.depth, encoded);
                for (leaf, position) in leaves.iter_mut().zip(positions) {
                    *leaf = self.leaf(tree, position);
                }
            }
        }
        let parts = leaves.as_chunks::<N_ROWS>().0;
        [f64x8::simd_from(simd, parts[0]), f64x8::simd_from(simd, parts[1])]
    }

    /// Where the walk of each row ends, all side by side: a row's next node is loaded while those of the
    /// other rows are on their way.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn walk_block<const ANY: bool>(
        &self,
        root: u32,
        depth: u32,
        encoded: &[Lanes],
    ) -> [u32; N_LANES] {
        let mut positions = [root; N_LANES];
        for _ in 0..depth {
            let mut moved = 0;
            for (lane, position) in positions.iter_mut().enumerate() {
                let next = self.next::<ANY>(
                    *position,
                    #[inline(always)]
                    |input| encoded[input][lane],
                );
                moved |= next ^ *position;
                *position = next;
            }
            if depth > MAX_FULL_WALK && moved == 0 {
                break;
            }
        }
        positions
    }
}

/// The rows that have a missing value. In vectors by hand: from a loop over bools, the compiler makes one that
/// gathers and scatters.
struct Missing<S: Simd>([mask64x8<S>; N_PARTS]);

impl<S: Simd> Missing<S> {
    #[inline(always)]
    fn none(simd: S) -> Self {
        Self([mask64x8::splat(simd, false); N_PARTS])
    }

    /// Notes the rows whose values of an input are missing.
    #[inline(always)]
    fn note(&mut self, simd: S, values: &Lanes) {
        for (rows, values) in self.0.iter_mut().zip(values.as_chunks::<N_ROWS>().0) {
            let values = f64x8::simd_from(simd, *values);
            *rows |= values.simd_ne(values);
        }
    }

    #[inline(always)]
    fn are_any(self) -> bool {
        self.0.iter().any(|rows| rows.any_true())
    }
}
