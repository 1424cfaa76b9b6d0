//! Input tables: the options of all commands that read one, and how it is opened.

mod format;

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use nomogram_table::{CHUNK_ROWS, FileKind, Source, TableFormat};

pub(crate) use format::{Format, FormatOptions};

use crate::error::Error;

/// How a table is read in chunks.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReadOptions {
    /// Format of the input; by default, from the extension of its name, or CSV
    #[arg(long, value_name = "FORMAT", help_heading = "Table")]
    pub(crate) format: Option<Format>,
    #[command(flatten)]
    pub(crate) written: FormatOptions,
    /// Skip columns that are neither a feature nor named by --id or --keep
    #[arg(long, help_heading = "Table")]
    pub(crate) ignore_other_columns: bool,
    /// Number of rows to read at once
    #[arg(long, value_name = "ROWS", hide = true, default_value_t = CHUNK_ROWS)]
    #[arg(value_parser = at_least_1)]
    pub(crate) chunk_rows: usize,
}

impl ReadOptions {
    /// Opens a table; `-` is standard input.
    ///
    /// # Errors
    ///
    /// `File`; `Table` when it has no header or cannot be decoded; `Usage`.
    pub(crate) fn open(&self, path: &Path, format: &TableFormat) -> Result<Source, Error> {
        let kind = self.format.unwrap_or_else(|| Format::of_path(path)).kind();
        if path != Path::new("-") {
            return Ok(Source::open(path, kind, format, self.chunk_rows)?);
        }
        if matches!(kind, FileKind::Parquet | FileKind::Arrow) {
            let detail = "standard input cannot be a Parquet or Arrow file, since these are read \
                          from their end; use --format arrow-stream or csv";
            return Err(Error::usage(detail));
        }
        Ok(Source::new("standard input", io::stdin(), kind, format, self.chunk_rows)?)
    }
}

impl From<nomogram_table::Error> for Error {
    fn from(error: nomogram_table::Error) -> Self {
        use nomogram_table::Error as Read;
        match error {
            Read::File { table, cause } => Self::file(table, cause),
            Read::Table { table, place: None, detail } => Self::Table { table, detail },
            Read::Table { table, place: Some(place), detail } => {
                Self::Table { table, detail: format!("{place}: {detail}") }
            }
            Read::Cell { table, place, column, found, expected } => {
                let detail =
                    format!("{place}: column `{column}`: found {found}, expected {expected}");
                Self::Table { table, detail }
            }
            other => Self::usage(other.to_string()),
        }
    }
}

/// Standard input where no path is given.
pub(crate) fn or_stdin(path: Option<&PathBuf>) -> PathBuf {
    path.cloned().unwrap_or_else(|| PathBuf::from("-"))
}

fn at_least_1(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("expected 1 or more".into()),
        Ok(number) => Ok(number),
        Err(_) => Err("expected a whole number".into()),
    }
}
