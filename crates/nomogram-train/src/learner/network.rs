//! Multi-layer perceptron with log loss, fitted by mini-batch Adam.
//!
//! Loss, penalty, initial weights and Adam's constants are those of scikit-learn's
//! `MLPClassifier`: mean log loss of a batch plus `l2 · ‖W‖² / (2 · rows of the batch)`, biases not
//! penalised (Kingma and Ba 2015 for Adam, Glorot and Bengio 2010 for the initial weights).

use ndarray::Axis;
use nomogram::{Activation, Layer, Link, Network, numeric};

use super::{TrainingRows, number};
use crate::config::{EarlyStopping, NetworkSpec};
use crate::error::Error;
use crate::random::Random;
use crate::split::Split;

/// Streams of random numbers of this module.
const INITIAL_WEIGHTS: u64 = 4;
const BATCHES: u64 = 5;

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Where a fit begins.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkStart {
    /// The layers before the first step; the last one has one output.
    pub layers: Vec<Layer>,
    /// Whether each epoch shuffles the rows.
    pub shuffle: bool,
}

/// Fits from random weights; rows are shuffled anew in each epoch.
///
/// # Errors
///
/// `Configuration` when the specification makes no sense; `Data` when early stopping leaves a part
/// without a class; `NotConverged` when the weights leave the numbers.
pub fn fit_network(
    spec: &NetworkSpec,
    rows: TrainingRows<'_>,
    seed: u64,
) -> Result<Network, Error> {
    let start = NetworkStart { layers: initial_layers(spec, rows.n_inputs(), seed), shuffle: true };
    fit_network_from(spec, rows, seed, start)
}

/// Fits from a given start, for example to go on with a fit or to compare it with another program.
///
/// # Errors
///
/// As [`fit_network`], and `Configuration` or `Model` when the layers do not fit.
pub fn fit_network_from(
    spec: &NetworkSpec,
    rows: TrainingRows<'_>,
    seed: u64,
    start: NetworkStart,
) -> Result<Network, Error> {
    let shuffle = start.shuffle;
    check_start(spec, rows, &start)?;
    let mut random = Random::new(seed, BATCHES);
    let (fitted, held_out) = match &spec.early_stopping {
        None => (Part::new(rows, None), None),
        Some(stopping) => {
            let split = Split::stratified(rows.classes, stopping.fraction, seed)?;
            let held_out = Part::new(rows, Some(&split.test));
            (Part::new(rows, Some(&split.train)), Some((stopping, held_out)))
        }
    };
    let mut order: Vec<usize> = (0..fitted.targets.len()).collect();
    let mut fit = Fit::new(spec, start.layers);
    let mut best = Best::new(&fit.layers);
    for epoch in 0..spec.max_epochs {
        if shuffle {
            random.shuffle(&mut order);
        }
        for batch in order.chunks(spec.batch_rows) {
            fit.step(&fitted, batch);
        }
        let Some((stopping, held_out)) = &held_out else { continue };
        let loss = fit.log_loss(held_out);
        if !loss.is_finite() {
            return Err(Error::NotConverged(format!(
                "network: epoch {epoch}: the log loss of the held-out rows is {loss}, expected a \
                 finite number; a smaller learning rate may help"
            )));
        }
        if best.has_waited_long_enough(loss, &fit.layers, stopping) {
            break;
        }
    }
    let layers = if held_out.is_some() { best.layers } else { fit.layers };
    Network::new(Link::Logit, layers).map_err(|cause| {
        Error::NotConverged(format!("network: the weights left the numbers: {cause}"))
    })
}

/// Refuses layers that do not fit the rows or the specification.
fn check_start(
    spec: &NetworkSpec,
    rows: TrainingRows<'_>,
    start: &NetworkStart,
) -> Result<(), Error> {
    let start = Network::new(Link::Logit, start.layers.clone())?;
    let widths = start.layers().iter().map(Layer::n_outputs);
    let expected = spec.hidden.iter().copied().chain([1]);
    let n_inputs = start.layers().first().map_or(0, Layer::n_inputs);
    if n_inputs != rows.n_inputs() || !widths.eq(expected) {
        return Err(Error::Configuration(format!(
            "the network to start from does not go from {} inputs by way of {:?} to 1 output",
            rows.n_inputs(),
            spec.hidden
        )));
    }
    Ok(())
}

/// Uniform weights and biases, within `sqrt(6 / (n_inputs + n_outputs))`, or `sqrt(2 / …)` for the
/// logistic activation.
fn initial_layers(spec: &NetworkSpec, n_inputs: usize, seed: u64) -> Vec<Layer> {
    let mut random = Random::new(seed, INITIAL_WEIGHTS);
    let factor = if spec.activation == Activation::Logistic { 2.0 } else { 6.0 };
    let mut width = n_inputs;
    let widths = spec.hidden.iter().copied().chain([1]);
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

/// Rows and targets of a part, contiguous.
struct Part {
    values: Vec<f64>,
    n_inputs: usize,
    targets: Vec<f64>,
}

impl Part {
    fn new(rows: TrainingRows<'_>, kept: Option<&[usize]>) -> Self {
        let n_inputs = rows.n_inputs();
        let Some(kept) = kept else {
            return Self { values: rows.row_major(), n_inputs, targets: rows.targets() };
        };
        let values = rows.values.select(Axis(0), kept);
        let classes: Vec<usize> =
            kept.iter().filter_map(|row| rows.classes.get(*row).copied()).collect();
        let part = TrainingRows::binary(values.view(), &classes);
        Self { values: part.row_major(), n_inputs, targets: part.targets() }
    }

    #[allow(clippy::indexing_slicing, reason = "rows are those of the part")]
    fn row(&self, row: usize) -> (&[f64], f64) {
        (&self.values[row * self.n_inputs..][..self.n_inputs], self.targets[row])
    }
}

/// The best layers so far, judged on held-out rows.
struct Best {
    loss: f64,
    layers: Vec<Layer>,
    n_waited: usize,
}

impl Best {
    fn new(layers: &[Layer]) -> Self {
        Self { loss: f64::INFINITY, layers: layers.to_vec(), n_waited: 0 }
    }

    fn has_waited_long_enough(
        &mut self,
        loss: f64,
        layers: &[Layer],
        rule: &EarlyStopping,
    ) -> bool {
        if loss < self.loss {
            *self = Self { loss, layers: layers.to_vec(), n_waited: 0 };
            return false;
        }
        self.n_waited += 1;
        self.n_waited >= rule.patience
    }
}

/// A network while it is being fitted.
struct Fit<'a> {
    spec: &'a NetworkSpec,
    layers: Vec<Layer>,
    /// The outputs of each layer for the row at hand.
    outputs: Vec<Vec<f64>>,
    /// The derivative of the loss by the sums of each layer, for the row at hand.
    deltas: Vec<Vec<f64>>,
    gradients: Vec<Gradients>,
    n_steps: u32,
}

/// The derivatives of a layer's parameters, and their moving averages.
struct Gradients {
    weights: Vec<Moments>,
    biases: Vec<Moments>,
}

#[derive(Clone, Copy, Default)]
struct Moments {
    gradient: f64,
    first: f64,
    second: f64,
}

#[allow(clippy::indexing_slicing, reason = "buffers have the shape of the layers")]
impl<'a> Fit<'a> {
    fn new(spec: &'a NetworkSpec, layers: Vec<Layer>) -> Self {
        let zeros = || layers.iter().map(|layer| vec![0.0; layer.n_outputs()]).collect();
        let gradients = layers.iter().map(|layer| Gradients {
            weights: vec![Moments::default(); layer.weights.len()],
            biases: vec![Moments::default(); layer.biases.len()],
        });
        let gradients = gradients.collect();
        Self { spec, outputs: zeros(), deltas: zeros(), gradients, n_steps: 0, layers }
    }

    /// One step of Adam on the rows of a batch.
    fn step(&mut self, part: &Part, batch: &[usize]) {
        for &row in batch {
            let (row, target) = part.row(row);
            let margin = self.forward(row);
            self.backward(row, numeric::logistic(margin) - target);
        }
        self.n_steps += 1;
        let n_rows = number(batch.len());
        let correction = numeric::sqrt(1.0 - numeric::powi(BETA_2, self.n_steps))
            / (1.0 - numeric::powi(BETA_1, self.n_steps));
        let rate = self.spec.learning_rate * correction;
        for (layer, gradients) in self.layers.iter_mut().zip(&mut self.gradients) {
            for (weight, moments) in layer.weights.iter_mut().zip(&mut gradients.weights) {
                let penalised = moments.gradient + self.spec.l2 * *weight;
                moments.update(weight, penalised / n_rows, rate);
            }
            for (bias, moments) in layer.biases.iter_mut().zip(&mut gradients.biases) {
                let gradient = moments.gradient / n_rows;
                moments.update(bias, gradient, rate);
            }
        }
    }

    /// Computes the outputs of every layer; returns the margin.
    fn forward(&mut self, row: &[f64]) -> f64 {
        for (index, layer) in self.layers.iter().enumerate() {
            let (before, from) = self.outputs.split_at_mut(index);
            layer.apply(before.last().map_or(row, Vec::as_slice), &mut from[0]);
        }
        self.outputs.last().map_or(0.0, |margins| margins[0])
    }

    /// Adds the derivatives of one row; `delta` is that of the margin.
    fn backward(&mut self, row: &[f64], delta: f64) {
        let last = self.layers.len() - 1;
        self.deltas[last][0] = delta;
        for index in (0..=last).rev() {
            let input = if index == 0 { row } else { &self.outputs[index - 1] };
            let (before, from) = self.deltas.split_at_mut(index);
            let delta = &from[0];
            self.gradients[index].add(input, delta);
            if let Some(before) = before.last_mut() {
                let layer = &self.layers[index];
                let weights = layer.weights.chunks_exact(layer.n_outputs());
                let slopes = self.outputs[index - 1].iter();
                let activation = self.layers[index - 1].activation;
                for ((own, weights), output) in before.iter_mut().zip(weights).zip(slopes) {
                    let sum = weights.iter().zip(delta).fold(0.0, |sum, (w, d)| sum + w * d);
                    *own = sum * slope(activation, *output);
                }
            }
        }
    }

    /// The mean log loss of a part.
    fn log_loss(&mut self, part: &Part) -> f64 {
        let mut sum = 0.0;
        for row in 0..part.targets.len() {
            let (row, target) = part.row(row);
            let margin = self.forward(row);
            sum += numeric::softplus(if target > 0.5 { -margin } else { margin });
        }
        sum / number(part.targets.len())
    }
}

impl Gradients {
    fn add(&mut self, input: &[f64], delta: &[f64]) {
        for (value, moments) in input.iter().zip(self.weights.chunks_exact_mut(delta.len())) {
            for (moments, delta) in moments.iter_mut().zip(delta) {
                moments.gradient += value * delta;
            }
        }
        for (moments, delta) in self.biases.iter_mut().zip(delta) {
            moments.gradient += delta;
        }
    }
}

impl Moments {
    /// One step of Adam for one parameter; forgets the summed gradient.
    fn update(&mut self, parameter: &mut f64, gradient: f64, rate: f64) {
        self.gradient = 0.0;
        self.first = BETA_1 * self.first + (1.0 - BETA_1) * gradient;
        self.second = BETA_2 * self.second + (1.0 - BETA_2) * (gradient * gradient);
        *parameter -= rate * self.first / (numeric::sqrt(self.second) + EPSILON);
    }
}

/// The derivative of an activation, from its output.
fn slope(activation: Activation, output: f64) -> f64 {
    match activation {
        Activation::Relu if output <= 0.0 => 0.0,
        Activation::Tanh => 1.0 - output * output,
        Activation::Logistic => output * (1.0 - output),
        // The identity; `Activation` may get more kinds, but the configuration offers these four.
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn spec(early_stopping: Option<EarlyStopping>) -> NetworkSpec {
        NetworkSpec {
            hidden: vec![4],
            activation: Activation::Tanh,
            l2: 0.0,
            learning_rate: 0.05,
            batch_rows: 2,
            max_epochs: 300,
            early_stopping,
        }
    }

    #[test]
    fn it_learns_what_no_line_can_tell() {
        let values = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
        let rows = TrainingRows::binary(values.view(), &[0, 1, 1, 0]);
        let spec = spec(None);
        let network = fit_network(&spec, rows, 1).unwrap();
        let mut fit = Fit::new(&spec, network.layers().to_vec());
        let margins: Vec<f64> =
            values.rows().into_iter().map(|row| fit.forward(&row.to_vec())).collect();
        assert!(margins[0] < -2.0 && margins[1] > 2.0 && margins[2] > 2.0 && margins[3] < -2.0);
    }

    #[test]
    fn a_fit_that_diverges_is_refused() {
        let values =
            ndarray::Array2::from_shape_fn((20, 1), |(row, _)| if row < 10 { -1e60 } else { 1e60 });
        let classes: Vec<usize> = (0..20).map(|row| row % 2).collect();
        let rows = TrainingRows::binary(values.view(), &classes);
        for stopping in [None, Some(EarlyStopping { fraction: 0.5, patience: 3 })] {
            let spec = NetworkSpec {
                learning_rate: 1e200,
                activation: Activation::Relu,
                ..spec(stopping)
            };
            let error = fit_network(&spec, rows, 0).unwrap_err();
            assert!(matches!(error, Error::NotConverged(_)), "{error}");
        }
    }

    #[test]
    fn a_start_that_does_not_fit_is_refused() {
        let values = array![[0.0, 0.0], [1.0, 1.0]];
        let rows = TrainingRows::binary(values.view(), &[0, 1]);
        let layers = initial_layers(&spec(None), 3, 0);
        let start = NetworkStart { layers, shuffle: false };
        let error = fit_network_from(&spec(None), rows, 0, start).unwrap_err();
        assert!(error.to_string().contains("from 2 inputs by way of [4]"), "{error}");
    }

    #[test]
    fn early_stopping_keeps_the_best_layers_and_stops() {
        let rule = EarlyStopping { fraction: 0.5, patience: 2 };
        let layer = |bias| {
            vec![Layer { activation: Activation::Identity, biases: vec![bias], weights: vec![0.0] }]
        };
        let mut best = Best::new(&layer(0.0));
        let losses = [(0.5, false), (0.6, false), (0.4, false), (0.4, false), (0.7, true)];
        for (epoch, (loss, stops)) in losses.into_iter().enumerate() {
            let layers = layer(f64::from(u32::try_from(epoch).unwrap()));
            assert_eq!(best.has_waited_long_enough(loss, &layers, &rule), stops, "epoch {epoch}");
        }
        assert_eq!(best.layers, layer(2.0));
    }
}
