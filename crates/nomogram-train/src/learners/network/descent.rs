//! Gradient descent by backpropagation, batch by batch.

use nomogram::{Activation, Layer, numeric};

use super::adam::{Gradients, corrected_rate};
use super::rows::Rows;
use super::spec::NetworkSpec;
use crate::learners::log_loss::log_loss;

/// A network while it is being fitted.
pub(super) struct Descent<'a> {
    spec: &'a NetworkSpec,
    pub(super) layers: Vec<Layer>,
    /// The outputs of each layer for the current row.
    outputs: Vec<Vec<f64>>,
    /// The derivative of the loss by the sums of each layer, for the current row.
    deltas: Vec<Vec<f64>>,
    gradients: Vec<Gradients>,
    n_steps: u32,
}

#[allow(clippy::indexing_slicing, reason = "buffers have the shape of the layers")]
impl<'a> Descent<'a> {
    pub(super) fn new(spec: &'a NetworkSpec, layers: Vec<Layer>) -> Self {
        let zeros = || layers.iter().map(|layer| vec![0.0; layer.n_outputs()]).collect();
        let gradients = layers.iter().map(Gradients::new).collect();
        Self { spec, outputs: zeros(), deltas: zeros(), gradients, n_steps: 0, layers }
    }

    /// One step of Adam on the rows of a batch.
    pub(super) fn step(&mut self, rows: &Rows, batch: &[usize], learning_rate: f64) {
        let mut total = 0.0;
        for &row in batch {
            let (row, class, weight) = rows.row(row);
            self.forward(row);
            self.backward(row, class, weight);
            total += weight;
        }
        self.n_steps += 1;
        let rate = corrected_rate(learning_rate, self.n_steps);
        for (layer, gradients) in self.layers.iter_mut().zip(&mut self.gradients) {
            gradients.update(layer, self.spec.l2, total, rate);
        }
    }

    /// Computes the outputs of every layer.
    pub(super) fn forward(&mut self, row: &[f64]) {
        for (index, layer) in self.layers.iter().enumerate() {
            let (before, from) = self.outputs.split_at_mut(index);
            layer.apply(before.last().map_or(row, Vec::as_slice), &mut from[0]);
        }
    }

    /// The outputs of the last layer.
    pub(super) fn margins(&self) -> &[f64] {
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
                for ((delta_before, weights), output) in before.iter_mut().zip(weights).zip(slopes)
                {
                    let sum = weights.iter().zip(delta).fold(0.0, |sum, (w, d)| sum + w * d);
                    *delta_before = sum * slope(activation, *output);
                }
            }
        }
    }

    /// The mean log loss of the rows.
    pub(super) fn log_loss(&mut self, rows: &Rows) -> f64 {
        let (mut sum, mut total) = (0.0, 0.0);
        for row in 0..rows.classes.len() {
            let (row, class, weight) = rows.row(row);
            self.forward(row);
            sum += weight * log_loss(self.margins(), class);
            total += weight;
        }
        sum / total
    }
}

/// The derivative of an activation, from its output.
fn slope(activation: Activation, output: f64) -> f64 {
    match activation {
        Activation::Relu if output <= 0.0 => 0.0,
        Activation::Tanh => 1.0 - output * output,
        Activation::Logistic => output * (1.0 - output),
        Activation::Identity | Activation::Relu => 1.0,
        // Checked settings have none of these.
        Activation::LeakyRelu { .. }
        | Activation::Gelu
        | Activation::GeluTanh
        | Activation::Softmax => f64::NAN,
    }
}
