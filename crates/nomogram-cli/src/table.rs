//! Tables as they come in: chunks of rows from CSV, Parquet and Arrow IPC, in constant memory.
//!
//! A source cuts its input into chunks, one after the other; what is expensive, parsing cells, is
//! left to those who read the chunks.

mod cell;
mod columns;
mod csv_source;
mod format;
mod row;
mod typed;
mod typed_source;

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use clap::Args;

pub(crate) use columns::{Columns, Header, Wanted};
pub(crate) use csv_source::TextChunk;
pub(crate) use format::{Delimiter, Format};
pub(crate) use row::{Place, Row, RowReader};
pub(crate) use typed::{TypedChunk, is_plain};

use crate::error::Error;
use csv_source::CsvSource;
use typed_source::TypedSource;

/// A chunk ends with this many rows, or with [`MAX_CHUNK_BYTES`].
const CHUNK_ROWS: usize = 8192;
/// A chunk of text has no more bytes than this, unless one row alone has.
const MAX_CHUNK_BYTES: usize = 4 << 20;

/// How a table is read.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReadOptions {
    /// The format of the input; without it, told by the end of its name, and CSV for any other
    #[arg(long, value_name = "FORMAT", help_heading = "Input")]
    pub(crate) format: Option<Format>,
    /// What separates the cells of CSV, in input and output: one ASCII character, or `tab`
    #[arg(long, value_name = "CHARACTER", help_heading = "Input")]
    pub(crate) delimiter: Option<Delimiter>,
    /// A text that stands for a missing value in CSV, besides the empty one; may stand several
    /// times
    #[arg(long, value_name = "TEXT", help_heading = "Input")]
    pub(crate) missing: Vec<String>,
    /// Leave columns aside that are neither a feature nor named by --id or --keep
    #[arg(long, help_heading = "Input")]
    pub(crate) ignore_other_columns: bool,
    /// How many rows are read at once
    #[arg(long, value_name = "ROWS", hide = true, default_value_t = CHUNK_ROWS)]
    #[arg(value_parser = at_least_1)]
    pub(crate) chunk_rows: usize,
}

fn at_least_1(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("expected 1 or more".into()),
        Ok(number) => Ok(number),
        Err(_) => Err("expected a whole number".into()),
    }
}

/// A table that is being read.
pub(crate) struct Source {
    /// What it is called in messages.
    pub(crate) name: String,
    /// Its columns, in their order.
    pub(crate) headers: Vec<Header>,
    /// Its length in bytes of text, or in rows, where that is known.
    pub(crate) length: Option<u64>,
    pub(crate) format: Format,
    chunks: Chunks,
}

enum Chunks {
    Text(CsvSource),
    Typed(TypedSource),
}

/// Some rows of a table.
pub(crate) enum Chunk {
    Text(TextChunk),
    Typed(TypedChunk),
}

impl Source {
    /// Opens a table; `-` is standard input.
    ///
    /// # Errors
    ///
    /// `File`; `Table` when it has no header or cannot be decoded.
    pub(crate) fn open(path: &Path, options: &ReadOptions) -> Result<Self, Error> {
        let format = options.format.unwrap_or_else(|| Format::of_path(path));
        let is_stdin = path == Path::new("-");
        let name = if is_stdin { "standard input".into() } else { path.display().to_string() };
        let failed = |cause| Error::file(&name, cause);
        if format == Format::Csv {
            let (input, length): (Box<dyn Read + Send>, _) = if is_stdin {
                (Box::new(io::stdin()), None)
            } else {
                let file = File::open(path).map_err(failed)?;
                let length = file.metadata().ok().filter(|m| m.is_file()).map(|m| m.len());
                (Box::new(file), length)
            };
            let delimiter = Delimiter::of_input(options.delimiter, path);
            let (source, headers) =
                CsvSource::new(&name, input, delimiter.byte(), options.chunk_rows)?;
            return Ok(Self { name, headers, length, format, chunks: Chunks::Text(source) });
        }
        let (source, headers, length) = match (format, is_stdin) {
            (Format::ArrowStream, true) => {
                TypedSource::stream(&name, Box::new(io::stdin()), options.chunk_rows)?
            }
            (Format::ArrowStream, false) => {
                let file = BufReader::new(File::open(path).map_err(failed)?);
                TypedSource::stream(&name, Box::new(file), options.chunk_rows)?
            }
            (_, true) => {
                let detail = "Parquet and Arrow files are not read from standard input, which cannot \
                              be read from its end; use --format arrow-stream or csv";
                return Err(Error::usage(detail));
            }
            (Format::Parquet, false) => {
                let file = File::open(path).map_err(failed)?;
                TypedSource::parquet(&name, file, options.chunk_rows)?
            }
            (_, false) => {
                let file = File::open(path).map_err(failed)?;
                TypedSource::file(&name, file, options.chunk_rows)?
            }
        };
        Ok(Self { name, headers, length, format, chunks: Chunks::Typed(source) })
    }

    /// Reads only the columns that are wanted, where the format allows it. Before the first chunk.
    pub(crate) fn select(&mut self, columns: &Columns) -> Result<(), Error> {
        match &mut self.chunks {
            Chunks::Text(_) => Ok(()),
            Chunks::Typed(source) => source.select(columns),
        }
    }

    /// The next rows; nothing at the end.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<Chunk>, Error> {
        Ok(match &mut self.chunks {
            Chunks::Text(source) => source.next_chunk()?.map(Chunk::Text),
            Chunks::Typed(source) => source.next_chunk()?.map(Chunk::Typed),
        })
    }
}

impl Chunk {
    /// How much of [`Source::length`] it is.
    pub(crate) fn length(&self) -> u64 {
        let length = match self {
            Self::Text(chunk) => chunk.bytes.len(),
            Self::Typed(chunk) => chunk.n_rows,
        };
        length as u64
    }
}

/// Standard input where no path is given.
pub(crate) fn or_stdin(path: Option<&PathBuf>) -> PathBuf {
    path.cloned().unwrap_or_else(|| PathBuf::from("-"))
}
