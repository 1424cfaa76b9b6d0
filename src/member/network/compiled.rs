//! A layer laid out for predictions: its sums over outputs, or over the rows of a block.

use alloc::vec::Vec;
use core::mem;

use fearless_simd::prelude::*;
use fearless_simd::{Level, f64x8};

use super::{Activation, Layer};
use crate::budget::{bytes_of, times};
use crate::error::Error;
use crate::lanes::{Lanes, N_LANES, dispatch};
use crate::member::kind::weighted_sum;
use crate::memory::Aligned;

/// How many outputs are summed side by side for a block of rows.
const TILE: usize = 4;

/// A [`Layer`] that was checked.
#[derive(Debug)]
pub(super) struct CompiledLayer {
    activation: Activation,
    biases: Vec<f64>,
    /// As those of the layer. If the outputs are a multiple of eight, no vector of weights lies in two
    /// lines of the cache.
    weights: Aligned,
}

impl CompiledLayer {
    /// The memory that [`Self::new`] allocates.
    pub(super) fn bytes(layer: &Layer) -> u64 {
        bytes_of::<f64>(Aligned::n_allocated(layer.weights.len()))
    }

    pub(super) fn new(layer: Layer) -> Result<Self, Error> {
        let Layer { activation, biases, weights } = layer;
        Ok(Self { activation, biases, weights: Aligned::copy(&weights)? })
    }

    /// How many values it writes.
    pub(super) fn n_outputs(&self) -> usize {
        self.biases.len()
    }

    /// As [`Layer::apply`], by the vector instructions of `level`.
    pub(super) fn apply_row(&self, level: Level, input: &[f64], output: &mut [f64]) {
        dispatch!(level, simd => self.row_sums(simd, input, output));
        self.activation.apply_at(level, output);
    }

    /// Writes the sums of one row before the activation: a lane is an output. A tile of sums stays in
    /// registers while the inputs pass; enough of them to hide the latency of an addition.
    #[inline(always)]
    fn row_sums<S: Simd>(&self, simd: S, input: &[f64], output: &mut [f64]) {
        let (mut first, mut rest) = (0, output);
        if has_wide_vectors::<S>() {
            (first, rest) = self.row_tiles::<8, S>(simd, first, input, rest);
        }
        (first, rest) = self.row_tiles::<4, S>(simd, first, input, rest);
        (first, rest) = self.row_tiles::<1, S>(simd, first, input, rest);
        if let ([sum], [bias]) = (&mut *rest, self.biases.as_slice()) {
            *sum = weighted_sum(*bias, &self.weights, input);
            return;
        }
        for sum in rest {
            let weights = self.weights.iter().skip(first).step_by(self.n_outputs());
            let bias = self.biases.get(first).copied().unwrap_or_default();
            *sum =
                input.iter().zip(weights).fold(bias, |sum, (value, weight)| sum + value * weight);
            first += 1;
        }
    }

    /// As many tiles of `8 · N` outputs as there are from `first` on; returns the rest.
    #[inline(always)]
    fn row_tiles<'o, const N: usize, S: Simd>(
        &self,
        simd: S,
        mut first: usize,
        input: &[f64],
        mut output: &'o mut [f64],
    ) -> (usize, &'o mut [f64]) {
        while output.len() >= 8 * N {
            let (tile, rest) = mem::take(&mut output).split_at_mut(8 * N);
            self.row_tile::<N, S>(simd, first, input, tile);
            (first, output) = (first + 8 * N, rest);
        }
        (first, output)
    }

    /// The sums of `8 · N` outputs from `first` on.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "shapes were checked when the model was opened")]
    fn row_tile<const N: usize, S: Simd>(
        &self,
        simd: S,
        first: usize,
        input: &[f64],
        output: &mut [f64],
    ) {
        let lanes = first..first + 8 * N;
        let biases = self.biases[lanes.clone()].as_chunks::<8>().0;
        let mut sums: [f64x8<S>; N] =
            core::array::from_fn(|nth| f64x8::simd_from(simd, biases[nth]));
        for (value, weights) in input.iter().zip(self.weights.chunks_exact(self.n_outputs())) {
            let weights = weights[lanes.clone()].as_chunks::<8>().0;
            for (sum, weights) in sums.iter_mut().zip(weights) {
                *sum += f64x8::simd_from(simd, *weights) * *value;
            }
        }
        for (output, sum) in output.as_chunks_mut::<8>().0.iter_mut().zip(sums) {
            *output = sum.into();
        }
    }

    /// As [`Layer::apply`], for a block of rows.
    pub(super) fn apply_block(&self, level: Level, input: &[Lanes], output: &mut [Lanes]) {
        dispatch!(level, simd => self.lane_sums(simd, input, output));
        self.activation.apply_block(level, output);
    }

    /// Writes the sums before the activation. A tile of sums stays in registers while the inputs pass; as
    /// many as hide the latency of an addition.
    #[inline(always)]
    fn lane_sums<S: Simd>(&self, simd: S, input: &[Lanes], output: &mut [Lanes]) {
        let mut first = 0;
        let mut tiles = output.chunks_exact_mut(TILE);
        for tile in tiles.by_ref() {
            self.lane_tile::<TILE, S>(simd, first, input, tile);
            first += TILE;
        }
        for sums in tiles.into_remainder() {
            self.lane_tile::<1, S>(simd, first, input, core::slice::from_mut(sums));
            first += 1;
        }
    }

    /// The sums of `N` outputs from `first` on, for all rows.
    #[inline(always)]
    fn lane_tile<const N: usize, S: Simd>(
        &self,
        simd: S,
        first: usize,
        input: &[Lanes],
        output: &mut [Lanes],
    ) {
        if has_wide_vectors::<S>() {
            const { assert!(N_LANES.is_multiple_of(16)) };
            for rows in (0..N_LANES / 8).step_by(2) {
                self.rows_tile::<N, 2, S>(simd, (first, rows), input, output);
            }
        } else {
            for rows in 0..N_LANES / 8 {
                self.rows_tile::<N, 1, S>(simd, (first, rows), input, output);
            }
        }
    }

    /// The sums of `N` outputs from `first` on, for one or two times eight rows.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "shapes were checked when the model was opened")]
    fn rows_tile<const N: usize, const VECTORS: usize, S: Simd>(
        &self,
        simd: S,
        (first, rows): (usize, usize),
        input: &[Lanes],
        output: &mut [Lanes],
    ) {
        // Two arrays: the compiler keeps an array of arrays in memory.
        let start = |nth: usize| f64x8::splat(simd, self.biases[first + nth]);
        let (mut sums, mut others): ([f64x8<S>; N], [f64x8<S>; N]) =
            (core::array::from_fn(start), core::array::from_fn(start));
        for (lanes, weights) in input.iter().zip(self.weights.chunks_exact(self.n_outputs())) {
            let lanes = lanes.as_chunks::<8>().0;
            let weights = &weights[first..first + N];
            let values = f64x8::simd_from(simd, lanes[rows]);
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += values * *weight;
            }
            if VECTORS == 2 {
                let values = f64x8::simd_from(simd, lanes[rows + 1]);
                for (sum, weight) in others.iter_mut().zip(weights) {
                    *sum += values * *weight;
                }
            }
        }
        for (output, (sum, other)) in output.iter_mut().zip(sums.into_iter().zip(others)) {
            let lanes = output.as_chunks_mut::<8>().0;
            lanes[rows] = sum.into();
            if VECTORS == 2 {
                lanes[rows + 1] = other.into();
            }
        }
    }

    /// What [`Self::apply_row`] computes, in steps of about a nanosecond.
    pub(super) fn work(&self) -> u64 {
        self.weights.len() as u64 + times(self.n_outputs(), self.activation.work())
    }
}

/// Whether a level has twice as many registers as the others, of eight numbers each: AVX-512.
#[inline(always)]
const fn has_wide_vectors<S: Simd>() -> bool {
    <S::f64s as SimdBase<S>>::LEN >= 8
}
