//! What stands in a cell, and how it is stated to the core.

use nomogram::{Feature, FeatureKind, Session, Value};

/// The largest whole number up to which every smaller one is told apart: 2^53.
const MAX_WHOLE: u64 = 1 << 53;

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Missing,
    Number(f64),
    Integer(i64),
    Boolean(bool),
    Text(&'a str),
}

impl<'a> Cell<'a> {
    /// What a text of a CSV file means for a feature. A text that means nothing stays a text: then
    /// it is of the wrong type, and the feature's policy decides.
    pub(crate) fn of_text(text: &'a str, feature: &Feature) -> Self {
        let trimmed = text.trim_ascii();
        match &feature.kind {
            FeatureKind::Integer => match trimmed.parse() {
                Ok(integer) => Self::Integer(integer),
                Err(_) => Self::of_number(trimmed),
            },
            FeatureKind::Boolean => match trimmed {
                "0" => Self::Boolean(false),
                "1" => Self::Boolean(true),
                _ if trimmed.eq_ignore_ascii_case("false") => Self::Boolean(false),
                _ if trimmed.eq_ignore_ascii_case("true") => Self::Boolean(true),
                _ => Self::Text(trimmed),
            },
            FeatureKind::Category { levels } => {
                // A level may begin or end with a space.
                let is_level = trimmed.len() != text.len() && levels.iter().any(|l| l == text);
                Self::Text(if is_level { text } else { trimmed })
            }
            // Of numbers; and of kinds that a later core may bring, which it will refuse.
            _ => Self::of_number(trimmed),
        }
    }

    /// Rust's parser is correctly rounded and knows no locale.
    fn of_number(text: &'a str) -> Self {
        text.parse().map_or(Self::Text(text), Self::Number)
    }

    /// States it to a session.
    ///
    /// # Errors
    ///
    /// As [`Session::set`].
    pub(crate) fn state(
        self,
        session: &mut Session,
        feature: usize,
        unit: Option<&str>,
    ) -> Result<(), nomogram::Error> {
        let value = match (self, unit) {
            (Self::Missing, _) => Value::Missing(None),
            (Self::Number(number), None) => Value::Number(number),
            (Self::Number(number), Some(unit)) => Value::NumberIn(number, unit),
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            (Self::Integer(integer), Some(unit)) if integer.unsigned_abs() <= MAX_WHOLE => {
                Value::NumberIn(integer as f64, unit)
            }
            (Self::Integer(integer), _) => Value::Integer(integer),
            (Self::Boolean(boolean), _) => Value::Boolean(boolean),
            (Self::Text(text), _) => Value::Text(text),
        };
        session.set(feature, value)
    }
}
