//! Derived fields: functions of one field each.

use std::borrow::Cow;

use super::fields::Fields;
use crate::columns::{Column, Map, UNBOUNDED, ln};
use crate::document::xml::Element;
use crate::error::Error;

/// Adds the derived fields of a document and of its model.
///
/// # Errors
///
/// `Unsupported` with the element for expressions without a counterpart.
pub(super) fn derive(root: &Element, model: &Element, fields: &mut Fields) -> Result<(), Error> {
    let treated: Vec<(String, Column)> =
        fields.names().map(str::to_owned).zip(fields.treated()).collect();
    fields.columns = treated.into_iter().collect();
    for dictionary in [root.child("TransformationDictionary"), model.child("LocalTransformations")]
        .into_iter()
        .flatten()
    {
        add(dictionary, fields)?;
    }
    Ok(())
}

/// The fields, with the derived fields of a model within another.
///
/// # Errors
///
/// As [`derive`].
pub(super) fn with_local<'f>(
    model: &Element,
    fields: &'f Fields,
) -> Result<Cow<'f, Fields>, Error> {
    let Some(local) = model.child("LocalTransformations") else {
        return Ok(Cow::Borrowed(fields));
    };
    let mut copy = fields.clone();
    add(local, &mut copy)?;
    Ok(Cow::Owned(copy))
}

/// Adds the derived fields of a dictionary.
///
/// # Errors
///
/// As [`derive`].
fn add(dictionary: &Element, fields: &mut Fields) -> Result<(), Error> {
    for derived in dictionary.all("DerivedField") {
        let name = derived.attribute("name")?.to_owned();
        let column = of_derived(derived, fields)?;
        fields.columns.insert(name, column);
    }
    if let Some(function) = dictionary.child("DefineFunction") {
        return Err(function.unsupported("a function of the document"));
    }
    Ok(())
}

/// The column of a derived field.
///
/// # Errors
///
/// `Unsupported` with the element.
pub(super) fn of_derived(derived: &Element, fields: &Fields) -> Result<Column, Error> {
    let expression = derived.children.iter().find(|child| child.name != "Extension");
    let expression = expression.ok_or_else(|| derived.malformed("no expression"))?;
    of_expression(expression, fields)
}

fn of_expression(expression: &Element, fields: &Fields) -> Result<Column, Error> {
    let field = || {
        let name = expression.attribute("field")?;
        fields.column(name, expression).cloned()
    };
    match expression.name.as_str() {
        "FieldRef" => replaced(expression, field()?),
        "NormContinuous" => norm_continuous(expression, field()?),
        "NormDiscrete" => {
            let column = field()?;
            let value = expression.attribute("value")?;
            let column = of_levels(expression, fields, &column, 0.0, |level| {
                f64::from(u8::from(level == value))
            })?;
            replaced(expression, column)
        }
        "MapValues" => map_values(expression, fields),
        "Apply" => apply(expression, fields),
        other => Err(expression.unsupported(format!("expression `{other}`"))),
    }
}

/// `mapMissingTo`.
fn replaced(expression: &Element, column: Column) -> Result<Column, Error> {
    let number = expression.find_number("mapMissingTo")?;
    Ok(number.map_or_else(|| column.clone(), |number| column.then(Map::Impute(number))))
}

/// A straight line through two points, continued, or held at its ends.
fn norm_continuous(expression: &Element, column: Column) -> Result<Column, Error> {
    let points: Result<Vec<(f64, f64)>, Error> = expression
        .all("LinearNorm")
        .map(|point| Ok((point.number("orig")?, point.number("norm")?)))
        .collect();
    let points = points?;
    let [(from, low), (to, high)] = points.as_slice() else {
        let what = format!("{} points of a piecewise line, expected 2", points.len());
        return Err(expression.unsupported(what));
    };
    if from >= to {
        return Err(expression.malformed("points that do not ascend"));
    }
    let column = match expression.or("outliers", "asIs") {
        "asIs" => column,
        "asExtremeValues" => column.then(Map::Clip { low: *from, high: *to }),
        other => return Err(expression.unsupported(format!("outliers `{other}`"))),
    };
    let column = column
        .then(Map::Standardize { subtract: *from, divide: to - from })
        .then(Map::Affine { factor: high - low, addend: *low });
    replaced(expression, column)
}

/// A number for each level of a categorical column.
///
/// # Errors
///
/// `Unsupported` for other columns.
pub(super) fn of_levels(
    here: &Element,
    fields: &Fields,
    column: &Column,
    unseen: f64,
    number: impl Fn(&str) -> f64,
) -> Result<Column, Error> {
    let is_treated = column.maps.len() == fields.n_treatments(column.feature);
    let levels = fields.levels(column.feature);
    let numbers: Vec<f64> = if fields.is_boolean(column.feature) {
        ["false", "true"].into_iter().map(number).collect()
    } else {
        levels.iter().map(|level| number(level)).collect()
    };
    if numbers.is_empty() || !is_treated {
        return Err(here.unsupported("a level of a field that is no category"));
    }
    if !fields.spend_numbers(numbers.len()) {
        return Err(here.too_large("levels whose numbers are too many"));
    }
    Ok(column.then(Map::Levels { numbers: numbers.into(), unseen }))
}

/// A table from the values of one categorical field to numbers.
fn map_values(expression: &Element, fields: &Fields) -> Result<Column, Error> {
    let pairs: Vec<&Element> = expression.all("FieldColumnPair").collect();
    let [pair] = pairs.as_slice() else {
        return Err(expression.unsupported("a table of several fields"));
    };
    let column = fields.column(pair.attribute("field")?, pair)?.clone();
    let (input, output) = (pair.attribute("column")?, expression.attribute("outputColumn")?);
    let table = expression.child("InlineTable");
    let table = table.ok_or_else(|| expression.unsupported("a table in another file"))?;
    let mut known = std::collections::BTreeMap::new();
    for row in table.all("row") {
        let (key, value) = (row.needed(input)?, row.needed(output)?);
        let number: Option<f64> = value.text.trim().parse().ok();
        let number = number.filter(|number| number.is_finite());
        let number = number.ok_or_else(|| value.unsupported("a text, expected a number"))?;
        known.insert(key.text.trim().to_owned(), number);
    }
    let default = expression.find_number("defaultValue")?;
    let is_complete = fields.levels(column.feature).iter().all(|level| known.contains_key(level));
    if default.is_none() && (!is_complete || fields.takes_unseen(column.feature)) {
        return Err(expression.unsupported("a table that leaves values missing"));
    }
    let default = default.unwrap_or(0.0);
    let column = of_levels(expression, fields, &column, default, |level| {
        known.get(level).copied().unwrap_or(default)
    })?;
    replaced(expression, column)
}

/// A function of one field and of constants.
fn apply(expression: &Element, fields: &Fields) -> Result<Column, Error> {
    if expression.find("defaultValue").is_some() || expression.find("mapMissingTo").is_some() {
        return Err(expression.unsupported("values in place of missing results"));
    }
    let arguments: Vec<&Element> =
        expression.children.iter().filter(|child| child.name != "Extension").collect();
    let constant = |element: &&Element| -> Option<f64> {
        let number = (element.name == "Constant").then(|| element.text.trim().parse().ok());
        number.flatten().filter(|number: &f64| number.is_finite())
    };
    let function = expression.attribute("function")?;
    let refused = || expression.unsupported(format!("function `{function}` of such arguments"));
    let (column, number, is_column_first) = match arguments.as_slice() {
        [one] => (of_expression(one, fields)?, None, true),
        [first, second] => match (constant(first), constant(second)) {
            (None, Some(number)) => (of_expression(first, fields)?, Some(number), true),
            (Some(number), None) => (of_expression(second, fields)?, Some(number), false),
            _ => return Err(refused()),
        },
        _ => return Err(refused()),
    };
    let maps = match (function, number, is_column_first) {
        ("+", Some(addend), _) => vec![Map::Affine { factor: 1.0, addend }],
        ("-", Some(subtract), true) => vec![Map::Standardize { subtract, divide: 1.0 }],
        ("-", Some(addend), false) => vec![Map::Affine { factor: -1.0, addend }],
        ("*", Some(factor), _) => vec![Map::Affine { factor, addend: 0.0 }],
        ("/", Some(divide), true) if divide > 0.0 => {
            vec![Map::Standardize { subtract: 0.0, divide }]
        }
        ("min", Some(high), _) => vec![Map::Clip { low: -UNBOUNDED, high }],
        ("max", Some(low), _) => vec![Map::Clip { low, high: UNBOUNDED }],
        ("ln", None, _) => ln().to_vec(),
        ("log10", None, _) => {
            let factor = std::f64::consts::LOG10_E;
            let [shift, log] = ln();
            vec![shift, log, Map::Affine { factor, addend: 0.0 }]
        }
        ("sqrt", None, _) => vec![Map::Clip { low: 0.0, high: UNBOUNDED }, Map::Power(0.5)],
        ("pow", Some(2.0), true) => vec![Map::Square],
        ("pow", Some(1.0), true) => Vec::new(),
        _ => return Err(refused()),
    };
    Ok(maps.into_iter().fold(column, |column, map| column.then(map)))
}
