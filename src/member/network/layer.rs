//! Dense layers: weighted sums and an activation.

use alloc::vec::Vec;
use core::mem;

use fearless_simd::prelude::*;
use fearless_simd::{Level, f64x8};
use serde::{Deserialize, Serialize};

use super::Activation;
use crate::budget::times;
use crate::codec::decode_struct;
use crate::domain::{Domain, affine};
use crate::error::{Error, format};
use crate::lanes::{Lanes, N_LANES, dispatch};
use crate::member::kind::{check_finite, check_inputs, weighted_sum};
use crate::memory;

/// How many outputs are summed side by side for a block of rows.
const TILE: usize = 4;

/// `output = activation(bias + Σ value · weight)`, summed from the first input to the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// The function applied to the sums; `Identity` in the last layer.
    pub activation: Activation,
    /// One bias per output.
    pub biases: Vec<f64>,
    /// The weights, shape `(n_inputs, n_outputs)`, row-major.
    pub weights: Vec<f64>,
}
decode_struct!(Layer { activation, biases, weights });

impl Layer {
    /// How many values it reads.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        self.weights.len() / self.biases.len().max(1)
    }

    /// How many values it writes.
    #[must_use]
    pub fn n_outputs(&self) -> usize {
        self.biases.len()
    }

    /// Writes the outputs of `input`.
    ///
    /// # Panics
    ///
    /// When `output` does not hold one value per output, or there are no outputs.
    pub fn apply(&self, input: &[f64], output: &mut [f64]) {
        output.copy_from_slice(&self.biases);
        for (value, weights) in input.iter().zip(self.weights.chunks_exact(self.n_outputs())) {
            // Over outputs, not over inputs: lanes of a vector are then separate sums, and each
            // sum has the order that the contract names.
            for (sum, weight) in output.iter_mut().zip(weights) {
                *sum += value * weight;
            }
        }
        self.activation.apply(output);
    }

    /// As [`Self::apply`], by the vector instructions of `level`.
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

    /// As [`Self::apply`], for a block of rows.
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

    /// What [`Self::apply`] computes, in steps of about a nanosecond.
    pub(super) fn work(&self) -> u64 {
        self.weights.len() as u64 + times(self.n_outputs(), self.activation.work())
    }

    pub(super) fn check_parameters(&self) -> Result<(), Error> {
        let (n_inputs, n_outputs) = (self.n_inputs(), self.n_outputs());
        if n_inputs == 0 || n_inputs.checked_mul(n_outputs) != Some(self.weights.len()) {
            let n_weights = self.weights.len();
            return Err(Error::invalid_model(format!(
                "{n_weights} weights for {n_outputs} outputs, expected a positive multiple"
            )));
        }
        self.activation.check()?;
        check_finite(&self.biases, "bias")?;
        check_finite(&self.weights, "weight")
    }

    /// The domains of its outputs.
    pub(super) fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        check_inputs(inputs, self.n_inputs())?;
        let of_output = |(output, bias): (usize, &f64)| {
            let weights = self.weights.iter().skip(output).step_by(self.n_outputs());
            affine(*bias, weights.zip(inputs)).and_then(|sum| self.activation.domain(sum))
        };
        memory::collect(self.biases.iter().enumerate().map(of_output))
    }
}

/// Whether a level has twice as many registers as the others, of eight numbers each: AVX-512.
#[inline(always)]
const fn has_wide_vectors<S: Simd>() -> bool {
    <S::f64s as SimdBase<S>>::LEN >= 8
}
