//! Derived fields: functions of one field each.

mod curves;

mod apply;

use std::borrow::Cow;

use super::fields::Fields;
use crate::columns::{Column, Map};
use crate::document::xml::Element;
use crate::error::Error;
use apply::apply;

/// Adds the derived fields of a document. Models add their own.
///
/// # Errors
///
/// `Unsupported` with the element for expressions without a counterpart.
pub(super) fn derive(root: &Element, fields: &mut Fields) -> Result<(), Error> {
    fields.set_float_math(false);
    let single = |column: Column| match fields.is_float(column.feature) {
        true => column.then(Map::Single),
        false => column,
    };
    let treated = fields.treated().into_iter().map(single);
    fields.columns = fields.names().map(str::to_owned).zip(treated).collect();
    root.child("TransformationDictionary").map_or(Ok(()), |dictionary| add(dictionary, fields))
}

/// The fields, with the derived fields of a model.
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
    if !fields.spend_numbers(fields.columns.len()) {
        return Err(local.too_large("fields of the document times segments with fields"));
    }
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
        if fields.is_feature(&name) {
            return Err(derived.unsupported(format!("a derived field `{name}` named as its input")));
        }
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
    let column = of_expression(expression, fields)?;
    let is_treated = column.maps.len() == fields.n_treatments(column.feature);
    let is_category =
        !fields.levels(column.feature).is_empty() || fields.is_boolean(column.feature);
    if is_category && is_treated {
        return Ok(column);
    }
    typed(derived, fields, column)
}

/// A number as the type of its field has it.
fn typed(derived: &Element, fields: &Fields, mut column: Column) -> Result<Column, Error> {
    let is_treated = column.maps.len() == fields.n_treatments(column.feature);
    let is_single = column.maps.last() == Some(&Map::Single);
    match derived.or("dataType", "double") {
        "float" if is_single => Ok(column),
        "float" => {
            if let Some(Map::Levels { numbers, unseen }) = column.maps.last_mut() {
                *numbers = numbers.iter().map(|number| single(*number)).collect();
                *unseen = single(*unseen);
            }
            Ok(column.then(Map::Single))
        }
        "double" if is_single => Err(derived.unsupported("a `double` of a value of type `float`")),
        "double" => Ok(column),
        "integer" if is_treated && fields.is_whole(column.feature) => Ok(column),
        "integer" if curves::has_whole_numbers(&column) => Ok(column),
        "integer" => Err(derived.unsupported("an `integer` of a number that may be a fraction")),
        other => Err(derived.unsupported(format!("a number as a field of type `{other}`"))),
    }
}

/// The nearest single.
#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
pub(super) fn single(number: f64) -> f64 {
    f64::from(number as f32)
}

fn of_expression(expression: &Element, fields: &Fields) -> Result<Column, Error> {
    let field = || {
        let name = expression.attribute("field")?;
        fields.column(name, expression).cloned()
    };
    match expression.name.as_str() {
        "FieldRef" => replaced(expression, field()?),
        "NormContinuous" => curves::norm_continuous(expression, field()?),
        "Discretize" => curves::discretize(expression, field()?),
        "NormDiscrete" => {
            let column = field()?;
            let value = fields.canonical(column.feature, expression.attribute("value")?);
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
pub(super) fn replaced(expression: &Element, column: Column) -> Result<Column, Error> {
    let number = expression.find_number("mapMissingTo")?;
    Ok(number.map_or_else(|| column.clone(), |number| column.then(Map::Impute(number))))
}

/// A number for each level of a categorical column, by its canonical name.
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
        levels.iter().map(|level| number(&fields.canonical(column.feature, level))).collect()
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
        let key = fields.canonical(column.feature, key.text.trim()).into_owned();
        if known.insert(key, number).is_some_and(|before| before != number) {
            return Err(row.unsupported("a second row of the same value"));
        }
    }
    let default = expression.find_number("defaultValue")?;
    let is_complete = fields
        .levels(column.feature)
        .iter()
        .all(|level| known.contains_key(&*fields.canonical(column.feature, level)));
    if default.is_none() && (!is_complete || fields.takes_unseen(column.feature)) {
        return Err(expression.unsupported("a table that leaves values missing"));
    }
    let default = default.unwrap_or(0.0);
    let column = of_levels(expression, fields, &column, default, |level| {
        known.get(level).copied().unwrap_or(default)
    })?;
    replaced(expression, column)
}
