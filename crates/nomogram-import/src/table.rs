//! Tables of rows, with what the source predicts for them: CSV.
//!
//! The header names the features in any order. Further columns hold what the source predicts:
//! `prediction` (the probability of class 1, or the value), `probability:CLASS`, `margin` or
//! `margin:1`, `margin:2`, …, and `leaf:1`, `leaf:2`, … (the number of the leaf that each tree reaches).
//! A cell is a number, the name of a level, `true` or `false`, or empty where the value is missing.

use nomogram::{Feature, FeatureKind, Schema};

use crate::error::{Error, ErrorKind, Place};
use crate::imported::{ExpectedRow, Imported};
use crate::limits::{self, Limits};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Feature(usize),
    Prediction,
    Probability(usize),
    Margin(usize),
    Leaf(usize),
}

/// Reads rows with their predictions.
///
/// # Errors
///
/// `Table` with the row, when a feature is absent, a column is not known or a cell is invalid.
pub fn read_expected(
    bytes: &[u8],
    schema: &Schema,
    limits: &Limits,
) -> Result<Vec<ExpectedRow>, Error> {
    limits.check_bytes(bytes.len())?;
    let mut reader = csv::ReaderBuilder::new().has_headers(true).from_reader(bytes);
    let header = reader.headers().map_err(|error| unreadable(&error))?.clone();
    limits::check(header.len(), limits.max_features, "columns")?;
    let columns = columns(&header, schema)?;
    let mut rows = Vec::new();
    for (index, record) in reader.records().enumerate() {
        let record = record.map_err(|error| unreadable(&error))?;
        limits::check((index + 1).saturating_mul(columns.len()), limits.max_values, "cells")?;
        let row = read_row(&record, &columns, schema);
        rows.push(row.map_err(|error| error.within(Place::Row(index)))?);
    }
    Ok(rows)
}

/// Writes rows as such a table, without predictions: for a source library to fill in.
#[must_use]
pub fn write_rows(imported: &Imported, rows: &[Vec<f64>]) -> String {
    let mut text = String::new();
    let names = imported.parts.schema.features().iter().map(|feature| quoted(&feature.name));
    text.push_str(&names.collect::<Vec<_>>().join(","));
    text.push('\n');
    for row in rows {
        let features = imported.parts.schema.features();
        let cells = row.iter().zip(features).map(|(value, feature)| written(*value, feature));
        text.push_str(&cells.collect::<Vec<_>>().join(","));
        text.push('\n');
    }
    text
}

/// A value as a cell: the name of a level, or a number.
fn written(value: f64, feature: &Feature) -> String {
    if value.is_nan() {
        return String::new();
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
    let level = feature.levels().get(value as usize);
    let Some(level) = level else {
        // A number that no level has.
        let is_level = |number: f64| feature.levels().iter().any(|level| is_number(level, number));
        let unseen = std::iter::successors(Some(value), |number| Some(number + 1.0))
            .find(|number| !is_level(*number));
        return format!("{:?}", unseen.unwrap_or(value));
    };
    quoted(level)
}

fn is_number(level: &str, expected: f64) -> bool {
    number(level) == Some(expected)
}

fn quoted(name: &str) -> String {
    if name.contains(['"', ',', '\n', '\r']) || name.trim() != name {
        return format!("\"{}\"", name.replace('"', "\"\""));
    }
    name.to_owned()
}

fn refused(detail: impl Into<String>) -> Error {
    Error::new(ErrorKind::Table, detail)
}

fn unreadable(error: &csv::Error) -> Error {
    refused(error.to_string())
}

fn columns(header: &csv::StringRecord, schema: &Schema) -> Result<Vec<Column>, Error> {
    let column = |name: &str| {
        let counted = |prefix: &str| {
            let number: usize = name.strip_prefix(prefix)?.parse().ok()?;
            number.checked_sub(1)
        };
        let class = |class: &str| schema.target().classes().iter().position(|name| name == class);
        if let Some(feature) = schema.feature_index(name) {
            return Some(Column::Feature(feature));
        }
        match name {
            "prediction" => Some(Column::Prediction),
            "margin" => Some(Column::Margin(0)),
            _ => counted("margin:").map(Column::Margin).or_else(|| {
                counted("leaf:").map(Column::Leaf).or_else(|| {
                    name.strip_prefix("probability:").and_then(class).map(Column::Probability)
                })
            }),
        }
    };
    let mut columns = Vec::new();
    for name in header {
        let found = column(name).ok_or_else(|| {
            refused(format!(
                "column `{name}`, expected a feature, `prediction`, `probability:CLASS`, `margin` or `leaf:N`"
            ))
        })?;
        if columns.contains(&found) {
            return Err(refused(format!("duplicate column `{name}`")));
        }
        columns.push(found);
    }
    let absent = (0..schema.n_features()).find(|at| !columns.contains(&Column::Feature(*at)));
    match absent.and_then(|at| schema.features().get(at)) {
        None => Ok(columns),
        Some(feature) => Err(refused(format!("no column `{}`", feature.name))),
    }
}

fn read_row(
    record: &csv::StringRecord,
    columns: &[Column],
    schema: &Schema,
) -> Result<ExpectedRow, Error> {
    let mut expected =
        ExpectedRow { row: vec![f64::NAN; schema.n_features()], ..ExpectedRow::default() };
    for (column, text) in columns.iter().zip(record) {
        let number = || number(text).ok_or_else(|| refused(format!("`{text}`, expected a number")));
        match *column {
            Column::Feature(feature) => {
                let kind = schema.features().get(feature).map(|feature| &feature.kind);
                let value = kind.and_then(|kind| cell(text, kind));
                let value = value
                    .ok_or_else(|| refused(format!("`{text}`, expected a number or a level")))?;
                set(&mut expected.row, feature, value);
            }
            Column::Prediction if schema.target().classes().len() > 2 => {
                return Err(refused("`prediction`, expected `probability:CLASS` for each class"));
            }
            Column::Prediction => {
                let outputs = outputs(&mut expected, schema);
                set(outputs, schema.n_outputs() - 1, number()?);
            }
            Column::Probability(class) => {
                let outputs = outputs(&mut expected, schema);
                set(outputs, class, number()?);
            }
            Column::Margin(margin) => {
                let margins = expected.margins.get_or_insert_with(Vec::new);
                margins.resize(margins.len().max(margin + 1), f64::NAN);
                set(margins, margin, number()?);
            }
            Column::Leaf(tree) => {
                let leaf =
                    text.parse().map_err(|_| refused(format!("`{text}`, expected a leaf")))?;
                let leaves = expected.leaves.get_or_insert_with(Vec::new);
                leaves.resize(leaves.len().max(tree + 1), u32::MAX);
                set(leaves, tree, leaf);
            }
        }
    }
    Ok(expected)
}

fn outputs<'e>(expected: &'e mut ExpectedRow, schema: &Schema) -> &'e mut Vec<f64> {
    expected.outputs.get_or_insert_with(|| vec![f64::NAN; schema.n_outputs()])
}

fn set<T>(values: &mut [T], index: usize, value: T) {
    if let Some(cell) = values.get_mut(index) {
        *cell = value;
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// A number without decimals that are all 0.
fn without_decimals(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, decimals)) if decimals.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    }
}

/// The level of a cell: by its name, as in a table of rows to predict, where `2.0` is the level `2`; or by
/// its number where no name is a number.
#[allow(clippy::cast_precision_loss, reason = "levels are few")]
fn kind_level(text: &str, kind: &FeatureKind) -> Option<usize> {
    let FeatureKind::Category { levels } = kind else { return None };
    if let Some(level) = levels.iter().position(|level| level == text) {
        return Some(level);
    }
    let value = number(text).filter(|value| value.fract() == 0.0)?;
    if levels.iter().any(|level| number(level).is_some()) {
        let digits = without_decimals(text.trim());
        let is_same = |level: &String| number(level).is_some() && without_decimals(level) == digits;
        return levels.iter().position(is_same);
    }
    (0..levels.len()).find(|level| *level as f64 == value)
}

/// The number of a cell; NaN if it is missing, the number after the last level if it is none of them.
#[allow(clippy::cast_precision_loss, reason = "levels are few")]
fn cell(text: &str, kind: &FeatureKind) -> Option<f64> {
    let trimmed = text.trim();
    if trimmed.is_empty() && kind_level(text, kind).is_none() {
        return Some(f64::NAN);
    }
    if let FeatureKind::Category { levels } = kind {
        return Some(kind_level(text, kind).unwrap_or(levels.len()) as f64);
    }
    match (kind, trimmed.to_ascii_lowercase().as_str()) {
        (FeatureKind::Boolean, "true") => Some(1.0),
        (FeatureKind::Boolean, "false") => Some(0.0),
        _ => number(trimmed),
    }
}
