//! The elementary functions, with the same bits on every platform.
//!
//! All of them use the `libm` crate's generic code, which uses no fused multiply-add. The
//! platform's own functions differ between architectures and processors, so nothing else in this
//! project may call them (clippy.toml bans them). Accuracy: within 1 ULP of the exact result for
//! `exp`, `ln`, `erf` and `sqrt`, as `libm` promises.

pub(crate) mod vector;

use core::hint::black_box;

#[cfg(all(target_arch = "x86", not(target_feature = "sse2")))]
compile_error!("without SSE2, x86 computes with 80 bits: the promise of equal bits cannot be kept");

/// e raised to `x`.
#[must_use]
pub fn exp(x: f64) -> f64 {
    libm::exp(x)
}

/// The natural logarithm of `x`; NaN below 0, −∞ at 0.
#[must_use]
pub fn ln(x: f64) -> f64 {
    libm::log(x)
}

/// The natural logarithm of `1 + x`, accurate near 0.
#[must_use]
pub fn ln_1p(x: f64) -> f64 {
    libm::log1p(x)
}

/// The hyperbolic tangent of `x`.
#[must_use]
pub fn tanh(x: f64) -> f64 {
    libm::tanh(x)
}

/// The cosine of `x` radians.
#[must_use]
pub fn cos(x: f64) -> f64 {
    libm::cos(x)
}

/// The error function: twice the normal distribution's share between 0 and `x·√2`.
#[must_use]
pub fn erf(x: f64) -> f64 {
    libm::erf(x)
}

/// `1 − erf(x)`, with full relative accuracy far out: the tails of the normal distribution.
#[must_use]
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

/// The natural logarithm of the absolute value of the gamma function: of `(x − 1)!` at whole `x`.
#[must_use]
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The nearest whole number, halves away from 0.
#[must_use]
pub fn round(x: f64) -> f64 {
    libm::round(x)
}

/// `x` raised to `y`; NaN for negative `x` and fractional `y`.
#[must_use]
pub fn pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}

/// The square root of `x`, correctly rounded.
#[must_use]
pub fn sqrt(x: f64) -> f64 {
    libm::sqrt(x)
}

/// Whether `x` has no fraction; NaN and infinities are not whole.
#[must_use]
pub fn is_whole(x: f64) -> bool {
    x.is_finite() && libm::trunc(x) == x
}

/// `x` raised to a whole number, by squaring from the lowest bit of the exponent.
#[must_use]
pub fn powi(x: f64, exponent: u32) -> f64 {
    let (mut power, mut square, mut bits) = (1.0, x, exponent);
    while bits > 0 {
        if bits & 1 == 1 {
            power *= square;
        }
        square *= square;
        bits >>= 1;
    }
    power
}

/// `1 / (1 + exp(−x))`, without overflow.
#[must_use]
pub fn logistic(x: f64) -> f64 {
    logistic_pair(x).1
}

/// `(logistic(−x), logistic(x))`: both tails keep their full relative accuracy.
#[must_use]
#[inline]
pub fn logistic_pair(x: f64) -> (f64, f64) {
    let e = exp(-x.abs());
    let (small, large) = (e / (1.0 + e), 1.0 / (1.0 + e));
    if x >= 0.0 { (small, large) } else { (large, small) }
}

/// `ln(1 + exp(x))`, without overflow: the log loss of a row at margin `−x` for its class.
#[must_use]
pub fn softplus(x: f64) -> f64 {
    x.max(0.0) + ln_1p(exp(-x.abs()))
}

/// Turns margins into probabilities: `exp(margin − largest)`, divided by their sum from the first to
/// the last.
pub fn softmax(values: &mut [f64]) {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for value in &mut *values {
        *value = exp(*value - largest);
        sum += *value;
    }
    for value in values {
        *value /= sum;
    }
}

/// `exp(x) − 1`, accurate near 0.
#[must_use]
pub fn exp_m1(x: f64) -> f64 {
    libm::expm1(x)
}

/// `exp(x)`, rounded to single precision.
#[must_use]
pub fn single_exp(x: f64) -> f64 {
    single(exp(x))
}

/// The probabilities of two classes in single precision: `1 / (exp(min(−x, 88.7)) + 1)` for the second
/// one, each result rounded, and 1 minus it for the first.
#[must_use]
pub fn single_logistic(x: f64) -> (f64, f64) {
    // Above 88.7, exp would overflow.
    let denominator = single(single_exp((-x).min(f64::from(88.7_f32))) + 1.0);
    let second = single(1.0 / denominator);
    (single(1.0 - second), second)
}

/// [`softmax`] in single precision: each result is rounded but the sum, which is rounded once.
pub fn single_softmax(values: &mut [f64]) {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for value in &mut *values {
        *value = single_exp(single(*value - largest));
        sum += *value;
    }
    let sum = single(sum);
    for value in values {
        *value = single(*value / sum);
    }
}

/// Rounded to single precision.
#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn single(value: f64) -> f64 {
    f64::from(value as f32)
}

/// Whether this thread keeps subnormals as arguments. One comparison, cheap enough for every row;
/// `-ffast-math` flushes arguments and results.
#[must_use]
#[inline]
pub fn keeps_subnormals() -> bool {
    black_box(f64::from_bits(1)) > 0.0
}

/// Whether this thread computes as the promise of equal bits needs: with subnormals, and rounding to
/// nearest. A program that is linked with `-ffast-math` flushes subnormals to zero in its threads.
#[must_use]
pub fn is_mode_default() -> bool {
    // What the compiler computed beforehand would not show the mode of the thread.
    let [smallest, normal, tiny] = [f64::from_bits(1), f64::MIN_POSITIVE, 1e-30].map(black_box);
    let keeps_subnormals = smallest * 18_446_744_073_709_551_616.0 > 0.0 && normal * 0.5 > 0.0;
    let rounds_to_nearest = 1.0 + tiny == 1.0 && 1.0 - tiny == 1.0;
    keeps_subnormals && rounds_to_nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logistic_does_not_overflow_and_keeps_both_tails() {
        assert_eq!(logistic_pair(800.0), (exp(-800.0), 1.0));
        assert_eq!(logistic_pair(-800.0), (1.0, exp(-800.0)));
        assert_eq!(logistic_pair(0.0), (0.5, 0.5));
        let (low, high) = logistic_pair(40.0);
        assert!(low > 0.0 && low < 1e-17 && high == 1.0);
    }

    #[test]
    fn softplus_is_the_identity_far_out_and_ln_2_at_zero() {
        assert_eq!(softplus(1000.0), 1000.0);
        assert_eq!(softplus(0.0), core::f64::consts::LN_2);
        assert!(softplus(-1000.0) >= 0.0);
    }

    #[test]
    fn a_test_runs_in_the_default_mode() {
        // tests/c/contract_open.c changes the mode.
        assert!(is_mode_default() && keeps_subnormals());
    }

    #[test]
    fn powi_multiplies() {
        assert_eq!(powi(3.0, 0), 1.0);
        assert_eq!(powi(3.0, 5), 243.0);
    }

    /// Bits of known results: a change of `libm` must not pass unseen.
    #[test]
    fn bits_are_what_they_were_when_the_contract_was_written() {
        assert_eq!(exp(1.0).to_bits(), 0x4005_BF0A_8B14_576A);
        assert_eq!(ln(10.0).to_bits(), 0x4002_6BB1_BBB5_5516);
        assert_eq!(tanh(0.5).to_bits(), 0x3FDD_9353_D756_8AF3);
        assert_eq!(logistic(1.0).to_bits(), 0x3FE7_64D4_F5D5_A2BD);
        assert_eq!(erf(0.5).to_bits(), 0x3FE0_A7EF_5C18_EDD2);
        assert_eq!(erf(-2.0).to_bits(), 0xBFEF_D9AE_1427_95E3);
        assert_eq!(erfc(2.0).to_bits(), 0x3F73_28F5_EC35_0E67);
        assert_eq!(ln_gamma(10.5).to_bits(), 0x402B_E199_A0F6_4393);
    }
}
