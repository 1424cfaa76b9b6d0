//! The formats of tables.

use std::path::Path;
use std::str::FromStr;

use clap::ValueEnum;

/// A format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Text with a header (.csv, .tsv, and all other names)
    Csv,
    /// Apache Parquet (.parquet)
    Parquet,
    /// The file format of Arrow IPC (.arrow, .feather, .ipc)
    Arrow,
    /// The stream format of Arrow IPC (.arrows)
    ArrowStream,
}

impl Format {
    /// The format that the end of a name tells.
    pub(crate) fn of_path(path: &Path) -> Self {
        match extension(path).as_deref() {
            Some("parquet" | "pq") => Self::Parquet,
            Some("arrow" | "feather" | "ipc") => Self::Arrow,
            Some("arrows") => Self::ArrowStream,
            _ => Self::Csv,
        }
    }
}

fn extension(path: &Path) -> Option<String> {
    path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase)
}

/// What separates the cells of a row of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delimiter(u8);

impl Delimiter {
    /// The one that is asked for, or else that of the file's name.
    pub(crate) fn of_input(asked: Option<Self>, path: &Path) -> Self {
        let is_tsv = extension(path).as_deref() == Some("tsv");
        asked.unwrap_or(Self(if is_tsv { b'\t' } else { b',' }))
    }

    pub(crate) fn byte(self) -> u8 {
        self.0
    }
}

impl FromStr for Delimiter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.as_bytes() {
            b"tab" | b"\\t" => Ok(Self(b'\t')),
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(Self(*byte)),
            _ => Err("expected one ASCII character, or `tab`".into()),
        }
    }
}
