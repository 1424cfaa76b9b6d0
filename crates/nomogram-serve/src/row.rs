//! A row of JSON: the names of features with their values.
//!
//! A value is a number, a text, `true`, `false` or `null`, which is missing; or an object: `{"value": 1.2,
//! "unit": "mg/dL"}`, or `{"missing": "not-performed"}` with a code of FHIR's data-absent-reason.

use std::borrow::Cow;

use nomogram::{FeatureKind, Value};

use crate::json::{Fault, Kind, Number, Reader};
use crate::scored::Refusal;
use crate::scoring::{Scorer, missing_reason};
use crate::served::Served;

/// Digits of a whole number that a double holds exactly.
const EXACT_DIGITS: usize = 15;

/// Reads a row and sets its values. The first value that cannot be set refuses the row; the rest of it
/// is read all the same.
///
/// # Errors
///
/// `Fault` when it is not JSON of this shape.
pub(crate) fn read_row(
    reader: &mut Reader<'_>,
    scorer: &mut Scorer<'_>,
) -> Result<Result<(), Refusal>, Fault> {
    scorer.begin_row();
    let mut row = Ok(());
    let mut likely = 0;
    reader.object(|reader, name| {
        let value = read_value(reader)?;
        if row.is_ok() {
            row = scorer.feature(&name, likely).and_then(|position| {
                likely = position + 1;
                set(scorer, position, &value)
            });
        }
        Ok(())
    })?;
    Ok(row)
}

/// A row of numbers, one for each feature: a level of a category and a boolean count as numbers, a value with
/// a unit or without a number does not.
#[derive(Debug)]
pub(crate) struct RowOfNumbers<'a> {
    served: &'a Served,
    /// The numbers of the row that was read last, in the order of the features.
    pub(crate) numbers: Vec<f64>,
    /// The order in which the last such row named the features: callers seldom change it.
    order: Vec<usize>,
    /// The order in which the row names them that is being read.
    order_of_row: Vec<usize>,
}

impl<'a> RowOfNumbers<'a> {
    pub(crate) fn new(served: &'a Served) -> Self {
        let n_features = served.model().schema().n_features();
        let numbers = vec![f64::NAN; n_features];
        Self { served, numbers, order: (0..n_features).collect(), order_of_row: Vec::new() }
    }

    /// Reads a row. Returns whether it is one of numbers; the reader is then behind it, and otherwise
    /// anywhere in it.
    ///
    /// # Errors
    ///
    /// `Fault` when it is not JSON.
    pub(crate) fn read(&mut self, reader: &mut Reader<'_>) -> Result<bool, Fault> {
        let mut ahead = reader.clone();
        if self.read_in_known_order(&mut ahead).is_some() {
            *reader = ahead;
            return Ok(true);
        }
        self.read_in_any_order(reader)
    }

    /// Reads a row that names the features as the last one did; `None` for any other.
    fn read_in_known_order(&mut self, reader: &mut Reader<'_>) -> Option<()> {
        let Self { served, numbers, order, .. } = self;
        let features = served.model().schema().features();
        for (nth, position) in order.iter().enumerate() {
            reader.member(nth == 0, served.quoted_name(*position)?)?;
            let number = read_number(reader, &features.get(*position)?.kind).ok()??;
            *numbers.get_mut(*position)? = number;
        }
        reader.end_of_members()
    }

    fn read_in_any_order(&mut self, reader: &mut Reader<'_>) -> Result<bool, Fault> {
        /// The row is read in another way.
        struct Stop(Option<Fault>);
        impl From<Fault> for Stop {
            fn from(fault: Fault) -> Self {
                Self(Some(fault))
            }
        }
        let Self { served, numbers, order, order_of_row } = self;
        numbers.fill(f64::NAN);
        order_of_row.clear();
        let features = served.model().schema().features();
        let read = reader.object(|reader, name| {
            let likely = order_of_row.last().map_or(0, |last| last + 1);
            let position = served.feature(&name, likely).ok_or(Stop(None))?;
            let feature = features.get(position).ok_or(Stop(None))?;
            let number = read_number(reader, &feature.kind)?.ok_or(Stop(None))?;
            let slot = numbers.get_mut(position).filter(|slot| slot.is_nan()).ok_or(Stop(None))?;
            *slot = number;
            order_of_row.push(position);
            Ok(())
        });
        match read {
            Ok(()) if order_of_row.len() < numbers.len() => Ok(false),
            Ok(()) => {
                std::mem::swap(order, order_of_row);
                Ok(true)
            }
            Err(Stop(None)) => Ok(false),
            Err(Stop(Some(fault))) => Err(fault),
        }
    }
}

/// Reads a value that counts as a number of a feature of this kind; `None` for another value.
#[inline]
fn read_number(reader: &mut Reader<'_>, kind: &FeatureKind) -> Result<Option<f64>, Fault> {
    Ok(match (reader.kind()?, kind) {
        (Kind::Number, FeatureKind::Integer) => match integer(reader.number()?) {
            Value::Number(number) => Some(number),
            _ => None,
        },
        (Kind::Number, _) => Some(reader.number()?.value),
        (Kind::Boolean, FeatureKind::Boolean) => Some(f64::from(u8::from(reader.boolean()?))),
        (Kind::Text, FeatureKind::Category { levels }) => {
            let text = reader.text()?;
            let level = levels.iter().position(|level| *level == text);
            level.and_then(|level| u32::try_from(level).ok()).map(f64::from)
        }
        _ => None,
    })
}

/// Reads one value of a feature and sets it.
///
/// # Errors
///
/// `Fault` when it is not JSON of this shape.
pub(crate) fn read_and_set(
    reader: &mut Reader<'_>,
    scorer: &mut Scorer<'_>,
    position: usize,
) -> Result<Result<(), Refusal>, Fault> {
    let value = read_value(reader)?;
    Ok(set(scorer, position, &value))
}

/// A value as it is written.
#[derive(Debug)]
struct Written<'a> {
    content: Content<'a>,
    unit: Option<Cow<'a, str>>,
}

#[derive(Debug)]
enum Content<'a> {
    Number(Number<'a>),
    Boolean(bool),
    Text(Cow<'a, str>),
    Missing(Option<Cow<'a, str>>),
}

fn read_value<'a>(reader: &mut Reader<'a>) -> Result<Written<'a>, Fault> {
    let content = match reader.kind()? {
        Kind::Object => return read_object(reader),
        Kind::Number => Content::Number(reader.number()?),
        Kind::Boolean => Content::Boolean(reader.boolean()?),
        Kind::Text => Content::Text(reader.text()?),
        Kind::Null => {
            reader.null()?;
            Content::Missing(None)
        }
        Kind::Array => return Err(reader.fault("a value of a feature")),
    };
    Ok(Written { content, unit: None })
}

fn read_object<'a>(reader: &mut Reader<'a>) -> Result<Written<'a>, Fault> {
    const EXPECTED: &str = "an object with `value` and perhaps `unit`, or with `missing`";
    let (mut content, mut unit) = (None, None);
    reader.object(|reader, name| {
        let fault = reader.fault(EXPECTED);
        match name.as_ref() {
            "value" if content.is_none() => {
                if reader.kind()? == Kind::Object {
                    return Err(reader.fault("a number, a text, `true`, `false` or `null`"));
                }
                content = Some(read_value(reader)?.content);
            }
            "missing" if content.is_none() => {
                content = Some(Content::Missing(Some(reader.text()?)));
            }
            "unit" if unit.is_none() => unit = Some(reader.text()?),
            _ => return Err(fault),
        }
        Ok(())
    })?;
    let content = content.ok_or_else(|| reader.fault(EXPECTED))?;
    Ok(Written { content, unit })
}

fn set(scorer: &mut Scorer<'_>, position: usize, written: &Written<'_>) -> Result<(), Refusal> {
    let features = scorer.served().model().schema().features();
    let kind = features.get(position).map(|feature| &feature.kind);
    let value = match (&written.content, written.unit.as_deref()) {
        (Content::Number(number), Some(unit)) => Value::NumberIn(number.value, unit),
        (Content::Number(number), None) => match kind {
            Some(FeatureKind::Integer) => integer(*number),
            _ => Value::Number(number.value),
        },
        (Content::Boolean(value), None) => Value::Boolean(*value),
        (Content::Text(text), None) => Value::Text(text),
        (Content::Missing(None), _) => Value::Missing(None),
        (Content::Missing(Some(code)), _) => {
            let reason = missing_reason(code).map_err(|refusal| refusal.of_feature(position))?;
            Value::Missing(Some(reason))
        }
        (Content::Boolean(_) | Content::Text(_), Some(_)) => {
            let detail = format!("feature {}: a unit of a value that is no number", position + 1);
            return Err(Refusal::new("value_type", detail).of_feature(position));
        }
    };
    scorer.set(position, value)
}

/// A whole number that a double could not hold is not rounded to one that it can.
fn integer(number: Number<'_>) -> Value<'_> {
    let is_whole = number.written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    match is_whole && number.written.len() > EXACT_DIGITS {
        true => Value::Integer(number.written.parse().unwrap_or(i64::MAX)),
        false => Value::Number(number.value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scored::Options;
    use crate::served::Approval;

    fn answer(row: &str) -> Result<Result<bool, String>, usize> {
        let served = Served::open(&nomogram_testkit::bundle_of_policies(), Approval::NotRecorded);
        let served = served.unwrap();
        let mut scorer = Scorer::new(&served, Options::default()).unwrap();
        let read = read_row(&mut Reader::new(row), &mut scorer).map_err(|fault| fault.offset)?;
        let read = read.and_then(|()| scorer.score());
        Ok(read.map(|scored| !scored.outputs.is_empty()).map_err(|refusal| refusal.status.into()))
    }

    #[test]
    fn objects_that_are_no_value_are_faults() {
        let served = Served::open(&nomogram_testkit::bundle_of_policies(), Approval::NotRecorded);
        let name = served.unwrap().feature_name(0).unwrap().to_owned();
        for value in [
            "[1]",
            "{}",
            "{\"value\":{}}",
            "{\"value\":1,\"value\":2}",
            "{\"unit\":\"mg\"}",
            "{\"missing\":null}",
            "{\"value\":1,\"missing\":\"unknown\"}",
            "{\"amount\":1}",
        ] {
            assert!(answer(&format!("{{\"{name}\":{value}}}")).is_err(), "{value}");
        }
        let status = |value: &str| answer(&format!("{{\"{name}\":{value}}}")).unwrap();
        assert_eq!(status("{\"missing\":\"forgotten\"}"), Err("argument_reason".into()));
        assert_eq!(status("{\"value\":1,\"unit\":\"furlong\"}"), Err("argument_unit".into()));
        assert_eq!(status("{\"value\":\"a\",\"unit\":\"mg\"}"), Err("value_type".into()));
    }

    #[test]
    fn a_whole_number_beyond_doubles_is_not_rounded() {
        let number = |written| Number { value: 9_007_199_254_740_992.0, written };
        assert_eq!(integer(number("9007199254740993")), Value::Integer(9_007_199_254_740_993));
        assert_eq!(integer(number("99999999999999999999")), Value::Integer(i64::MAX));
        assert_eq!(integer(Number { value: 2.5, written: "2.5" }), Value::Number(2.5));
    }

    #[test]
    fn rows_of_numbers_are_the_same_in_every_order_and_after_every_other_row() {
        let bytes = nomogram_testkit::bundle_of_policies();
        let served = Served::open(&bytes, Approval::NotRecorded).unwrap();
        let names: Vec<&str> = served
            .model()
            .schema()
            .features()
            .iter()
            .map(|feature| feature.name.as_str())
            .collect();
        let value = |feature: usize| match feature {
            8 | 9 => "true",
            10 => "\"II\"",
            11 => "\"high\"",
            12 => "\"left\"",
            5..8 => "7",
            _ => "-1.25e1",
        };
        let text = |order: &[usize], change: &dyn Fn(usize) -> Option<&'static str>| {
            let member = |feature: &usize| {
                let value = change(*feature).unwrap_or(value(*feature));
                format!("\"{}\" :\t{value}", names[*feature])
            };
            format!(" {{{} }}", order.iter().map(member).collect::<Vec<_>>().join(" , "))
        };
        let in_order: Vec<usize> = (0..names.len()).collect();
        let reversed: Vec<usize> = in_order.iter().rev().copied().collect();
        let (short, twice) = (&in_order[1..], [&in_order[..], &in_order[..1]].concat());
        let none = |_: usize| None;
        let second = |value| move |feature: usize| (feature == 1).then_some(value);
        let texts = [
            text(&in_order, &none),
            text(&reversed, &none),
            text(&reversed, &none),
            text(&in_order, &second("null")),
            text(&in_order, &second("[1")),
            text(&in_order, &second("1,")),
            text(&in_order, &second("\"2\"")),
            text(&in_order, &second("{\"value\": 3}")),
            text(&in_order, &second("NaN")),
            text(short, &none),
            text(&twice, &none),
            text(&in_order, &none).replace("age", "\\u0061ge"),
            text(&in_order, &none).replace('}', ",}"),
            text(&in_order, &none).replace('}', ", \"x\": 1}"),
            "{}".into(),
            String::new(),
        ];
        let mut numbers = vec![-12.5; 13];
        numbers[5..8].fill(7.0);
        numbers[8..].copy_from_slice(&[1.0, 1.0, 1.0, 2.0, 0.0]);
        let read = |row: &mut RowOfNumbers<'_>, text: &str| {
            let mut reader = Reader::new(text);
            let read = row.read(&mut reader);
            if read == Ok(true) {
                assert_eq!(row.numbers, numbers, "{text}");
                assert!(reader.end().is_ok(), "{text}");
            }
            read
        };
        let are_numbers = texts.iter().map(|text| {
            let mut row = RowOfNumbers::new(&served);
            row.read_in_any_order(&mut Reader::new(text))
        });
        let are_numbers: Vec<_> = are_numbers.collect();
        let n_numbers = are_numbers.iter().filter(|read| **read == Ok(true)).count();
        assert_eq!(n_numbers, 4, "{are_numbers:?}");
        let mut row = RowOfNumbers::new(&served);
        for (first, _) in texts.iter().zip(&are_numbers) {
            for (text, expected) in texts.iter().zip(&are_numbers) {
                let _before = read(&mut row, first);
                assert_eq!(read(&mut row, text), *expected, "{text} after {first}");
            }
        }
    }
}
