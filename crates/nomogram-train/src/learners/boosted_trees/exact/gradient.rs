//! Derivatives of the log loss, and their sums.

/// The derivatives of a row's log loss: a tree is fitted to residuals, its leaves divide by curvatures.
pub(super) struct Gradient {
    pub(super) weight: f64,
    pub(super) residual: f64,
    pub(super) curvature: f64,
}

/// Sums over rows.
#[derive(Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) n_rows: usize,
    pub(super) weight: f64,
    pub(super) sum: f64,
}

impl Sums {
    pub(super) fn add(&mut self, gradient: &Gradient) {
        self.n_rows += 1;
        self.weight += gradient.weight;
        self.sum += gradient.weight * gradient.residual;
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self {
            n_rows: self.n_rows + other.n_rows,
            weight: self.weight + other.weight,
            sum: self.sum + other.sum,
        }
    }
}
