//! Dense layers: weighted sums and an activation.

use alloc::vec::Vec;

use fearless_simd::prelude::*;
use fearless_simd::{Level, f64x8};
use serde::{Deserialize, Serialize};

use super::Activation;
use crate::budget::times;
use crate::codec::decode_struct;
use crate::domain::{Domain, affine};
use crate::error::{Error, format};
use crate::lanes::{Lanes, N_LANES, dispatch};
use crate::member::kind::{check_finite, check_inputs};
use crate::memory;

/// How many outputs are summed side by side for a block of rows: with eight rows each, as many sums as
/// hide the latency of an addition.
const TILE: usize = 4;
/// How many times eight outputs are summed side by side for one row.
const ROW_TILE: usize = 4;

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
    /// registers while the inputs pass.
    #[inline(always)]
    fn row_sums<S: Simd>(&self, simd: S, input: &[f64], output: &mut [f64]) {
        let mut first = 0;
        let (wide, rest) = output.as_chunks_mut::<{ 8 * ROW_TILE }>();
        for tile in wide {
            self.row_tile::<ROW_TILE, S>(simd, first, input, tile);
            first += tile.len();
        }
        let (narrow, rest) = rest.as_chunks_mut::<8>();
        for tile in narrow {
            self.row_tile::<1, S>(simd, first, input, tile);
            first += tile.len();
        }
        for sum in rest {
            let weights = self.weights.iter().skip(first).step_by(self.n_outputs());
            let bias = self.biases.get(first).copied().unwrap_or_default();
            *sum =
                input.iter().zip(weights).fold(bias, |sum, (value, weight)| sum + value * weight);
            first += 1;
        }
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

    /// Writes the sums before the activation. A tile of sums stays in registers while the inputs pass.
    #[inline(always)]
    fn lane_sums<S: Simd>(&self, simd: S, input: &[Lanes], output: &mut [Lanes]) {
        let n_outputs = self.n_outputs();
        let mut first = 0;
        let mut tiles = output.chunks_exact_mut(TILE);
        for tile in tiles.by_ref() {
            self.tile::<TILE, S>(simd, first, n_outputs, input, tile);
            first += TILE;
        }
        for sums in tiles.into_remainder() {
            self.tile::<1, S>(simd, first, n_outputs, input, core::slice::from_mut(sums));
            first += 1;
        }
    }

    /// The sums of the outputs from `first` on, eight rows at a time.
    #[inline(always)]
    #[allow(clippy::indexing_slicing, reason = "shapes were checked when the model was opened")]
    fn tile<const N: usize, S: Simd>(
        &self,
        simd: S,
        first: usize,
        n_outputs: usize,
        input: &[Lanes],
        output: &mut [Lanes],
    ) {
        for part in 0..N_LANES / 8 {
            let mut sums: [f64x8<S>; N] =
                core::array::from_fn(|nth| f64x8::splat(simd, self.biases[first + nth]));
            for (values, weights) in input.iter().zip(self.weights.chunks_exact(n_outputs)) {
                let values = f64x8::simd_from(simd, values.as_chunks::<8>().0[part]);
                let weights = &weights[first..first + N];
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += values * *weight;
                }
            }
            for (output, sum) in output.iter_mut().zip(sums) {
                output.as_chunks_mut::<8>().0[part] = sum.into();
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
