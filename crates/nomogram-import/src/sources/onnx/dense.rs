//! Weighted sums: `MatMul`, `Gemm` and activations, to layers.

use nomogram::{Activation, Layer, Linear, Link, Member, Network};

use super::answer::{Answer, Part, Prediction};
use super::symbol::Dense;
use super::tensor::{Tensor, spread};
use crate::columns::Column;
use crate::error::Error;

impl Dense {
    /// `columns · weights`; the weights have one row for each column.
    ///
    /// # Errors
    ///
    /// `Malformed` when the shapes do not fit.
    pub(super) fn of_columns(columns: Vec<Column>, weights: &Tensor<'_>) -> Result<Self, Error> {
        let layer = layer(weights, columns.len())?;
        Ok(Self { columns, layers: vec![layer] })
    }

    /// Columns, without a layer yet.
    pub(super) fn unweighted(columns: Vec<Column>) -> Self {
        Self { columns, layers: Vec::new() }
    }

    /// The sums with one row of weights and an intercept for each new sum.
    ///
    /// # Errors
    ///
    /// `Malformed` when the shapes do not fit.
    pub(super) fn weighted(mut self, weights: &[f64], intercepts: &[f64]) -> Result<Self, Error> {
        let n_inputs = self.n_outputs();
        let n_sums = intercepts.len();
        if n_sums == 0 || n_sums.checked_mul(n_inputs) != Some(weights.len()) {
            let detail = format!("{} weights, expected {n_sums} × {n_inputs}", weights.len());
            return Err(Error::malformed(detail));
        }
        let of_input = |input| weights.iter().skip(input).step_by(n_inputs.max(1)).copied();
        self.layers.push(Layer {
            activation: Activation::Identity,
            biases: intercepts.to_vec(),
            weights: (0..n_inputs).flat_map(of_input).collect(),
        });
        Ok(self)
    }

    pub(super) fn n_outputs(&self) -> usize {
        self.layers.last().map_or(self.columns.len(), Layer::n_outputs)
    }

    /// The sums, multiplied by a matrix.
    ///
    /// # Errors
    ///
    /// `Malformed` when the shapes do not fit.
    pub(super) fn times(mut self, weights: &Tensor<'_>) -> Result<Self, Error> {
        let layer = layer(weights, self.n_outputs())?;
        self.layers.push(layer);
        Ok(self)
    }

    /// `sums · factor + addend`, number by number.
    ///
    /// # Errors
    ///
    /// `Malformed` for a wrong number of them.
    pub(super) fn affine(mut self, factors: &[f64], addends: &[f64]) -> Result<Self, Error> {
        let layer = self.last_identity()?;
        let n = layer.biases.len();
        let (factors, addends) = (spread(factors, n)?, spread(addends, n)?);
        for weights in layer.weights.chunks_mut(n.max(1)) {
            weights.iter_mut().zip(&factors).for_each(|(weight, factor)| *weight *= factor);
        }
        for ((bias, factor), addend) in layer.biases.iter_mut().zip(&factors).zip(&addends) {
            *bias = *bias * factor + addend;
        }
        Ok(self)
    }

    /// The one sum with its sign changed, and as it is.
    ///
    /// # Errors
    ///
    /// `TooLarge`.
    pub(super) fn with_both_signs(mut self) -> Result<Self, Error> {
        let layer = self.last_identity()?;
        let both = |numbers: &[f64]| numbers.iter().flat_map(|number| [-number, *number]).collect();
        (layer.biases, layer.weights) = (both(&layer.biases), both(&layer.weights));
        Ok(self)
    }

    /// The exponential of one sum.
    ///
    /// # Errors
    ///
    /// `Unsupported` for several sums or after an activation.
    pub(super) fn exponential(self) -> Result<Answer, Error> {
        match (self.activation(), self.n_outputs()) {
            (Activation::Identity, 1) => {
                Ok(Answer::of(Prediction::Value, 0, self.part(Link::Log)?))
            }
            (activation, n) => {
                let what = format!("the exponential of {n} sums after {activation}");
                Err(Error::unsupported(what))
            }
        }
    }

    /// The sums after an activation.
    ///
    /// # Errors
    ///
    /// `TooLarge`.
    pub(super) fn activated(mut self, activation: Activation) -> Result<Self, Error> {
        self.last_identity()?.activation = activation;
        Ok(self)
    }

    /// The activation of the last layer.
    pub(super) fn activation(&self) -> Activation {
        self.layers.last().map_or(Activation::Identity, |layer| layer.activation)
    }

    /// The last layer, if it has no activation yet; otherwise a new one after it.
    fn last_identity(&mut self) -> Result<&mut Layer, Error> {
        let n = self.n_outputs();
        if self.activation() != Activation::Identity {
            if n > 1 << 10 {
                return Err(Error::unsupported(format!("{n} sums, expected at most 1024")));
            }
            let mut weights = vec![0.0; n * n];
            weights.iter_mut().step_by(n + 1).for_each(|weight| *weight = 1.0);
            let activation = Activation::Identity;
            self.layers.push(Layer { activation, biases: vec![0.0; n], weights });
        }
        self.layers.last_mut().ok_or_else(|| Error::malformed("no layers"))
    }

    /// The model whose margins are the sums, before the last activation.
    ///
    /// # Errors
    ///
    /// `Model` when the core refuses it.
    pub(super) fn part(mut self, link: Link) -> Result<Part, Error> {
        self.layers.iter_mut().rev().take(1).for_each(|layer| {
            layer.activation = Activation::Identity;
        });
        let member = match self.layers.as_slice() {
            [layer] => Member::Linear(Linear::new(link, layer.biases.clone(), transposed(layer))?),
            _ => Member::Network(Network::new(link, self.layers)?),
        };
        Ok(Part { columns: self.columns, member, weight: 1.0, leaf_numbers: None })
    }

    /// What the sums predict as an output of the graph, or as probabilities.
    ///
    /// # Errors
    ///
    /// `Unsupported` for several sums that are no probabilities.
    pub(super) fn answer(self) -> Result<Answer, Error> {
        match (self.activation(), self.n_outputs()) {
            (Activation::Identity, 1) => {
                Ok(Answer::of(Prediction::Value, 0, self.part(Link::Identity)?))
            }
            (Activation::Logistic, 1) => {
                Ok(Answer::of(Prediction::Second, 2, self.part(Link::Logit)?))
            }
            (Activation::Logistic, 2) => self.opposite(),
            (activation, n) => Err(Error::unsupported(format!(
                "{n} sums after {activation} as a prediction, expected probabilities or a value"
            ))),
        }
    }

    /// Two sums of which one is the other with its sign changed: their logistics are probabilities.
    fn opposite(mut self) -> Result<Answer, Error> {
        let is_opposite = |layer: &Layer| {
            let rows = std::iter::once(layer.biases.as_slice()).chain(layer.weights.chunks(2));
            rows.into_iter().all(|pair| matches!(pair, [first, second] if *first == -second))
        };
        if !self.layers.last().is_some_and(is_opposite) {
            let detail = "one logistic for each class: such probabilities do not sum to 1";
            return Err(Error::unsupported(detail));
        }
        if let Some(layer) = self.layers.last_mut() {
            let second = |numbers: &[f64]| numbers.iter().skip(1).step_by(2).copied().collect();
            (layer.biases, layer.weights) = (second(&layer.biases), second(&layer.weights));
        }
        let part = self.part(Link::Logit)?;
        Ok(Answer::of(Prediction::Probabilities, 2, part))
    }

    /// The softmax of the sums.
    ///
    /// # Errors
    ///
    /// `Unsupported` for one sum or after an activation.
    pub(super) fn softmax(self) -> Result<Answer, Error> {
        let n = self.n_outputs();
        if self.activation() != Activation::Identity || n < 2 {
            return Err(Error::unsupported(format!("the softmax of {n} activated sums")));
        }
        Ok(Answer::of(Prediction::Probabilities, n, self.part(Link::Softmax)?))
    }
}

fn layer(weights: &Tensor<'_>, n_inputs: usize) -> Result<Layer, Error> {
    let n_outputs = match weights.shape.as_slice() {
        [rows, columns] if *rows == n_inputs && *columns > 0 => *columns,
        [rows] if *rows == n_inputs => 1,
        shape => {
            let detail = format!("weights of shape {shape:?}, expected {n_inputs} rows");
            return Err(Error::malformed(detail));
        }
    };
    let weights = weights.numbers()?.to_vec();
    Ok(Layer { activation: Activation::Identity, biases: vec![0.0; n_outputs], weights })
}

fn transposed(layer: &Layer) -> Vec<f64> {
    let n = layer.n_outputs();
    let of_output = |output| layer.weights.iter().skip(output).step_by(n.max(1)).copied();
    (0..n).flat_map(of_output).collect()
}
