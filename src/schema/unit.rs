//! Alternative units of a feature, and their exact conversion.

use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::name::check_text;
use crate::codec::decode_struct;
use crate::error::Error;

/// Another unit and its exact conversion: `(value − offset) · multiplier / divisor` is the value in
/// the feature's own unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// The UCUM code, for example `mg/dL`.
    pub code: String,
    /// Subtracted first; 0 for most units.
    pub offset: f64,
    /// Multiplied second.
    pub multiplier: f64,
    /// Divided by last.
    pub divisor: f64,
}
decode_struct!(Unit { code, offset, multiplier, divisor });

impl Unit {
    /// The value in the feature's own unit.
    pub(crate) fn convert(&self, value: f64) -> f64 {
        (value - self.offset) * self.multiplier / self.divisor
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        check_text(&self.code, "code")?;
        let is_factor = |factor: f64| factor.is_finite() && factor != 0.0;
        if self.offset.is_finite() && is_factor(self.multiplier) && is_factor(self.divisor) {
            return Ok(());
        }
        Err(Error::invalid_model(
            "conversion by numbers that are 0 or not finite, expected finite numbers and factors other than 0",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fahrenheit_is_converted_exactly() {
        let unit = Unit { code: "[degF]".into(), offset: 32.0, multiplier: 5.0, divisor: 9.0 };
        assert_eq!(unit.convert(212.0), 100.0);
        assert_eq!(unit.convert(98.6), (98.6 - 32.0) * 5.0 / 9.0);
    }
}
