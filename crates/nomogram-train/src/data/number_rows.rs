//! Rows with known numbers: features as numbers, and the number that came true.

use ndarray::Array2;
use nomogram::{Digest, Schema};

use super::feature_rows::FeatureRows;
use super::model_columns::ModelColumns;
use super::reader::Reader;
use crate::error::Error;
use crate::table::Table;

/// Rows for a model of a number, each with the number that came true. Holding one is the proof that every
/// value is what the schema's policies let pass, and that every number is there and finite.
#[derive(Clone, Debug)]
pub struct NumberRows {
    rows: FeatureRows,
    numbers: Vec<f64>,
}

impl NumberRows {
    /// Reads the cells of a table as a sealed model reads them, by its schema.
    ///
    /// # Errors
    ///
    /// `Data` when the model predicts classes. As
    /// [`Dataset::from_table`](super::Dataset::from_table); `Cell` also for a number that is missing or
    /// not finite.
    pub fn of_model(table: &Table, schema: &Schema, columns: &ModelColumns) -> Result<Self, Error> {
        if !schema.target().classes().is_empty() {
            return Err(Error::Data("the model predicts classes, expected a number".into()));
        }
        let config = columns.configuration(table, schema)?;
        let reader = Reader::of_schema(table, &config, schema.clone())?;
        let rows = FeatureRows::read(&reader)?;
        Ok(Self { rows, numbers: reader.numbers()?.collect::<Result<_, _>>()? })
    }

    /// The rows without their numbers.
    pub(crate) fn feature_rows(&self) -> &FeatureRows {
        &self.rows
    }

    /// The number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.numbers.len()
    }

    /// The values, shape `(n_rows, n_features)`, as a model gets them.
    #[must_use]
    pub fn values(&self) -> &Array2<f64> {
        &self.rows.values
    }

    /// The number that came true in each row.
    #[must_use]
    pub fn numbers(&self) -> &[f64] {
        &self.numbers
    }

    /// The rows at `indices`, in this order. Indices are below [`Self::n_rows`].
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        let numbers = super::feature_rows::select(&self.numbers, indices);
        Self { rows: self.rows.select(indices), numbers }
    }

    /// SHA-256 of the rows: of each row the little-endian bits of its values, one and the same NaN where
    /// they are missing, then those of its number.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut bytes = Vec::with_capacity(self.n_rows() * (self.rows.schema.n_features() + 1) * 8);
        for (row, number) in self.rows.bytes().zip(&self.numbers) {
            bytes.extend(row);
            bytes.extend(number.to_le_bytes());
        }
        Digest::of(&bytes)
    }
}
