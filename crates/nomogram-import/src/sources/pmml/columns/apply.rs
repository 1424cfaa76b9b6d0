//! Functions of one field and of constants, and the bounds of their arguments.

use super::super::fields::Fields;
use super::curves;
use super::of_expression;
use crate::columns::{Column, Map, UNBOUNDED, ln};
use crate::document::xml::Element;
use crate::error::Error;

/// The least value whose logarithm a bundle has: below, `x − 1` would lose digits of `x`.
const LEAST_OF_LN: f64 = 1e-3;

/// A constant argument.
#[derive(Clone, Copy)]
struct Constant {
    number: f64,
    is_whole: bool,
    is_double: bool,
}

/// A function of one field and of constants.
///
/// # Errors
///
/// `Unsupported` for other functions, and for arguments for which the result would not be that of the source.
pub(super) fn apply(expression: &Element, fields: &Fields) -> Result<Column, Error> {
    if expression.find("defaultValue").is_some() || expression.find("mapMissingTo").is_some() {
        return Err(expression.unsupported("values in place of missing results"));
    }
    let arguments: Vec<&Element> =
        expression.children.iter().filter(|child| child.name != "Extension").collect();
    let function = expression.attribute("function")?;
    let refused = || expression.unsupported(format!("function `{function}` of such arguments"));
    let (column, constant, is_column_first) = match arguments.as_slice() {
        [one] => (of_expression(one, fields)?, None, true),
        [first, second] => match (constant(first), constant(second)) {
            (None, Some(constant)) => (of_expression(first, fields)?, Some(constant), true),
            (Some(constant), None) => (of_expression(second, fields)?, Some(constant), false),
            _ => return Err(refused()),
        },
        _ => return Err(refused()),
    };
    if column.is_rounded() && !constant.is_some_and(|constant| constant.is_double) {
        let what =
            format!("`{function}` of a value of type `float`, expected a constant of `double`");
        return Err(expression.unsupported(what));
    }
    if function == "/"
        && (fields.is_whole(column.feature) || curves::has_whole_numbers(&column))
        && constant.is_some_and(|constant| constant.is_whole)
    {
        let what =
            "`/` of two whole numbers, which leaves no fraction; expected a constant of `double`";
        return Err(expression.unsupported(what));
    }
    let least = bounds(fields, &column).0;
    let maps = match (function, constant.map(|constant| constant.number), is_column_first) {
        ("+", Some(addend), _) => vec![Map::Affine { factor: 1.0, addend }],
        ("-", Some(subtract), true) => vec![Map::Standardize { subtract, divide: 1.0 }],
        ("-", Some(addend), false) => vec![Map::Affine { factor: -1.0, addend }],
        ("*", Some(factor), _) => vec![Map::Affine { factor, addend: 0.0 }],
        ("/", Some(divide), true) if divide > 0.0 => {
            vec![Map::Standardize { subtract: 0.0, divide }]
        }
        ("min", Some(high), _) => vec![Map::Clip { low: -UNBOUNDED, high }],
        ("max", Some(low), _) => vec![Map::Clip { low, high: UNBOUNDED }],
        ("ln" | "log10", None, _) if least < LEAST_OF_LN => {
            return Err(expression.unsupported(format!(
                "`{function}` of values from {least:e}, expected a field with an Interval from {LEAST_OF_LN} or more"
            )));
        }
        ("ln", None, _) => ln().to_vec(),
        ("log10", None, _) => {
            let factor = std::f64::consts::LOG10_E;
            let [shift, log] = ln();
            vec![shift, log, Map::Affine { factor, addend: 0.0 }]
        }
        ("sqrt", None, _) if least < 0.0 => {
            return Err(expression.unsupported(format!(
                "`sqrt` of values from {least:e}, expected a field with an Interval from 0 or more"
            )));
        }
        ("sqrt", None, _) => vec![Map::Clip { low: 0.0, high: UNBOUNDED }, Map::Power(0.5)],
        ("abs", None, _) => vec![curves::absolute()],
        ("pow", Some(2.0), true) => vec![Map::Square],
        ("pow", Some(1.0), true) => Vec::new(),
        _ => return Err(refused()),
    };
    Ok(maps.into_iter().fold(column, |column, map| column.then(map)))
}

fn constant(element: &Element) -> Option<Constant> {
    let text = element.text.trim();
    let number = (element.name == "Constant").then(|| text.parse().ok()).flatten();
    let number = number.filter(|number: &f64| number.is_finite())?;
    let is_whole = match element.find("dataType") {
        Some(data_type) => data_type == "integer",
        None => text.parse::<i64>().is_ok(),
    };
    let is_double = element.find("dataType") == Some("double");
    Some(Constant { number, is_whole, is_double })
}

/// The least and the greatest value that a column may have.
fn bounds(fields: &Fields, column: &Column) -> (f64, f64) {
    let range = fields.range(column.feature);
    let (mut low, mut high) =
        range.map_or((-UNBOUNDED, UNBOUNDED), |range| (range.low, range.high));
    for map in &column.maps {
        let value = |value: f64| match map {
            Map::Standardize { subtract, divide } => (value - subtract) / divide,
            Map::Affine { factor, addend } => value * factor + addend,
            Map::Clip { low, high } => value.max(*low).min(*high),
            Map::Ln => nomogram::numeric::ln_1p(value),
            _ => value,
        };
        let (first, second) = (value(low), value(high));
        (low, high) = match map {
            Map::Standardize { .. } | Map::Affine { .. } | Map::Clip { .. } | Map::Ln => {
                (first.min(second), first.max(second))
            }
            Map::Impute(number) => (low.min(*number), high.max(*number)),
            Map::Levels { numbers, unseen } => {
                let all = || numbers.iter().chain([unseen]).copied();
                (all().fold(f64::INFINITY, f64::min), all().fold(-f64::INFINITY, f64::max))
            }
            Map::MarkMissing { .. } => (low, high),
            Map::Square if low >= 0.0 => (low * low, high * high),
            Map::Power(exponent) if low >= 0.0 && *exponent == 0.5 => (low.sqrt(), high.sqrt()),
            Map::Square => (0.0, UNBOUNDED),
            Map::Power(_) | Map::Bin(_) | Map::Curve(_) | Map::Single => (-UNBOUNDED, UNBOUNDED),
        };
    }
    (low, high)
}
