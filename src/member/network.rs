//! Networks of dense layers.

mod activation;

mod layer;

mod compiled;

mod batch_normalization;

use alloc::vec::Vec;

use fearless_simd::Level;
use serde::{Deserialize, Serialize};

pub use activation::Activation;
pub use batch_normalization::BatchNormalization;
pub use layer::Layer;

use compiled::CompiledLayer;

use super::{MemberKind, check_no_probabilities};
use crate::budget::bytes_of;
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::{Error, Place};
use crate::lanes::Lanes;
use crate::link::Link;
use crate::memory;

/// Dense layers one after the other; the last one's outputs are the margins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Network {
    link: Link,
    layers: Vec<Layer>,
}
decode_struct!(Network { link, layers });

impl Network {
    /// A network of these layers.
    ///
    /// # Errors
    ///
    /// `InvalidModel` with the layer, when there is none, when one does not fit the one before it,
    /// when the last one has an activation, when a parameter is not finite, or for the probability
    /// link.
    pub fn new(link: Link, layers: Vec<Layer>) -> Result<Self, Error> {
        let network = Self { link, layers };
        network.check_layers()?;
        Ok(network)
    }

    /// The layers, from the input to the margins.
    #[must_use]
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    fn check_layers(&self) -> Result<(), Error> {
        check_no_probabilities(self.link)?;
        let mut width = self.layers.first().map_or(0, Layer::n_inputs);
        for (index, layer) in self.layers.iter().enumerate() {
            let fits = layer.check_parameters().and_then(|()| {
                if layer.n_inputs() == width {
                    return Ok(());
                }
                Err(Error::invalid_model(format_args!(
                    "reads {} values, expected {width}",
                    layer.n_inputs()
                )))
            });
            fits.map_err(|e| e.within(Place::Layer(index)))?;
            width = layer.n_outputs();
        }
        match self.layers.last() {
            None => Err(Error::invalid_model("no layers, expected at least 1")),
            Some(last) if last.activation != Activation::Identity => Err(Error::invalid_model(
                "the last layer has an activation; margins are plain sums",
            )),
            Some(_) => Ok(()),
        }
    }

    /// The memory that [`Self::compile`] allocates.
    pub(super) fn compiled_bytes(&self) -> u64 {
        let of_layers: u64 = self.layers.iter().map(CompiledLayer::bytes).sum();
        bytes_of::<CompiledLayer>(self.layers.len()) + of_layers
    }

    /// Lays out a network that was checked.
    pub(super) fn compile(self) -> Result<CompiledNetwork, Error> {
        let layers = memory::collect(self.layers.into_iter().map(CompiledLayer::new))?;
        Ok(CompiledNetwork { layers })
    }

    /// The widest layer.
    pub(super) fn width(&self) -> usize {
        self.layers.iter().map(Layer::n_outputs).max().unwrap_or(0)
    }
}

impl MemberKind for Network {
    fn link(&self) -> Link {
        self.link
    }

    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_layers()?;
        let mut domains = memory::copy(inputs)?;
        for (index, layer) in self.layers.iter().enumerate() {
            domains = layer.check(&domains).map_err(|e| e.within(Place::Layer(index)))?;
        }
        Ok(domains)
    }
}

/// A network that was checked, laid out for predictions.
#[derive(Debug)]
pub(crate) struct CompiledNetwork {
    layers: Vec<CompiledLayer>,
}

impl CompiledNetwork {
    /// What [`Self::margins`] computes, in steps of about a nanosecond.
    pub(super) fn work(&self) -> u64 {
        self.layers.iter().map(CompiledLayer::work).sum()
    }

    /// The widest layer.
    pub(super) fn width(&self) -> usize {
        self.layers.iter().map(CompiledLayer::n_outputs).max().unwrap_or(0)
    }

    #[allow(clippy::indexing_slicing, reason = "widths were checked when the model was opened")]
    pub(super) fn margins(
        &self,
        level: Level,
        encoded: &[f64],
        temporary: &mut [f64],
        out: &mut [f64],
    ) {
        let (mut current, mut next) = temporary.split_at_mut(temporary.len() / 2);
        let mut width = encoded.len();
        for (index, layer) in self.layers.iter().enumerate() {
            let input = if index == 0 { encoded } else { &current[..width] };
            width = layer.n_outputs();
            layer.apply_row(level, input, &mut next[..width]);
            core::mem::swap(&mut current, &mut next);
        }
        out.copy_from_slice(&current[..width]);
    }

    /// As [`Self::margins`], for a block of rows.
    #[allow(clippy::indexing_slicing, reason = "widths were checked when the model was opened")]
    pub(super) fn block_margins(
        &self,
        level: Level,
        encoded: &[Lanes],
        temporary: &mut [Lanes],
        out: &mut [Lanes],
    ) {
        let (mut current, mut next) = temporary.split_at_mut(temporary.len() / 2);
        let mut width = encoded.len();
        for (index, layer) in self.layers.iter().enumerate() {
            let input = if index == 0 { encoded } else { &current[..width] };
            width = layer.n_outputs();
            layer.apply_block(level, input, &mut next[..width]);
            core::mem::swap(&mut current, &mut next);
        }
        out.copy_from_slice(&current[..width]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::tanh;
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
        let (mut scratch, mut out) = ([0.0; 4], [0.0]);
        let compiled = network.compile().unwrap();
        compiled.margins(Level::baseline(), &[0.1, 0.2], &mut scratch, &mut out);
        let hidden = 0.5 + 0.1 * 1.0 + 0.2 * 3.0;
        assert_eq!(out, [1.0 + tanh(0.25 + hidden * 1.0 + 0.0 * 5.0) * 2.0]);
    }

    #[test]
    fn layers_that_do_not_fit_are_refused() {
        let id = Activation::Identity;
        let cases = [
            (vec![], "no layers, expected at least 1"),
            (
                vec![layer(id, vec![], vec![])],
                "layer 1: 0 weights for 0 outputs, expected a positive multiple",
            ),
            (
                vec![layer(id, vec![0.0; 2], vec![0.0; 3])],
                "layer 1: 3 weights for 2 outputs, expected a positive multiple",
            ),
            (vec![layer(id, vec![f64::NAN], vec![0.0])], "layer 1: bias 1 is not a finite number"),
            (
                vec![layer(id, vec![0.0; 2], vec![0.0; 4]), layer(id, vec![0.0], vec![0.0; 3])],
                "layer 2: reads 3 values, expected 2",
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
        let inputs = [Domain::new(-1e100, 1e100)];
        assert!(relu.check(&inputs).unwrap_err().to_string().starts_with("layer 2: its param"));
        let tanh = Network::new(Link::Logit, layers(Activation::Tanh)).unwrap();
        assert!(tanh.check(&inputs).is_ok());
    }
}
