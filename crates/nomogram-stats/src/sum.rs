//! Sums whose rounding error does not grow with the number of terms.

/// A sum with the rounding error of each addition kept beside it (Neumaier 1974).
#[derive(Clone, Copy, Debug, Default)]
pub struct CompensatedSum {
    sum: f64,
    error: f64,
}

impl CompensatedSum {
    /// Adds a term.
    pub fn add(&mut self, term: f64) {
        let sum = self.sum + term;
        self.error += if self.sum.abs() >= term.abs() {
            (self.sum - sum) + term
        } else {
            (term - sum) + self.sum
        };
        self.sum = sum;
    }

    /// The sum of all terms.
    #[must_use]
    pub fn value(self) -> f64 {
        self.sum + self.error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_equal_terms_hardly_round() {
        let mut sum = CompensatedSum::default();
        (0..1_000_000).for_each(|_| sum.add(0.1));
        assert!((sum.value() - 100_000.0).abs() < 1e-10, "{}", sum.value());
    }
}
