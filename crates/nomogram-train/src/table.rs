//! A table as it was written: named columns of cells, nothing interpreted.
//!
//! Cells of a CSV file are texts; those of a columnar file keep their types. What they mean is up to
//! a configuration and is decided by [`crate::dataset`]. Where a cell stands is known to the end, so
//! that whatever refuses it can say where.

mod cell;
#[cfg(feature = "columnar")]
mod columnar;
mod csv;
mod encoding;
mod time;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

pub(crate) use cell::{Cell, Datum, Time};

use crate::data::CsvConfig;
use crate::error::Error;

/// Named columns of cells, all of the same length.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    columns: Vec<String>,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    /// Of each row, its line in the file and its cells.
    Texts(Vec<(u64, ::csv::StringRecord)>),
    /// Columns of one type each.
    #[cfg(feature = "columnar")]
    Typed { n_rows: usize, columns: Vec<columnar::Column> },
}

impl Table {
    /// Reads a CSV file with a header.
    ///
    /// # Errors
    ///
    /// `File`; `Table` when it is not of the encoding, has no header, no rows, a column twice, rows of
    /// different lengths, or a quote that is never closed.
    pub fn from_csv_file(path: &Path, config: &CsvConfig) -> Result<Self, Error> {
        let file = File::open(path).map_err(|cause| Error::File { path: path.into(), cause })?;
        Self::from_csv(&path.display().to_string(), file, config)
    }

    /// [`Self::from_csv_file`] of any source, for example standard input; `name` stands in errors.
    ///
    /// # Errors
    ///
    /// As [`Self::from_csv_file`].
    pub fn from_csv(name: &str, source: impl Read, config: &CsvConfig) -> Result<Self, Error> {
        let (columns, rows) = csv::read(name, source, config)?;
        Self::new(name, columns, Content::Texts(rows))
    }

    /// Reads a file by the ending of its name: `.parquet`; `.arrow`, `.feather` or `.ipc`; everything
    /// else is CSV.
    ///
    /// # Errors
    ///
    /// As [`Self::from_csv_file`] and its likes; `Table` when the feature `columnar` is off and it is
    /// needed.
    pub fn from_file(path: &Path, csv: &CsvConfig) -> Result<Self, Error> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            #[cfg(feature = "columnar")]
            Some("parquet") => Self::from_parquet_file(path),
            #[cfg(feature = "columnar")]
            Some("arrow" | "feather" | "ipc") => Self::from_arrow_file(path),
            #[cfg(not(feature = "columnar"))]
            Some("parquet" | "arrow" | "feather" | "ipc") => Err(Error::Table {
                table: path.display().to_string(),
                detail: "a columnar file, which needs the feature `columnar`".into(),
            }),
            _ => Self::from_csv_file(path, csv),
        }
    }

    fn new(name: &str, columns: Vec<String>, content: Content) -> Result<Self, Error> {
        let table = Self { name: name.into(), columns, content };
        if table.columns.is_empty() {
            return Err(table.failed("no header, expected a line of column names"));
        }
        let mut seen = BTreeSet::new();
        if let Some(column) = table.columns.iter().find(|column| !seen.insert(column.as_str())) {
            return Err(table.failed(format!("column `{column}` stands twice")));
        }
        if table.n_rows() == 0 {
            return Err(table.failed("no rows after the header"));
        }
        Ok(table)
    }

    /// What it is called, usually its path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of its columns, each once.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows there are, at least one.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        match &self.content {
            Content::Texts(rows) => rows.len(),
            #[cfg(feature = "columnar")]
            Content::Typed { n_rows, .. } => *n_rows,
        }
    }

    /// The line of each row in its file, where the header is line 1; of a file without lines, the
    /// number of the row, where the first is 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = u64> + '_ {
        (0..self.n_rows()).map(|row| self.line(row))
    }

    /// The cells of a column, from the first row to the last.
    pub(crate) fn column<'a>(
        &'a self,
        column: &str,
    ) -> Result<impl Iterator<Item = Cell<'a>> + 'a, Error> {
        let Some(index) = self.columns.iter().position(|found| found == column) else {
            return Err(self.failed(format!(
                "no column `{column}`; the columns are `{}`",
                self.columns.join("`, `")
            )));
        };
        Ok((0..self.n_rows()).map(move |row| self.cell(row, index)))
    }

    /// Refuses names that stand twice, at the second one.
    pub(crate) fn refuse_repeated(&self, column: &str) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        for cell in self.column(column)? {
            if !seen.insert(cell.text()) {
                return Err(cell.refuse("a row id that stands only once"));
            }
        }
        Ok(())
    }

    /// Refuses columns that a configuration does not name.
    pub(crate) fn refuse_others(&self, named: &BTreeSet<&str>) -> Result<(), Error> {
        match self.columns.iter().find(|column| !named.contains(column.as_str())) {
            None => Ok(()),
            Some(column) => Err(self.failed(format!(
                "column `{column}` is not in the configuration; name it under `features` or `ignored`"
            ))),
        }
    }

    pub(crate) fn failed(&self, detail: impl Into<String>) -> Error {
        Error::Table { table: self.name.clone(), detail: detail.into() }
    }

    fn line(&self, row: usize) -> u64 {
        match &self.content {
            Content::Texts(rows) => rows.get(row).map_or(0, |(line, _)| *line),
            #[cfg(feature = "columnar")]
            Content::Typed { .. } => row as u64 + 1,
        }
    }

    fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let datum = match &self.content {
            Content::Texts(rows) => {
                let text = rows.get(row).and_then(|(_, record)| record.get(column));
                Datum::Text(text.unwrap_or_default())
            }
            #[cfg(feature = "columnar")]
            Content::Typed { columns, .. } => {
                columns.get(column).map_or(Datum::Missing, |column| column.datum(row))
            }
        };
        let name = self.columns.get(column).map_or("", |name| name);
        Cell { datum, line: self.line(row), column: name, table: &self.name }
    }
}
