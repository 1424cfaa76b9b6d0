//! A caller's value before the policy of its feature is applied.

use crate::schema::MissingReason;

/// One value as a caller sets it, by its feature's kind.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A number in the feature's own unit. For an integer it must be whole, for a boolean 0 or 1,
    /// for a category the number of a level.
    Number(f64),
    /// A number in another unit of the feature, named by its UCUM code.
    NumberIn(f64, &'a str),
    /// A whole number. For a boolean 0 or 1, for a category the number of a level.
    Integer(i64),
    /// False or true.
    Boolean(bool),
    /// The name of a level.
    Text(&'a str),
    /// There is no value, perhaps for a reason.
    Missing(Option<MissingReason>),
}

/// A caller's value: a number with its mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cell {
    /// The number in the feature's own unit; any number if there is none.
    pub(crate) number: f64,
    pub(crate) mark: Mark,
}

/// The condition of a caller's value before its policy is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The caller did not set the feature.
    Unset,
    /// There is a number; it may still be implausible, or unfit for its kind.
    Number,
    /// There is none, perhaps for a reason.
    Missing(Option<MissingReason>),
    /// A text that is no level.
    UnseenLevel,
    /// A value of another kind.
    WrongType,
}

impl Cell {
    /// The caller did not set the feature.
    pub(crate) const UNSET: Self = Self { number: 0.0, mark: Mark::Unset };

    /// Whether there is a number.
    #[inline]
    pub(super) fn is_number(self) -> bool {
        self.mark == Mark::Number
    }

    /// The number, NaN if there is none.
    pub(crate) fn number_or_nan(self) -> f64 {
        match self.mark {
            Mark::Number => self.number,
            Mark::Unset | Mark::Missing(_) | Mark::UnseenLevel | Mark::WrongType => f64::NAN,
        }
    }

    /// Whether the caller did not set it.
    pub(crate) fn is_unset(self) -> bool {
        self.mark == Mark::Unset
    }

    /// Whether the caller declared it missing.
    pub(crate) fn is_missing(self) -> bool {
        matches!(self.mark, Mark::Missing(_))
    }

    /// Why the value is missing, if the caller gave a reason.
    pub(crate) fn missing_reason(self) -> Option<MissingReason> {
        match self.mark {
            Mark::Missing(reason) => reason,
            Mark::Unset | Mark::Number | Mark::UnseenLevel | Mark::WrongType => None,
        }
    }

    /// The cell of a number, where NaN is a value that is not a number.
    pub(crate) fn of_number(number: f64) -> Self {
        Self { number, mark: Mark::Number }
    }

    /// The cell of a number in an array, where NaN means missing.
    pub(crate) fn of_array(number: f64) -> Self {
        let mark = if number.is_nan() { Mark::Missing(None) } else { Mark::Number };
        Self { number, mark }
    }
}
