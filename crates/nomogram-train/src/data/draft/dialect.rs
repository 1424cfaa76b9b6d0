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
//!   other. A column whose cells are all enclosed in `'` is in doubt.
//! - **Decimal mark**: a point where the delimiter is a comma, and where no number has a mark.
//!   Otherwise the one that numbers have, unless both occur, or unless each such number could be one
//!   with a separator of thousands (`1,234`).

use std::fmt;
use std::path::Path;

use super::column::MISSING_TEXTS;
use crate::data::config::CsvConfig;
use crate::error::Error;
use crate::table::{DecimalMark, Encoding, Table, TableFormat};

const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
const QUOTES: [char; 2] = ['"', '\''];
const UTF_8_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
const UTF_16_MARKS: [&[u8]; 2] = [&[0xFF, 0xFE], &[0xFE, 0xFF]];

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
    /// `Table` when it is in doubt, naming the option to state; as [`Table::from_csv`] when the file
    /// does not have the dialect that `options` state.
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
        write!(f, "delimiter {} ({n_columns} columns), decimal mark `{mark}`", named(self.delimiter))?;
        if let Some(example) = &self.decimal_example {
            write!(f, " ({example})")?;
        }
        write!(f, ", quote `{quote}`, encoding {encoding}")
    }
}

/// The encoding that the bytes prove.
fn encoding(bytes: &[u8]) -> Result<Encoding, String> {
    if UTF_16_MARKS.iter().any(|mark| bytes.starts_with(mark)) {
        return Ok(Encoding::Utf16);
    }
    let text = bytes.strip_prefix(UTF_8_MARK).unwrap_or(bytes);
    let in_doubt = |valid: &[u8], found: &str, expected: &str| {
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        format!("line {line}: {found}; the encoding is in doubt: state {expected}")
    };
    match std::str::from_utf8(text) {
        Err(error) => {
            let valid = text.get(..error.valid_up_to()).unwrap_or_default();
            let expected = "`--encoding windows-1252` or `--encoding latin1`";
            Err(in_doubt(valid, "a byte that is not UTF-8", expected))
        }
        Ok(text) => match text.find('\0') {
            None => Ok(Encoding::Utf8),
            Some(position) => {
                let valid = text.as_bytes().get(..position).unwrap_or_default();
                let expected = "it by a byte order mark, as UTF-16 needs one";
                Err(in_doubt(valid, "a NUL character", expected))
            }
        },
    }
}

/// A table, cut by the only delimiter that cuts it evenly.
struct Cut {
    delimiter: char,
    quote: char,
    table: Table,
}

impl Cut {
    fn detect(
        name: &str,
        bytes: &[u8],
        encoding: Encoding,
        options: &DialectOptions,
    ) -> Result<Self, Error> {
        let failed = |detail| Error::Table { table: name.into(), detail };
        let quotes = options.quote.map_or(QUOTES.to_vec(), |quote| vec![quote]);
        let delimiters = options.delimiter.map_or(DELIMITERS.to_vec(), |stated| vec![stated]);
        let mut reasons = Vec::new();
        for quote in &quotes {
            let mut even = Vec::new();
            for delimiter in &delimiters {
                let format = TableFormat {
                    delimiter: Some(*delimiter),
                    quote: *quote,
                    encoding,
                    ..TableFormat::default()
                };
                match Table::from_csv(name, bytes, &format) {
                    Ok(table) if table.columns().len() > 1 => {
                        even.push(Self { delimiter: *delimiter, quote: *quote, table });
                    }
                    Ok(_) => reasons.push(format!("{}: 1 column", named(*delimiter))),
                    Err(error) if delimiters.len() == 1 && quotes.len() == 1 => {
                        return Err(error.into());
                    }
                    Err(error) => reasons.push(reason(*delimiter, name, &error)),
                }
            }
            if even.len() > 1 {
                return Err(failed(several(&even)));
            }
            if let Some(cut) = even.pop() {
                if options.quote.is_none() {
                    cut.refuse_other_quote().map_err(failed)?;
                }
                return Ok(cut);
            }
        }
        reasons.truncate(delimiters.len());
        let reasons = reasons.join("; ");
        Err(failed(format!(
            "no delimiter cuts every line into the same number of cells, at least 2 ({reasons}); \
             correct the lines, or state `--delimiter` and `--quote`"
        )))
    }

    /// Refuses a column whose cells are all enclosed in another quote.
    fn refuse_other_quote(&self) -> Result<(), String> {
        let Some(other) = QUOTES.iter().find(|quote| **quote != self.quote) else { return Ok(()) };
        let is_enclosed = |text: &str| {
            text.chars().count() > 1 && text.starts_with(*other) && text.ends_with(*other)
        };
        for (index, column) in self.table.columns().iter().enumerate() {
            let mut cells = self.table.column_at(index).map(|cell| cell.text()).peekable();
            if cells.peek().is_some() && cells.all(|text| is_enclosed(&text)) {
                let quote = self.quote;
                return Err(format!(
                    "column `{column}`: every cell is enclosed in `{other}`; the quote is in doubt: \
                     state `--quote \"{other}\"`, or `--quote '{quote}'` if it belongs to the texts"
                ));
            }
        }
        Ok(())
    }
}

fn several(even: &[Cut]) -> String {
    let cuts = even.iter().map(|cut| {
        format!("{} into {} cells", named(cut.delimiter), cut.table.columns().len())
    });
    let cuts = cuts.collect::<Vec<_>>().join(" and ");
    format!("every line can be cut evenly by {cuts}; the delimiter is in doubt: state `--delimiter`")
}

/// Why a delimiter does not cut a table, without the table's name.
fn reason(delimiter: char, name: &str, error: &nomogram_table::Error) -> String {
    let error = error.to_string();
    let prefix = format!("{name}: ");
    format!("{}: {}", named(delimiter), error.strip_prefix(&prefix).unwrap_or(&error))
}

/// Numbers with one of the marks.
#[derive(Default)]
struct Marked {
    /// The first one that cannot have a separator of thousands, otherwise the first one.
    example: Option<String>,
    is_proof: bool,
}

impl Marked {
    fn add(&mut self, text: &str, place: impl fmt::Display, mark: char) {
        let is_proof = !is_in_thousands(text, mark);
        if self.example.is_none() || (is_proof && !self.is_proof) {
            self.example = Some(format!("{place}: `{text}`"));
            self.is_proof = is_proof;
        }
    }
}

/// The decimal mark of the numbers, and one of them.
fn decimal_mark(cut: &Cut) -> Result<(DecimalMark, Option<String>), String> {
    if cut.delimiter == ',' {
        return Ok((DecimalMark::Point, None));
    }
    let [point, comma] = [DecimalMark::Point, DecimalMark::Comma].map(|decimal_mark| TableFormat {
        decimal_mark,
        missing: MISSING_TEXTS.map(str::to_owned).to_vec(),
        ..TableFormat::default()
    });
    let mut of_table = [Marked::default(), Marked::default()];
    for index in 0..cut.table.columns().len() {
        let mut of_column = [Marked::default(), Marked::default()];
        let (mut n_known, mut n_numbers) = (0, 0);
        for cell in cut.table.column_at(index).filter(|cell| !cell.cell.is_missing(&point)) {
            n_known += 1;
            let are_numbers = [&point, &comma].map(|format| cell.cell.finite(format).is_some());
            n_numbers += usize::from(are_numbers.contains(&true));
            let text = cell.text();
            for ((marked, mark), is_number) in of_column.iter_mut().zip(['.', ',']).zip(are_numbers) {
                if is_number && text.contains(mark) {
                    marked.add(&text, cell.place, mark);
                }
            }
        }
        // A column of texts may have a few that look like numbers.
        if n_numbers * 10 < n_known * 9 {
            continue;
        }
        for (of_table, of_column) in of_table.iter_mut().zip(of_column) {
            if of_table.example.is_none() || (of_column.is_proof && !of_table.is_proof) {
                *of_table = of_column;
            }
        }
    }
    let [points, commas] = of_table;
    let state = "the decimal mark is in doubt: state `--decimal-mark`";
    match (points.example, commas.example) {
        (None, None) => Ok((DecimalMark::Point, None)),
        (Some(point), Some(comma)) => {
            Err(format!("numbers have both points ({point}) and commas ({comma}); {state}"))
        }
        (Some(point), None) if points.is_proof => Ok((DecimalMark::Point, Some(point))),
        (None, Some(comma)) if commas.is_proof => Ok((DecimalMark::Comma, Some(comma))),
        (Some(example), None) | (None, Some(example)) => {
            Err(format!("{example} could be in thousands, as could all others; {state}"))
        }
    }
}

/// Whether a number with this mark could be a whole one with a separator of thousands: `1,234`.
fn is_in_thousands(number: &str, mark: char) -> bool {
    let digits = number.trim_start_matches(['+', '-']);
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    digits.split_once(mark).is_some_and(|(first, last)| {
        (1..=3).contains(&first.len())
            && !first.starts_with('0')
            && last.len() == 3
            && is_digits(first)
            && is_digits(last)
    })
}

fn mark_of(mark: DecimalMark) -> char {
    match mark {
        DecimalMark::Point => '.',
        DecimalMark::Comma => ',',
    }
}

fn named(delimiter: char) -> String {
    if delimiter == '\t' { "tab".into() } else { format!("`{delimiter}`") }
}

#[cfg(test)]
mod tests;
