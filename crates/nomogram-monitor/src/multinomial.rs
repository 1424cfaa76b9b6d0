//! The Dirichlet-multinomial distribution: counts in bins whose shares are uncertain.

use std::collections::BTreeMap;

use nomogram::numeric::{ln, ln_gamma};

/// The logarithm of `Γ(a + n) / Γ(a)`.
///
/// Up to 16, the product itself: the difference of two logarithms would lose digits.
#[must_use]
pub fn ln_rising(a: f64, n: f64) -> f64 {
    if n <= 16.0 {
        let mut product = 1.0;
        let mut factor = 0.0;
        while factor < n {
            product *= a + factor;
            factor += 1.0;
        }
        return ln(product);
    }
    ln_gamma(a + n) - ln_gamma(a)
}

/// The logarithm of the probability of a sequence of rows with these counts, when the shares of the
/// bins have a Dirichlet distribution with parameters `alphas`:
/// `lnΓ(A) − lnΓ(A + N) + Σ [lnΓ(αᵢ + nᵢ) − lnΓ(αᵢ)]`.
///
/// Of a sequence, not of the counts in any order: without the multinomial coefficient, which cancels
/// in every ratio.
#[must_use]
pub fn ln_sequence(counts: &[f64], alphas: &[f64]) -> f64 {
    let (total, sum): (f64, f64) = (counts.iter().sum(), alphas.iter().sum());
    let bins = counts.iter().zip(alphas).filter(|(count, _)| **count > 0.0);
    bins.map(|(count, alpha)| ln_rising(*alpha, *count)).sum::<f64>() - ln_rising(sum, total)
}

/// Up to this count, values of [`ln_rising`] are kept. Counts grow with the rows of a window, so without a
/// bound a window of a million rows would keep gigabytes.
const MAX_KEPT: usize = 255;

/// Values of [`ln_rising`] that were computed before: windows ask for the same ones again and again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    indices: BTreeMap<u64, usize>,
    tables: Vec<Table>,
}

/// The values for one parameter.
#[derive(Clone, Debug)]
struct Table {
    a: f64,
    ln_gamma_of_a: f64,
    /// By count up to [`MAX_KEPT`], NaN where it is not computed yet.
    kept: Vec<f64>,
}

/// The parameters of a Dirichlet distribution, by their tables.
#[derive(Clone, Debug)]
pub(crate) struct Parameters {
    bins: Vec<usize>,
    total: usize,
}

impl Tables {
    pub(crate) fn parameters(&mut self, alphas: &[f64]) -> Parameters {
        let bins = alphas.iter().map(|alpha| self.index(*alpha)).collect();
        Parameters { bins, total: self.index(alphas.iter().sum()) }
    }

    fn index(&mut self, a: f64) -> usize {
        let next = self.tables.len();
        let index = *self.indices.entry(a.to_bits()).or_insert(next);
        if index == next {
            self.tables.push(Table { a, ln_gamma_of_a: ln_gamma(a), kept: Vec::new() });
        }
        index
    }

    /// [`ln_sequence`] of whole counts.
    pub(crate) fn ln_sequence(&mut self, counts: &[usize], of: &Parameters) -> f64 {
        let bins = of.bins.iter().zip(counts).filter(|(_, count)| **count > 0);
        let sum: f64 = bins.map(|(bin, count)| self.ln_rising(*bin, *count)).sum();
        sum - self.ln_rising(of.total, counts.iter().sum())
    }

    fn ln_rising(&mut self, index: usize, n: usize) -> f64 {
        self.tables.get_mut(index).map_or(f64::NAN, |table| table.ln_rising(n))
    }
}

impl Table {
    #[allow(clippy::cast_precision_loss, reason = "counts of patients")]
    fn ln_rising(&mut self, n: usize) -> f64 {
        if n > MAX_KEPT {
            return ln_gamma(self.a + n as f64) - self.ln_gamma_of_a;
        }
        if self.kept.len() <= n {
            self.kept.resize(n + 1, f64::NAN);
        }
        match self.kept.get_mut(n) {
            Some(value) if value.is_nan() => {
                *value = ln_rising(self.a, n as f64);
                *value
            }
            value => value.map_or(f64::NAN, |value| *value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::cast_precision_loss, reason = "counts of patients")]
    fn tables_give_the_same_bits_and_do_not_grow_with_the_rows() {
        let alphas = [0.5, 3.25, 41.0];
        let mut tables = Tables::default();
        let parameters = tables.parameters(&alphas);
        let largest = usize::try_from(u32::MAX).unwrap();
        for n in [0, 1, 15, 16, 17, 254, 255, 256, 257, 10_000, largest] {
            for counts in [[n, 0, 0], [n, 2, n], [1, n, 300]] {
                for _ in 0..2 {
                    let expected = ln_sequence(&counts.map(|count| count as f64), &alphas);
                    let found = tables.ln_sequence(&counts, &parameters);
                    assert_eq!(found.to_bits(), expected.to_bits(), "{counts:?}");
                }
            }
        }
        assert!(tables.tables.iter().all(|table| table.kept.len() <= MAX_KEPT + 1));
    }
}
