//! What one cell holds.

use std::borrow::Cow;
use std::fmt;

use crate::format::{TableFormat, trim};
use crate::number::{DecimalMark, MAX_WHOLE, number};
use crate::shown::{HIDDEN, are_values_hidden, write_shown};
use crate::time::Time;

/// What one cell holds, before it is known what its column is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing: null in a file with types.
    Missing,
    /// The text of a file without types: it may mean a number, a boolean or that there is no value.
    Written(&'a str),
    /// The text of a column of texts.
    Text(&'a str),
    /// A floating-point number.
    Number(f64),
    /// The digits of a decimal number, with a point.
    Decimal(&'a str),
    /// A whole number.
    Integer(i64),
    /// A whole number beyond those of [`Cell::Integer`].
    Unsigned(u64),
    /// False or true.
    Boolean(bool),
    /// A date, or a date and a time of day.
    Time(Time),
    /// A value of a type that means nothing here, by its name.
    Other(&'a str),
}

impl<'a> Cell<'a> {
    /// Whether there is no value.
    #[inline]
    #[must_use]
    pub fn is_missing(&self, format: &TableFormat) -> bool {
        match self {
            Self::Written(text) | Self::Text(text) => format.is_missing(text),
            Self::Missing => true,
            Self::Number(_)
            | Self::Decimal(_)
            | Self::Integer(_)
            | Self::Unsigned(_)
            | Self::Boolean(_)
            | Self::Time(_)
            | Self::Other(_) => false,
        }
    }

    /// The name, the class or the level that it is; spaces around a text do not count.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        match self {
            Self::Written(text) | Self::Text(text) => Cow::Borrowed(trim(text)),
            other => other.as_written(),
        }
    }

    /// The text that a file without types would have; nothing where there is no value.
    #[must_use]
    pub fn as_written(&self) -> Cow<'a, str> {
        match *self {
            Self::Missing => Cow::Borrowed(""),
            Self::Written(text) | Self::Text(text) | Self::Decimal(text) | Self::Other(text) => {
                Cow::Borrowed(text)
            }
            Self::Number(number) => Cow::Owned(format!("{number:?}")),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Unsigned(number) => Cow::Owned(number.to_string()),
            Self::Boolean(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Self::Time(time) => Cow::Owned(time.to_string()),
        }
    }

    /// The finite number that it is, exactly.
    #[must_use]
    pub fn finite(&self, format: &TableFormat) -> Option<f64> {
        let number = match *self {
            Self::Written(text) => number(trim(text), format.decimal_mark)?,
            Self::Decimal(text) => number(text, DecimalMark::Point)?,
            Self::Number(number) => number,
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            Self::Integer(number) if number.unsigned_abs() <= MAX_WHOLE => number as f64,
            Self::Integer(_)
            | Self::Unsigned(_)
            | Self::Missing
            | Self::Text(_)
            | Self::Boolean(_)
            | Self::Time(_)
            | Self::Other(_) => return None,
        };
        number.is_finite().then_some(number)
    }

    fn type_in_words(&self) -> &'static str {
        match self {
            Self::Missing => "a missing value",
            Self::Written(_) | Self::Other(_) => "a value",
            Self::Text(_) => "a text",
            Self::Number(_) | Self::Decimal(_) => "a number",
            Self::Integer(_) | Self::Unsigned(_) => "a whole number",
            Self::Boolean(_) => "a boolean",
            Self::Time(time) if time.is_date() => "a date",
            Self::Time(_) => "a time",
        }
    }

    /// Whether it has a type of its own, other than text.
    #[must_use]
    pub fn is_typed(&self) -> bool {
        !matches!(self, Self::Written(_) | Self::Missing)
    }
}

/// What is in the cell, with its type where the file has types; its type alone where values are hidden.
impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("a missing value"),
            Self::Written(text) if trim(text).is_empty() => f.write_str("a missing value"),
            Self::Other(name) => write!(f, "a value of type {name}"),
            Self::Number(number) if number.is_nan() => f.write_str("the number NaN"),
            cell if are_values_hidden() => write!(f, "{} {HIDDEN}", cell.type_in_words()),
            Self::Written(text) => write!(f, "`{}`", Short(trim(text))),
            Self::Text(text) => write!(f, "text `{}`", Short(text)),
            Self::Number(number) => write!(f, "the number {number:?}"),
            Self::Decimal(digits) => write!(f, "the number {digits}"),
            Self::Integer(number) => write!(f, "the whole number {number}"),
            Self::Unsigned(number) => write!(f, "the whole number {number}"),
            Self::Boolean(value) => write!(f, "the boolean {value}"),
            Self::Time(time) if time.is_date() => write!(f, "the date {time}"),
            Self::Time(time) => write!(f, "the time {time}"),
        }
    }
}

/// A text of which only the beginning is shown when it is long, in which nothing is unseen.
struct Short<'a>(&'a str);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 80;
        write_shown(f, self.0.chars().take(MOST))?;
        if self.0.chars().nth(MOST).is_some() { f.write_str("…") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_names_the_type() {
        let long = "x".repeat(90);
        let cases = [
            (Cell::Missing, "a missing value"),
            (Cell::Written(" "), "a missing value"),
            (Cell::Written(" 1,5 "), "`1,5`"),
            (Cell::Text("61.1"), "text `61.1`"),
            (Cell::Text("a\u{1b}[2J"), "text `a\\u{1b}[2J`"),
            (Cell::Number(2.0), "the number 2.0"),
            (Cell::Number(f64::NAN), "the number NaN"),
            (Cell::Number(f64::INFINITY), "the number inf"),
            (Cell::Integer(-3), "the whole number -3"),
            (Cell::Unsigned(u64::MAX), "the whole number 18446744073709551615"),
            (Cell::Boolean(true), "the boolean true"),
            (Cell::Written("II\u{200b}"), "`II\\u{200b}`"),
            (Cell::Text("\u{feff}\u{a0}I"), "text `\\u{feff}\\u{a0}I`"),
            (Cell::Decimal("1.50"), "the number 1.50"),
            (Cell::Time(Time::of_day(19_782)), "the date 2024-02-29"),
            (Cell::Other("List(Int8)"), "a value of type List(Int8)"),
        ];
        for (cell, expected) in cases {
            assert_eq!(cell.to_string(), expected);
        }
        assert_eq!(Cell::Written(&long).to_string(), format!("`{}…`", "x".repeat(80)));
    }
}
