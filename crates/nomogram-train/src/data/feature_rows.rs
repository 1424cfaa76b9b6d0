//! Rows of a table as a model reads them, whatever their outcome.

use std::sync::Arc;

use ndarray::{Array2, Axis};
use nomogram::{Feature, Place as CorePlace, RuleAction, Schema};
use nomogram_table::{Cell, FeatureCells, Place, shown_value};

use super::reader::{Column, Reader};
use crate::error::Error;

/// Rows of features, with their names and places. Holding one is the proof that every value is what the
/// schema's policies let pass, and that no row breaks a rule that refuses it.
#[derive(Clone, Debug)]
pub(crate) struct FeatureRows {
    pub(crate) schema: Schema,
    /// The name of the table.
    table: String,
    /// The place of each row in it.
    places: Vec<Place>,
    pub(crate) row_ids: Vec<String>,
    pub(crate) patients: Option<Vec<String>>,
    pub(crate) values: Array2<f64>,
}

impl FeatureRows {
    /// Reads the columns of features, of row ids and of patients.
    ///
    /// # Errors
    ///
    /// As [`Dataset::from_table`](super::Dataset::from_table).
    pub(super) fn read(reader: &Reader<'_>) -> Result<Self, Error> {
        reader.refuse_others()?;
        let row_ids = reader.row_ids()?;
        if let Some(column) = &reader.config.row_id {
            reader.table.refuse_repeated(column)?;
        }
        Ok(Self {
            values: values(reader)?,
            table: reader.table.name().into(),
            places: reader.table.places().collect(),
            row_ids,
            patients: all(reader.patients()?)?,
            schema: reader.schema.clone(),
        })
    }

    /// What rows of one patient have in common: the patient, or else the name of the row.
    pub(crate) fn groups(&self) -> &[String] {
        self.patients.as_deref().unwrap_or(&self.row_ids)
    }

    /// The rows at `indices`, in this order. Indices are below the number of rows.
    pub(super) fn select(&self, indices: &[usize]) -> Self {
        Self {
            schema: self.schema.clone(),
            table: self.table.clone(),
            places: select(&self.places, indices),
            row_ids: select(&self.row_ids, indices),
            patients: self.patients.as_ref().map(|patients| select(patients, indices)),
            values: self.values.select(Axis(0), indices),
        }
    }

    /// The same error, with the place in the table of the row that it is about, and the name of its
    /// class. `schema` is that of the model that refused the row.
    pub(crate) fn located(&self, error: Error, schema: &Schema) -> Error {
        let placed = |row: usize| self.places.get(row).copied();
        match error {
            Error::Row { row, detail } => match placed(row) {
                Some(place) => {
                    Error::Table { table: self.table.clone(), detail: format!("{place}: {detail}") }
                }
                None => Error::Row { row, detail },
            },
            Error::Model(cause) => {
                let (mut row, mut feature) = (None, None);
                for place in cause.path() {
                    match place {
                        CorePlace::Row(index) => row = Some(index),
                        CorePlace::Feature(index) => feature = Some(index),
                        _ => {}
                    }
                }
                let cell = row.zip(feature).and_then(|(row, feature)| {
                    self.refused_cell(&cause, placed(row)?, row, schema.features().get(feature)?)
                });
                cell.unwrap_or(Error::Model(cause))
            }
            other => other.with_class_names(schema.target().classes()),
        }
    }

    fn refused_cell(
        &self,
        cause: &nomogram::Error,
        place: Place,
        row: usize,
        feature: &Feature,
    ) -> Option<Error> {
        let column = self.schema.feature_index(&feature.name)?;
        let value = *self.values.get((row, column))?;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a level is a small whole number"
        )]
        let cell = match feature.levels().get(value as usize) {
            _ if value.is_nan() => Cell::Missing,
            Some(level) => Cell::Text(level),
            None => Cell::Number(value),
        };
        let cells = FeatureCells::new(feature.clone(), None, Arc::default());
        Some(Error::Cell {
            table: self.table.clone(),
            place,
            column: feature.name.clone(),
            found: cells.found(cell),
            expected: cells.expected(cause.kind(), cell) + ", as the model takes it",
        })
    }

    /// The little-endian bits of the values of each row, one and the same NaN where they are missing.
    pub(super) fn bytes(&self) -> impl Iterator<Item = impl Iterator<Item = u8>> {
        let known = |value: &f64| if value.is_nan() { CANONICAL_NAN } else { value.to_bits() };
        let rows = self.values.rows().into_iter();
        rows.map(move |row| row.to_vec().into_iter().flat_map(move |v| known(&v).to_le_bytes()))
    }
}

/// The bits of Rust's own NaN, whatever NaN a value is.
const CANONICAL_NAN: u64 = 0x7FF8_0000_0000_0000;

/// The features' values; refuses rows that break a rule.
fn values(reader: &Reader<'_>) -> Result<Array2<f64>, Error> {
    let Reader { table, config, schema, .. } = reader;
    let mut values = Array2::zeros((table.n_rows(), schema.n_features()));
    let columns = values.columns_mut().into_iter().zip(&config.features);
    for (index, (mut column, _)) in columns.enumerate() {
        for (value, taken) in column.iter_mut().zip(reader.feature(index)?) {
            (*value, _) = taken.map_err(|refused| refused.error)?;
        }
    }
    let refuses =
        |rule: usize| schema.rules().get(rule).filter(|rule| rule.action == RuleAction::Refuse);
    for (row, place) in values.rows().into_iter().zip(table.places()) {
        let broken = reader.broken_rules(&row.to_vec())?.find_map(refuses);
        if let Some(rule) = broken {
            let of_rule = rule.features().filter_map(|index| {
                let value = shown_value(&row.get(index)?.to_string());
                Some(format!("`{}` = {value}", schema.features().get(index)?.name))
            });
            let found = of_rule.collect::<Vec<_>>().join(", ");
            let detail = format!("{place}: rule `{}`: broken by {found}", rule.name);
            return Err(table.failed(detail).into());
        }
    }
    Ok(values)
}

/// The value of every row, or why the first refused one is refused.
pub(super) fn all<T>(column: Column<T>) -> Result<Option<Vec<T>>, Error> {
    column.map(|cells| cells.into_iter().collect()).transpose()
}

#[allow(clippy::indexing_slicing, reason = "documented: indices are below the number of rows")]
pub(super) fn select<T: Clone>(items: &[T], indices: &[usize]) -> Vec<T> {
    indices.iter().map(|&index| items[index].clone()).collect()
}
