//! Complete trees over a block of rows: all splits are compared, and the leaf is selected.

use fearless_simd::f64x8;
use fearless_simd::prelude::*;

use super::complete::{CompleteTree, CompleteTrees};
use super::octet::{N_PARTS, Octet};
use super::slots::Slots;
use crate::lanes::Lanes;

impl CompleteTrees {
    /// The leaf of each row of a block; `ANY` is whether any of their values may be missing.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "the tree was appended")]
    pub(super) fn select<S: Simd, const ANY: bool>(
        &self,
        simd: S,
        tree: CompleteTree,
        encoded: &[Lanes],
    ) -> [f64x8<S>; N_PARTS] {
        let a = Octet::<S, ANY> { simd, encoded, part: 0 };
        let b = Octet { part: 1, ..a };
        let index = tree.index as usize;
        match tree.depth {
            0 => {
                let slots = &self.depth_0[index];
                [slots.below_0(a, 0), slots.below_0(b, 0)]
            }
            1 => {
                let slots = &self.depth_1[index];
                [slots.below_1(a, 0), slots.below_1(b, 0)]
            }
            2 => {
                let slots = &self.depth_2[index];
                [slots.below_2(a, 0), slots.below_2(b, 0)]
            }
            3 => {
                let slots = &self.depth_3[index];
                [slots.below_3(a, 0), slots.below_3(b, 0)]
            }
            _ => {
                let slots = &self.depth_4[index];
                [slots.below_4(a, 0), slots.below_4(b, 0)]
            }
        }
    }
}

impl<const N: usize> Slots<N> {
    /// The leaf `n`, counted on from the splits above it.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "a complete tree has all of its leaves")]
    fn below_0<S: Simd, const ANY: bool>(&self, rows: Octet<'_, S, ANY>, n: usize) -> f64x8<S> {
        f64x8::splat(rows.simd, self.leaves[n + 1 - N])
    }
}

/// Declares how the leaf below split `n` is selected, from the function for one level less.
macro_rules! below {
    ($name:ident, $one_less:ident) => {
        impl<const N: usize> Slots<N> {
            #[inline(always)]
            #[allow(clippy::indexing_slicing, reason = "a complete tree has all of its splits")]
            fn $name<S: Simd, const ANY: bool>(
                &self,
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
