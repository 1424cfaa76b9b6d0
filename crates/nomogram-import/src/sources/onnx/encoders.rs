//! Operators on columns of the row: scalers, imputers and encoders.

use super::features::Features;
use super::node::Node;
use super::tensor::spread;
use crate::columns::{Column, MAX_COLUMNS, Map};
use crate::error::Error;

/// `(value − offset) · scale`.
///
/// # Errors
///
/// `Malformed` for a wrong number of them.
pub(super) fn scale(node: &Node<'_>, columns: &[Column]) -> Result<Vec<Column>, Error> {
    let or =
        |numbers: Vec<f64>, default: f64| if numbers.is_empty() { vec![default] } else { numbers };
    let offsets = spread(&or(node.numbers("offset")?, 0.0), columns.len())?;
    let scales = spread(&or(node.numbers("scale")?, 1.0), columns.len())?;
    let columns = columns.iter().zip(offsets).zip(scales);
    Ok(columns
        .map(|((column, subtract), factor)| {
            let moved = column.then(Map::Standardize { subtract, divide: 1.0 });
            moved.then(Map::Affine { factor, addend: 0.0 })
        })
        .collect())
}

/// A number in place of a missing one.
///
/// # Errors
///
/// `Unsupported` for other markers of missing values than NaN.
pub(super) fn impute(node: &Node<'_>, columns: &[Column]) -> Result<Vec<Column>, Error> {
    if node.has("replaced_value_int64") || node.has("imputed_value_int64s") {
        return Err(Error::unsupported("an imputer of whole numbers"));
    }
    let replaced = node.number("replaced_value_float", f64::NAN);
    if !replaced.is_nan() {
        return Err(Error::unsupported(format!(
            "an imputer that replaces {replaced}, expected NaN"
        )));
    }
    let values = spread(&node.numbers("imputed_value_floats")?, columns.len())?;
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(Error::malformed(format!("imputed value {value}, expected a finite number")));
    }
    Ok(columns.iter().zip(values).map(|(column, value)| column.then(Map::Impute(value))).collect())
}

/// One column for each category.
///
/// # Errors
///
/// `Unsupported` for scaled inputs and for encoders that refuse unknown categories.
pub(super) fn one_hot(
    node: &Node<'_>,
    columns: &[Column],
    features: &mut Features,
) -> Result<Vec<Column>, Error> {
    let names = node.texts("cats_strings")?;
    if names.is_empty() {
        return Err(Error::unsupported("categories that are whole numbers"));
    }
    if node.integer("zeros", 1) == 0 {
        return Err(Error::unsupported("`zeros` 0: unknown categories are errors"));
    }
    // Each column has a number for each level.
    let n_columns = columns.len().saturating_mul(names.len());
    if n_columns > MAX_COLUMNS || n_columns.saturating_mul(names.len()) > 1 << 22 {
        return Err(Error::malformed(format!("more than {MAX_COLUMNS} columns")));
    }
    let mut encoded = Vec::new();
    for column in columns {
        check_text(column, features)?;
        let levels = features.with_levels(column.feature, &names);
        for name in &names {
            let numbers = levels.iter().map(|level| f64::from(u8::from(level == name))).collect();
            encoded.push(column.then(Map::Levels { numbers, unseen: 0.0 }));
        }
    }
    Ok(encoded)
}

/// A number for each category.
///
/// # Errors
///
/// `Unsupported` for other keys than texts and other values than numbers.
pub(super) fn label(
    node: &Node<'_>,
    columns: &[Column],
    features: &mut Features,
) -> Result<Vec<Column>, Error> {
    let names = match node.tensor("keys_tensor")? {
        Some(_) => return Err(Error::unsupported("keys in a tensor")),
        None => node.texts("keys_strings")?,
    };
    #[allow(clippy::cast_precision_loss, reason = "codes are far below 2^53")]
    let whole: Vec<f64> =
        node.integers("values_int64s").iter().map(|value| *value as f64).collect();
    let (values, unseen) = if whole.is_empty() {
        (node.numbers("values_floats")?, node.number("default_float", -0.0))
    } else {
        #[allow(clippy::cast_precision_loss, reason = "codes are far below 2^53")]
        let default = node.integer("default_int64", -1) as f64;
        (whole, default)
    };
    if names.is_empty() || names.len() != values.len() {
        let detail =
            format!("{} texts with {} numbers, expected as many", names.len(), values.len());
        return Err(Error::unsupported(detail));
    }
    let known: std::collections::BTreeMap<&str, f64> =
        names.iter().copied().zip(values.iter().copied()).collect();
    let mut encoded = Vec::new();
    for column in columns {
        check_text(column, features)?;
        let levels = features.with_levels(column.feature, &names).iter();
        let numbers = levels.map(|level| known.get(level.as_str()).copied().unwrap_or(unseen));
        encoded.push(column.then(Map::Levels { numbers: numbers.collect(), unseen }));
    }
    Ok(encoded)
}

fn check_text(column: &Column, features: &Features) -> Result<(), Error> {
    if column.maps.is_empty() && features.is_text(column) {
        return Ok(());
    }
    Err(Error::unsupported("an encoder of numbers, expected texts of an input"))
}
