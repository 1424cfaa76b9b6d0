//! Domains: the range of a value, and whether it may be missing, before any row is seen.
//!
//! The schema gives each value of a row a domain; every step and member returns the domains of its
//! outputs. Opening a model follows them from the row to the outputs, once. That proves that nothing
//! overflows, that no function gets an argument outside of its own domain, and that no missing value
//! reaches a member that cannot handle it. Predicting then checks nothing.

use ndarray::ArrayView1;

use crate::error::Error;
use crate::numeric::is_whole;

/// The largest magnitude that a value of a row may have; no measurement comes near it.
pub(crate) const MAX_MAGNITUDE: f64 = 1e100;

/// The largest magnitude that an intermediate result may reach: far below overflow, so that the
/// roundings of the proof itself do not matter.
const MAX_INTERMEDIATE: f64 = 1e300;

/// The set of possible values: a number in `[low, high]`, or missing (NaN) if it may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Domain {
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Whether it is a whole number wherever it is not missing.
    pub(crate) is_whole: bool,
    pub(crate) may_be_missing: bool,
}

impl Domain {
    /// Any number of `[low, high]`, never missing.
    pub(crate) const fn new(low: f64, high: f64) -> Self {
        Self { low, high, is_whole: false, may_be_missing: false }
    }

    /// A whole number of `[low, high]`, never missing.
    pub(crate) const fn whole(low: f64, high: f64) -> Self {
        Self { low, high, is_whole: true, may_be_missing: false }
    }

    /// The same numbers, missing where `other` may be.
    pub(crate) const fn missing_as(self, other: Self) -> Self {
        Self { may_be_missing: self.may_be_missing || other.may_be_missing, ..self }
    }

    /// Whether a number, not NaN, is one of these values.
    #[inline]
    pub(crate) fn has(&self, number: f64) -> bool {
        (number >= self.low) & (number <= self.high) & (!self.is_whole || is_whole(number))
    }

    /// The domain after a monotone function that maps NaN to NaN: its values at both ends.
    ///
    /// # Errors
    ///
    /// `InvalidModel` as [`Self::check`].
    #[inline(never)]
    pub(crate) fn map_monotone(self, f: &dyn Fn(f64) -> f64) -> Result<Self, Error> {
        let (a, b) = (f(self.low), f(self.high));
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        Self { low, high, is_whole: false, ..self }.check()
    }

    /// The smallest domain of these values; NaN is missing.
    pub(crate) fn of_column(values: ArrayView1<'_, f64>) -> Self {
        let known = || values.iter().copied().filter(|value| !value.is_nan());
        let low = known().reduce(f64::min).unwrap_or(0.0);
        let high = known().reduce(f64::max).unwrap_or(0.0);
        let is_whole = known().all(is_whole);
        let may_be_missing = values.iter().any(|value| value.is_nan());
        Self { low, high, is_whole, may_be_missing }
    }

    /// The same, a little wider at both ends: for functions that are monotone except for rounding.
    pub(crate) fn widened(self) -> Result<Self, Error> {
        let margin = |end: f64| end.abs() * 1e-12;
        let (low, high) = (self.low - margin(self.low), self.high + margin(self.high));
        Self { low, high, ..self }.check()
    }

    /// Returns it, or refuses ends that could overflow or are NaN.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when an end is beyond 1e300 or is not a number.
    pub(crate) fn check(self) -> Result<Self, Error> {
        if self.low >= -MAX_INTERMEDIATE && self.high <= MAX_INTERMEDIATE && self.low <= self.high {
            return Ok(self);
        }
        Err(Error::invalid_model(
            "its parameters are so large that a result could pass 1e300, for its possible inputs",
        ))
    }

    /// Refuses a value that may be missing.
    ///
    /// # Errors
    ///
    /// `InvalidModel`.
    pub(crate) fn check_present(self) -> Result<(), Error> {
        if self.may_be_missing {
            return Err(Error::invalid_model("may be missing here; impute it first"));
        }
        Ok(())
    }

    /// Refuses numbers outside of `[low, high]`.
    ///
    /// # Errors
    ///
    /// `InvalidModel`.
    pub(crate) fn check_within(self, low: f64, high: f64) -> Result<(), Error> {
        if self.low >= low && self.high <= high {
            return Ok(());
        }
        Err(Error::invalid_model(format_args!(
            "may lie in [{}, {}], expected [{low}, {high}]",
            self.low, self.high
        )))
    }
}

impl Domain {
    /// The domain of `self + weight · input`, unchecked. A sum is missing when one of its inputs is.
    pub(crate) fn plus_product(self, weight: f64, input: Self) -> Self {
        let (a, b) = (weight * input.low, weight * input.high);
        let (low, high) = if a <= b { (a, b) } else { (b, a) };
        Self::new(self.low + low, self.high + high).missing_as(self).missing_as(input)
    }
}

/// The domain of `base + Σ weight · input`: of sums in any order, since the bound is far from
/// overflow. A sum is missing when one of its inputs is.
pub(crate) fn affine<'a>(
    base: f64,
    terms: impl Iterator<Item = (&'a f64, &'a Domain)>,
) -> Result<Domain, Error> {
    let start = Domain::new(base, base);
    terms.fold(start, |sum, (weight, input)| sum.plus_product(*weight, *input)).check()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_and_infinity_are_no_bounds() {
        assert!(Domain::new(f64::NAN, 0.0).check().is_err());
        assert!(Domain::new(0.0, f64::INFINITY).check().is_err());
        assert!(Domain::new(1.0, 0.0).check().is_err());
        assert!(Domain::new(-1e300, 1e300).check().is_ok());
        assert!(affine(0.0, [(&0.0, &Domain::new(0.0, f64::INFINITY))].into_iter()).is_err());
    }

    #[test]
    fn a_sum_lies_between_the_sums_of_the_ends() {
        let inputs = [Domain::new(-1.0, 2.0), Domain::new(0.0, 10.0)];
        let sum = affine(-1.0, [2.0, -3.0].iter().zip(&inputs)).unwrap();
        assert_eq!((sum.low, sum.high), (-33.0, 3.0));
    }

    #[test]
    fn a_decreasing_function_exchanges_the_ends() {
        let domain = Domain::new(1.0, 4.0).map_monotone(&|value| -value).unwrap();
        assert_eq!((domain.low, domain.high), (-4.0, -1.0));
    }

    #[test]
    fn missing_stays_missing() {
        let missing = Domain { may_be_missing: true, ..Domain::new(0.0, 1.0) };
        let sum = affine(0.0, [(&1.0, &missing), (&1.0, &Domain::new(0.0, 1.0))].into_iter());
        assert!(sum.unwrap().check_present().is_err());
    }
}
