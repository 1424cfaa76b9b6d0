//! Trees of few levels, for blocks of rows: every threshold is compared, then the leaf is selected.

use fearless_simd::f64x8;
use fearless_simd::prelude::*;

use crate::lanes::{Lanes, N_LANES};

/// The deepest tree that is worth comparing as a whole.
pub(super) const MAX_DEPTH: u32 = 4;

const N_SPLITS: usize = (1 << MAX_DEPTH) - 1;

/// A tree whose leaves are all at the same depth, after a leaf that is higher up was repeated.
#[derive(Debug)]
pub(super) struct CompleteTree {
    /// Level by level: the children of split `n` are `2n + 1` and `2n + 2`.
    pub(super) thresholds: [f64; N_SPLITS],
    pub(super) inputs: [u32; N_SPLITS],
    /// From left to right.
    pub(super) leaves: [f64; N_SPLITS + 1],
}

impl CompleteTree {
    pub(super) const EMPTY: Self = Self {
        thresholds: [f64::INFINITY; N_SPLITS],
        inputs: [0; N_SPLITS],
        leaves: [0.0; N_SPLITS + 1],
    };

    /// The leaf of each row, in a tree of this depth; no value is missing.
    #[inline(always)]
    pub(super) fn leaves<S: Simd>(&self, simd: S, depth: u32, encoded: &[Lanes]) -> Lanes {
        let mut leaves = [0.0; N_LANES];
        for (part, leaves) in leaves.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let rows = Part { simd, encoded, part };
            *leaves = match depth {
                0 => self.below_0::<0, S>(rows, 0),
                1 => self.below_1::<1, S>(rows, 0),
                2 => self.below_2::<2, S>(rows, 0),
                3 => self.below_3::<3, S>(rows, 0),
                _ => self.below_4::<MAX_DEPTH, S>(rows, 0),
            }
            .into();
        }
        leaves
    }

    /// The leaf `n`, counted on from the splits above it.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "a complete tree has all of its leaves")]
    fn below_0<const DEPTH: u32, S: Simd>(&self, rows: Part<'_, S>, n: usize) -> f64x8<S> {
        f64x8::splat(rows.simd, self.leaves[n - ((1 << DEPTH) - 1)])
    }
}

/// Declares how the leaf below split `n` is selected, from the function for one level less.
macro_rules! below {
    ($name:ident, $one_less:ident) => {
        impl CompleteTree {
            #[inline(always)]
            #[allow(clippy::indexing_slicing, reason = "a complete tree has all of its splits")]
            fn $name<const DEPTH: u32, S: Simd>(&self, rows: Part<'_, S>, n: usize) -> f64x8<S> {
                let goes_right = rows.values(self.inputs[n]).simd_gt(self.thresholds[n]);
                let left = self.$one_less::<DEPTH, S>(rows, 2 * n + 1);
                let right = self.$one_less::<DEPTH, S>(rows, 2 * n + 2);
                goes_right.select(right, left)
            }
        }
    };
}

below!(below_1, below_0);
below!(below_2, below_1);
below!(below_3, below_2);
below!(below_4, below_3);

/// Eight rows of a block.
#[derive(Clone, Copy)]
struct Part<'e, S> {
    simd: S,
    encoded: &'e [Lanes],
    part: usize,
}

impl<S: Simd> Part<'_, S> {
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    fn values(self, input: u32) -> f64x8<S> {
        let values = self.encoded[input as usize].as_chunks::<8>().0[self.part];
        f64x8::simd_from(self.simd, values)
    }
}
