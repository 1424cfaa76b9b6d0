//! The classes of a node: sums of weights, and how pure they are.

use nomogram::numeric;

use super::spec::Impurity;

/// The weight of each class among some rows.
#[derive(Clone, Debug)]
pub(super) struct Classes {
    pub(super) weights: Vec<f64>,
    pub(super) n_rows: usize,
}

impl Classes {
    pub(super) fn none(n_classes: usize) -> Self {
        Self { weights: vec![0.0; n_classes], n_rows: 0 }
    }

    #[allow(clippy::indexing_slicing, reason = "classes are below their number")]
    pub(super) fn add(&mut self, class: usize, weight: f64) {
        self.weights[class] += weight;
        self.n_rows += 1;
    }

    /// Becomes `all` without `part`.
    pub(super) fn set_difference(&mut self, all: &Self, part: &Self) {
        for ((weight, all), part) in self.weights.iter_mut().zip(&all.weights).zip(&part.weights) {
            // Rounding may leave a negative number.
            *weight = (all - part).max(0.0);
        }
        self.n_rows = all.n_rows - part.n_rows;
    }

    /// Becomes the sum of both.
    pub(super) fn set_sum(&mut self, one: &Self, other: &Self) {
        for ((weight, one), other) in self.weights.iter_mut().zip(&one.weights).zip(&other.weights)
        {
            *weight = one + other;
        }
        self.n_rows = one.n_rows + other.n_rows;
    }

    /// Whether all rows are of one class.
    pub(super) fn is_pure(&self) -> bool {
        self.weights.iter().filter(|weight| **weight > 0.0).count() <= 1
    }

    /// What a split increases: the weight times `1 − impurity`, less a constant of the node.
    pub(super) fn purity(&self, impurity: Impurity) -> f64 {
        let total = self.total();
        if total <= 0.0 {
            return 0.0;
        }
        match impurity {
            Impurity::Gini => self.weights.iter().fold(0.0, |sum, w| sum + w * w) / total,
            Impurity::Entropy => {
                let term =
                    |weight: f64| if weight > 0.0 { weight * numeric::ln(weight) } else { 0.0 };
                self.weights.iter().fold(0.0, |sum, w| sum + term(*w)) - term(total)
            }
        }
    }

    /// The share of each class.
    pub(super) fn shares(&self) -> impl Iterator<Item = f64> {
        let total = self.total();
        self.weights.iter().map(move |weight| weight / total)
    }

    fn total(&self) -> f64 {
        self.weights.iter().fold(0.0, |sum, weight| sum + weight)
    }
}
