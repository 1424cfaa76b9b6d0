//! Derivatives of the log loss of one row by its margins.

use nomogram::numeric;

/// The derivatives of a row's loss by its margins.
pub(super) struct Slopes {
    probabilities: Vec<f64>,
    /// The first derivative by each margin.
    pub(super) residuals: Vec<f64>,
    /// The second derivatives, row-major; entries above the diagonal are not filled in.
    pub(super) curvatures: Vec<f64>,
}

impl Slopes {
    pub(super) fn new(n_margins: usize) -> Self {
        let zeros = |n| vec![0.0; n];
        Self {
            probabilities: zeros(n_margins),
            residuals: zeros(n_margins),
            curvatures: zeros(n_margins * n_margins),
        }
    }

    /// Computes the derivatives of a row.
    #[allow(clippy::indexing_slicing, reason = "one of each margin")]
    pub(super) fn set(&mut self, margins: &[f64], class: usize, weight: f64) {
        if let [margin] = margins {
            let (complement, probability) = numeric::logistic_pair(*margin);
            let target = if class == 1 { 1.0 } else { 0.0 };
            self.residuals[0] = weight * (probability - target);
            self.curvatures[0] = weight * probability * complement;
            return;
        }
        self.probabilities.copy_from_slice(margins);
        numeric::softmax(&mut self.probabilities);
        let n_margins = margins.len();
        for (margin, p) in self.probabilities.iter().enumerate() {
            self.residuals[margin] = weight * (if margin == class { p - 1.0 } else { *p });
            for (other, q) in self.probabilities[..=margin].iter().enumerate() {
                let complement = if other == margin { 1.0 - p } else { -q };
                self.curvatures[margin * n_margins + other] = weight * p * complement;
            }
        }
    }
}
