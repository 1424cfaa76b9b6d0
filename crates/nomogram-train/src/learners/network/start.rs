//! Where a fit begins: initial layers.

use nomogram::{Activation, Layer, Link, Network, numeric};

use super::spec::NetworkSpec;
use crate::count::number;
use crate::error::Error;
use crate::invalid::Invalid;
use crate::learners::training_rows::TrainingRows;
use nomogram_stats::random::Random;

/// Stream of random numbers of this file.
const INITIAL_WEIGHTS: u64 = 4;

/// Where a fit begins.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkStart {
    /// The layers before the first step; the last one has one output, or of more than two classes one
    /// for each.
    pub layers: Vec<Layer>,
    /// Whether each epoch shuffles the rows.
    pub shuffle: bool,
}

impl NetworkStart {
    /// Refuses layers that do not fit the rows or the specification.
    pub(super) fn check(&self, spec: &NetworkSpec, rows: TrainingRows<'_>) -> Result<(), Error> {
        let start = Network::new(link(rows), self.layers.clone())?;
        let widths: Vec<usize> = start.layers().iter().map(Layer::n_outputs).collect();
        let expected: Vec<usize> = spec.hidden.iter().copied().chain([rows.n_margins()]).collect();
        let n_inputs = start.layers().first().map_or(0, Layer::n_inputs);
        if n_inputs != rows.n_inputs() || widths != expected {
            let detail = format!(
                "network: the start has {n_inputs} inputs and layers of {widths:?} outputs, expected {} \
             inputs and layers of {expected:?}",
                rows.n_inputs()
            );
            return Err(Invalid::because(detail).into());
        }
        Ok(())
    }
}

/// The link of the fitted network.
pub(super) fn link(rows: TrainingRows<'_>) -> Link {
    if rows.n_margins() == 1 { Link::Logit } else { Link::Softmax }
}

/// Uniform weights and biases, within `sqrt(6 / (n_inputs + n_outputs))`, or `sqrt(2 / …)` for the
/// logistic activation.
pub(super) fn initial_layers(
    spec: &NetworkSpec,
    n_inputs: usize,
    n_margins: usize,
    seed: u64,
) -> Vec<Layer> {
    let mut random = Random::new(seed, INITIAL_WEIGHTS);
    let factor = if spec.activation == Activation::Logistic { 2.0 } else { 6.0 };
    let mut width = n_inputs;
    let widths = spec.hidden.iter().copied().chain([n_margins]);
    let last = spec.hidden.len();
    let layer = |(index, n_outputs): (usize, usize)| {
        let bound = numeric::sqrt(factor / number(width + n_outputs));
        let mut uniform = |n: usize| -> Vec<f64> {
            (0..n).map(|_| (2.0 * random.uniform() - 1.0) * bound).collect()
        };
        let (weights, biases) = (uniform(width * n_outputs), uniform(n_outputs));
        width = n_outputs;
        let activation = if index == last { Activation::Identity } else { spec.activation };
        Layer { activation, biases, weights }
    };
    widths.enumerate().map(layer).collect()
}
