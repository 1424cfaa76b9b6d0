//! Tails and quantiles of the normal, chi-square and beta distributions.
//!
//! Written on `nomogram::numeric`, because crates that offer them call the platform's functions,
//! whose bits differ.

use std::f64::consts::SQRT_2;

use nomogram::numeric::{erfc, exp, ln, ln_1p, ln_gamma, sqrt};

/// Terms of the continued fraction; about `sqrt(max(a, b))` are needed.
const MAX_TERMS: u32 = 100_000;

/// The share of the standard normal distribution below `z`.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    0.5 * erfc(-z / SQRT_2)
}

/// The share of the standard normal distribution farther from 0 than `z`, on both sides.
pub(crate) fn two_sided_normal(z: f64) -> f64 {
    erfc(z.abs() / SQRT_2)
}

/// The share of the chi-square distribution with one degree of freedom above `x`.
pub(crate) fn chi_square_tail(x: f64) -> f64 {
    erfc(sqrt(x / 2.0))
}

/// The `z` below which a `share` of the standard normal distribution lies: −∞ at 0, ∞ at 1.
///
/// Wichura 1988, algorithm AS 241 (PPND16): relative error about 1e-16.
pub(crate) fn normal_quantile(share: f64) -> f64 {
    let q = share - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * polynomial(&CENTRE_NUMERATOR, r) / polynomial(&CENTRE_DENOMINATOR, r);
    }
    let tail = if q < 0.0 { share } else { 1.0 - share };
    if tail <= 0.0 {
        return if q < 0.0 { f64::NEG_INFINITY } else { f64::INFINITY };
    }
    let r = sqrt(-ln(tail));
    let z = if r <= 5.0 {
        polynomial(&MIDDLE_NUMERATOR, r - 1.6) / polynomial(&MIDDLE_DENOMINATOR, r - 1.6)
    } else {
        polynomial(&TAIL_NUMERATOR, r - 5.0) / polynomial(&TAIL_DENOMINATOR, r - 5.0)
    };
    if q < 0.0 { -z } else { z }
}

/// The share of the beta distribution below `x`: the regularised incomplete beta function.
///
/// Continued fraction of DLMF 8.17.22, evaluated by Lentz's method as modified by Thompson and
/// Barnett 1986; `a` and `b` are above 0.
pub(crate) fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let ln_front = ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * ln(x) + b * ln_1p(-x);
    // The fraction converges fast on its own side of the mean only.
    if x < (a + 1.0) / (a + b + 2.0) {
        exp(ln_front) * beta_fraction(x, a, b) / a
    } else {
        1.0 - exp(ln_front) * beta_fraction(1.0 - x, b, a) / b
    }
}

/// The `x` below which a `share` of the beta distribution lies, by bisection to the last bit.
pub(crate) fn beta_quantile(share: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    loop {
        let middle = 0.5 * (low + high);
        // Below 1e-30, halving on would only be slow.
        if middle <= low || middle >= high || high < 1e-30 {
            return middle;
        }
        if beta_cdf(middle, a, b) < share { low = middle } else { high = middle }
    }
}

fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guarded = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / guarded(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for term in 1..=MAX_TERMS {
        let m = f64::from(term);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guarded(1.0 + even * d);
        c = guarded(1.0 + even / c);
        fraction *= c * d;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guarded(1.0 + odd * d);
        c = guarded(1.0 + odd / c);
        fraction *= c * d;
        if (c * d - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction
}

/// Coefficients from the constant upwards, by Horner's scheme.
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

const CENTRE_NUMERATOR: [f64; 8] = [
    3.387_132_872_796_366_5,
    1.331_416_678_917_843_8e2,
    1.971_590_950_306_551_3e3,
    1.373_169_376_550_946e4,
    4.592_195_393_154_987e4,
    6.726_577_092_700_87e4,
    3.343_057_558_358_813e4,
    2.509_080_928_730_122_7e3,
];
const CENTRE_DENOMINATOR: [f64; 8] = [
    1.0,
    4.231_333_070_160_091e1,
    6.871_870_074_920_579e2,
    5.394_196_021_424_751e3,
    2.121_379_430_158_659_7e4,
    3.930_789_580_009_271e4,
    2.872_908_573_572_194_3e4,
    5.226_495_278_852_545e3,
];
const MIDDLE_NUMERATOR: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    2.417_807_251_774_506e-1,
    2.272_384_498_926_918_4e-2,
    7.745_450_142_783_414e-4,
];
const MIDDLE_DENOMINATOR: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    6.897_673_349_851e-1,
    1.481_039_764_274_800_8e-1,
    1.519_866_656_361_645_7e-2,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const TAIL_NUMERATOR: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    2.965_605_718_285_048_7e-1,
    2.653_218_952_657_612_4e-2,
    1.242_660_947_388_078_4e-3,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const TAIL_DENOMINATOR: [f64; 8] = [
    1.0,
    5.998_322_065_558_88e-1,
    1.369_298_809_227_358e-1,
    1.487_536_129_085_061_5e-2,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `scipy.special` 1.17.1: `ndtri`, `betainc`, `betaincinv`, `chdtrc`.
    #[test]
    fn values_are_those_of_scipy() {
        let close = |found: f64, expected: f64| {
            assert!((found - expected).abs() <= 1e-12 * expected.abs(), "{found}, {expected}");
        };
        close(normal_quantile(1e-300), -37.0470962993612);
        close(normal_quantile(1e-12), -7.034483825301131);
        close(normal_quantile(0.001), -3.090232306167813);
        close(normal_quantile(0.025), -1.9599639845400545);
        close(normal_quantile(0.07), -1.4757910281791706);
        close(normal_quantile(0.3), -0.5244005127080409);
        close(normal_quantile(0.6), 0.2533471031357997);
        close(normal_quantile(0.975), 1.959963984540054);
        close(normal_quantile(0.999999), 4.753424308817087);
        close(normal_cdf(-30.0), 4.906713927147908e-198);
        close(normal_cdf(-8.0), 6.22096057427174e-16);
        close(normal_cdf(-1.96), 0.024997895148220435);
        close(normal_cdf(0.3), 0.6179114221889526);
        close(normal_cdf(2.5), 0.9937903346742238);
        close(chi_square_tail(0.01), 0.920344325445942);
        close(chi_square_tail(3.84), 0.05004352124870519);
        close(chi_square_tail(40.0), 2.5396285894708634e-10);
        close(chi_square_tail(700.0), 2.990226975124623e-154);
        close(beta_cdf(0.1, 1.0, 1.0), 0.1);
        close(beta_cdf(0.2, 3.0, 8.0), 0.32220047360000015);
        close(beta_cdf(0.5, 12.0, 40.0), 0.999971480941813);
        close(beta_cdf(0.9, 0.5, 2.5), 0.9988855624584926);
        close(beta_cdf(0.999, 100.0, 2.0), 0.9952713618250799);
        close(beta_cdf(0.01, 250.0, 250.0), 0.0);
        close(beta_cdf(0.52, 5000.0, 5000.0), 0.9999685290836797);
        close(beta_quantile(0.025, 1.0, 100.0), 0.00025314603297742064);
        close(beta_quantile(0.975, 1.0, 100.0), 0.03621669264517641);
        close(beta_quantile(0.025, 37.0, 5.0), 0.7686854506905387);
        close(beta_quantile(0.975, 212.0, 1.0), 0.9998805835081496);
        close(beta_quantile(0.5, 400.0, 900.0), 0.3075936611562357);
    }

    #[test]
    fn quantiles_at_the_ends_are_the_ends() {
        assert_eq!(normal_quantile(0.0), f64::NEG_INFINITY);
        assert_eq!(normal_quantile(1.0), f64::INFINITY);
        assert_eq!(normal_quantile(0.5), 0.0);
        assert_eq!((beta_cdf(0.0, 2.0, 3.0), beta_cdf(1.0, 2.0, 3.0)), (0.0, 1.0));
    }
}
