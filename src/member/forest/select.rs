//! Complete trees over a block of rows: all splits are compared, and the leaf is selected.

use fearless_simd::f64x8;
use fearless_simd::prelude::*;

use super::complete::{CompleteTree, CompleteTrees, Slots};
use super::octet::{N_ROWS, Octet};
use crate::lanes::{Lanes, N_LANES};

impl CompleteTrees {
    /// The leaf of each row of a block; `ANY` is whether any of their values may be missing.
    #[inline(always)]
    pub(super) fn select<S: Simd, const ANY: bool>(
        &self,
        simd: S,
        tree: CompleteTree,
        encoded: &[Lanes],
    ) -> Lanes {
        let mut leaves = [0.0; N_LANES];
        for (part, leaves) in leaves.as_chunks_mut::<N_ROWS>().0.iter_mut().enumerate() {
            let rows = Octet::<S, ANY> { simd, encoded, part };
            *leaves = match tree.depth {
                0 => self.slots::<1>(tree).below_0(rows, 0),
                1 => self.slots::<2>(tree).below_1(rows, 0),
                2 => self.slots::<4>(tree).below_2(rows, 0),
                3 => self.slots::<8>(tree).below_3(rows, 0),
                _ => self.slots::<16>(tree).below_4(rows, 0),
            }
            .into();
        }
        leaves
    }
}

impl<const N: usize> Slots<'_, N> {
    /// The leaf `n`, counted on from the splits above it.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "a complete tree has all of its leaves")]
    fn below_0<S: Simd, const ANY: bool>(self, rows: Octet<'_, S, ANY>, n: usize) -> f64x8<S> {
        f64x8::splat(rows.simd, self.leaves[n + 1 - N])
    }
}

/// Declares how the leaf below split `n` is selected, from the function for one level less.
macro_rules! below {
    ($name:ident, $one_less:ident) => {
        impl<const N: usize> Slots<'_, N> {
            #[inline(always)]
            #[allow(clippy::indexing_slicing, reason = "a complete tree has all of its splits")]
            fn $name<S: Simd, const ANY: bool>(
                self,
                rows: Octet<'_, S, ANY>,
                n: usize,
            ) -> f64x8<S> {
                let missing_goes_right = self.missing_goes_right >> n & 1 == 1;
                let goes_right =
                    rows.goes_right(self.inputs[n], self.thresholds[n], missing_goes_right);
                let left = self.$one_less(rows, 2 * n + 1);
                let right = self.$one_less(rows, 2 * n + 2);
                goes_right.select(right, left)
            }
        }
    };
}

below!(below_1, below_0);
below!(below_2, below_1);
below!(below_3, below_2);
below!(below_4, below_3);
