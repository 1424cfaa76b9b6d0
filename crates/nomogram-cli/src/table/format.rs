//! How a table is written: options, the bundle and the file's name.

use std::path::Path;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use nomogram::Model;
use nomogram_table::{BooleanTexts, DecimalMark, Encoding, FileKind, TableFormat};

use crate::error::Error;

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

/// How a table is written, where that differs from the bundle and the configuration.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct FormatOptions {
    /// Delimiter of CSV input and output: an ASCII punctuation character, or `tab`
    #[arg(long, value_name = "CHARACTER", help_heading = "Table")]
    pub(crate) delimiter: Option<Delimiter>,
    /// Quote character around cells that contain the delimiter
    #[arg(long, value_name = "CHARACTER", help_heading = "Table")]
    pub(crate) quote: Option<char>,
    /// Encoding of CSV input
    #[arg(long, value_name = "ENCODING", help_heading = "Table")]
    pub(crate) encoding: Option<EncodingName>,
    /// Decimal mark of numbers in CSV: `.` or `,`
    #[arg(long, value_name = "CHARACTER", help_heading = "Table")]
    pub(crate) decimal_mark: Option<Mark>,
    /// Text that means "missing", besides the empty text; may be given several times
    #[arg(long, value_name = "TEXT", help_heading = "Table", allow_hyphen_values = true)]
    pub(crate) missing: Vec<String>,
    /// Text that means true, besides `true` and `1`; may be given several times
    #[arg(long, value_name = "TEXT", help_heading = "Table", allow_hyphen_values = true)]
    pub(crate) true_text: Vec<String>,
    /// Text that means false, besides `false` and `0`; may be given several times
    #[arg(long, value_name = "TEXT", help_heading = "Table", allow_hyphen_values = true)]
    pub(crate) false_text: Vec<String>,
}

/// An encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EncodingName {
    /// With or without a byte order mark
    #[value(name = "utf-8")]
    Utf8,
    /// With a byte order mark
    #[value(name = "utf-16")]
    Utf16,
    /// ISO 8859-1
    #[value(name = "latin1")]
    Latin1,
    /// Code page 1252
    #[value(name = "windows-1252")]
    Windows1252,
}

/// A decimal mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mark {
    /// As in 1.5
    #[value(name = ".")]
    Point,
    /// As in 1,5
    #[value(name = ",")]
    Comma,
}

/// What separates the cells of a row of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delimiter(char);

impl Format {
    /// The format of a file with this extension.
    pub(crate) fn of_path(path: &Path) -> Self {
        match FileKind::of_path(path) {
            FileKind::Parquet => Self::Parquet,
            FileKind::Arrow => Self::Arrow,
            FileKind::ArrowStream => Self::ArrowStream,
            _ => Self::Csv,
        }
    }

    pub(crate) fn kind(self) -> FileKind {
        match self {
            Self::Csv => FileKind::Csv,
            Self::Parquet => FileKind::Parquet,
            Self::Arrow => FileKind::Arrow,
            Self::ArrowStream => FileKind::ArrowStream,
        }
    }
}

impl FormatOptions {
    /// The format of a table that is read for a model: what the options state, otherwise what the
    /// bundle keeps.
    ///
    /// # Errors
    ///
    /// `Usage` when the result contradicts itself.
    pub(crate) fn for_model(&self, model: &Model, path: &Path) -> Result<TableFormat, Error> {
        let mut format = TableFormat::of_notes(&model.manifest().notes)?;
        // The name of this file is closer to it than what another table was written with.
        if TableFormat::default().delimiter_of(Some(path)) == '\t' {
            format.delimiter = None;
        }
        self.over(format)
    }

    /// A format with what the options state in its place.
    ///
    /// # Errors
    ///
    /// `Usage` when the result contradicts itself.
    pub(crate) fn over(&self, format: TableFormat) -> Result<TableFormat, Error> {
        let mut format = format;
        // Cells are read without the spaces around them.
        let trimmed = |texts: &[String]| -> Vec<String> {
            texts.iter().map(|text| text.trim().to_owned()).collect()
        };
        format.delimiter = self.delimiter.map(|delimiter| delimiter.0).or(format.delimiter);
        format.quote = self.quote.unwrap_or(format.quote);
        format.encoding = self.encoding.map_or(format.encoding, EncodingName::encoding);
        format.decimal_mark = self.decimal_mark.map_or(format.decimal_mark, Mark::decimal_mark);
        if !self.missing.is_empty() {
            format.missing = trimmed(&self.missing);
            format.missing.retain(|text| !text.is_empty());
        }
        if !self.true_text.is_empty() || !self.false_text.is_empty() {
            let (true_texts, false_texts) = (trimmed(&self.true_text), trimmed(&self.false_text));
            format.booleans = BooleanTexts { true_texts, false_texts };
            format.feature_booleans.clear();
        }
        format.check().map_err(|error| Error::usage(error.to_string()))?;
        Ok(format)
    }
}

impl EncodingName {
    fn encoding(self) -> Encoding {
        match self {
            Self::Utf8 => Encoding::Utf8,
            Self::Utf16 => Encoding::Utf16,
            Self::Latin1 => Encoding::Latin1,
            Self::Windows1252 => Encoding::Windows1252,
        }
    }
}

impl Mark {
    fn decimal_mark(self) -> DecimalMark {
        match self {
            Self::Point => DecimalMark::Point,
            Self::Comma => DecimalMark::Comma,
        }
    }
}

impl FromStr for Delimiter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut characters = text.chars();
        match (text, characters.next(), characters.next()) {
            ("tab" | "\\t", ..) => Ok(Self('\t')),
            (_, Some(character), None) => {
                let format = TableFormat { delimiter: Some(character), ..TableFormat::default() };
                format.check().map_err(|error| error.to_string())?;
                Ok(Self(character))
            }
            _ => Err("expected one ASCII character, or `tab`".into()),
        }
    }
}
