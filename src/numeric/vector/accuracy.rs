//! How far the elementary functions are from exact results, over many arguments; and that vectors have
//! their bits for each of them.
//!
//! The exact results are sums of two doubles, wrong by less than 2⁻⁷⁰ of their value.

use std::{env, println};

use super::tests::{scalars, vectors};
use crate::lanes::levels;
use crate::numeric;

/// ln 2 as a sum of three; products of the first one and whole numbers below 2²¹ are exact.
const LN_2: [f64; 3] = [
    f64::from_bits(0x3FE6_2E42_FEE0_0000),
    f64::from_bits(0x3DEA_39EF_3579_3C76),
    f64::from_bits(0x3A8C_C01F_97B5_7A08),
];
/// A table of this many roots of 2 leaves small arguments to the series.
const N_ROOTS: i32 = 64;

/// A number as a sum of two, of which the second is below the last digit of the first.
#[derive(Clone, Copy)]
struct Exact(f64, f64);

impl Exact {
    fn sum(a: f64, b: f64) -> Self {
        let sum = a + b;
        let of_b = sum - a;
        Self(sum, (a - (sum - of_b)) + (b - of_b))
    }

    fn product(a: f64, b: f64) -> Self {
        let halves = |x: f64| {
            let high = x * 134_217_729.0;
            let high = high - (high - x);
            (high, x - high)
        };
        let ((a1, a2), (b1, b2)) = (halves(a), halves(b));
        let product = a * b;
        Self(product, ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2)
    }

    fn plus(self, other: Self) -> Self {
        let (high, low) = (Self::sum(self.0, other.0), Self::sum(self.1, other.1));
        let high = Self::sum(high.0, high.1 + low.0);
        Self::sum(high.0, high.1 + low.1)
    }

    fn times(self, other: Self) -> Self {
        let product = Self::product(self.0, other.0);
        Self::sum(product.0, product.1 + (self.0 * other.1 + self.1 * other.0))
    }

    fn over(self, other: Self) -> Self {
        let first = self.0 / other.0;
        let rest = self.plus(other.times(Self(-first, 0.0)));
        let second = rest.0 / other.0;
        let rest = rest.plus(other.times(Self(-second, 0.0)));
        Self::sum(first, second).plus(Self(rest.0 / other.0, 0.0))
    }

    /// How many units in the last place a number is off.
    fn ulps(self, found: f64) -> f64 {
        let unit = self.0.abs().next_up() - self.0.abs();
        (((found - self.0) - self.1) / unit).abs()
    }
}

/// 2 to the power of 0/64, 1/64, …
fn roots_of_2() -> [Exact; N_ROOTS as usize] {
    let mut root = Exact(2.0, 0.0);
    for _ in 0..6 {
        let mut square_root = Exact(numeric::sqrt(root.0), 0.0);
        for _ in 0..2 {
            square_root = square_root.plus(root.over(square_root)).times(Exact(0.5, 0.0));
        }
        root = square_root;
    }
    let mut power = Exact(1.0, 0.0);
    core::array::from_fn(|_| {
        let current = power;
        power = current.times(root);
        current
    })
}

/// `exp(x)`, which is neither subnormal nor infinite.
#[allow(clippy::cast_possible_truncation, reason = "below 2^17")]
fn exp(x: f64, roots: &[Exact]) -> Exact {
    let n = numeric::round(x * f64::from(N_ROOTS) / core::f64::consts::LN_2);
    let part = n / f64::from(N_ROOTS);
    let rest = Exact::sum(x - part * LN_2[0], 0.0);
    let rest = rest.plus(Exact::product(-part, LN_2[1])).plus(Exact(-part * LN_2[2], 0.0));
    let r = rest.0;
    let small =
        r * r * r / 6.0 * (1.0 + r / 4.0 * (1.0 + r / 5.0 * (1.0 + r / 6.0 * (1.0 + r / 7.0))));
    let half_square = rest.times(rest).times(Exact(0.5, 0.0));
    let series = Exact(1.0, 0.0).plus(rest).plus(half_square).plus(Exact(small, 0.0));
    let n = n as i32;
    let (whole, root) = (n.div_euclid(N_ROOTS), n.rem_euclid(N_ROOTS));
    let power = series.times(roots[usize::try_from(root).unwrap()]);
    let scale = f64::from_bits(u64::try_from(1023 + whole).unwrap() << 52);
    Exact(power.0 * scale, power.1 * scale)
}

/// `logistic(−x)` and `logistic(x)`.
fn logistic_pair(x: f64, roots: &[Exact]) -> (Exact, Exact) {
    let e = exp(-x.abs(), roots);
    let sum = e.plus(Exact(1.0, 0.0));
    let (small, large) = (e.over(sum), Exact(1.0, 0.0).over(sum));
    if x >= 0.0 { (small, large) } else { (large, small) }
}

fn tanh(x: f64, roots: &[Exact]) -> Exact {
    let square = x * x;
    if x.abs() < 0.001 {
        let series = -1.0 / 3.0 + square * (2.0 / 15.0 - square * (17.0 / 315.0));
        return Exact::sum(x, x * square * series);
    }
    if x.abs() > 40.0 {
        // Less than 10⁻³⁴ from 1; the exponential could be subnormal.
        return Exact(x.signum(), 0.0);
    }
    let e = exp(-2.0 * x.abs(), roots);
    let share = Exact(1.0, 0.0).plus(Exact(-e.0, -e.1)).over(e.plus(Exact(1.0, 0.0)));
    Exact(share.0 * x.signum(), share.1 * x.signum())
}

/// Arguments over the range without subnormal results, in the middle of it, and of every magnitude.
#[allow(clippy::cast_precision_loss, reason = "53 bits")]
fn argument(nth: u64) -> f64 {
    // The generator SplitMix64.
    let mixed = nth.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let mixed = mixed ^ (mixed >> 31);
    let share = (mixed >> 11) as f64 / 9_007_199_254_740_992.0;
    match nth % 4 {
        0 => (share - 0.5) * 1320.0,
        1 => (share - 0.5) * 80.0,
        2 => (share - 0.5) * 4.0,
        _ => {
            let magnitude = numeric::exp(-40.0 * share);
            if mixed & 1 == 0 { magnitude } else { -magnitude }
        }
    }
}

#[test]
#[ignore = "takes minutes; docs/performance.md has the command"]
fn errors_and_bits_over_many_arguments() {
    let n_arguments = env::var("N_ARGUMENTS").map_or(10_000_000, |n| n.parse().unwrap());
    let roots = roots_of_2();
    let mut largest = [(0.0, 0.0); 4];
    for first in (0..n_arguments).step_by(8) {
        let x: [f64; 8] = core::array::from_fn(|lane| argument(first + lane as u64));
        let found = scalars(x);
        for level in levels() {
            assert_eq!(vectors(level, x), found, "{x:?}, {level:?}");
        }
        for (lane, x) in x.into_iter().enumerate() {
            let (small, large) = logistic_pair(x, &roots);
            let exact = [exp(x, &roots), small, large, tanh(x, &roots)];
            for ((exact, found), largest) in exact.iter().zip(&found).zip(&mut largest) {
                let ulps = exact.ulps(f64::from_bits(found[lane]));
                if ulps > largest.0 {
                    *largest = (ulps, x);
                }
            }
        }
    }
    for (name, (ulps, x)) in ["exp", "logistic(-x)", "logistic(x)", "tanh"].iter().zip(largest) {
        println!("{name}: {ulps:.3} units in the last place at {x:?}, of {n_arguments} arguments");
    }
    assert!(largest[0].0 < 1.0 && largest[1..].iter().all(|(ulps, _)| *ulps < 3.0));
}
