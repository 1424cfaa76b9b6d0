//! Answers: what a model of a graph predicts.

use nomogram::{Link, Member};

use crate::columns::Column;
use crate::error::Error;

/// What a model predicts.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) prediction: Prediction,
    pub(super) n_classes: usize,
    pub(super) classes: Option<Vec<String>>,
    /// Whether it is 1 minus a probability that the graph computed.
    pub(super) is_complement: bool,
    /// Whether the graph adds one product for each support vector.
    pub(super) is_of_vectors: bool,
    /// The models whose weighted sum it is.
    pub(super) parts: Vec<Part>,
}

/// Which number of a prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prediction {
    Value,
    /// One for each class.
    Probabilities,
    /// Of the first of two classes.
    First,
    /// Of the second of two classes.
    Second,
}

/// A model, and the columns that it reads.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) columns: Vec<Column>,
    pub(super) member: Member,
    pub(super) weight: f64,
    /// The numbers of the leaves in the file.
    pub(super) leaf_numbers: Option<Vec<Vec<u32>>>,
}

impl Answer {
    /// The answer of one model.
    pub(super) fn of(prediction: Prediction, n_classes: usize, part: Part) -> Self {
        Self {
            prediction,
            n_classes,
            classes: None,
            is_complement: false,
            is_of_vectors: false,
            parts: vec![part],
        }
    }

    /// The same answer, multiplied by a number.
    pub(super) fn times(mut self, factor: f64) -> Self {
        self.parts.iter_mut().for_each(|part| part.weight *= factor);
        self
    }

    /// The exponential of a value that trees sum.
    ///
    /// # Errors
    ///
    /// `Unsupported` for other predictions.
    pub(super) fn exponential(self) -> Result<Self, Error> {
        self.linked(Link::Log, Prediction::Value, "the exponential")
    }

    /// The logistic of a value that trees sum: the probability of the second of two classes.
    ///
    /// # Errors
    ///
    /// `Unsupported` for other predictions.
    pub(super) fn logistic(self) -> Result<Self, Error> {
        let answer = self.linked(Link::Logit, Prediction::Second, "the logistic")?;
        Ok(Self { n_classes: 2, ..answer })
    }

    /// Whether it is the probabilities of all classes, whose sum is 1.
    pub(super) fn is_whole(&self) -> bool {
        let sum: f64 = self.parts.iter().map(|part| part.weight).sum();
        self.prediction == Prediction::Probabilities && (sum - 1.0).abs() <= 1e-6
    }

    fn linked(mut self, link: Link, prediction: Prediction, noun: &str) -> Result<Self, Error> {
        match (self.prediction, self.parts.as_mut_slice()) {
            (Prediction::Value, [Part { member: Member::Forest(forest), weight: 1.0, .. }])
                if forest.link == Link::Identity =>
            {
                forest.link = link;
                Ok(Self { prediction, ..self })
            }
            (_, parts) => {
                let what = format!("{noun} of a prediction of {} models", parts.len());
                Err(Error::unsupported(what))
            }
        }
    }

    pub(super) fn is_of_classes(&self) -> bool {
        self.prediction != Prediction::Value
    }
}
