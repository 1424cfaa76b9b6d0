//! Factors: which values each can have, and the steps that compute its function there.

use nomogram::Feature;
use nomogram::numeric::{ln, ln_1p};

use super::file::{Factor, Transform};
use crate::error::{Error, ErrorKind, Place};

/// From here on, `ln(x)` is the logarithm of 1 plus `x − 1`. The rounding of `x − 1` changes it by at most
/// 2⁻⁵⁴ / x, which is 6 · 10⁻¹⁴ here. Smaller values are doubled until they are at least 1.
const MIN_PLAIN: f64 = 1e-3;

/// The largest value that a step may compute.
const LARGEST: f64 = 1e300;

/// How the transform and the power of a factor are computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Functions {
    /// `ln(x)` is `ln(x · 2^doublings) − doublings · ln(2)`.
    pub(super) doublings: u16,
    /// The exponent of a power that keeps the sign.
    pub(super) exponent: f64,
    /// Whether the square follows: even powers lose the sign.
    pub(super) is_squared: bool,
}

impl Functions {
    /// Those of a factor of a feature.
    ///
    /// # Errors
    ///
    /// `Schema` with the feature, when its values may have no logarithm or no such power, or when the numbers of
    /// the factor contradict each other.
    pub(super) fn of(factor: &Factor, feature: &Feature) -> Result<Self, Error> {
        let here = |error: Error| error.within(Place::Feature(factor.feature.clone()));
        let (low, high) = before_transform(factor, feature).map_err(here)?;
        let mut functions = Self { doublings: 0, exponent: 1.0, is_squared: false };
        let low = match factor.transform {
            Transform::None => low,
            Transform::Ln1p if low > -1.0 => ln_1p(low),
            Transform::Ln1p => {
                let what = format!("the logarithm of 1 plus {}", value_from(low));
                return Err(here(refused(what, "a range or `at_least` above -1")));
            }
            Transform::Ln if low > 0.0 => {
                functions.doublings = doublings(low, high).map_err(here)?;
                ln(low)
            }
            Transform::Ln => {
                let what = format!("the logarithm of {}", value_from(low));
                return Err(here(refused(what, "a range or `at_least` above 0")));
            }
        };
        if let Some(power) = factor.power {
            (functions.exponent, functions.is_squared) = of_power(power, low).map_err(here)?;
        }
        Ok(functions)
    }

    /// `2^doublings`.
    pub(super) fn scale(&self) -> f64 {
        (0..self.doublings).fold(1.0, |scale, _| scale * 2.0)
    }
}

fn refused(found: impl std::fmt::Display, expected: &str) -> Error {
    Error::new(ErrorKind::Schema, format!("{found}, expected {expected}"))
}

/// A value, described by the least that it may be.
fn value_from(low: f64) -> String {
    if low == f64::NEG_INFINITY {
        return "a value without a lower bound".to_owned();
    }
    format!("a value that may be {low}")
}

/// The least and the largest value, scaled and held within bounds.
fn before_transform(factor: &Factor, feature: &Feature) -> Result<(f64, f64), Error> {
    if !factor.subtract.is_finite() {
        return Err(refused(format!("`subtract` {}", factor.subtract), "a finite number"));
    }
    if !(factor.divide > 0.0 && factor.divide.is_finite()) {
        return Err(refused(format!("`divide` {}", factor.divide), "a positive number"));
    }
    let (low, high) = match (&factor.level, feature.range) {
        (Some(_), _) => (0.0, 1.0),
        (None, Some(range)) => (range.low, range.high),
        (None, None) => (f64::NEG_INFINITY, f64::INFINITY),
    };
    let at_least = factor.at_least.unwrap_or(f64::NEG_INFINITY);
    let at_most = factor.at_most.unwrap_or(f64::INFINITY);
    if at_least.is_nan() || at_most.is_nan() || at_least > at_most {
        let found = format!("`at_least` {at_least} and `at_most` {at_most}");
        return Err(refused(found, "them in order"));
    }
    let scaled =
        |value: f64| ((value - factor.subtract) / factor.divide).max(at_least).min(at_most);
    Ok((scaled(low), scaled(high)))
}

/// How often a small value is doubled before its logarithm.
fn doublings(low: f64, high: f64) -> Result<u16, Error> {
    let (mut n, mut scale) = (0, 1.0);
    while low < MIN_PLAIN && low * scale < 1.0 && scale < LARGEST {
        n += 1;
        scale *= 2.0;
    }
    if n > 0 && high * scale > LARGEST {
        let found = format!("the logarithm of values from {low:e} to {high:e}");
        return Err(refused(found, "a narrower range, or `at_least` and `at_most`"));
    }
    Ok(n)
}

/// The exponent of a power that keeps the sign, and whether the square follows.
fn of_power(power: f64, low: f64) -> Result<(f64, bool), Error> {
    if !(power > 0.0 && power.is_finite()) {
        return Err(refused(format!("`power` {power}"), "a positive number"));
    }
    if power % 2.0 == 0.0 {
        return Ok((power / 2.0, true));
    }
    if power.trunc() == power || low >= 0.0 {
        return Ok((power, false));
    }
    let found = format!("`power` {power} of {}", value_from(low));
    Err(refused(found, "a whole number, or a range or `at_least` from 0 on"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_powers_are_squares_and_odd_powers_keep_the_sign() {
        assert_eq!(of_power(2.0, -4.0).unwrap(), (1.0, true));
        assert_eq!(of_power(6.0, 1.0).unwrap(), (3.0, true));
        assert_eq!(of_power(3.0, -4.0).unwrap(), (3.0, false));
        assert_eq!(of_power(0.5, 0.0).unwrap(), (0.5, false));
        let error = of_power(0.5, -4.0).unwrap_err().to_string();
        assert!(error.starts_with("`power` 0.5 of a value that may be -4, expected"), "{error}");
        assert!(of_power(-1.0, 1.0).is_err() && of_power(f64::NAN, 1.0).is_err());
    }

    #[test]
    fn small_values_are_doubled_until_they_reach_1() {
        assert_eq!(doublings(1e-3, 1e300).unwrap(), 0);
        assert_eq!(doublings(0.25e-3, 1e3).unwrap(), 12);
        assert_eq!(doublings(1e-299, 1.0).unwrap(), 994);
        assert!(doublings(1e-12, f64::INFINITY).is_err());
    }
}
