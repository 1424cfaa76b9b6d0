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

/// Reads a row of numbers, one for each feature, into `numbers`. Returns whether it is one: a level of a
/// category and a boolean count as numbers, a value with a unit or without a number does not. The reader
/// is then anywhere in the row.
///
/// # Errors
///
/// `Fault` when it is not JSON.
pub(crate) fn read_numbers(
    reader: &mut Reader<'_>,
    served: &Served,
    numbers: &mut [f64],
) -> Result<bool, Fault> {
    /// The row is read in another way.
    struct Stop(Option<Fault>);
    impl From<Fault> for Stop {
        fn from(fault: Fault) -> Self {
            Self(Some(fault))
        }
    }
    numbers.fill(f64::NAN);
    let features = served.model().schema().features();
    let (mut likely, mut n_set) = (0, 0);
    let read = reader.object(|reader, name| {
        let position = served.feature(&name, likely).ok_or(Stop(None))?;
        let kind = features.get(position).map(|feature| &feature.kind);
        let number = match (reader.kind()?, kind) {
            (Kind::Number, Some(FeatureKind::Integer)) => match integer(reader.number()?) {
                Value::Number(number) => number,
                _ => return Err(Stop(None)),
            },
            (Kind::Number, _) => reader.number()?.value,
            (Kind::Boolean, Some(FeatureKind::Boolean)) => f64::from(u8::from(reader.boolean()?)),
            (Kind::Text, Some(FeatureKind::Category { levels })) => {
                let text = reader.text()?;
                let level = levels.iter().position(|level| *level == text);
                let level = level.and_then(|level| u32::try_from(level).ok());
                f64::from(level.ok_or(Stop(None))?)
            }
            _ => return Err(Stop(None)),
        };
        let slot = numbers.get_mut(position).filter(|slot| slot.is_nan()).ok_or(Stop(None))?;
        *slot = number;
        likely = position + 1;
        n_set += 1;
        Ok(())
    });
    match read {
        Ok(()) => Ok(n_set == numbers.len()),
        Err(Stop(None)) => Ok(false),
        Err(Stop(Some(fault))) => Err(fault),
    }
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
}
