//! Delimiter and quote: those that cut every line into the same number of cells.

use super::DialectOptions;
use crate::error::Error;
use crate::table::{Encoding, Table, TableFormat};

const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];
const QUOTES: [char; 2] = ['"', '\''];

/// A table, cut by the only delimiter that cuts it evenly.
pub(super) struct Cut {
    pub(super) delimiter: char,
    pub(super) quote: char,
    pub(super) table: Table,
}

impl Cut {
    pub(super) fn detect(
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
                    "column `{column}`: every cell is enclosed in `{other}`; the quote is ambiguous: \
                     state `--quote \"{other}\"`, or `--quote '{quote}'` if it belongs to the texts"
                ));
            }
        }
        Ok(())
    }
}

fn several(even: &[Cut]) -> String {
    let cuts = even
        .iter()
        .map(|cut| format!("{} into {} cells", named(cut.delimiter), cut.table.columns().len()));
    let cuts = cuts.collect::<Vec<_>>().join(" and ");
    format!(
        "every line can be cut evenly by {cuts}; the delimiter is ambiguous: state `--delimiter`"
    )
}

/// Why a delimiter does not cut a table, without the table's name.
fn reason(delimiter: char, name: &str, error: &nomogram_table::Error) -> String {
    let error = error.to_string();
    let prefix = format!("{name}: ");
    format!("{}: {}", named(delimiter), error.strip_prefix(&prefix).unwrap_or(&error))
}

/// A delimiter in a message.
pub(super) fn named(delimiter: char) -> String {
    if delimiter == '\t' { "tab".into() } else { format!("`{delimiter}`") }
}
