//! Powers of eight numbers at once, with the bits of `libm`'s function (FreeBSD's `e_pow.c`).
//!
//! It computes `log2 x` and its product with `y` as sums of two numbers, the first of which has few bits,
//! so that products with it are exact.

use fearless_simd::prelude::*;
use fearless_simd::{f64x8, u64x8};

use super::{EXP, gains, polynomial, power_of_2};

/// The bits of numbers between 1 and 2 from which `log2` is computed around 1.5, and then around 1 of half.
const FROM_1_5: f64 = f64::from_bits(0x3FF3_988F_0000_0000);
const FROM_HALF: f64 = f64::from_bits(0x3FFB_B67A_0000_0000);
/// `log2 1.5` in two parts.
const LOG2_1_5: [f64; 2] =
    [f64::from_bits(0x3FE2_B803_4000_0000), f64::from_bits(0x3E4C_FDEB_43CF_D006)];
/// Of `3/2 (ln x − 2s − 2/3 s³)`, from the lowest power of `s²` on.
const LOG: [f64; 6] = [
    f64::from_bits(0x3FE3_3333_3333_3303),
    f64::from_bits(0x3FDB_6DB6_DB6F_ABFF),
    f64::from_bits(0x3FD5_5555_518F_264D),
    f64::from_bits(0x3FD1_7460_A91D_4101),
    f64::from_bits(0x3FCD_864A_93C9_DB65),
    f64::from_bits(0x3FCA_7E28_4A45_4EEF),
];
/// `2 / (3 ln 2)`, and in two parts.
const LOG2_FACTOR: f64 = f64::from_bits(0x3FEE_C709_DC3A_03FD);
const LOG2_FACTORS: [f64; 2] =
    [f64::from_bits(0x3FEE_C709_E000_0000), f64::from_bits(0xBE3E_2FE0_145B_01F5)];
/// `ln 2`, and in two parts.
const LN2: f64 = f64::from_bits(0x3FE6_2E42_FEFA_39EF);
const LN2_PARTS: [f64; 2] =
    [f64::from_bits(0x3FE6_2E43_0000_0000), f64::from_bits(0xBE20_5C61_0CA8_6C39)];
/// The smallest power of 2 that is split into a whole and a fraction: just above ½.
const SPLIT: f64 = f64::from_bits(0x3FE0_0001_0000_0000);
/// Below this magnitude of `y log2 x`, the power neither overflows nor is subnormal.
const SAFE: f64 = 1020.0;

/// As [`crate::numeric::pow`]. `None` where vectors gain nothing, or a number needs a branch of its own: a
/// base that is not normal and positive, an exponent for which the power is known, or a power that is not
/// normal.
#[inline(always)]
pub(crate) fn pow<S: Simd>(x: f64x8<S>, y: f64x8<S>) -> Option<f64x8<S>> {
    if !gains::<S>() || !is_usual(x, y) {
        return None;
    }
    let [high, low] = log2(x);
    let y_high = leading(y);
    let (low, high) = ((y - y_high) * high + y * low, y_high * high);
    let is_normal = (low + high).abs().simd_lt(SAFE).all_true();
    is_normal.then(
        #[inline(always)]
        || exp2(high, low),
    )
}

/// Whether no base or exponent needs a branch of its own.
#[inline(always)]
fn is_usual<S: Simd>(x: f64x8<S>, y: f64x8<S>) -> bool {
    let magnitude = y.abs();
    let is_normal = x.simd_ge(f64::MIN_POSITIVE) & x.simd_le(f64::MAX);
    let is_moderate = magnitude.simd_gt(0.0) & magnitude.simd_lt(2_147_483_648.0);
    let is_known = magnitude.simd_eq(1.0) | y.simd_eq(2.0) | y.simd_eq(0.5);
    (is_normal & is_moderate & !is_known).all_true()
}

/// The number without the lower half of its bits.
#[inline(always)]
fn leading<S: Simd>(x: f64x8<S>) -> f64x8<S> {
    let bits: u64x8<S> = x.bitcast();
    (bits & 0xFFFF_FFFF_0000_0000).bitcast()
}

/// `log2 x` of normal, positive numbers, as a sum of two.
#[inline(always)]
fn log2<S: Simd>(x: f64x8<S>) -> [f64x8<S>; 2] {
    /// Joined to a small whole number, it is that number more than 2⁵².
    const WHOLE: u64 = 0x4330_0000_0000_0000;
    let of = |number: f64| f64x8::splat(x.token(), number);
    let bits: u64x8<S> = x.bitcast();
    let exponent: f64x8<S> = ((bits >> 52) | WHOLE).bitcast();
    let exponent = exponent - 4_503_599_627_370_496.0 - 1023.0;
    let fraction: f64x8<S> = ((bits & 0x000F_FFFF_FFFF_FFFF) | 0x3FF0_0000_0000_0000).bitcast();
    let is_halved = fraction.simd_ge(FROM_HALF);
    let near_1_5 = fraction.simd_ge(FROM_1_5) & fraction.simd_lt(FROM_HALF);
    let a = is_halved.select(fraction * 0.5, fraction);
    let n = is_halved.select(exponent + 1.0, exponent);
    let centre = near_1_5.select(of(1.5), of(1.0));
    let [centre_high, centre_low] = LOG2_1_5.map(|part| near_1_5.select(of(part), of(0.0)));

    let difference = a - centre;
    let inverse = of(1.0) / (a + centre);
    let s = difference * inverse;
    let s_high = leading(s);
    let a_bits: u64x8<S> = a.bitcast();
    let sum: f64x8<S> = ((((a_bits >> 33) | 0x2000_0000) + 0x0008_0000) << 32).bitcast();
    let sum_high = near_1_5.select(sum + 0.5, sum);
    let sum_low = a - (sum_high - centre);
    let s_low = inverse * ((difference - s_high * sum_high) - s_high * sum_low);

    let square = s * s;
    let [first, others @ ..] = &LOG;
    let rest = square * square * (square * polynomial(square, others) + *first);
    let rest = rest + s_low * (s_high + s);
    let square = s_high * s_high;
    let total = leading(square + 3.0 + rest);
    let total_low = rest - ((total - 3.0) - square);
    let (u, v) = (s_high * total, s_low * total + total_low * s);
    let high = leading(u + v);
    let low = v - (high - u);
    let [factor_high, factor_low] = LOG2_FACTORS;
    let scaled_high = high * factor_high;
    let scaled_low = high * factor_low + low * LOG2_FACTOR + centre_low;
    let log = leading(scaled_high + scaled_low + centre_high + n);
    [log, scaled_low - (((log - n) - centre_high) - scaled_high)]
}

/// `2^(high + low)`, where it is a normal number.
#[inline(always)]
fn exp2<S: Simd>(high: f64x8<S>, low: f64x8<S>) -> f64x8<S> {
    let sum = low + high;
    let zero = f64x8::splat(sum.token(), 0.0);
    let nearest = (leading(sum) + f64x8::splat(sum.token(), 0.5).copysign(sum)).trunc();
    let n = sum.abs().simd_ge(SPLIT).select(nearest, zero);
    let high = high - n;
    let t = leading(low + high);
    let [ln2_high, ln2_low] = LN2_PARTS;
    let u = t * ln2_high;
    let v = (low - (t - high)) * LN2 + t * ln2_low;
    let z = u + v;
    let w = v - (z - u);
    let square = z * z;
    let t = z - square * polynomial(square, &EXP);
    let r = z * t / (t - 2.0) - (z * w + w);
    (-(r - z) + 1.0) * power_of_2(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric::pow as pow_of_one;
    use alloc::vec;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    fn compare(x: [f64; 8], y: [f64; 8]) {
        let expected: [u64; 8] =
            core::array::from_fn(|lane| pow_of_one(x[lane], y[lane]).to_bits());
        for level in crate::lanes::levels() {
            let powers: Option<[f64; 8]> = crate::lanes::dispatch!(level, simd => {
                pow(f64x8::simd_from(simd, x), f64x8::simd_from(simd, y)).map(Into::into)
            });
            if let Some(powers) = powers {
                assert_eq!(powers.map(f64::to_bits), expected, "{x:?}, {y:?}, {level:?}");
            }
        }
    }

    /// A number, and the two beside it.
    fn neighbours(number: f64) -> [f64; 3] {
        [number.next_down(), number, number.next_up()]
    }

    #[test]
    fn bits_are_those_of_one_number_around_every_branch() {
        // Where libm branches: fractions at each exponent, and exponents for which a power is known.
        let fractions = [1.0, FROM_1_5, 1.5, FROM_HALF, 1.999].into_iter().flat_map(neighbours);
        let scales = [-1022, -537, -2, -1, 0, 1, 3, 511, 1023].map(|n| libm::scalbn(1.0, n));
        let odd = [0.0, -0.0, -2.5, f64::from_bits(1), f64::MAX, f64::INFINITY, f64::NAN];
        let bases = fractions.flat_map(|fraction| scales.map(|scale| fraction * scale));
        let exponents = [0.5, 1.0, 2.0, 3.0, 1e-9, 0.0, 1022.0, 1e9, 2_147_483_648.0, 1e300]
            .iter()
            .flat_map(|y| neighbours(*y))
            .flat_map(|y| [y, -y])
            .chain([f64::INFINITY, f64::NAN])
            .collect::<Vec<f64>>();
        for x in bases.chain(odd) {
            for eight in exponents.chunks(8) {
                let mut y = [1.7; 8];
                y[..eight.len()].copy_from_slice(eight);
                compare([x; 8], y);
                eight.iter().for_each(|y| compare([x; 8], [*y; 8]));
            }
        }
    }

    #[test]
    fn usual_numbers_need_no_branch_of_their_own() {
        for level in crate::lanes::levels() {
            let (has_power, gains) = crate::lanes::dispatch!(level, simd => {
                let x = f64x8::simd_from(simd, [1.0, 1.5, 2.0, 1e-30, 7.25, 1e40, 0.1, 33.3]);
                (pow(x, x.abs().min(f64x8::splat(simd, 3.5)) - 0.7).is_some(), has_gain(simd))
            });
            assert_eq!(has_power, gains, "{level:?}");
        }
    }

    fn has_gain<S: Simd>(_: S) -> bool {
        gains::<S>()
    }

    #[test]
    fn bits_are_those_of_one_number_where_the_whole_part_changes() {
        // 2^y for y around every half up to 1021, where the whole part goes from n to n + 1.
        for half in -2042..2043 {
            for y in neighbours(f64::from(half) * 0.5) {
                compare([2.0; 8], [y; 8]);
                compare([4.0; 8], [y * 0.5; 8]);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn bits_are_those_of_one_number(
            logarithms in prop::array::uniform8(-300.0..300.0),
            near_1 in prop::array::uniform8(1.0..50.0),
            y in prop::array::uniform8(-8.0..8.0),
            scale in prop::sample::select(vec![1e-8, 1e-3, 1.0, 20.0]),
        ) {
            compare(near_1, y);
            compare(logarithms.map(|l| libm::exp2(l * scale / 20.0)), y.map(|y| y * scale));
        }
    }
}
