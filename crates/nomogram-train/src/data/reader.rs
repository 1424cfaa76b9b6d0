//! The values of the cells of a table, by a configuration.
//!
//! Features go through the core's intake, so that a policy does to a training row what it does to a
//! row at prediction. Every column is an iterator of results: a dataset stops at the first error,
//! validation collects them all.

use std::collections::BTreeSet;
use std::sync::Arc;

use nomogram::{ErrorKind, Flags, Intake, Schema, Value};
use nomogram_table::{
    Cell, FeatureCells, are_values_hidden, listed, match_feature, other_spelling,
};

use super::config::DataConfig;
use super::partition::Partition;
use crate::error::Error;
use crate::table::{Moment, PlacedCell, Table, TableFormat};

/// A table, and what its columns are.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) table: &'a Table,
    pub(crate) config: &'a DataConfig,
    pub(crate) schema: Schema,
    format: Arc<TableFormat>,
    intake: Intake,
    /// By feature, the position of its column and how its cells are read.
    columns: Vec<Option<(usize, FeatureCells)>>,
    /// Columns of features that cannot be used, with the reason.
    faults: Vec<(String, String)>,
    /// The keys of the configuration under which any column can be named.
    keys_of_columns: &'static str,
}

/// A column that may be absent: the value of each row, or why it is refused.
pub(crate) type Column<T> = Option<Vec<Result<T, Error>>>;

/// A feature's cell that its policy refuses.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) kind: ErrorKind,
    pub(crate) error: Error,
}

impl<'a> Reader<'a> {
    /// # Errors
    ///
    /// `Configuration` when the configuration contradicts itself.
    pub(crate) fn new(table: &'a Table, config: &'a DataConfig) -> Result<Self, Error> {
        config.check()?;
        let reader = Self::of_schema(table, config, config.schema()?)?;
        Ok(Self { keys_of_columns: "`features` or `ignored`", ..reader })
    }

    /// Of a sealed model, whose schema has the features of the configuration in the same order.
    ///
    /// # Errors
    ///
    /// `Configuration` when two columns have one name.
    pub(crate) fn of_schema(
        table: &'a Table,
        config: &'a DataConfig,
        schema: Schema,
    ) -> Result<Self, Error> {
        config.check_roles()?;
        let intake = Intake::of_schema(&schema)?;
        let format = Arc::new(config.table_format());
        let columns = vec![None; schema.n_features()];
        let mut reader = Self {
            table,
            config,
            schema,
            format,
            intake,
            columns,
            faults: Vec::new(),
            keys_of_columns: "`ignored`",
        };
        reader.match_features();
        Ok(reader)
    }

    /// Matches columns to features, by `name` or `name [unit]`. A column that the configuration names
    /// has the role that it has there.
    fn match_features(&mut self) {
        let features = self.config.features.iter().map(|feature| feature.name.as_str());
        let features: BTreeSet<&str> = features.collect();
        let others = self.config.columns().map(|(column, _)| column);
        let others: BTreeSet<&str> = others.filter(|column| !features.contains(column)).collect();
        for (column, header) in self.table.headers().iter().enumerate() {
            if others.contains(header.name.as_str()) {
                continue;
            }
            let fault = match match_feature(header, &self.schema) {
                Ok(None) => continue,
                Err(fault) => fault,
                Ok(Some((index, feature, unit))) => {
                    let unit = unit.map(str::to_owned);
                    let cells = FeatureCells::new(feature.clone(), unit, self.format.clone());
                    match self.columns.get_mut(index) {
                        Some(slot @ None) => {
                            *slot = Some((column, cells));
                            continue;
                        }
                        _ => format!("two columns for feature `{}`, expected 1", feature.name),
                    }
                }
            };
            self.faults.push((header.name.clone(), fault));
        }
    }

    /// Refuses columns that the configuration does not name.
    pub(crate) fn refuse_others(&self) -> Result<(), Error> {
        if let Some((column, fault)) = self.faults.first() {
            return Err(self.table.failed(format!("column `{column}`: {fault}")).into());
        }
        match self.unnamed_columns().next() {
            None => Ok(()),
            Some(column) => Err(self
                .table
                .failed(format!(
                    "column `{column}` is not in the configuration; name it under {}",
                    self.keys_of_columns
                ))
                .into()),
        }
    }

    /// Columns that the configuration does not name, and which are no feature in another unit.
    pub(crate) fn unnamed_columns(&self) -> impl Iterator<Item = &'a str> {
        let named: BTreeSet<&str> = self.config.columns().map(|(column, _)| column).collect();
        let is_feature =
            |column: usize| self.columns.iter().flatten().any(|(position, _)| *position == column);
        let is_fault = |name: &str| self.faults.iter().any(|(column, _)| column == name);
        let columns = self.table.columns().iter().enumerate();
        columns
            .filter(move |(column, name)| {
                !named.contains(name.as_str()) && !is_feature(*column) && !is_fault(name)
            })
            .map(|(_, name)| name.as_str())
    }

    /// Columns of features that cannot be used, with the reason.
    pub(crate) fn faults(&self) -> &[(String, String)] {
        &self.faults
    }

    /// Whether the table has the column of a feature.
    pub(crate) fn has_feature(&self, index: usize) -> bool {
        self.columns.get(index).is_some_and(Option::is_some)
    }

    /// The cells of a feature's column.
    pub(crate) fn cells(
        &self,
        index: usize,
    ) -> Result<impl Iterator<Item = PlacedCell<'a>> + use<'a>, Error> {
        match self.columns.get(index) {
            Some(Some((column, _))) => Ok(self.table.column_at(*column)),
            _ => {
                let feature = self.config.features.get(index);
                Err(self.table.no_column(feature.map_or("", |feature| &feature.name)).into())
            }
        }
    }

    /// The names of the rows: a column, or the lines.
    pub(crate) fn row_ids(&self) -> Result<Vec<String>, Error> {
        match &self.config.row_id {
            None => Ok(self.table.lines().map(|line| line.to_string()).collect()),
            Some(column) => {
                Ok(self.table.column(column)?.map(|cell| cell.text().into_owned()).collect())
            }
        }
    }

    /// The patients of the rows.
    pub(crate) fn patients(&self) -> Result<Column<String>, Error> {
        self.optional(self.config.patient.as_deref(), |cell| {
            Ok(cell.name(&self.format, "the name of a patient")?)
        })
    }

    /// The weight of each row.
    pub(crate) fn weights(&self) -> Result<Column<f64>, Error> {
        self.optional(self.config.weight.as_deref(), |cell| {
            let weight = cell.cell.finite(&self.format).filter(|weight| *weight > 0.0);
            weight.ok_or_else(|| cell.refuse("a positive number").into())
        })
    }

    /// The partition of each row.
    pub(crate) fn partitions(&self) -> Result<Column<Partition>, Error> {
        self.optional(self.config.split.as_deref(), |cell| match cell.text().as_ref() {
            "train" => Ok(Partition::Train),
            "calibration" => Ok(Partition::Calibration),
            "test" => Ok(Partition::Test),
            _ => Err(cell.refuse("`train`, `calibration` or `test`").into()),
        })
    }

    /// The time of each row, in the form of the first one, so that a year among dates does not pass for
    /// a second of 1970.
    pub(crate) fn times(&self) -> Result<Column<f64>, Error> {
        let mut first = None;
        self.optional(self.config.time.as_deref(), |cell| {
            let time = cell.moment(&self.format);
            let is_number = *first.get_or_insert(matches!(time, Some(Moment::Number(_))));
            match time {
                Some(Moment::Number(number)) if is_number => Ok(number),
                Some(Moment::Seconds(seconds)) if !is_number => Ok(seconds),
                _ if is_number => Err(cell.refuse("a finite number, as in the first row").into()),
                _ => Err(cell.refuse("a date as in `2024-02-29` or `2024-02-29T13:05:00Z`").into()),
            }
        })
    }

    /// The class of each row.
    pub(crate) fn classes(&self) -> Result<impl Iterator<Item = Result<usize, Error>>, Error> {
        let classes = self.schema.target().classes();
        Ok(self.table.column(&self.config.target.column)?.map(move |cell| {
            let text = cell.text();
            classes.iter().position(|class| *class == text).ok_or_else(|| {
                let found = match other_spelling(&text, classes) {
                    Some(hint) if !are_values_hidden() => format!("{} ({hint})", cell.cell),
                    Some(_) | None => cell.cell.to_string(),
                };
                cell.refuse_as(found, format!("one of the classes {}", listed(classes))).into()
            })
        }))
    }

    /// The number that came true in each row.
    pub(crate) fn numbers(&self) -> Result<impl Iterator<Item = Result<f64, Error>>, Error> {
        Ok(self.table.column(&self.config.target.column)?.map(|cell| {
            let is_missing = cell.cell.is_missing(&self.format);
            let number = cell.cell.finite(&self.format).filter(|_| !is_missing);
            number.ok_or_else(|| cell.refuse("a finite number").into())
        }))
    }

    /// The value of a feature in each row as the model reads it, NaN where it is missing, and its flags.
    pub(crate) fn feature(
        &self,
        index: usize,
    ) -> Result<impl Iterator<Item = Result<(f64, Flags), Refused>>, Error> {
        let reading = self.columns.get(index).and_then(Option::as_ref);
        Ok(self.cells(index)?.zip(std::iter::repeat(reading)).map(move |(cell, reading)| {
            let value = match reading {
                Some((_, cells)) => cells.value(cell.cell),
                None => Value::Missing(None),
            };
            self.intake.take(index, value).map_err(|error| {
                let kind = error.kind();
                let (found, expected) = self.found_and_expected(index, kind, cell.cell);
                Refused { kind, error: cell.refuse_as(found, expected).into() }
            })
        }))
    }

    /// The content of a cell of a feature and what was expected, in words.
    pub(crate) fn found_and_expected(
        &self,
        index: usize,
        kind: ErrorKind,
        cell: Cell<'_>,
    ) -> (String, String) {
        match self.columns.get(index) {
            Some(Some((_, cells))) => (cells.found(cell), cells.expected(kind, cell)),
            _ => (cell.to_string(), String::new()),
        }
    }

    /// Whether a cell of a feature was imputed although it is not missing.
    pub(crate) fn is_replaced(&self, index: usize, flags: Flags, cell: Cell<'_>) -> bool {
        let Some(Some((_, cells))) = self.columns.get(index) else { return false };
        match cells.value(cell) {
            Value::Missing(_) => false,
            Value::Number(number) if number.is_nan() => false,
            _ => flags.contains(Flags::IMPUTED),
        }
    }

    /// The positions of the rules that a row breaks.
    pub(crate) fn broken_rules(&self, row: &[f64]) -> Result<impl Iterator<Item = usize>, Error> {
        Ok(self.intake.broken_rules(row)?)
    }

    fn optional<T>(
        &self,
        column: Option<&str>,
        read: impl FnMut(PlacedCell<'a>) -> Result<T, Error>,
    ) -> Result<Column<T>, Error> {
        column.map(|column| Ok(self.table.column(column)?.map(read).collect())).transpose()
    }
}
