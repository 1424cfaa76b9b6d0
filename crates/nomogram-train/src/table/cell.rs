//! One cell of a table, and where it stands.

use std::borrow::Cow;

use super::time::seconds;
use crate::error::Error;

/// One cell and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'a> {
    pub(crate) datum: Datum<'a>,
    pub(super) line: u64,
    pub(super) column: &'a str,
    pub(super) table: &'a str,
}

/// What a cell holds. Only texts can still mean anything else than they say.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(not(feature = "columnar"), allow(dead_code, reason = "CSV files hold texts alone"))]
pub(crate) enum Datum<'a> {
    Text(&'a str),
    Number(f64),
    Integer(i64),
    Boolean(bool),
    /// Seconds since 1970 began, in UTC.
    Time(f64),
    Missing,
    /// Of a type that means nothing here, by its name.
    Other(&'a str),
}

/// When a row was recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Time {
    /// A number of whatever the column counts.
    Number(f64),
    /// Seconds since 1970 began, in UTC.
    Seconds(f64),
}

impl<'a> Cell<'a> {
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    pub(crate) fn refuse(&self, expected: impl Into<String>) -> Error {
        Error::Cell {
            table: self.table.into(),
            line: self.line,
            column: self.column.into(),
            found: self.text().into_owned(),
            expected: expected.into(),
        }
    }

    /// What it holds, as a text: a name, a class or a level.
    pub(crate) fn text(&self) -> Cow<'a, str> {
        match self.datum {
            Datum::Text(text) | Datum::Other(text) => Cow::Borrowed(text),
            Datum::Number(number) => Cow::Owned(number.to_string()),
            Datum::Integer(number) => Cow::Owned(number.to_string()),
            Datum::Boolean(value) => Cow::Borrowed(if value { "true" } else { "false" }),
            Datum::Time(seconds) => Cow::Owned(format!("{seconds} s after 1970 began")),
            Datum::Missing => Cow::Borrowed(""),
        }
    }

    /// Whether there is no value, `missing` being the texts that say so.
    pub(crate) fn is_missing(&self, missing: &[String]) -> bool {
        match self.datum {
            Datum::Text(text) => missing.iter().any(|missing| missing == text),
            Datum::Missing => true,
            _ => false,
        }
    }

    /// The text of a cell that must have one.
    pub(crate) fn name(&self, missing: &[String], expected: &str) -> Result<String, Error> {
        if self.is_missing(missing) || matches!(self.datum, Datum::Other(_)) {
            return Err(self.refuse(expected));
        }
        Ok(self.text().into_owned())
    }

    /// The finite number that it is, exactly. Rust's parser is correctly rounded and knows no locale.
    pub(crate) fn finite(&self) -> Option<f64> {
        let number: f64 = match self.datum {
            Datum::Text(text) => text.parse().ok()?,
            Datum::Number(number) => number,
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            Datum::Integer(number) if number.unsigned_abs() <= 1 << 53 => number as f64,
            _ => return None,
        };
        number.is_finite().then_some(number)
    }

    /// The time that it tells.
    pub(crate) fn time(&self) -> Option<Time> {
        let number = || self.finite().map(Time::Number);
        match self.datum {
            Datum::Text(text) => seconds(text).map(Time::Seconds).or_else(number),
            Datum::Time(seconds) => Some(Time::Seconds(seconds)),
            _ => number(),
        }
    }
}
