//! The value of one feature in a case.

use nomogram::{Error, Feature, FeatureKind, MissingReason, Value};

/// The value of one feature in a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Stated {
    /// Nothing.
    Unset,
    /// A number in the feature's own unit.
    Number(f64),
    /// A number in the unit with this code.
    NumberIn(f64, String),
    /// A whole number.
    Integer(i64),
    /// False or true.
    Boolean(bool),
    /// The name of a level.
    Text(String),
    /// There is none, perhaps for the reason with this code.
    Missing(Option<String>),
}

impl Stated {
    /// Reads the text after the name of the feature.
    pub(super) fn of_text(text: &str) -> Result<Self, String> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        let wrong = || format!("`{rest}` is no {kind}");
        let stated = match (kind, rest) {
            ("unset", "") => Self::Unset,
            ("missing", "") => Self::Missing(None),
            ("missing", reason) => Self::Missing(Some(reason.into())),
            ("text", level) => Self::Text(level.into()),
            ("number", number) => Self::Number(read_number(number).ok_or_else(wrong)?),
            ("number-in", both) => {
                let (number, unit) = both.split_once(' ').ok_or_else(wrong)?;
                Self::NumberIn(read_number(number).ok_or_else(wrong)?, unit.into())
            }
            ("integer", number) => Self::Integer(number.parse().map_err(|_| wrong())?),
            ("boolean", "false") => Self::Boolean(false),
            ("boolean", "true") => Self::Boolean(true),
            _ => return Err(format!("`{text}` states no value")),
        };
        Ok(stated)
    }

    /// The value for a session; `None` when the feature stays unset.
    ///
    /// # Errors
    ///
    /// `UnknownReason`.
    pub fn value(&self) -> Result<Option<Value<'_>>, Error> {
        Ok(Some(match self {
            Self::Unset => return Ok(None),
            Self::Number(number) => Value::Number(*number),
            Self::NumberIn(number, unit) => Value::NumberIn(*number, unit),
            Self::Integer(number) => Value::Integer(*number),
            Self::Boolean(value) => Value::Boolean(*value),
            Self::Text(level) => Value::Text(level),
            Self::Missing(None) => Value::Missing(None),
            Self::Missing(Some(code)) => Value::Missing(Some(MissingReason::of_code(code)?)),
        }))
    }

    /// The number that means the same in an array of numbers, where NaN is missing; nothing when no
    /// number does.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    pub fn array_number(&self, feature: &Feature) -> Option<f64> {
        let number = match self {
            Self::Missing(_) => return self.value().is_ok().then_some(f64::NAN),
            Self::Number(number) => *number,
            Self::NumberIn(number, code) if feature.unit.as_ref() == Some(code) => *number,
            Self::NumberIn(number, code) => {
                let unit = feature.alternative_units.iter().find(|unit| unit.code == *code)?;
                (number - unit.offset) * unit.multiplier / unit.divisor
            }
            Self::Integer(whole) if whole.unsigned_abs() <= 1 << 53 => *whole as f64,
            Self::Boolean(value) if feature.kind == FeatureKind::Boolean => f64::from(*value),
            Self::Text(text) => {
                let position = feature.levels().iter().position(|level| level == text)?;
                f64::from(u32::try_from(position).ok()?)
            }
            Self::Unset | Self::Integer(_) | Self::Boolean(_) => return None,
        };
        // A number that is NaN is not missing.
        (!number.is_nan()).then_some(number)
    }
}

/// A decimal number, `inf`, `-inf`, `nan`, or the 16 hexadecimal digits of its bits after `0x`.
fn read_number(text: &str) -> Option<f64> {
    match text.strip_prefix("0x") {
        Some(bits) if bits.len() == 16 => u64::from_str_radix(bits, 16).ok().map(f64::from_bits),
        Some(_) => None,
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimals_or_bits() {
        let number = |text| read_number(text).map(f64::to_bits);
        assert_eq!(number("0.1"), Some(0.1_f64.to_bits()));
        assert_eq!(number("-0"), Some((-0.0_f64).to_bits()));
        assert_eq!(number("-inf"), Some(f64::NEG_INFINITY.to_bits()));
        assert_eq!(number("0x7ff8000000000001"), Some(0x7ff8_0000_0000_0001));
        assert_eq!(number("0x7ff8"), None);
        assert_eq!(number("one"), None);
    }

    #[test]
    fn what_cannot_be_stated_is_refused() {
        for text in ["number", "number x", "boolean 1", "unset 1", "integer 0.5", "number-in 1", ""]
        {
            assert!(Stated::of_text(text).is_err(), "{text}");
        }
        assert_eq!(Stated::of_text("text a b"), Ok(Stated::Text("a b".into())));
        let stated = Stated::of_text("number-in 1.5 [lb_av]");
        assert_eq!(stated, Ok(Stated::NumberIn(1.5, "[lb_av]".into())));
    }
}
