//! Elementary functions of eight numbers at once, with the bits of the functions of one.
//!
//! Each lane goes through the operations of `libm`'s function (FreeBSD's `e_exp.c`, `s_expm1.c`, `s_tanh.c`) in
//! the same order; where that one branches, the lane selects. What is rare, overflow for instance, is
//! left to the function itself.

mod power;

use fearless_simd::prelude::*;
use fearless_simd::{f64x8, u64x8};

pub(crate) use power::pow;

const INV_LN2: f64 = f64::from_bits(0x3FF7_1547_652B_82FE);
/// ln 2 in two parts: whole multiples of the first one are exact.
const LN2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
const LN2_LOW: f64 = f64::from_bits(0x3DEA_39EF_3579_3C76);
/// The smallest argument from which `exp` and `expm1` take a multiple of ln 2: about ½ ln 2.
const REDUCED: f64 = f64::from_bits(0x3FD6_2E43_0000_0000);

/// Of `exp`: about 2⁻²⁸, below which it is `1 + x`.
const EXP_LINEAR: f64 = f64::from_bits(0x3E30_0001_0000_0000);
/// Beyond this magnitude, `exp` may overflow or be subnormal.
const EXP_SAFE: f64 = 708.0;
/// The polynomial of `exp`, from the lowest power on.
const EXP: [f64; 5] = [
    f64::from_bits(0x3FC5_5555_5555_553E),
    f64::from_bits(0xBF66_C16C_16BE_BD93),
    f64::from_bits(0x3F11_566A_AF25_DE2C),
    f64::from_bits(0xBEBB_BD41_C5D2_6BF1),
    f64::from_bits(0x3E66_3769_72BE_A4D0),
];
/// The polynomial of `expm1`.
const EXPM1: [f64; 5] = [
    f64::from_bits(0xBFA1_1111_1111_10F4),
    f64::from_bits(0x3F5A_01A0_19FE_5585),
    f64::from_bits(0xBF14_CE19_9EAA_DBB7),
    f64::from_bits(0x3ED0_CFCA_86E6_5239),
    f64::from_bits(0xBE8A_FDB7_6E09_C32D),
];

/// Of `tanh`: about ½ ln 5/3, ½ ln 3 and 20, where its formula changes.
const TANH_SMALL: f64 = f64::from_bits(0x3FD0_58AF_0000_0000);
const TANH_MIDDLE: f64 = f64::from_bits(0x3FE1_93EB_0000_0000);
const TANH_ONE: f64 = f64::from_bits(0x4034_0001_0000_0000);

/// Whether a level gains by vectors: not if they hold two numbers, where nothing rounds to whole numbers
/// and every selection takes three instructions.
#[inline(always)]
const fn gains<S: Simd>() -> bool {
    <S::f64s as SimdBase<S>>::LEN > 2
}

/// A function of one number, of each of eight. Not inlined: it is rarely called where vectors gain.
#[inline(never)]
fn each(x: [f64; 8], function: fn(f64) -> f64) -> [f64; 8] {
    x.map(function)
}

/// As [`super::exp`].
#[inline(always)]
pub(crate) fn exp<S: Simd>(x: f64x8<S>) -> f64x8<S> {
    if !gains::<S>() || x.abs().simd_lt(EXP_SAFE).any_false() {
        return f64x8::simd_from(x.token(), each(x.into(), super::exp));
    }
    let (k, high, low) = reduced(x);
    let r = high - low;
    let c = r - r * r * polynomial(r * r, &EXP);
    let power = (r * c / (-c + 2.0) - low + high + 1.0) * power_of_2(k);
    x.abs().simd_lt(EXP_LINEAR).select(x + 1.0, power)
}

/// As [`super::logistic_pair`].
#[inline(always)]
pub(crate) fn logistic_pair<S: Simd>(x: f64x8<S>) -> (f64x8<S>, f64x8<S>) {
    let e = exp(-x.abs());
    let (small, large) = (e / (e + 1.0), f64x8::splat(x.token(), 1.0) / (e + 1.0));
    let is_positive = x.simd_ge(0.0);
    (is_positive.select(small, large), is_positive.select(large, small))
}

/// As [`super::tanh`].
#[inline(always)]
pub(crate) fn tanh<S: Simd>(x: f64x8<S>) -> f64x8<S> {
    if !gains::<S>() {
        return f64x8::simd_from(x.token(), each(x.into(), super::tanh));
    }
    let magnitude = x.abs();
    let is_small = magnitude.simd_lt(TANH_SMALL);
    let twice = magnitude * 2.0;
    let t = expm1_to_40(is_small.select(-twice, twice));
    let is_large = magnitude.simd_ge(TANH_MIDDLE);
    let numerator = is_large.select(f64x8::splat(x.token(), 2.0), is_small.select(-t, t));
    let share = numerator / (t + 2.0);
    let value = is_large.select(-share + 1.0, share);
    let is_one = magnitude.simd_ge(TANH_ONE);
    is_one.select(f64x8::splat(x.token(), 1.0), value).copysign(x)
}

/// `exp(x) − 1` as `libm`, from −0.52 to 40.1; anything else beyond.
#[inline(always)]
fn expm1_to_40<S: Simd>(x: f64x8<S>) -> f64x8<S> {
    let (k, high, low) = reduced(x);
    let r = high - low;
    let correction = high - r - low;
    let half = r * 0.5;
    let square = r * half;
    let r1 = square * polynomial(square, &EXPM1) + 1.0;
    let t = -(r1 * half) + 3.0;
    let e = square * ((r1 - t) / (-(r * t) + 6.0));
    let unscaled = r - (r * e - square);
    let e = r * (e - correction) - correction - square;
    let (scale, inverse) = (power_of_2(k), power_of_2(-k));
    let below_20 = r - e + (-inverse + 1.0);
    let below_57 = r - (e + inverse) + 1.0;
    let scaled = k.simd_lt(20.0).select(below_20, below_57) * scale;
    let scaled = k.simd_gt(56.0).select((r - e + 1.0) * scale - 1.0, scaled);
    let doubled = r.simd_lt(-0.25).select((e - (r + 0.5)) * -2.0, (r - e) * 2.0 + 1.0);
    let scaled = k.simd_eq(1.0).select(doubled, scaled);
    let scaled = k.simd_lt(0.0).select((r - e) * 0.5 - 0.5, scaled);
    k.simd_eq(0.0).select(unscaled, scaled)
}

/// `(k, high, low)` with the whole number `k` nearest to `x / ln 2`, and `x − k · ln 2` as `high − low`.
#[inline(always)]
fn reduced<S: Simd>(x: f64x8<S>) -> (f64x8<S>, f64x8<S>, f64x8<S>) {
    let zero = f64x8::splat(x.token(), 0.0);
    let k = (x * INV_LN2 + f64x8::splat(x.token(), 0.5).copysign(x)).trunc();
    let k = x.abs().simd_ge(REDUCED).select(k, zero);
    (k, x - k * LN2_HIGH, k * LN2_LOW)
}

/// A polynomial of five terms by Horner's rule.
#[inline(always)]
fn polynomial<S: Simd>(x: f64x8<S>, [a, b, c, d, e]: &[f64; 5]) -> f64x8<S> {
    x * (x * (x * (x * *e + *d) + *c) + *b) + *a
}

/// 2 to the power of whole numbers from −1022 to 1023.
#[inline(always)]
fn power_of_2<S: Simd>(k: f64x8<S>) -> f64x8<S> {
    /// Added to a small whole number, it leaves the number in the lowest bits.
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    let bits: u64x8<S> = (k + WHOLE).bitcast();
    ((bits + 1023) << 52).bitcast()
}

#[cfg(test)]
mod accuracy;
#[cfg(test)]
mod tests {
    use super::*;
    use crate::numeric;
    use fearless_simd::Level;
    use proptest::prelude::*;

    type Eight = [f64; 8];

    /// The bits of each function of eight numbers, at a level.
    pub(super) fn vectors(level: Level, x: Eight) -> [[u64; 8]; 4] {
        crate::lanes::dispatch!(level, simd => {
            let x = f64x8::simd_from(simd, x);
            let (small, large) = logistic_pair(x);
            [exp(x), small, large, tanh(x)].map(|y| <Eight>::from(y).map(f64::to_bits))
        })
    }

    /// The same of the functions of one number.
    pub(super) fn scalars(x: Eight) -> [[u64; 8]; 4] {
        let pair = x.map(numeric::logistic_pair);
        [x.map(numeric::exp), pair.map(|p| p.0), pair.map(|p| p.1), x.map(numeric::tanh)]
            .map(|y| y.map(f64::to_bits))
    }

    fn compare(x: Eight) {
        for level in crate::lanes::levels() {
            assert_eq!(vectors(level, x), scalars(x), "{x:?}, {level:?}");
        }
    }

    #[test]
    fn bits_are_those_of_one_number_around_every_branch() {
        // In high words of doubles, where libm branches, and multiples of ½ ln 2.
        let words = [
            0x0000_0000,
            0x000F_FFFF,
            0x0010_0000,
            0x3C90_0000,
            0x3E30_0000,
            0x3FD0_58AE,
            0x3FD6_2E42,
            0x3FE1_93EA,
            0x3FE6_2E42,
            0x3FF0_A2B2,
            0x4034_0000,
            0x4043_687A,
            0x4086_232B,
            0x4086_2E42,
            0x4087_4910,
            0x7FEF_FFFF,
        ];
        let edges = words.into_iter().map(|word: u64| f64::from_bits(word << 32));
        let multiples = (0..2100).map(|n| f64::from(n) * 0.5 * core::f64::consts::LN_2);
        for edge in edges.chain(multiples) {
            let mut near = edge.to_bits().saturating_sub(1 << 32);
            for step in [1, 1 << 31, (1 << 31) - 2, 1, 1, 1, 1 << 31, 1 << 31] {
                near += step;
                let x = f64::from_bits(near);
                compare([x, -x, x / 2.0, -x / 2.0, x * 0.99, 1.0, -0.25, 0.0]);
            }
        }
        compare([0.0, -0.0, 708.0, -708.0, 709.782_712_893_384, -745.2, -708.5, 1e300]);
        compare([f64::INFINITY, f64::NEG_INFINITY, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn bits_are_those_of_one_number(
            x in prop_oneof![
                proptest::array::uniform8(-1.0..1.0_f64),
                proptest::array::uniform8(-45.0..45.0_f64),
                proptest::array::uniform8(-800.0..800.0_f64),
                proptest::array::uniform8(any::<f64>().prop_filter("a number", |x| !x.is_nan())),
            ],
        ) {
            for level in crate::lanes::levels() {
                prop_assert_eq!(vectors(level, x), scalars(x));
            }
        }
    }
}
