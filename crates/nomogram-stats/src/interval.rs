//! Estimates with their intervals.

use serde::Serialize;

use crate::distributions::normal_quantile;
use crate::error::Error;

/// The share of intervals that contain the true value, above 0 and below 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Confidence(f64);

impl Confidence {
    /// 95 %, as medical journals expect.
    pub const PERCENT_95: Self = Self(0.95);

    /// A level such as 0.95.
    ///
    /// # Errors
    ///
    /// `Data` when `level` is not above 0 and below 1.
    pub fn new(level: f64) -> Result<Self, Error> {
        if level > 0.0 && level < 1.0 {
            return Ok(Self(level));
        }
        Err(Error::Data(format!("confidence {level}, expected a share above 0 and below 1")))
    }

    /// The level as a share.
    #[must_use]
    pub fn level(self) -> f64 {
        self.0
    }

    /// The probability beyond each end.
    pub(crate) fn tail(self) -> f64 {
        (1.0 - self.0) / 2.0
    }

    /// Standard errors from the estimate to the end of a normal interval.
    pub(crate) fn z(self) -> f64 {
        -normal_quantile(self.tail())
    }
}

/// An interval with both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

impl Interval {
    /// `centre ± z · standard_error`.
    pub(crate) fn wald(centre: f64, standard_error: f64, confidence: Confidence) -> Self {
        let half = confidence.z() * standard_error;
        Self { lower: centre - half, upper: centre + half }
    }

    /// Both ends mapped by an increasing function.
    pub(crate) fn map(self, increasing: impl Fn(f64) -> f64) -> Self {
        Self { lower: increasing(self.lower), upper: increasing(self.upper) }
    }
}

/// An estimate with its standard error and Wald interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// `value ± z · standard_error`.
    pub interval: Interval,
}

impl Estimate {
    pub(crate) fn wald(value: f64, standard_error: f64, confidence: Confidence) -> Self {
        Self { value, standard_error, interval: Interval::wald(value, standard_error, confidence) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_that_is_not_between_0_and_1_is_refused() {
        for wrong in [0.0, 1.0, 95.0, f64::NAN] {
            assert!(Confidence::new(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Confidence::new(0.95).unwrap(), Confidence::PERCENT_95);
    }
}
