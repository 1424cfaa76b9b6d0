//! The Dirichlet-multinomial distribution: counts in bins whose shares are uncertain.

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
