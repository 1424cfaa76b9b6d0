//! A table that is read in chunks, in constant memory.
//!
//! A source cuts its input into chunks, one after the other. What is expensive, cutting rows into
//! cells, is left to those who read the chunks, perhaps on other threads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

#[cfg(feature = "columnar")]
use crate::columnar::TypedSource;
use crate::columns::Header;
use crate::error::Error;
use crate::format::{FileKind, TableFormat};
use crate::place::Place;
use crate::row::Chunk;
use crate::shown::shown;
use crate::text::TextSource;

/// A chunk has at most this many rows, unless something else is asked for.
pub const CHUNK_ROWS: usize = 8192;

/// A table that is being read.
///
/// ```
/// use nomogram_table::{Cell, FileKind, Source, TableFormat};
///
/// let text = "age,stage\n64,II\n,\"III\"\n";
/// let mut source =
///     Source::new("t.csv", text.as_bytes(), FileKind::Csv, &TableFormat::default(), 1)?;
/// assert_eq!(source.headers()[1].name, "stage");
/// let mut stages = Vec::new();
/// while let Some(chunk) = source.next_chunk()? {
///     chunk.each_row::<nomogram_table::Error>(|row| {
///         stages.push(format!("{}: {}", row.place(), row.cell(1)));
///         Ok(())
///     })?;
/// }
/// assert_eq!(stages, ["line 2: `II`", "line 3: `III`"]);
/// # Ok::<(), nomogram_table::Error>(())
/// ```
#[derive(Debug)]
pub struct Source {
    name: String,
    headers: Vec<Header>,
    length: Option<u64>,
    kind: FileKind,
    chunks: Chunks,
}

#[derive(Debug)]
enum Chunks {
    Text(Box<TextSource>),
    #[cfg(feature = "columnar")]
    Typed(Box<TypedSource>),
}

impl Source {
    /// Opens a file. Chunks have at most `chunk_rows` rows.
    ///
    /// # Errors
    ///
    /// `File`; `Format`; `Table` when it has no header, a duplicate column or cannot be decoded.
    pub fn open(
        path: &Path,
        kind: FileKind,
        format: &TableFormat,
        chunk_rows: usize,
    ) -> Result<Self, Error> {
        let name = path.display().to_string();
        let opened = || File::open(path).map_err(|cause| Error::file(&name, cause));
        match kind {
            FileKind::Csv => {
                let file = opened()?;
                let length = file.metadata().ok().filter(|m| m.is_file()).map(|m| m.len());
                let source = Self::text(&name, Box::new(file), (format, Some(path)), chunk_rows)?;
                Ok(Self { length, ..source })
            }
            #[cfg(feature = "columnar")]
            FileKind::Parquet => {
                Self::typed(&name, kind, TypedSource::parquet(&name, opened()?, chunk_rows)?)
            }
            #[cfg(feature = "columnar")]
            FileKind::Arrow => {
                Self::typed(&name, kind, TypedSource::file(&name, opened()?, chunk_rows)?)
            }
            #[cfg(feature = "columnar")]
            FileKind::ArrowStream => {
                let file = Box::new(std::io::BufReader::new(opened()?));
                Self::typed(&name, kind, TypedSource::stream(&name, file, chunk_rows, u64::MAX)?)
            }
            #[cfg(not(feature = "columnar"))]
            FileKind::Parquet | FileKind::Arrow | FileKind::ArrowStream => {
                Err(Error::table(&name, "a columnar file, which needs the feature `columnar`"))
            }
        }
    }

    /// Reads any input, for example standard input; `name` is for messages.
    ///
    /// # Errors
    ///
    /// As [`Self::open`]; `Table` for Parquet and Arrow files, whose readers begin at the end.
    pub fn new(
        name: &str,
        input: impl Read + Send + 'static,
        kind: FileKind,
        format: &TableFormat,
        chunk_rows: usize,
    ) -> Result<Self, Error> {
        Self::new_limited(name, input, kind, format, (chunk_rows, u64::MAX))
    }

    /// [`Self::new`] for input of strangers: a message of an Arrow stream holds at most so many bytes when it
    /// is decompressed.
    ///
    /// # Errors
    ///
    /// As [`Self::new`]; `Table` when reading a message that announces more.
    pub fn new_limited(
        name: &str,
        input: impl Read + Send + 'static,
        kind: FileKind,
        format: &TableFormat,
        (chunk_rows, max_message_bytes): (usize, u64),
    ) -> Result<Self, Error> {
        #[cfg(not(feature = "columnar"))]
        let _unused = max_message_bytes;
        match kind {
            FileKind::Csv => Self::text(name, Box::new(input), (format, None), chunk_rows),
            #[cfg(feature = "columnar")]
            FileKind::ArrowStream => {
                let input = Box::new(input);
                let source = TypedSource::stream(name, input, chunk_rows, max_message_bytes)?;
                Self::typed(name, kind, source)
            }
            #[cfg(not(feature = "columnar"))]
            FileKind::ArrowStream => {
                Err(Error::table(name, "a columnar file, which needs the feature `columnar`"))
            }
            FileKind::Parquet | FileKind::Arrow => Err(Error::table(
                name,
                "Parquet and Arrow files are read from their end, which needs a file",
            )),
        }
    }

    fn text(
        name: &str,
        input: Box<dyn Read + Send>,
        (format, path): (&TableFormat, Option<&Path>),
        chunk_rows: usize,
    ) -> Result<Self, Error> {
        let read_as = (format.encoding, format.punctuation(path)?);
        let (source, names) = TextSource::new(name, input, read_as, chunk_rows)?;
        let place = Place::Line(source.header_line());
        let headers = names.into_iter().map(|name| Header::of_name(name, place)).collect();
        Self::checked(name, headers, None, FileKind::Csv, Chunks::Text(Box::new(source)))
    }

    #[cfg(feature = "columnar")]
    fn typed(name: &str, kind: FileKind, source: TypedSource) -> Result<Self, Error> {
        let headers = source.schema().fields().iter().map(|field| Header {
            name: crate::format::trim(field.name()).to_owned(),
            unit: field.metadata().get("unit").cloned(),
            place: None,
            data_type: Some(field.data_type().clone()),
        });
        let headers: Vec<Header> = headers.collect();
        let length = source.n_rows;
        Self::checked(name, headers, length, kind, Chunks::Typed(Box::new(source)))
    }

    /// Refuses duplicate columns: cells would be taken from the wrong one.
    fn checked(
        name: &str,
        headers: Vec<Header>,
        length: Option<u64>,
        kind: FileKind,
        chunks: Chunks,
    ) -> Result<Self, Error> {
        let mut first_of = BTreeMap::new();
        for (column, header) in headers.iter().enumerate() {
            let Some(first) = first_of.insert(header.name.as_str(), column) else { continue };
            let detail = match header.name.as_str() {
                "" => format!(
                    "columns {} and {} have no name, expected a name for each column but one",
                    first + 1,
                    column + 1
                ),
                name => format!("duplicate column `{}`", shown(name)),
            };
            return Err(Error::Table { table: name.into(), place: header.place, detail });
        }
        Ok(Self { name: name.into(), headers, length, kind, chunks })
    }

    /// Its name in messages, usually its path.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The heads of its columns, in their order, each once.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// Its length in bytes of text, or in rows, where that is known.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// What kind of file it is.
    #[must_use]
    pub fn kind(&self) -> FileKind {
        self.kind
    }

    /// Reads only the columns at these positions, where the format allows it. Before the first chunk.
    pub fn select(&mut self, columns: &BTreeSet<usize>) {
        match (&mut self.chunks, columns) {
            // All cells are in the rows.
            (Chunks::Text(_), _) => {}
            #[cfg(feature = "columnar")]
            (Chunks::Typed(source), columns) => source.select(columns),
        }
    }

    /// The next rows; nothing at the end.
    ///
    /// # Errors
    ///
    /// `File`; `Table`, with the line where there is one.
    pub fn next_chunk(&mut self) -> Result<Option<Chunk>, Error> {
        Ok(match &mut self.chunks {
            Chunks::Text(source) => source.next_chunk()?.map(Chunk::Text),
            #[cfg(feature = "columnar")]
            Chunks::Typed(source) => source.next_chunk()?.map(Chunk::Typed),
        })
    }
}
