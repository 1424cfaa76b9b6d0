//! Dense layers: weighted sums and an activation.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Activation;
use crate::codec::decode_struct;
use crate::domain::{Domain, affine};
use crate::error::Error;
use crate::member::kind::{check_finite, check_inputs};
use crate::memory;

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

    pub(super) fn check_parameters(&self) -> Result<(), Error> {
        let (n_inputs, n_outputs) = (self.n_inputs(), self.n_outputs());
        if n_inputs == 0 || n_inputs.checked_mul(n_outputs) != Some(self.weights.len()) {
            let n_weights = self.weights.len();
            return Err(Error::invalid_model(format_args!(
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
