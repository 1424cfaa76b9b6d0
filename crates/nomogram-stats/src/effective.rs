//! How many rows of equal weight would be as precise as the weighted ones.
//!
//! Weights are those of samples or of importance, not numbers of copies: multiplying all of them by a
//! number changes no interval. Variances are linearised, as for a sample that was drawn with
//! replacement (Binder 1983; R's `survey`).

use crate::count::number;

/// `(Σ weight)² / Σ weight²` (Kish 1965): the number of rows where all weights are equal.
#[must_use]
pub fn effective_n(weights: impl Iterator<Item = f64>) -> f64 {
    let add = |(sum, squares): (f64, f64), weight: f64| (sum + weight, squares + weight * weight);
    let (sum, squares) = weights.fold((0.0, 0.0), add);
    sum * sum / squares
}

/// The rows that have a property, among others.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Share {
    /// The number of rows that have it.
    pub(crate) n_with: usize,
    /// The number of all rows.
    pub(crate) n_rows: usize,
    /// The sum of the weights of rows that have it.
    pub(crate) with: f64,
    /// The sum of the weights of the others.
    pub(crate) without: f64,
    squares_with: f64,
    squares_without: f64,
}

impl Share {
    /// Counts pairs of property and weight.
    pub(crate) fn of(rows: impl Iterator<Item = (bool, f64)>) -> Self {
        let mut share = Self::default();
        for (has_it, weight) in rows {
            share.n_rows += 1;
            if has_it {
                share.n_with += 1;
                share.with += weight;
                share.squares_with += weight * weight;
            } else {
                share.without += weight;
                share.squares_without += weight * weight;
            }
        }
        share
    }

    /// The share by weight; NaN without rows.
    pub(crate) fn value(&self) -> f64 {
        self.with / (self.with + self.without)
    }

    /// The effective number of rows: `p (1 − p)` over the linearised variance of the share `p`, at most
    /// the number of rows (Korn and Graubard 1998). A share of 0 or 1 has no variance: Kish's number.
    pub(crate) fn n_effective(&self) -> f64 {
        let (p, all) = (self.value(), self.with + self.without);
        let spread = self.squares_with * (1.0 - p) * (1.0 - p) + self.squares_without * p * p;
        let n = if self.n_with == 0 || self.n_with == self.n_rows {
            all * all / (self.squares_with + self.squares_without)
        } else {
            p * (1.0 - p) * all * all / spread
        };
        n.min(number(self.n_rows))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_weights_have_the_number_of_rows() {
        for weight in [1.0, 0.3, 7.0] {
            let n = effective_n([weight; 5].into_iter());
            assert!((n - 5.0).abs() < 1e-14, "{n}");
            for n_with in 0..=5 {
                let share = Share::of((0..5).map(|row| (row < n_with, weight)));
                assert!((share.n_effective() - 5.0).abs() < 1e-13, "{n_with}: {share:?}");
            }
        }
    }

    #[test]
    fn unequal_weights_have_fewer() {
        assert_eq!(effective_n([1.0, 3.0].into_iter()), 1.6);
        // p (1 − p) over the variance is 8/3, more than there are.
        let share = Share::of([(true, 1.0), (false, 3.0)].into_iter());
        assert_eq!(share.n_effective(), 2.0);
        let rows = (0..40).map(|row| (row % 4 == 0, if row % 8 < 4 { 1.0 } else { 3.0 }));
        // Both parts have Kish's number: 80² / 200.
        assert!((Share::of(rows).n_effective() - 32.0).abs() < 1e-12);
    }
}
