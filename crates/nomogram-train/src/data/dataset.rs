//! Rows with known classes: features as numbers, the target as classes.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use ndarray::Array2;
use nomogram::{Digest, Schema};

use super::config::DataConfig;
use super::feature_rows::{FeatureRows, all, select};
use super::model_columns::ModelColumns;
use super::partition::Partition;
use super::reader::Reader;
use crate::error::Error;
use crate::table::Table;

/// The digest has one byte for a class.
pub(super) const MAX_CLASSES: usize = 256;

/// Rows with known classes. Holding one is the proof that every value is what the schema's policies let
/// pass, and that every class is there.
#[derive(Clone, Debug)]
pub struct Dataset {
    rows: FeatureRows,
    classes: Vec<usize>,
    weights: Option<Vec<f64>>,
    times: Option<Vec<f64>>,
    partitions: Option<Vec<Partition>>,
}

impl Dataset {
    /// Reads a CSV file with a header.
    ///
    /// # Errors
    ///
    /// `File`; as [`Self::from_table`].
    pub fn from_csv_file(path: &Path, config: &DataConfig) -> Result<Self, Error> {
        Self::from_table(&Table::from_csv_file(path, &config.table_format())?, config)
    }

    /// [`Self::from_csv_file`] of any source, for example standard input; `name` appears in errors.
    ///
    /// # Errors
    ///
    /// As [`Self::from_csv_file`].
    pub fn from_csv(name: &str, source: impl Read, config: &DataConfig) -> Result<Self, Error> {
        Self::from_table(&Table::from_csv(name, source, &config.table_format())?, config)
    }

    /// Reads a file by the ending of its name, as [`Table::from_file`] does.
    ///
    /// # Errors
    ///
    /// As [`Table::from_file`] and [`Self::from_table`].
    pub fn from_file(path: &Path, config: &DataConfig) -> Result<Self, Error> {
        Self::from_table(&Table::from_file(path, &config.table_format())?, config)
    }

    /// Reads the cells of a table.
    ///
    /// # Errors
    ///
    /// `Configuration` when the configuration contradicts itself; `Table` when a column is absent or
    /// is not named in `config`, when a class is absent, or when a row breaks a rule that refuses it;
    /// `Cell` with line and column for a duplicate row id, or when a cell is not of its column's kind
    /// and the policy of a feature does not accept it.
    pub fn from_table(table: &Table, config: &DataConfig) -> Result<Self, Error> {
        Self::read(&Reader::new(table, config)?)
    }

    /// Reads the cells of a table as a sealed model of classes reads them, by its schema.
    ///
    /// # Errors
    ///
    /// As [`Self::from_table`].
    pub fn of_model(table: &Table, schema: &Schema, columns: &ModelColumns) -> Result<Self, Error> {
        let config = columns.configuration(table, schema)?;
        Self::read(&Reader::of_schema(table, &config, schema.clone())?)
    }

    fn read(reader: &Reader<'_>) -> Result<Self, Error> {
        let dataset = Self {
            rows: FeatureRows::read(reader)?,
            classes: reader.classes()?.collect::<Result<_, _>>()?,
            weights: all(reader.weights()?)?,
            times: all(reader.times()?)?,
            partitions: all(reader.partitions()?)?,
        };
        dataset.refuse_absent_class(reader.table)?;
        Ok(dataset)
    }

    /// The rows without their classes.
    pub(crate) fn feature_rows(&self) -> &FeatureRows {
        &self.rows
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.rows.schema
    }

    /// The number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.classes.len()
    }

    /// The number of classes of the target.
    #[must_use]
    pub fn n_classes(&self) -> usize {
        self.schema().target().classes().len()
    }

    /// The names of the rows.
    #[must_use]
    pub fn row_ids(&self) -> &[String] {
        &self.rows.row_ids
    }

    /// The values, shape `(n_rows, n_features)`, as a model gets them: in the features' own units, a
    /// boolean as 0 or 1, a category as the number of its level, NaN where a value is missing. Where
    /// no policy imputes, all are finite.
    #[must_use]
    pub fn values(&self) -> &Array2<f64> {
        &self.rows.values
    }

    /// Whether any value is missing.
    #[must_use]
    pub fn has_missing_values(&self) -> bool {
        self.values().iter().any(|value| value.is_nan())
    }

    /// The class of each row. Of two classes, 0 is the negative and 1 the positive one.
    #[must_use]
    pub fn classes(&self) -> &[usize] {
        &self.classes
    }

    /// The weight of each row, positive and finite; `None` if all rows count the same.
    #[must_use]
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The patient of each row, if the table has such a column.
    #[must_use]
    pub fn patients(&self) -> Option<&[String]> {
        self.rows.patients.as_deref()
    }

    /// The time of each row, if the table has such a column: seconds since 1970, or the numbers of the
    /// table.
    #[must_use]
    pub fn times(&self) -> Option<&[f64]> {
        self.times.as_deref()
    }

    /// The partition of each row, if the table has such a column.
    #[must_use]
    pub fn partitions(&self) -> Option<&[Partition]> {
        self.partitions.as_deref()
    }

    /// The number of rows with the same values of all features as a row of `others`.
    #[must_use]
    pub fn n_rows_in(&self, others: &Self) -> usize {
        let bits = |dataset: &Self| -> Vec<Vec<u64>> {
            // Any NaN is missing, and −0 is 0.
            let bits =
                |value: &f64| if value.is_nan() { u64::MAX } else { (value + 0.0).to_bits() };
            dataset.values().rows().into_iter().map(|row| row.iter().map(bits).collect()).collect()
        };
        let others: BTreeSet<Vec<u64>> = bits(others).into_iter().collect();
        bits(self).into_iter().filter(|row| others.contains(row)).count()
    }

    /// The same rows, but each with the value of one feature from the row at its place in `rows`.
    #[allow(
        clippy::indexing_slicing,
        reason = "a permutation of the rows, of a feature that is there"
    )]
    pub(crate) fn with_column_of(&self, feature: usize, rows: &[usize]) -> Self {
        let mut other = self.clone();
        for (to, from) in rows.iter().enumerate() {
            other.rows.values[[to, feature]] = self.rows.values[[*from, feature]];
        }
        other
    }

    /// The rows at `indices`, in this order. Indices are below [`Self::n_rows`].
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        Self {
            rows: self.rows.select(indices),
            classes: select(&self.classes, indices),
            weights: self.weights.as_ref().map(|weights| select(weights, indices)),
            times: self.times.as_ref().map(|times| select(times, indices)),
            partitions: self.partitions.as_ref().map(|partitions| select(partitions, indices)),
        }
    }

    /// The same error, with the place in the table of the row that it is about, and the name of its
    /// class. `schema` is that of the model that refused the row.
    pub(crate) fn located(&self, error: Error, schema: &Schema) -> Error {
        self.rows.located(error, schema)
    }

    /// SHA-256 of the training data: of each row the little-endian bits of its values, one and
    /// the same NaN where they are missing, then its class as one byte, then, where rows have
    /// weights, the bits of its weight.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut bytes = Vec::with_capacity(self.n_rows() * (self.schema().n_features() * 8 + 9));
        for (index, (row, class)) in self.rows.bytes().zip(&self.classes).enumerate() {
            bytes.extend(row);
            bytes.push(u8::try_from(*class).unwrap_or(u8::MAX));
            if let Some(weight) = self.weights.as_ref().and_then(|weights| weights.get(index)) {
                bytes.extend(weight.to_le_bytes());
            }
        }
        Digest::of(&bytes)
    }

    fn refuse_absent_class(&self, table: &Table) -> Result<(), Error> {
        let classes = self.schema().target().classes();
        if classes.len() > MAX_CLASSES {
            let n_classes = classes.len();
            return Err(table.failed(format!("{n_classes} classes, at most {MAX_CLASSES}")).into());
        }
        let n_rows = |class| self.classes.iter().filter(|of_row| **of_row == class).count();
        let counts: Vec<usize> = (0..classes.len()).map(n_rows).collect();
        if counts.iter().all(|count| *count > 0) {
            return Ok(());
        }
        let counts = classes.iter().zip(&counts).enumerate().map(|(index, (class, count))| {
            let what = if index == 0 { "rows of class" } else { "of" };
            format!("{count} {what} `{class}`")
        });
        let counts = counts.collect::<Vec<_>>().join(" and ");
        Err(table.failed(format!("{counts}, expected at least 1 of each")).into())
    }
}

#[cfg(test)]
mod tests;
