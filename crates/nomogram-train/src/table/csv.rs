//! CSV as RFC 4180 writes it, with a header; spaces around cells do not count.

use std::io::Read;

use csv::{ReaderBuilder, StringRecord, Trim};

use super::encoding::decode;
use crate::data::CsvConfig;
use crate::error::Error;

/// The names of the columns, and of each row its line and its cells.
type Rows = (Vec<String>, Vec<(u64, StringRecord)>);

pub(super) fn read(name: &str, mut source: impl Read, config: &CsvConfig) -> Result<Rows, Error> {
    let failed = |detail: String| Error::Table { table: name.into(), detail };
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(|cause| Error::File { path: name.into(), cause })?;
    let text = decode(bytes, config.encoding).map_err(failed)?;
    let (delimiter, quote) = (ascii(config.delimiter)?, ascii(config.quote)?);
    refuse_open_quote(text.as_bytes(), delimiter, quote).map_err(failed)?;
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .quote(quote)
        .trim(Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| failed(e.to_string()))?;
    let columns = header.iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    for record in reader.into_records() {
        let record = record.map_err(|e| failed(e.to_string()))?;
        rows.push((line(&record, text.as_bytes()), record));
    }
    Ok((columns, rows))
}

/// The line on which a record begins. The reader's own position is before empty lines and before the
/// second character of a line end.
fn line(record: &StringRecord, text: &[u8]) -> u64 {
    let Some(position) = record.position() else { return 0 };
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let rest = text.get(start..).unwrap_or_default();
    let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    (position.line()..)
        .zip(ends.filter(|byte| **byte == b'\n'))
        .last()
        .map_or(position.line(), |(line, _)| line + 1)
}

fn ascii(character: char) -> Result<u8, Error> {
    u8::try_from(character).ok().filter(u8::is_ascii).ok_or_else(|| {
        Error::configuration(format!("csv: {character:?}, expected an ASCII character"))
    })
}

/// The reader would take the rest of the file for one cell, and rows would be lost unseen.
fn refuse_open_quote(text: &[u8], delimiter: u8, quote: u8) -> Result<(), String> {
    let (mut line, mut opened_on) = (1_u64, None);
    let mut is_start_of_cell = true;
    for byte in text {
        if *byte == b'\n' {
            line += 1;
        }
        if *byte == quote && opened_on.is_some() {
            // Of a doubled quote, the second one opens the cell again.
            (opened_on, is_start_of_cell) = (None, true);
        } else if opened_on.is_none() {
            if *byte == quote && is_start_of_cell {
                opened_on = Some(line);
            }
            is_start_of_cell = [delimiter, b'\n', b'\r'].contains(byte);
        }
    }
    match opened_on {
        None => Ok(()),
        Some(line) => Err(format!("line {line}: a quote is opened and never closed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Rows, Error> {
        super::read("t.csv", text.as_bytes(), &CsvConfig::default())
    }

    fn lines_and_last_cells(text: &str) -> Vec<(u64, String)> {
        let rows = read(text).unwrap().1;
        rows.iter()
            .map(|(line, record)| (*line, record.iter().next_back().unwrap().to_owned()))
            .collect()
    }

    #[test]
    fn lines_are_those_of_the_file() {
        let expected =
            [(2, "1"), (4, "2\n3"), (6, "4")].map(|(line, cell)| (line, cell.to_owned()));
        let text = "a,b\nx,1\n\nx,\"2\n3\"\nx, 4 ";
        assert_eq!(lines_and_last_cells(text), expected);
        let expected = expected.map(|(line, cell)| (line, cell.replace('\n', "\r\n")));
        assert_eq!(lines_and_last_cells(&text.replace('\n', "\r\n")), expected);
    }

    #[test]
    fn quotes_hold_delimiters_and_doubled_quotes() {
        let cells = lines_and_last_cells("a,b\nx,\"1,\"\"2\"\"\"\nx,5\" pipe\nx,\"\"\n");
        let cells: Vec<&str> = cells.iter().map(|(_, cell)| cell.as_str()).collect();
        assert_eq!(cells, ["1,\"2\"", "5\" pipe", ""]);
    }

    #[test]
    fn delimiters_and_quotes_may_be_others() {
        let config = CsvConfig { delimiter: '\t', quote: '\'', ..CsvConfig::default() };
        let (columns, rows) = super::read("t", "a\tb\n'x\ty'\t\"1\n".as_bytes(), &config).unwrap();
        assert_eq!(columns, ["a", "b"]);
        assert_eq!(rows[0].1.iter().collect::<Vec<_>>(), ["x\ty", "\"1"]);
    }

    #[test]
    fn quotes_that_stay_open_and_ragged_rows_are_refused() {
        let cases = [
            ("a,b\n1,2\n3,\"4\n5,6\n", "t.csv: line 3: a quote is opened and never closed"),
            ("a,b\n1,\"2\"\"\n3,4\n", "t.csv: line 2: a quote is opened and never closed"),
            ("a,b\n1,2\n3\n", "found record with 1 fields, but the previous record has 2 fields"),
            ("a,b\n1,2,3\n", "found record with 3 fields, but the previous record has 2 fields"),
        ];
        for (text, message) in cases {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
