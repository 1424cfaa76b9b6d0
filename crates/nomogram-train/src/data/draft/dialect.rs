//! How a text file is written, where its bytes leave no doubt.
//!
//! Each property is stated by the caller or follows from a rule that only one answer satisfies.
//! Otherwise the error names the option: nothing is decided by frequency or by the beginning of a
//! file. The rules:
//!
//! - **Encoding**: a byte order mark of UTF-16; otherwise UTF-8, when every byte is. Bytes of other
//!   encodings look alike, so `latin1` and `windows-1252` have to be stated.
//! - **Delimiter**: of `,`, `;`, tab and `|`, the only one that cuts every line into the same number
//!   of cells, at least 2.
//! - **Quote**: `"`; `'` when no delimiter cuts evenly with the one and exactly one does with the
//!   other. A column whose cells are all enclosed in `'` is ambiguous.
//! - **Decimal mark**: a point where no number has a mark. Otherwise the one that numbers have,
//!   unless both occur, or unless each such number could be one with a separator of thousands
//!   (`1,234`). Where the delimiter is a comma, it is a point unless there are columns in which
//!   every cell is a number with a comma, and no number of the table has a point.

// Layers, lowest first: a file uses only the blocks above its own.
mod cut;
mod encoding;

mod decimal_mark;

use std::fmt;
use std::path::Path;

use crate::data::config::CsvConfig;
use crate::error::Error;
use crate::table::{DecimalMark, Encoding, TableFormat};
use cut::{Cut, named};
use decimal_mark::decimal_mark;
use encoding::encoding;

/// How a text file is written, as far as the caller states it; the rest is detected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DialectOptions {
    /// Separates cells.
    pub delimiter: Option<char>,
    /// Encloses cells that hold the delimiter or a line end.
    pub quote: Option<char>,
    /// What the bytes mean.
    pub encoding: Option<Encoding>,
    /// Separates the whole part of a number from its fraction.
    pub decimal_mark: Option<DecimalMark>,
}

/// How a text file is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Separates cells.
    pub delimiter: char,
    /// Encloses cells that hold the delimiter or a line end.
    pub quote: char,
    /// What the bytes mean.
    pub encoding: Encoding,
    /// Separates the whole part of a number from its fraction.
    pub decimal_mark: DecimalMark,
    /// The number of cells of every line.
    pub n_columns: usize,
    /// A cell that shows the decimal mark, and its place; none where no number has a mark.
    pub decimal_example: Option<String>,
}

impl Dialect {
    /// Detects how the text file in `bytes` is written; `name` is for messages.
    ///
    /// # Errors
    ///
    /// `Table` when it is ambiguous, naming the option to state; as
    /// [`Table::from_csv`](crate::Table::from_csv) when the file does not have the dialect that
    /// `options` state.
    ///
    /// ```
    /// use nomogram_train::{Dialect, DialectOptions};
    ///
    /// let bytes = b"id;age;died\n1;64,5;no\n2;58,0;yes\n";
    /// let dialect = Dialect::detect("t.csv", bytes, &DialectOptions::default())?;
    /// assert_eq!(
    ///     dialect.to_string(),
    ///     "delimiter `;` (3 columns), decimal mark `,` (line 2: `64,5`), quote `\"`, encoding utf-8"
    /// );
    /// // Cut by a comma or a semicolon, all lines have the same number of cells.
    /// let doubtful = b"a;b,c;d\n1;2,3;4\n";
    /// let error = Dialect::detect("t.csv", doubtful, &DialectOptions::default()).unwrap_err();
    /// assert!(error.to_string().contains("--delimiter"));
    /// # Ok::<(), nomogram_train::Error>(())
    /// ```
    pub fn detect(name: &str, bytes: &[u8], options: &DialectOptions) -> Result<Self, Error> {
        let failed = |detail| Error::Table { table: name.into(), detail };
        let encoding = options.encoding.map_or_else(|| encoding(bytes), Ok).map_err(failed)?;
        let cut = Cut::detect(name, bytes, encoding, options)?;
        let mark = match options.decimal_mark {
            Some(mark) => (mark, None),
            None => decimal_mark(&cut).map_err(failed)?,
        };
        let Cut { delimiter, quote, table } = cut;
        let n_columns = table.columns().len();
        let (decimal_mark, decimal_example) = mark;
        Ok(Self { delimiter, quote, encoding, decimal_mark, n_columns, decimal_example })
    }

    /// The keys of a configuration for a table of this name; the delimiter that the name implies is
    /// left out.
    #[must_use]
    pub fn csv(&self, path: &Path) -> CsvConfig {
        let Self { delimiter, quote, encoding, decimal_mark, .. } = *self;
        let implied = TableFormat::default().delimiter_of(Some(path));
        let delimiter = (delimiter != implied).then_some(delimiter);
        CsvConfig { delimiter, quote, encoding, decimal_mark }
    }

    /// How the table is read.
    #[must_use]
    pub fn format(&self) -> TableFormat {
        TableFormat {
            delimiter: Some(self.delimiter),
            quote: self.quote,
            encoding: self.encoding,
            decimal_mark: self.decimal_mark,
            ..TableFormat::default()
        }
    }
}

/// For example ``delimiter `;` (3 columns), decimal mark `,` (line 2: `64,5`), quote `"`, encoding
/// utf-8``.
impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { quote, encoding, n_columns, .. } = self;
        let mark = mark_of(self.decimal_mark);
        write!(
            f,
            "delimiter {} ({n_columns} columns), decimal mark `{mark}`",
            named(self.delimiter)
        )?;
        if let Some(example) = &self.decimal_example {
            write!(f, " ({example})")?;
        }
        write!(f, ", quote `{quote}`, encoding {encoding}")
    }
}

fn mark_of(mark: DecimalMark) -> char {
    match mark {
        DecimalMark::Point => '.',
        DecimalMark::Comma => ',',
    }
}

#[cfg(test)]
mod tests;
