//! Networks of dense layers.

use alloc::format;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::check_finite;
use crate::bound;
use crate::error::{Error, Place};
use crate::link::Link;
use crate::numeric::{logistic, tanh};

/// Dense layers one after the other; the last one's outputs are the margins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    link: Link,
    layers: Vec<Layer>,
}

/// `output = activation(bias + Σ value · weight)`, summed from the first input to the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Layer {
    /// What is applied to each sum; `Identity` in the last layer.
    pub activation: Activation,
    /// One bias per output.
    pub biases: Vec<f64>,
    /// The weights, shape `(n_inputs, n_outputs)`, row-major.
    pub weights: Vec<f64>,
}

/// The function at the end of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Activation {
    /// The sum itself.
    Identity,
    /// The sum, or 0 if it is negative.
    Relu,
    /// The hyperbolic tangent.
    Tanh,
    /// `1 / (1 + exp(−sum))`.
    Logistic,
}

impl Activation {
    /// Applies it to every sum.
    pub fn apply(self, sums: &mut [f64]) {
        match self {
            Self::Identity => {}
            Self::Relu => {
                sums.iter_mut().for_each(|sum| *sum = if *sum > 0.0 { *sum } else { 0.0 })
            }
            Self::Tanh => sums.iter_mut().for_each(|sum| *sum = tanh(*sum)),
            Self::Logistic => sums.iter_mut().for_each(|sum| *sum = logistic(*sum)),
        }
    }

    /// The largest magnitude of its result for sums of at most `magnitude`.
    fn bound(self, magnitude: f64) -> f64 {
        match self {
            Self::Identity | Self::Relu => magnitude,
            Self::Tanh | Self::Logistic => 1.0,
        }
    }
}

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

    fn check_parameters(&self) -> Result<(), Error> {
        let (n_inputs, n_outputs) = (self.n_inputs(), self.n_outputs());
        if n_inputs == 0 || n_inputs.checked_mul(n_outputs) != Some(self.weights.len()) {
            let n_weights = self.weights.len();
            return Err(Error::invalid_model(format!(
                "{n_weights} weights do not fit {n_outputs} outputs, expected a multiple above 0"
            )));
        }
        check_finite(&self.biases, "bias")?;
        check_finite(&self.weights, "weight")
    }

    /// The largest magnitude of a sum.
    fn bound(&self, magnitude: f64) -> Result<f64, Error> {
        let of_output = |(output, bias): (usize, &f64)| {
            let weights = self.weights.iter().skip(output).step_by(self.n_outputs());
            bound::affine(*bias, weights, magnitude)
        };
        bound::largest(self.biases.iter().enumerate().map(of_output))
    }
}

impl Network {
    /// A network of these layers.
    ///
    /// # Errors
    ///
    /// `InvalidModel` with the layer, when there is none, when one does not fit the one before it,
    /// when the last one has an activation, or when a parameter is not finite.
    pub fn new(link: Link, layers: Vec<Layer>) -> Result<Self, Error> {
        let network = Self { link, layers };
        network.check_layers()?;
        Ok(network)
    }

    pub(super) fn link(&self) -> Link {
        self.link
    }

    pub(super) fn n_inputs(&self) -> usize {
        self.layers.first().map_or(0, Layer::n_inputs)
    }

    /// The layers, from the input to the margins.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    fn check_layers(&self) -> Result<(), Error> {
        let mut width = self.n_inputs();
        for (index, layer) in self.layers.iter().enumerate() {
            let fits = layer.check_parameters().and_then(|()| {
                if layer.n_inputs() == width {
                    return Ok(());
                }
                Err(Error::invalid_model(format!(
                    "reads {} values, but gets {width}",
                    layer.n_inputs()
                )))
            });
            fits.map_err(|e| e.within(Place::Layer(index)))?;
            width = layer.n_outputs();
        }
        match self.layers.last() {
            None => Err(Error::invalid_model("no layers, at least 1 is needed")),
            Some(last) if last.activation != Activation::Identity => Err(Error::invalid_model(
                "the last layer has an activation; margins are plain sums",
            )),
            Some(_) => Ok(()),
        }
    }

    pub(super) fn check(&self, n_margins: usize, magnitude: f64) -> Result<(), Error> {
        self.check_layers()?;
        let n_outputs = self.layers.last().map_or(0, Layer::n_outputs);
        if n_outputs != n_margins {
            return Err(Error::invalid_model(format!("{n_outputs} margins, expected {n_margins}")));
        }
        let mut magnitude = magnitude;
        for (index, layer) in self.layers.iter().enumerate() {
            let sum = layer.bound(magnitude).map_err(|e| e.within(Place::Layer(index)))?;
            magnitude = layer.activation.bound(sum);
        }
        Ok(())
    }

    pub(super) fn n_scratch(&self) -> usize {
        self.layers.iter().map(Layer::n_outputs).max().unwrap_or(0)
    }

    #[allow(clippy::indexing_slicing, reason = "widths were checked when the model was opened")]
    pub(super) fn margins<'s>(
        &self,
        encoded: &[f64],
        mut here: &'s mut [f64],
        mut there: &'s mut [f64],
        out: &mut [f64],
    ) {
        let mut width = encoded.len();
        for (index, layer) in self.layers.iter().enumerate() {
            let input = if index == 0 { encoded } else { &here[..width] };
            width = layer.n_outputs();
            layer.apply(input, &mut there[..width]);
            core::mem::swap(&mut here, &mut there);
        }
        out.copy_from_slice(&here[..width]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    fn layer(activation: Activation, biases: Vec<f64>, weights: Vec<f64>) -> Layer {
        Layer { activation, biases, weights }
    }

    #[test]
    fn layers_are_applied_one_after_the_other() {
        let network = Network::new(
            Link::Logit,
            vec![
                layer(Activation::Relu, vec![0.5, -10.0], vec![1.0, 2.0, 3.0, 4.0]),
                layer(Activation::Tanh, vec![0.25], vec![1.0, 5.0]),
                layer(Activation::Identity, vec![1.0], vec![2.0]),
            ],
        )
        .unwrap();
        let (mut here, mut there, mut out) = ([0.0; 2], [0.0; 2], [0.0]);
        network.margins(&[0.1, 0.2], &mut here, &mut there, &mut out);
        let hidden = 0.5 + 0.1 * 1.0 + 0.2 * 3.0;
        assert_eq!(out, [1.0 + tanh(0.25 + hidden * 1.0 + 0.0 * 5.0) * 2.0]);
    }

    #[test]
    fn layers_that_do_not_fit_are_refused() {
        let id = Activation::Identity;
        let cases = [
            (vec![], "no layers, at least 1 is needed"),
            (
                vec![layer(id, vec![], vec![])],
                "layer 0: 0 weights do not fit 0 outputs, expected a multiple above 0",
            ),
            (
                vec![layer(id, vec![0.0; 2], vec![0.0; 3])],
                "layer 0: 3 weights do not fit 2 outputs, expected a multiple above 0",
            ),
            (vec![layer(id, vec![f64::NAN], vec![0.0])], "layer 0: bias 0 is not a finite number"),
            (
                vec![layer(id, vec![0.0; 2], vec![0.0; 4]), layer(id, vec![0.0], vec![0.0; 3])],
                "layer 1: reads 3 values, but gets 2",
            ),
            (
                vec![layer(Activation::Relu, vec![0.0], vec![0.0; 4])],
                "the last layer has an activation; margins are plain sums",
            ),
        ];
        for (layers, message) in cases {
            assert_eq!(Network::new(Link::Logit, layers).unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn a_network_that_could_overflow_is_refused_unless_an_activation_bounds_it() {
        let layers = |activation| {
            vec![
                layer(activation, vec![0.0], vec![1e150]),
                layer(Activation::Identity, vec![0.0], vec![1e150]),
            ]
        };
        let relu = Network::new(Link::Logit, layers(Activation::Relu)).unwrap();
        assert!(relu.check(1, 1e100).unwrap_err().to_string().starts_with("layer 1: its param"));
        let tanh = Network::new(Link::Logit, layers(Activation::Tanh)).unwrap();
        assert!(tanh.check(1, 1e100).is_ok());
    }
}
