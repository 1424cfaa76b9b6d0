//! Multi-layer perceptron with log loss, fitted by mini-batch Adam.
//!
//! Loss, penalty, initial weights and Adam's constants are those of scikit-learn's
//! `MLPClassifier`: mean log loss of a batch plus `l2 · ‖W‖² / (2 · rows of the batch)`, biases not
//! penalised (Kingma and Ba 2015 for Adam, Glorot and Bengio 2010 for the initial weights). With
//! weights, a batch has as many rows as their sum says.
//!
//! Networks of several seeds become one: their hidden layers stand side by side, and its margins are
//! the mean of theirs.

use core::f64::consts::PI;

use ndarray::Axis;
use nomogram::{Activation, Layer, Link, Network, numeric};
use rayon::prelude::*;

use super::{TrainingRows, log_loss, number};
use crate::config::{EarlyStopping, NetworkSpec, Schedule};
use crate::error::Error;
use crate::split::Split;
use nomogram_stats::random::Random;

/// Streams of random numbers of this module.
const INITIAL_WEIGHTS: u64 = 4;
const BATCHES: u64 = 5;
/// From the seed of a network to that of the next: odd, so that none comes twice.
const SEED_STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Where a fit begins.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkStart {
    /// The layers before the first step; the last one has one output, or of more than two classes one
    /// for each.
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
    let fit = |nth: usize| {
        // The first is the network that a single seed gives.
        let seed = seed.wrapping_add((nth as u64).wrapping_mul(SEED_STRIDE));
        let layers = initial_layers(spec, rows.n_inputs(), rows.n_margins(), seed);
        fit_network_from(spec, rows, seed, NetworkStart { layers, shuffle: true })
    };
    if spec.n_seeds == 1 {
        return fit(0);
    }
    let networks: Vec<Network> =
        (0..spec.n_seeds).into_par_iter().map(fit).collect::<Result<_, _>>()?;
    Ok(Network::new(link(rows), side_by_side(&networks))?)
}

fn link(rows: TrainingRows<'_>) -> Link {
    if rows.n_margins() == 1 { Link::Logit } else { Link::Softmax }
}

/// Layers whose outputs are the mean of the networks' outputs: those of the hidden layers follow each
/// other, without connections from one network to another.
#[allow(clippy::indexing_slicing, reason = "all networks have layers of the same shape")]
fn side_by_side(networks: &[Network]) -> Vec<Layer> {
    let n_layers = networks[0].layers().len();
    let merged = |at: usize| {
        let of_all = || networks.iter().map(|network| &network.layers()[at]);
        let (is_first, is_last) = (at == 0, at + 1 == n_layers);
        let (n_inputs, n_outputs) =
            (networks[0].layers()[at].n_inputs(), networks[0].layers()[at].n_outputs());
        let width = if is_last { n_outputs } else { n_outputs * networks.len() };
        let height = if is_first { n_inputs } else { n_inputs * networks.len() };
        let (mut weights, mut biases) = (vec![0.0; height * width], vec![0.0; width]);
        let share = if is_last { 1.0 / number(networks.len()) } else { 1.0 };
        for (nth, layer) in of_all().enumerate() {
            let (down, right) = (
                if is_first { 0 } else { nth * n_inputs },
                if is_last { 0 } else { nth * n_outputs },
            );
            for (input, own) in layer.weights.chunks_exact(n_outputs).enumerate() {
                let place = &mut weights[(down + input) * width + right..][..n_outputs];
                place.iter_mut().zip(own).for_each(|(sum, weight)| *sum += share * weight);
            }
            let place = &mut biases[right..right + n_outputs];
            place.iter_mut().zip(&layer.biases).for_each(|(sum, bias)| *sum += share * bias);
        }
        Layer { activation: networks[0].layers()[at].activation, biases, weights }
    };
    (0..n_layers).map(merged).collect()
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
        None => (Part::new(spec, rows, None), None),
        Some(stopping) => {
            let split = Split::stratified(rows.classes, stopping.fraction, seed)?;
            let held_out = Part::new(spec, rows, Some(&split.test));
            (Part::new(spec, rows, Some(&split.train)), Some((stopping, held_out)))
        }
    };
    let mut order: Vec<usize> = (0..fitted.classes.len()).collect();
    let mut fit = Fit::new(spec, start.layers);
    let mut best = Best::new(&fit.layers);
    for epoch in 0..spec.max_epochs {
        if shuffle {
            random.shuffle(&mut order);
        }
        let rate = learning_rate(spec, epoch);
        for batch in order.chunks(spec.batch_rows) {
            fit.step(&fitted, batch, rate);
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
    Network::new(link(rows), layers).map_err(|cause| {
        Error::NotConverged(format!("network: the weights left the numbers: {cause}"))
    })
}

/// The step size in an epoch.
fn learning_rate(spec: &NetworkSpec, epoch: usize) -> f64 {
    let power = |factor, exponent: usize| {
        numeric::powi(factor, u32::try_from(exponent).unwrap_or(u32::MAX))
    };
    match spec.schedule {
        None => spec.learning_rate,
        Some(Schedule::Cosine) => {
            let share = number(epoch) / number(spec.max_epochs);
            spec.learning_rate * (1.0 + numeric::cos(PI * share)) / 2.0
        }
        Some(Schedule::Exponential(factor)) => spec.learning_rate * power(factor, epoch),
        Some(Schedule::Step { every, factor }) => {
            spec.learning_rate * power(factor, epoch / every.max(1) as usize)
        }
    }
}

/// Refuses layers that do not fit the rows or the specification.
fn check_start(
    spec: &NetworkSpec,
    rows: TrainingRows<'_>,
    start: &NetworkStart,
) -> Result<(), Error> {
    let start = Network::new(link(rows), start.layers.clone())?;
    let widths = start.layers().iter().map(Layer::n_outputs);
    let n_margins = rows.n_margins();
    let expected = spec.hidden.iter().copied().chain([n_margins]);
    let n_inputs = start.layers().first().map_or(0, Layer::n_inputs);
    if n_inputs != rows.n_inputs() || !widths.eq(expected) {
        return Err(Error::configuration(format!(
            "the network to start from does not go from {} inputs by way of {:?} to {n_margins} outputs",
            rows.n_inputs(),
            spec.hidden
        )));
    }
    Ok(())
}

/// Uniform weights and biases, within `sqrt(6 / (n_inputs + n_outputs))`, or `sqrt(2 / …)` for the
/// logistic activation.
fn initial_layers(spec: &NetworkSpec, n_inputs: usize, n_margins: usize, seed: u64) -> Vec<Layer> {
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

/// Rows of a part, contiguous, their classes and weights.
struct Part {
    values: Vec<f64>,
    n_inputs: usize,
    classes: Vec<usize>,
    weights: Vec<f64>,
}

impl Part {
    #[allow(clippy::indexing_slicing, reason = "rows that are kept are rows of the table")]
    fn new(spec: &NetworkSpec, rows: TrainingRows<'_>, kept: Option<&[usize]>) -> Self {
        let (n_inputs, weights) = (rows.n_inputs(), rows.weights_by(spec.class_weight));
        let Some(kept) = kept else {
            return Self {
                values: rows.row_major(),
                n_inputs,
                classes: rows.classes.into(),
                weights,
            };
        };
        Self {
            values: rows.values.select(Axis(0), kept).iter().copied().collect(),
            n_inputs,
            classes: kept.iter().map(|row| rows.classes[*row]).collect(),
            weights: kept.iter().map(|row| weights[*row]).collect(),
        }
    }

    /// The values, class and weight of a row.
    #[allow(clippy::indexing_slicing, reason = "rows are those of the part")]
    fn row(&self, row: usize) -> (&[f64], usize, f64) {
        let values = &self.values[row * self.n_inputs..][..self.n_inputs];
        (values, self.classes[row], self.weights[row])
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
    fn step(&mut self, part: &Part, batch: &[usize], learning_rate: f64) {
        let mut total = 0.0;
        for &row in batch {
            let (row, class, weight) = part.row(row);
            self.forward(row);
            self.backward(row, class, weight);
            total += weight;
        }
        self.n_steps += 1;
        let correction = numeric::sqrt(1.0 - numeric::powi(BETA_2, self.n_steps))
            / (1.0 - numeric::powi(BETA_1, self.n_steps));
        let rate = learning_rate * correction;
        for (layer, gradients) in self.layers.iter_mut().zip(&mut self.gradients) {
            for (weight, moments) in layer.weights.iter_mut().zip(&mut gradients.weights) {
                let penalised = moments.gradient + self.spec.l2 * *weight;
                moments.update(weight, penalised / total, rate);
            }
            for (bias, moments) in layer.biases.iter_mut().zip(&mut gradients.biases) {
                let gradient = moments.gradient / total;
                moments.update(bias, gradient, rate);
            }
        }
    }

    /// Computes the outputs of every layer.
    fn forward(&mut self, row: &[f64]) {
        for (index, layer) in self.layers.iter().enumerate() {
            let (before, from) = self.outputs.split_at_mut(index);
            layer.apply(before.last().map_or(row, Vec::as_slice), &mut from[0]);
        }
    }

    /// The outputs of the last layer.
    fn margins(&self) -> &[f64] {
        self.outputs.last().map_or(&[], Vec::as_slice)
    }

    /// Adds the derivatives of the row that was computed last.
    fn backward(&mut self, row: &[f64], class: usize, weight: f64) {
        let last = self.layers.len() - 1;
        let deltas = &mut self.deltas[last];
        deltas.copy_from_slice(&self.outputs[last]);
        if let [delta] = deltas.as_mut_slice() {
            let target = if class == 1 { 1.0 } else { 0.0 };
            *delta = weight * (numeric::logistic(*delta) - target);
        } else {
            numeric::softmax(deltas);
            deltas[class] -= 1.0;
            deltas.iter_mut().for_each(|delta| *delta *= weight);
        }
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
        let (mut sum, mut total) = (0.0, 0.0);
        for row in 0..part.classes.len() {
            let (row, class, weight) = part.row(row);
            self.forward(row);
            sum += weight * log_loss(self.margins(), class);
            total += weight;
        }
        sum / total
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
            ..NetworkSpec::new(Vec::new())
        }
    }

    fn margin(fit: &mut Fit<'_>, row: &[f64]) -> f64 {
        fit.forward(row);
        fit.margins()[0]
    }

    #[test]
    fn it_learns_what_no_line_can_tell() {
        let values = array![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
        let rows = TrainingRows::binary(values.view(), &[0, 1, 1, 0]);
        let spec = spec(None);
        let network = fit_network(&spec, rows, 1).unwrap();
        let mut fit = Fit::new(&spec, network.layers().to_vec());
        let margins: Vec<f64> =
            values.rows().into_iter().map(|row| margin(&mut fit, &row.to_vec())).collect();
        assert!(margins[0] < -2.0 && margins[1] > 2.0 && margins[2] > 2.0 && margins[3] < -2.0);
    }

    /// Three classes on a line, the middle one of which no line tells apart.
    fn three_classes() -> (ndarray::Array2<f64>, Vec<usize>) {
        let values = ndarray::Array2::from_shape_fn((30, 2), |(row, column)| {
            let place = f64::from(u32::try_from(row).unwrap()) / 15.0 - 1.0;
            if column == 0 { place } else { place * place }
        });
        let class = |row| if row < 10 { 0 } else { 1 + usize::from(row >= 20) };
        (values, (0..30).map(class).collect())
    }

    #[test]
    fn more_classes_have_a_margin_each() {
        let (values, classes) = three_classes();
        let rows =
            TrainingRows { values: values.view(), classes: &classes, n_classes: 3, weights: None };
        let network = fit_network(&spec(None), rows, 1).unwrap();
        let spec = spec(None);
        let mut fit = Fit::new(&spec, network.layers().to_vec());
        for (row, class) in values.rows().into_iter().zip(&classes) {
            fit.forward(&row.to_vec());
            let largest =
                nomogram_stats::metrics::most_probable(ndarray::ArrayView1::from(fit.margins()));
            assert_eq!(largest, *class);
        }
    }

    #[test]
    fn a_weight_counts_as_often_as_it_says() {
        let (values, classes) = three_classes();
        let rows =
            TrainingRows { values: values.view(), classes: &classes, n_classes: 3, weights: None };
        let spec = NetworkSpec { batch_rows: 30, max_epochs: 20, l2: 0.1, ..spec(None) };
        let start = |n| NetworkStart { layers: initial_layers(&spec, n, 3, 4), shuffle: false };
        let plain = fit_network_from(&spec, rows, 1, start(2)).unwrap();
        let ones = [1.0; 30];
        let same =
            fit_network_from(&spec, TrainingRows { weights: Some(&ones), ..rows }, 1, start(2));
        assert_eq!(plain, same.unwrap());
        let twice: Vec<usize> = (0..30).flat_map(|row| vec![row; 1 + row % 2]).collect();
        let repeated = values.select(Axis(0), &twice);
        let of_twice: Vec<usize> = twice.iter().map(|row| classes[*row]).collect();
        let repeated = TrainingRows { values: repeated.view(), classes: &of_twice, ..rows };
        let spec = NetworkSpec { batch_rows: twice.len(), ..spec.clone() };
        let weights: Vec<f64> = (0..30).map(|row| if row % 2 == 0 { 1.0 } else { 2.0 }).collect();
        let weighted = TrainingRows { weights: Some(&weights), ..rows };
        let [a, b] = [repeated, weighted].map(|rows| {
            let start = NetworkStart { layers: initial_layers(&spec, 2, 3, 4), shuffle: false };
            fit_network_from(&spec, rows, 1, start).unwrap()
        });
        for (a, b) in a.layers().iter().zip(b.layers()) {
            assert!(a.weights.iter().zip(&b.weights).all(|(a, b)| (a - b).abs() < 1e-12));
        }
    }

    #[test]
    fn several_seeds_are_one_network_with_their_mean_margins() {
        let (values, classes) = three_classes();
        let classes: Vec<usize> = classes.iter().map(|class| class % 2).collect();
        let rows = TrainingRows::binary(values.view(), &classes);
        for hidden in [vec![], vec![4], vec![4, 3]] {
            let one = NetworkSpec { hidden, max_epochs: 20, ..spec(None) };
            let all = fit_network(&NetworkSpec { n_seeds: 3, ..one.clone() }, rows, 7).unwrap();
            let single = |nth: u64| {
                let seed = 7_u64.wrapping_add(nth.wrapping_mul(SEED_STRIDE));
                fit_network(&one, rows, seed).unwrap()
            };
            let singles = [single(0), single(1), single(2)];
            assert_ne!(singles[0], singles[1]);
            for row in values.rows() {
                let of = |network: &Network| {
                    margin(&mut Fit::new(&one, network.layers().to_vec()), &row.to_vec())
                };
                let mean = singles.iter().map(of).sum::<f64>() / 3.0;
                assert!((of(&all) - mean).abs() < 1e-12, "{} {mean}", of(&all));
            }
        }
    }

    #[test]
    fn the_step_size_follows_its_schedule() {
        let rates = |schedule| {
            let spec = NetworkSpec { learning_rate: 0.8, max_epochs: 4, schedule, ..spec(None) };
            [0, 1, 2, 3].map(|epoch| learning_rate(&spec, epoch))
        };
        assert_eq!(rates(None), [0.8; 4]);
        assert_eq!(rates(Some(Schedule::Exponential(0.5))), [0.8, 0.4, 0.2, 0.1]);
        let step = Schedule::Step { every: 2, factor: 0.5 };
        assert_eq!(rates(Some(step)), [0.8, 0.8, 0.4, 0.4]);
        let root = 0.5_f64.sqrt();
        let expected = [0.8, 0.4 * (1.0 + root), 0.4, 0.4 * (1.0 - root)];
        for (found, expected) in rates(Some(Schedule::Cosine)).into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15, "{found} {expected}");
        }
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
        let layers = initial_layers(&spec(None), 3, 1, 0);
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
