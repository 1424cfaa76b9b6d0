//! Adam (Kingma and Ba 2015), parameter by parameter.

use nomogram::{Layer, numeric};

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// The derivatives of a layer's parameters, and their moving averages.
pub(super) struct Gradients {
    weights: Vec<Moments>,
    biases: Vec<Moments>,
}

#[derive(Clone, Copy, Default)]
struct Moments {
    gradient: f64,
    first: f64,
    second: f64,
}

/// The step size after so many steps, corrected for moving averages that began at 0.
pub(super) fn corrected_rate(learning_rate: f64, n_steps: u32) -> f64 {
    let correction = numeric::sqrt(1.0 - numeric::powi(BETA_2, n_steps))
        / (1.0 - numeric::powi(BETA_1, n_steps));
    learning_rate * correction
}

impl Gradients {
    pub(super) fn new(layer: &Layer) -> Self {
        Self {
            weights: vec![Moments::default(); layer.weights.len()],
            biases: vec![Moments::default(); layer.biases.len()],
        }
    }

    /// Moves the parameters of a layer by the gradients that were added; `total` is the sum of the
    /// rows' weights.
    pub(super) fn update(&mut self, layer: &mut Layer, l2: f64, total: f64, rate: f64) {
        for (weight, moments) in layer.weights.iter_mut().zip(&mut self.weights) {
            let penalised = moments.gradient + l2 * *weight;
            moments.update(weight, penalised / total, rate);
        }
        for (bias, moments) in layer.biases.iter_mut().zip(&mut self.biases) {
            let gradient = moments.gradient / total;
            moments.update(bias, gradient, rate);
        }
    }

    /// Adds the gradients of a row: its inputs of the layer times the derivatives by the sums.
    pub(super) fn add(&mut self, input: &[f64], delta: &[f64]) {
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
