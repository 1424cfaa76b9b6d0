//! A whole table: named columns of cells, nothing interpreted, each with its place.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{Cursor, Read};
use std::path::Path;

use crate::cell::Cell;
#[cfg(feature = "columnar")]
use crate::columnar::TypedChunk;
use crate::columns::Header;
use crate::error::Error;
use crate::feature::listed;
use crate::format::{FileKind, TableFormat};
use crate::place::Place;
use crate::row::{Chunk, row_length};
use crate::source::{CHUNK_ROWS, Source};
use crate::time::seconds;

/// Named columns of cells, all of the same length, at least one row.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    names: Vec<String>,
    headers: Vec<Header>,
    format: TableFormat,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Written(Written),
    #[cfg(feature = "columnar")]
    Typed {
        n_rows: usize,
        chunks: Vec<TypedChunk>,
    },
}

/// The cells of a text, row by row.
#[derive(Clone, Debug, Default)]
struct Written {
    lines: Vec<u64>,
    text: String,
    /// Where the text of each cell ends.
    ends: Vec<usize>,
}

/// One cell and its place.
#[derive(Clone, Copy, Debug)]
pub struct PlacedCell<'a> {
    /// What it holds.
    pub cell: Cell<'a>,
    /// The place of its row.
    pub place: Place,
    /// The name of its column.
    pub column: &'a str,
    /// The name of its table.
    pub table: &'a str,
}

/// When a row was recorded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// A number of whatever the column counts.
    Number(f64),
    /// Seconds since 1970 began, in UTC.
    Seconds(f64),
}

impl Table {
    /// Reads a file, by the kind that the ending of its name states: [`FileKind::of_path`].
    ///
    /// # Errors
    ///
    /// `File`; `Format`; `Table` when it cannot be decoded, has no header, no rows, a duplicate
    /// column, or rows of different lengths.
    pub fn from_file(path: &Path, format: &TableFormat) -> Result<Self, Error> {
        Self::of_source(Source::open(path, FileKind::of_path(path), format, CHUNK_ROWS)?, format)
    }

    /// Reads a text file with a header.
    ///
    /// # Errors
    ///
    /// As [`Self::from_file`].
    pub fn from_csv_file(path: &Path, format: &TableFormat) -> Result<Self, Error> {
        Self::of_source(Source::open(path, FileKind::Csv, format, CHUNK_ROWS)?, format)
    }

    /// Reads a text from any input, for example standard input; `name` is for messages.
    ///
    /// # Errors
    ///
    /// As [`Self::from_file`].
    pub fn from_csv(name: &str, mut input: impl Read, format: &TableFormat) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).map_err(|cause| Error::file(name, cause))?;
        let source = Source::new(name, Cursor::new(bytes), FileKind::Csv, format, CHUNK_ROWS)?;
        Self::of_source(source, format)
    }

    /// Reads an Arrow IPC stream; `name` is for messages.
    ///
    /// # Errors
    ///
    /// As [`Self::from_file`].
    pub fn from_arrow_stream(
        name: &str,
        mut input: impl Read,
        format: &TableFormat,
    ) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        input.read_to_end(&mut bytes).map_err(|cause| Error::file(name, cause))?;
        let kind = FileKind::ArrowStream;
        Self::of_source(Source::new(name, Cursor::new(bytes), kind, format, CHUNK_ROWS)?, format)
    }

    /// Reads all that is left of a source; `format` is the one that it was opened with.
    ///
    /// # Errors
    ///
    /// As [`Self::from_file`].
    pub fn of_source(mut source: Source, format: &TableFormat) -> Result<Self, Error> {
        let mut content = match source.kind() {
            FileKind::Csv => Content::Written(Written::default()),
            #[cfg(feature = "columnar")]
            FileKind::Parquet | FileKind::Arrow | FileKind::ArrowStream => {
                Content::Typed { n_rows: 0, chunks: Vec::new() }
            }
            #[cfg(not(feature = "columnar"))]
            FileKind::Parquet | FileKind::Arrow | FileKind::ArrowStream => {
                return Err(Error::table(source.name(), "needs the feature `columnar`"));
            }
        };
        while let Some(chunk) = source.next_chunk()? {
            content.add(chunk, source.name(), source.headers().len())?;
        }
        let table = Self {
            name: source.name().into(),
            names: source.headers().iter().map(|header| header.name.clone()).collect(),
            headers: source.headers().to_vec(),
            format: format.clone(),
            content,
        };
        if table.n_rows() == 0 {
            return Err(table.failed("no rows after the header"));
        }
        Ok(table)
    }

    /// Its name, usually its path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is written.
    #[must_use]
    pub fn format(&self) -> &TableFormat {
        &self.format
    }

    /// The names of its columns, each once.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        &self.names
    }

    /// The heads of its columns.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// How many rows there are, at least one.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        match &self.content {
            Content::Written(written) => written.lines.len(),
            #[cfg(feature = "columnar")]
            Content::Typed { n_rows, .. } => *n_rows,
        }
    }

    /// The place of each row.
    pub fn places(&self) -> impl Iterator<Item = Place> + '_ {
        (0..self.n_rows()).map(|row| self.place(row))
    }

    /// The number of the line or row of each row, counted from 1.
    pub fn lines(&self) -> impl Iterator<Item = u64> + '_ {
        self.places().map(Place::number)
    }

    /// The cells of a column, from the first row to the last.
    ///
    /// # Errors
    ///
    /// `Table` when there is no such column.
    pub fn column<'a>(
        &'a self,
        column: &str,
    ) -> Result<impl Iterator<Item = PlacedCell<'a>> + 'a, Error> {
        match self.names.iter().position(|name| name == column) {
            Some(index) => Ok(self.column_at(index)),
            None => Err(self.no_column(column)),
        }
    }

    /// The cells of the column at a position, counted from 0.
    pub fn column_at(&self, index: usize) -> impl Iterator<Item = PlacedCell<'_>> + '_ {
        (0..self.n_rows()).map(move |row| self.placed(row, index))
    }

    /// That there is no such column.
    #[must_use]
    pub fn no_column(&self, column: &str) -> Error {
        let place = self.headers.first().and_then(|header| header.place);
        let detail = format!("no column `{column}`; the columns are {}", listed(&self.names));
        Error::Table { table: self.name.clone(), place, detail }
    }

    /// Refuses duplicate names, at the second one.
    ///
    /// # Errors
    ///
    /// `Cell`; `Table` when there is no such column.
    pub fn refuse_repeated(&self, column: &str) -> Result<(), Error> {
        let mut seen = BTreeSet::new();
        for cell in self.column(column)? {
            if !seen.insert(cell.text()) {
                return Err(cell.refuse("a row id that appears only once"));
            }
        }
        Ok(())
    }

    /// That the table cannot be used.
    #[must_use]
    pub fn failed(&self, detail: impl Into<String>) -> Error {
        Error::table(&self.name, detail)
    }

    fn place(&self, row: usize) -> Place {
        match &self.content {
            Content::Written(written) => Place::Line(written.lines.get(row).copied().unwrap_or(0)),
            #[cfg(feature = "columnar")]
            Content::Typed { .. } => Place::Row(row as u64 + 1),
        }
    }

    fn placed(&self, row: usize, column: usize) -> PlacedCell<'_> {
        let cell = match &self.content {
            Content::Written(written) => written.cell(row * self.names.len() + column),
            #[cfg(feature = "columnar")]
            Content::Typed { chunks, .. } => typed(chunks, row, column),
        };
        let name = self.names.get(column).map_or("", |name| name);
        PlacedCell { cell, place: self.place(row), column: name, table: &self.name }
    }
}

impl Content {
    fn add(&mut self, chunk: Chunk, table: &str, n_columns: usize) -> Result<(), Error> {
        match (self, chunk) {
            (Self::Written(written), chunk @ Chunk::Text(_)) => chunk.each_row(|row| {
                let n_cells = row.n_cells().unwrap_or_default();
                let line = row.place().number();
                if n_cells != n_columns {
                    return Err(Error::in_line(table, line, row_length(n_cells, n_columns)));
                }
                written.add(line, (0..n_columns).map(|column| row.text(column)));
                Ok(())
            }),
            #[cfg(feature = "columnar")]
            (Self::Typed { n_rows, chunks }, Chunk::Typed(chunk)) => {
                *n_rows += chunk.n_rows;
                chunks.push(chunk);
                Ok(())
            }
            // A source has chunks of one kind.
            #[cfg(feature = "columnar")]
            (Self::Written(_), Chunk::Typed(_)) | (Self::Typed { .. }, Chunk::Text(_)) => Ok(()),
        }
    }
}

impl Written {
    fn add<'t>(&mut self, line: u64, cells: impl Iterator<Item = Cow<'t, str>>) {
        self.lines.push(line);
        for cell in cells {
            self.text.push_str(&cell);
            self.ends.push(self.text.len());
        }
    }

    fn cell(&self, index: usize) -> Cell<'_> {
        let start = index.checked_sub(1).map_or(Some(&0), |before| self.ends.get(before));
        let text = match (start, self.ends.get(index)) {
            (Some(start), Some(end)) => self.text.get(*start..*end),
            _ => None,
        };
        text.map_or(Cell::Missing, Cell::Written)
    }
}

#[cfg(feature = "columnar")]
fn typed(chunks: &[TypedChunk], row: usize, column: usize) -> Cell<'_> {
    let number = row as u64 + 1;
    let after = chunks.partition_point(|chunk| chunk.first_row <= number);
    let Some(chunk) = after.checked_sub(1).and_then(|at| chunks.get(at)) else {
        return Cell::Missing;
    };
    let row = usize::try_from(number - chunk.first_row).unwrap_or(usize::MAX);
    chunk.cell(column, row)
}

impl<'a> PlacedCell<'a> {
    /// The name, the class or the level that it is; spaces around a text do not count.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        self.cell.text()
    }

    /// The text of a cell that must have one.
    ///
    /// # Errors
    ///
    /// `Cell`.
    pub fn name(&self, format: &TableFormat, expected: &str) -> Result<String, Error> {
        if self.cell.is_missing(format) || matches!(self.cell, Cell::Other(_)) {
            return Err(self.refuse(expected));
        }
        Ok(self.text().into_owned())
    }

    /// The time that it is.
    #[must_use]
    pub fn moment(&self, format: &TableFormat) -> Option<Moment> {
        let number = || self.cell.finite(format).map(Moment::Number);
        match self.cell {
            Cell::Written(_) | Cell::Text(_) => {
                seconds(&self.text()).map(Moment::Seconds).or_else(number)
            }
            Cell::Time(time) => Some(Moment::Seconds(time.seconds())),
            Cell::Number(_) | Cell::Decimal(_) | Cell::Integer(_) => number(),
            Cell::Missing | Cell::Unsigned(_) | Cell::Boolean(_) | Cell::Other(_) => None,
        }
    }

    /// That it cannot be used.
    #[must_use]
    pub fn refuse(&self, expected: impl Into<String>) -> Error {
        self.refuse_as(self.cell.to_string(), expected)
    }

    /// That it cannot be used, with other words for what it holds.
    #[must_use]
    pub fn refuse_as(&self, found: impl Into<String>, expected: impl Into<String>) -> Error {
        Error::Cell {
            table: self.table.into(),
            place: self.place,
            column: self.column.into(),
            found: found.into(),
            expected: expected.into(),
        }
    }
}
