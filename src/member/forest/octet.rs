//! Eight rows of a block, compared with one threshold at once.

use fearless_simd::prelude::*;
use fearless_simd::{f64x8, mask64x8};

use crate::lanes::{Lanes, N_LANES};

/// How many rows are compared at once.
pub(super) const N_ROWS: usize = 8;
/// How many times that a block is.
pub(super) const N_PARTS: usize = N_LANES / N_ROWS;

/// Eight rows of a block.
///
/// `ANY` is whether any of their values may be missing: without, a comparison is one instruction.
#[derive(Clone, Copy)]
pub(super) struct Octet<'e, S, const ANY: bool> {
    pub(super) simd: S,
    pub(super) encoded: &'e [Lanes],
    /// Which eight rows.
    pub(super) part: usize,
}

/// Whether comparing all splits for eight rows costs less than eight walks. With the vectors of SSE2 it
/// gains little, and its kernels would be the largest.
#[inline(always)]
pub(super) fn is_wide<S: Simd>() -> bool {
    <S::f64s as SimdBase<S>>::LEN > 2 || cfg!(target_arch = "aarch64")
}

/// Whether eight rows are one vector, and the result of a comparison is a mask of eight bits.
#[inline(always)]
pub(super) fn is_masked<S: Simd>() -> bool {
    <S::f64s as SimdBase<S>>::LEN >= N_ROWS
}

impl<S: Simd, const ANY: bool> Octet<'_, S, ANY> {
    /// Which rows a split sends to the right.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    pub(super) fn goes_right(
        self,
        input: u32,
        threshold: f64,
        missing_goes_right: bool,
    ) -> mask64x8<S> {
        let values = self.encoded[input as usize].as_chunks::<N_ROWS>().0[self.part];
        let values = f64x8::simd_from(self.simd, values);
        let is_above = values.simd_gt(threshold);
        if ANY {
            let is_missing = values.simd_ne(values);
            is_above | (is_missing & mask64x8::splat(self.simd, missing_goes_right))
        } else {
            is_above
        }
    }
}
