//! What the cells of a feature's column mean, and the words for those that cannot be used.
//!
//! This is the one place where a cell becomes a value. A cell that is not of the feature's kind
//! becomes a value of another kind, which the feature's policy refuses or imputes.

use std::sync::Arc;

use nomogram::{ErrorKind, Feature, FeatureKind, Value};
use unicode_normalization::UnicodeNormalization;

use crate::cell::Cell;
use crate::format::{TableFormat, trim};
use crate::number::{DecimalMark, MAX_WHOLE, Wholeness, integer, number, wholeness};
use crate::shown::{are_values_hidden, shown, shown_value};

/// Reads the cells of one feature's column.
///
/// ```
/// use nomogram::{Feature, Value};
/// use nomogram_table::{Cell, FeatureCells, TableFormat};
///
/// let format = TableFormat { missing: vec!["NA".into()], ..TableFormat::default() };
/// let age = FeatureCells::new(Feature::number("age"), None, format.into());
/// assert_eq!(age.value(Cell::Written(" 61.5")), Value::Number(61.5));
/// assert_eq!(age.value(Cell::Written("NA")), Value::Missing(None));
/// // A column of texts holds texts, whatever they look like.
/// assert_eq!(age.value(Cell::Text("61.5")), Value::Text("61.5"));
/// ```
#[derive(Clone, Debug)]
pub struct FeatureCells {
    feature: Feature,
    unit: Option<String>,
    format: Arc<TableFormat>,
}

/// Of no level, as a level is never empty.
const UNSEEN: Value<'static> = Value::Text("");
/// Of another kind than a category, and than a number.
const NO_CATEGORY: Value<'static> = Value::Boolean(false);
const NO_NUMBER: Value<'static> = Value::Text("");

impl FeatureCells {
    /// The cells of a feature; `unit` is the UCUM code of the unit that the column names.
    #[must_use]
    pub fn new(feature: Feature, unit: Option<String>, format: Arc<TableFormat>) -> Self {
        Self { feature, unit, format }
    }

    /// The feature.
    #[must_use]
    pub fn feature(&self) -> &Feature {
        &self.feature
    }

    /// The unit that the column names.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// How the table is written.
    #[must_use]
    pub fn format(&self) -> &TableFormat {
        &self.format
    }

    /// What a cell means.
    #[inline]
    #[must_use]
    pub fn value<'a>(&'a self, cell: Cell<'a>) -> Value<'a> {
        if cell.is_missing(&self.format) {
            return Value::Missing(None);
        }
        match &self.feature.kind {
            FeatureKind::Category { levels } => of_category(cell, levels, self.format.decimal_mark),
            FeatureKind::Boolean => self.boolean(cell),
            FeatureKind::Integer => self.in_unit(self.number(cell, true)),
            FeatureKind::Number => self.in_unit(self.number(cell, false)),
        }
    }

    /// What a cell means, as the number of an array: NaN for a missing value, a level by its position,
    /// a boolean as 0 or 1. `None` for a cell that such a number does not state.
    #[inline]
    #[must_use]
    pub fn array_number(&self, cell: Cell<'_>) -> Option<f64> {
        match self.value(cell) {
            Value::Number(number) => (!number.is_nan()).then_some(number),
            Value::NumberIn(number, unit) => {
                let is_own = self.feature.unit.as_deref() == Some(unit);
                (is_own && !number.is_nan()).then_some(number)
            }
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            Value::Integer(number) => (number.unsigned_abs() <= MAX_WHOLE).then_some(number as f64),
            Value::Boolean(value) => {
                (self.feature.kind == FeatureKind::Boolean).then_some(f64::from(u8::from(value)))
            }
            Value::Text(text) => {
                let level = self.feature.levels().iter().position(|level| level == text)?;
                u32::try_from(level).ok().map(f64::from)
            }
            Value::Missing(None) => Some(f64::NAN),
            // A reason, and kinds that a later core may have.
            _ => None,
        }
    }

    /// Whether [`Self::array_number`] of a [`Cell::Number`] other than NaN is that number.
    #[cfg(feature = "columnar")]
    pub(crate) fn takes_numbers_as_they_are(&self) -> bool {
        let is_category = matches!(self.feature.kind, FeatureKind::Category { .. });
        let is_in_own_unit = self.unit.is_none() || self.unit == self.feature.unit;
        !is_category && is_in_own_unit
    }

    fn number<'a>(&self, cell: Cell<'a>, is_whole: bool) -> Value<'a> {
        match cell {
            Cell::Written(text) => number_of(trim(text), self.format.decimal_mark, is_whole),
            Cell::Decimal(digits) => number_of(digits, DecimalMark::Point, is_whole),
            Cell::Text(text) => Value::Text(text),
            Cell::Number(number) => Value::Number(number),
            Cell::Integer(number) => Value::Integer(number),
            // Too large for the one is too large for the core.
            Cell::Unsigned(_) => Value::Integer(i64::MAX),
            Cell::Boolean(value) => Value::Boolean(value),
            Cell::Time(_) | Cell::Other(_) | Cell::Missing => NO_NUMBER,
        }
    }

    fn boolean<'a>(&self, cell: Cell<'a>) -> Value<'a> {
        let (Cell::Written(text) | Cell::Text(text)) = cell else { return self.number(cell, true) };
        let name = &self.feature.name;
        let text = trim(text);
        let value = match cell {
            Cell::Text(_) => self.format.stated_boolean(name, text),
            _ => self.format.boolean(name, text),
        };
        value.map_or(Value::Text(text), Value::Boolean)
    }

    fn in_unit<'a>(&'a self, value: Value<'a>) -> Value<'a> {
        let Some(unit) = self.unit.as_deref() else { return value };
        match value {
            Value::Number(number) => Value::NumberIn(number, unit),
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            Value::Integer(number) if number.unsigned_abs() <= MAX_WHOLE => {
                Value::NumberIn(number as f64, unit)
            }
            other => other,
        }
    }

    /// A cell that was refused, in words.
    #[must_use]
    pub fn found(&self, cell: Cell<'_>) -> String {
        let text = match cell {
            Cell::Written(text) | Cell::Text(text) => trim(text),
            _ => return cell.to_string(),
        };
        if cell.is_missing(&self.format) {
            return match text.is_empty() {
                true => "a missing value".into(),
                false => format!("`{}`, a missing value", shown_value(text)),
            };
        }
        match other_spelling(text, self.feature.levels()) {
            // A level that it resembles would show what it is.
            Some(hint) if !are_values_hidden() => format!("{cell} ({hint})"),
            Some(_) | None => cell.to_string(),
        }
    }

    /// What a cell should have been that was refused with an error of this kind.
    #[must_use]
    pub fn expected(&self, kind: ErrorKind, cell: Cell<'_>) -> String {
        let is_typed = cell.is_typed();
        let mut expected = match &self.feature.kind {
            FeatureKind::Integer => "a whole number".to_owned(),
            FeatureKind::Boolean => match self.format.feature_booleans.get(&self.feature.name) {
                Some([no, yes]) => format!("`{no}` or `{yes}`"),
                None if is_typed => "a boolean, 0 or 1".into(),
                None => "`false` or `0`, `true` or `1`".into(),
            },
            FeatureKind::Category { levels } => format!("one of the levels {}", listed(levels)),
            FeatureKind::Number => "a number".into(),
        };
        let is_number = matches!(self.feature.kind, FeatureKind::Number | FeatureKind::Integer);
        let is_large = self.is_too_large(cell);
        match kind {
            ErrorKind::Infinite | ErrorKind::NotANumber if is_number => {
                expected = expected.replacen("a ", "a finite ", 1);
            }
            ErrorKind::WrongType | ErrorKind::Magnitude if is_large && is_number => {
                return "a whole number of at most 2^53".into();
            }
            ErrorKind::WrongType if is_number => {
                expected += self.other_mark(cell).map_or("", |other| match other {
                    DecimalMark::Comma => " with a decimal point",
                    DecimalMark::Point => " with a decimal comma",
                });
            }
            ErrorKind::Magnitude => expected += " of at most 1e100",
            _ => {}
        }
        if let Some(range) = self.feature.range {
            expected += &format!(" from {} to {}", range.low, range.high);
        }
        if let Some(unit) = self.feature.unit.as_deref().filter(|unit| *unit != "1") {
            expected += &format!(", unit `{unit}`");
        }
        if let Some(unit) = self.unit().filter(|unit| self.feature.unit.as_deref() != Some(unit)) {
            expected += &format!(" (the column has unit `{unit}`)");
        }
        expected
    }

    /// The decimal mark with which a text would be a number, where it is none with that of the
    /// format.
    #[must_use]
    pub fn other_mark(&self, cell: Cell<'_>) -> Option<DecimalMark> {
        let Cell::Written(text) = cell else { return None };
        let own = self.format.decimal_mark;
        let other = match own {
            DecimalMark::Point => DecimalMark::Comma,
            DecimalMark::Comma => DecimalMark::Point,
        };
        let is_number = |mark| number(trim(text), mark).is_some();
        (!is_number(own) && is_number(other)).then_some(other)
    }

    /// Whether a cell holds a whole number that the feature does not take, as a double would round
    /// it.
    fn is_too_large(&self, cell: Cell<'_>) -> bool {
        let is_too_large = |text: &str, mark| {
            self.feature.kind == FeatureKind::Integer
                && number(text, mark).is_some_and(f64::is_finite)
                && wholeness(text, mark) == Wholeness::TooLarge
        };
        match cell {
            Cell::Integer(number) => number.unsigned_abs() > MAX_WHOLE,
            Cell::Unsigned(_) => true,
            Cell::Written(text) => is_too_large(trim(text), self.format.decimal_mark),
            Cell::Decimal(digits) => is_too_large(digits, DecimalMark::Point),
            Cell::Number(number) => {
                self.feature.kind == FeatureKind::Integer
                    && number.is_finite()
                    && number.abs() > MAX_WHOLE_NUMBER
            }
            Cell::Missing | Cell::Text(_) | Cell::Boolean(_) | Cell::Time(_) | Cell::Other(_) => {
                false
            }
        }
    }
}

/// [`MAX_WHOLE`] as a double.
const MAX_WHOLE_NUMBER: f64 = 9_007_199_254_740_992.0;

/// The number of a text. Where it must be whole, it is not rounded to be so.
#[inline]
fn number_of(text: &str, mark: DecimalMark, is_whole: bool) -> Value<'_> {
    if let Some(number) = integer(text).filter(|_| is_whole) {
        return Value::Integer(number);
    }
    let Some(number) = number(text, mark) else { return Value::Text(text) };
    if !is_whole || !number.is_finite() {
        return Value::Number(number);
    }
    match wholeness(text, mark) {
        Wholeness::Fraction if number.fract() == 0.0 => Value::Text(text),
        Wholeness::Whole | Wholeness::Fraction => Value::Number(number),
        // Too large for the one is too large for the core.
        Wholeness::TooLarge if number < 0.0 => Value::Integer(i64::MIN),
        Wholeness::TooLarge => Value::Integer(i64::MAX),
    }
}

fn of_category<'a>(cell: Cell<'a>, levels: &'a [String], mark: DecimalMark) -> Value<'a> {
    let named = |name: &str| {
        let exact = || levels.iter().find(|level| *level == name).map(String::as_str);
        of_whole_number(name, DecimalMark::Point, levels).or_else(exact).map_or(UNSEEN, Value::Text)
    };
    match cell {
        Cell::Written(text) | Cell::Text(text) => {
            let trimmed = trim(text);
            // A level may begin or end with a space.
            let is_level = trimmed.len() != text.len() && levels.iter().any(|level| level == text);
            let name = if is_level { text } else { trimmed };
            Value::Text(of_whole_number(name, mark, levels).unwrap_or(name))
        }
        // Levels are named by texts: the number of a level is not a level.
        Cell::Integer(number) => named(&number.to_string()),
        Cell::Unsigned(number) => named(&number.to_string()),
        Cell::Number(number) if number.fract() == 0.0 && number.abs() <= MAX_WHOLE_NUMBER => {
            // Without the sign of -0.
            named(&format!("{:.0}", number + 0.0))
        }
        Cell::Decimal(digits) if whole_digits(digits, DecimalMark::Point).is_some() => {
            named(digits)
        }
        Cell::Boolean(value) => named(if value { "true" } else { "false" }),
        Cell::Number(_) | Cell::Decimal(_) | Cell::Time(_) | Cell::Other(_) | Cell::Missing => {
            NO_CATEGORY
        }
    }
}

/// The level that is the same whole number, with decimals or without: programs write the codes of levels as
/// `2.0` where a value of the column is missing.
fn of_whole_number<'a>(text: &str, mark: DecimalMark, levels: &'a [String]) -> Option<&'a str> {
    let digits = whole_digits(text, mark)?;
    let is_same = |level: &&String| whole_digits(level, DecimalMark::Point) == Some(digits);
    let level = levels.iter().find(|level| *level == text).or_else(|| levels.iter().find(is_same));
    level.map(String::as_str)
}

/// The sign and the digits before the decimal mark, of a number whose decimals are all 0.
fn whole_digits(text: &str, mark: DecimalMark) -> Option<&str> {
    let mark = match mark {
        DecimalMark::Point => '.',
        DecimalMark::Comma => ',',
    };
    let (whole, decimals) = text.split_once(mark).unwrap_or((text, "0"));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_whole = !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !decimals.is_empty()
        && decimals.bytes().all(|byte| byte == b'0');
    is_whole.then_some(whole)
}

/// Names in backticks, separated by commas; of very many, the first ones.
#[must_use]
pub fn listed(names: &[impl AsRef<str>]) -> String {
    const MOST: usize = 40;
    let names_shown: Vec<String> =
        names.iter().take(MOST).map(|name| shown(name.as_ref())).collect();
    let more = if names.len() > MOST { ", …" } else { "" };
    format!("`{}`{more}", names_shown.join("`, `"))
}

/// How a text differs from a name that it probably means, where it does so in spelling alone.
#[must_use]
pub fn other_spelling(text: &str, names: &[String]) -> Option<String> {
    type Fold = fn(&str) -> String;
    let composed: Fold = |text| text.nfc().collect();
    let without_case: Fold = |text| text.nfc().flat_map(char::to_lowercase).collect();
    let without_spaces: Fold = |text| text.nfc().filter(|c| !c.is_whitespace()).collect();
    let folded: Fold = |text| {
        let folded = text.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase);
        folded.collect()
    };
    let folds = [
        (composed, "in another Unicode form"),
        (without_case, "in another case"),
        (without_spaces, "with other spaces"),
        (folded, "in another spelling"),
    ];
    let hint = |(fold, how): (Fold, &str)| {
        let text = fold(text);
        let name = names.iter().find(|name| fold(name) == text)?;
        Some(format!("`{name}` {how}"))
    };
    if names.iter().any(|name| name == text) {
        return None;
    }
    folds.into_iter().find_map(hint)
}

#[cfg(test)]
mod tests;
