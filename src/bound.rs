//! The proof, made once on opening, that no prediction can overflow.
//!
//! Values of a row have at most [`MAX_MAGNITUDE`]; each step, layer and member tells the largest
//! magnitude that can come out of it. As long as that stays below overflow, no infinity and so no NaN
//! can arise, and predicting needs no check of its own.

use crate::error::Error;

/// The largest magnitude that a value of a row may have; no measurement comes near it.
pub(crate) const MAX_MAGNITUDE: f64 = 1e100;

/// The largest magnitude that an intermediate result may reach: far below overflow, so that the
/// roundings of the proof itself do not matter.
const MAX_INTERMEDIATE: f64 = 1e300;

/// Passes a magnitude on, or refuses what could overflow; refuses NaN too.
pub(crate) fn check(magnitude: f64) -> Result<f64, Error> {
    if magnitude <= MAX_INTERMEDIATE {
        return Ok(magnitude);
    }
    Err(Error::invalid_model(
        "its parameters are so large that a result could pass 1e300, for values up to 1e100",
    ))
}

/// The largest magnitude of `base + Σ weight · value` for values of at most `magnitude`.
pub(crate) fn affine<'a>(
    base: f64,
    weights: impl Iterator<Item = &'a f64>,
    magnitude: f64,
) -> Result<f64, Error> {
    check(weights.fold(base.abs(), |sum, weight| sum + weight.abs() * magnitude))
}

/// The largest of several magnitudes, each checked.
pub(crate) fn largest(magnitudes: impl Iterator<Item = Result<f64, Error>>) -> Result<f64, Error> {
    let mut largest = 0.0_f64;
    for magnitude in magnitudes {
        largest = largest.max(magnitude?);
    }
    Ok(largest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_is_not_a_bound() {
        assert!(check(f64::NAN).is_err());
        assert!(check(f64::INFINITY).is_err());
        assert_eq!(check(1e300), Ok(1e300));
        assert!(affine(0.0, [0.0].iter(), f64::INFINITY).is_err());
        assert_eq!(affine(-1.0, [2.0, -3.0].iter(), 10.0), Ok(51.0));
        assert!(largest([Ok(1.0), check(f64::NAN)].into_iter()).is_err());
    }
}
