//! The gate of one feature: a caller's value to a number, by the feature's policy.

use super::cell::{Cell, Mark, Value};
use super::flags::Flags;
use crate::domain::{Domain, MAX_MAGNITUDE};
use crate::error::{Error, ErrorKind};
use crate::numeric::is_whole;
use crate::schema::{Action, Condition, Feature, FeatureKind, MAX_WHOLE, Range, Unit, count};

/// A feature with its domains.
#[derive(Debug)]
pub(super) struct Gate<'f> {
    feature: &'f Feature,
    /// The plausible values.
    pub(super) plausible: Domain,
    /// All values of the feature's kind.
    kind: Domain,
}

impl<'f> Gate<'f> {
    pub(super) fn new(feature: &'f Feature) -> Self {
        let kind = feature.kind_domain();
        let range = feature.range.unwrap_or(Range { low: kind.low, high: kind.high });
        Self { feature, plausible: Domain { low: range.low, high: range.high, ..kind }, kind }
    }

    /// The cell of a value.
    ///
    /// # Errors
    ///
    /// `UnknownUnit`.
    pub(super) fn cell(&self, value: Value<'_>) -> Result<Cell, Error> {
        let number = |number| Cell { number, mark: Mark::Number };
        let marked = |mark| Cell { number: 0.0, mark };
        let is_category = !self.feature.levels().is_empty();
        Ok(match value {
            Value::Number(value) => number(value),
            Value::NumberIn(value, code) => {
                let unit = self.unit(code)?;
                number(unit.map_or(value, |unit| unit.convert(value)))
            }
            // A double would round it, so another number would be predicted.
            Value::Integer(value) if value.unsigned_abs() > 1 << 53 => marked(Mark::WrongType),
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            Value::Integer(value) => number(value as f64),
            Value::Boolean(value) if self.feature.kind == FeatureKind::Boolean => {
                number(if value { 1.0 } else { 0.0 })
            }
            Value::Boolean(_) => marked(Mark::WrongType),
            Value::Text(text) if is_category => {
                match self.feature.levels().iter().position(|level| level == text) {
                    Some(level) => number(count(level)),
                    None => marked(Mark::UnseenLevel),
                }
            }
            Value::Text(_) => marked(Mark::WrongType),
            Value::Missing(reason) => marked(Mark::Missing(reason)),
        })
    }

    /// The alternative unit with this code; `None` for the feature's own unit.
    fn unit(&self, code: &str) -> Result<Option<&Unit>, Error> {
        if self.feature.unit.as_deref() == Some(code) {
            return Ok(None);
        }
        let known = self.feature.alternative_units.iter().find(|unit| unit.code == code);
        known
            .map(Some)
            .ok_or_else(|| Error::new(ErrorKind::UnknownUnit, "the feature has no such unit"))
    }

    /// Why a cell is not plain.
    fn condition(&self, cell: Cell) -> Condition {
        match cell.mark {
            Mark::Unset => Condition::Unset,
            Mark::Missing(_) => Condition::Missing,
            Mark::UnseenLevel => Condition::UnseenLevel,
            Mark::WrongType => Condition::WrongType,
            Mark::Number if cell.number.is_nan() => Condition::NotANumber,
            Mark::Number if cell.number.is_infinite() => Condition::Infinite,
            Mark::Number if self.kind.is_whole && !is_whole(cell.number) => Condition::WrongType,
            Mark::Number => match self.feature.kind {
                FeatureKind::Number | FeatureKind::Integer => Condition::OutOfRange,
                FeatureKind::Boolean => Condition::WrongType,
                FeatureKind::Category { .. } => Condition::UnseenLevel,
            },
        }
    }

    /// Applies the policy to a cell that is not plain: the number that the model gets, and what was
    /// done.
    ///
    /// # Errors
    ///
    /// A kind of the class `Value`.
    pub(super) fn treat(&self, cell: Cell) -> Result<(f64, Flags), Error> {
        let (number, condition) = (cell.number, self.condition(cell));
        let reported = match condition {
            Condition::OutOfRange | Condition::Infinite => Flags::OUT_OF_RANGE,
            Condition::UnseenLevel => Flags::UNSEEN_LEVEL,
            Condition::Unset
            | Condition::Missing
            | Condition::NotANumber
            | Condition::WrongType => Flags::default(),
        };
        match self.feature.policy.action(condition) {
            Action::Impute => Ok((f64::NAN, reported.union(Flags::IMPUTED))),
            Action::Clamp if number < self.plausible.low => {
                Ok((self.plausible.low, reported.union(Flags::CLAMPED)))
            }
            Action::Clamp => Ok((self.plausible.high, reported.union(Flags::CLAMPED))),
            // All unseen levels get the number after the last level's.
            Action::Take if condition == Condition::UnseenLevel => {
                Ok((self.kind.high + 1.0, reported))
            }
            Action::Take if number >= self.kind.low && number <= self.kind.high => {
                Ok((number, reported))
            }
            Action::Take | Action::Refuse => Err(self.refusal(number, condition)),
        }
    }

    fn refusal(&self, number: f64, condition: Condition) -> Error {
        let (kind, detail) = match condition {
            Condition::Unset => (ErrorKind::Unset, "not set, and this model does not impute it"),
            Condition::Missing => {
                (ErrorKind::Missing, "missing, and this model does not impute it")
            }
            Condition::NotANumber => (ErrorKind::NotANumber, "not a number (NaN), expected one"),
            Condition::Infinite => {
                (ErrorKind::Infinite, "infinite value, expected a finite number")
            }
            Condition::OutOfRange if self.kind.is_whole && number.abs() > MAX_WHOLE => {
                (ErrorKind::Magnitude, "magnitude above 2^53, expected a smaller whole number")
            }
            Condition::OutOfRange
                if self.feature.range.is_none() || number.abs() > MAX_MAGNITUDE =>
            {
                (ErrorKind::Magnitude, "magnitude above 1e100, expected a measured number")
            }
            Condition::OutOfRange => (ErrorKind::OutOfRange, "outside of its plausible range"),
            Condition::UnseenLevel => (ErrorKind::UnseenLevel, "not a level of this category"),
            Condition::WrongType => (
                ErrorKind::WrongType,
                match self.feature.kind {
                    FeatureKind::Number => "of another type, expected a number",
                    FeatureKind::Integer => "of another type, expected a whole number",
                    FeatureKind::Boolean => "of another type, expected false (0) or true (1)",
                    FeatureKind::Category { .. } => "of another type, expected a level",
                },
            ),
        };
        Error::new(kind, detail)
    }
}
