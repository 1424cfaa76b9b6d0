//! Rows as the steps so far encode them, and the feature that each column comes from.

use ndarray::{Array2, ArrayView1};
use nomogram::{FeatureKind, Inputs, Select, Step};

use super::column::{Column, ColumnKind};
use crate::count::position;
use crate::data::Dataset;
use crate::error::Error;

/// The rows as the steps so far encode them, shape `(n_rows, n_columns)`.
#[derive(Debug)]
pub(crate) struct EncodedRows<'a> {
    pub(super) dataset: &'a Dataset,
    pub(crate) columns: Vec<Column>,
    pub(crate) values: Array2<f64>,
    pub(crate) steps: Vec<Step>,
}

#[allow(clippy::indexing_slicing, reason = "positions are those of the columns")]
impl<'a> EncodedRows<'a> {
    /// The values of the table, before any step.
    pub(super) fn new(dataset: &'a Dataset) -> Result<Self, Error> {
        let column = |feature: &nomogram::Feature| -> Result<Column, Error> {
            let kind = match &feature.kind {
                FeatureKind::Number | FeatureKind::Integer => ColumnKind::Number,
                FeatureKind::Boolean => ColumnKind::Flag,
                FeatureKind::Category { levels } => ColumnKind::Levels(position(levels.len())?),
            };
            Ok(Column { feature: feature.name.clone(), kind })
        };
        let columns = dataset.schema().features().iter().map(column).collect::<Result<_, _>>()?;
        Ok(Self { dataset, columns, values: dataset.values().clone(), steps: Vec::new() })
    }

    /// Encodes the rows by a fitted step.
    pub(super) fn push(&mut self, step: Step) -> Result<(), Error> {
        self.values = step.encode(self.values.view())?;
        self.steps.push(step);
        Ok(())
    }

    /// The positions of the columns of the features `of`, or of all that a step can read.
    pub(super) fn positions(
        &self,
        of: Option<&[String]>,
        can_read: impl Fn(&Column) -> bool,
    ) -> Result<Vec<usize>, Error> {
        for feature in of.unwrap_or_default() {
            let column = self.columns.iter().find(|column| column.feature == *feature);
            let expected = match column {
                None => "a feature",
                Some(column) if !can_read(column) => "a feature of numbers",
                Some(_) => continue,
            };
            return Err(Error::Data(format!("of: `{feature}`, expected {expected}")));
        }
        let is_named = |column: &Column| of.is_none_or(|of| of.contains(&column.feature));
        let positions = self.positions_where(|column| is_named(column) && can_read(column));
        if positions.is_empty() {
            return Err(Error::Data("no column to read, expected at least 1".into()));
        }
        Ok(positions)
    }

    /// The positions of these columns.
    pub(super) fn positions_where(&self, is_wanted: impl Fn(&Column) -> bool) -> Vec<usize> {
        let columns = self.columns.iter().enumerate();
        columns.filter(|(_, column)| is_wanted(column)).map(|(index, _)| index).collect()
    }

    /// Fits each of these columns; `fit` returns nothing for a column without values.
    pub(super) fn fit_each<T>(
        &self,
        positions: &[usize],
        fit: impl Fn(ArrayView1<'_, f64>) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        let fitted = |position: &usize| {
            fit(self.values.column(*position)).ok_or_else(|| {
                let feature = &self.columns[*position].feature;
                Error::Data(format!(
                    "`{feature}` is missing in every row, expected a value to fit to"
                ))
            })
        };
        positions.iter().map(fitted).collect()
    }

    /// Refuses rows with a missing value.
    pub(super) fn refuse_missing(&self) -> Result<(), Error> {
        let mut values = self.values.indexed_iter();
        let Some(((row, column), _)) = values.find(|(_, value)| value.is_nan()) else {
            return Ok(());
        };
        let feature = &self.columns[column].feature;
        let detail = format!("`{feature}` is missing; impute it first");
        Err(Error::Row { row, detail })
    }

    /// Appends copies of columns to the row, and returns their positions.
    pub(super) fn copy(&mut self, positions: &[usize]) -> Result<Vec<usize>, Error> {
        let n_columns = self.columns.len();
        let selected: Vec<u32> = (0..n_columns)
            .chain(positions.iter().copied())
            .map(position)
            .collect::<Result<_, _>>()?;
        let copies: Vec<Column> =
            positions.iter().map(|position| self.columns[*position].clone()).collect();
        self.columns.extend(copies);
        self.push(Step::Select(Select::new(selected)?))?;
        Ok((n_columns..self.columns.len()).collect())
    }

    /// Declares that the next step appends a flag for each of these columns.
    pub(super) fn add_flags(&mut self, positions: &[usize]) {
        let flag = |position: &usize| {
            let feature = self.columns[*position].feature.clone();
            Column { feature, kind: ColumnKind::Missing }
        };
        let flags: Vec<Column> = positions.iter().map(flag).collect();
        self.columns.extend(flags);
    }

    /// Replaces each of these columns by several, in its place.
    pub(super) fn replace_columns(
        &mut self,
        positions: &[usize],
        by: impl Fn(&Column) -> Vec<Column>,
    ) {
        let columns = std::mem::take(&mut self.columns).into_iter().enumerate();
        self.columns = columns
            .flat_map(
                |(index, column)| {
                    if positions.contains(&index) { by(&column) } else { vec![column] }
                },
            )
            .collect();
    }
}

/// Positions of columns, as a fitted step stores them.
pub(super) fn inputs(positions: &[usize]) -> Result<Inputs, Error> {
    Ok(Inputs::new(positions.iter().copied().map(position).collect::<Result<_, _>>()?)?)
}
