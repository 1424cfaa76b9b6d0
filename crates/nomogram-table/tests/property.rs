//! Any table, written in any way, is read as the same cells: whole and in chunks of every size.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::io::{Cursor, Read};

use nomogram_table::{Encoding, Error, FileKind, Source, Table, TableFormat};
use proptest::prelude::*;

/// How a table is written.
#[derive(Clone, Debug)]
struct Written {
    delimiter: char,
    quote: char,
    encoding: Encoding,
    line_ends: Vec<&'static str>,
    /// Of each cell, whether it is quoted though it need not be.
    quotes: Vec<bool>,
    has_last_end: bool,
    has_mark: bool,
}

fn written() -> impl Strategy<Value = Written> {
    let delimiter = prop::sample::select(vec![',', ';', '\t', '|', ' ']);
    let quote = prop::sample::select(vec!['"', '\'']);
    let encoding = prop::sample::select(vec![Encoding::Utf8, Encoding::Utf16, Encoding::Latin1]);
    let line_ends = prop::collection::vec(prop::sample::select(vec!["\n", "\r\n", "\r"]), 1..4);
    let quotes = prop::collection::vec(any::<bool>(), 1..7);
    (delimiter, quote, encoding, line_ends, quotes, any::<bool>(), any::<bool>()).prop_map(
        |(delimiter, quote, encoding, line_ends, quotes, has_last_end, has_mark)| Written {
            delimiter,
            quote,
            encoding,
            line_ends,
            quotes,
            has_last_end,
            has_mark,
        },
    )
}

/// Rows of two to five cells; characters that matter to readers are frequent.
fn rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    let cell = "[a-c0-9éß,;|'\" \t\n\r.]{0,6}";
    (2..5_usize).prop_flat_map(move |n_columns| {
        prop::collection::vec(prop::collection::vec(cell, n_columns), 0..8)
    })
}

impl Written {
    fn format(&self) -> TableFormat {
        TableFormat {
            delimiter: Some(self.delimiter),
            quote: self.quote,
            encoding: self.encoding,
            ..TableFormat::default()
        }
    }

    fn bytes(&self, rows: &[Vec<String>]) -> Vec<u8> {
        let mut text = String::new();
        let mut ends = self.line_ends.iter().cycle();
        let mut quotes = self.quotes.iter().cycle();
        let header = (0..rows.first().map_or(2, Vec::len)).map(|column| format!("column{column}"));
        let header = header.collect::<Vec<_>>();
        let n_rows = rows.len();
        for (index, row) in [&header].into_iter().chain(rows).enumerate() {
            for (column, cell) in row.iter().enumerate() {
                if column > 0 {
                    text.push(self.delimiter);
                }
                let needs = cell.contains([self.delimiter, self.quote, '\n', '\r'])
                    || cell.trim() != cell
                    || cell.is_empty();
                if needs || *quotes.next().unwrap() {
                    let doubled = cell.replace(self.quote, &format!("{0}{0}", self.quote));
                    text += &format!("{0}{doubled}{0}", self.quote);
                } else {
                    text += cell;
                }
            }
            if index < n_rows || self.has_last_end {
                text += ends.next().unwrap();
            }
        }
        match self.encoding {
            Encoding::Utf16 => {
                [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect()
            }
            Encoding::Latin1 => text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect(),
            _ => format!("{}{text}", if self.has_mark { "\u{feff}" } else { "" }).into_bytes(),
        }
    }
}

/// Gives its bytes in pieces of a size.
struct Slow(Cursor<Vec<u8>>, usize);

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n_bytes = buffer.len().min(self.1);
        self.0.read(&mut buffer[..n_bytes])
    }
}

fn in_chunks(bytes: Vec<u8>, size: usize, format: &TableFormat, n: usize) -> Vec<Vec<String>> {
    let input = Slow(Cursor::new(bytes), size);
    let mut source = Source::new("t", input, FileKind::Csv, format, n).unwrap();
    let mut rows = Vec::new();
    while let Some(chunk) = source.next_chunk().unwrap() {
        chunk
            .each_row::<Error>(|row| {
                let n_cells = row.n_cells().unwrap();
                rows.push((0..n_cells).map(|at| row.text(at).into_owned()).collect());
                Ok(())
            })
            .unwrap();
    }
    rows
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_read(
        rows in rows(),
        written in written(),
        size in 1..40_usize,
        chunk_rows in 1..5_usize,
    ) {
        let (bytes, format) = (written.bytes(&rows), written.format());
        prop_assert_eq!(&in_chunks(bytes.clone(), size, &format, chunk_rows), &rows);
        let table = Table::from_csv("t", bytes.as_slice(), &format);
        if rows.is_empty() {
            prop_assert!(table.is_err());
            return Ok(());
        }
        let table = table.unwrap();
        for (column, name) in table.columns().iter().enumerate() {
            let cells = table.column(name).unwrap().map(|cell| cell.cell.as_written().into_owned());
            let cells: Vec<String> = cells.collect();
            let expected: Vec<String> = rows.iter().map(|row| row[column].clone()).collect();
            prop_assert_eq!(cells, expected);
        }
    }

    /// Whatever the bytes are, both ways give the same rows, or both refuse the table.
    #[test]
    fn any_bytes_are_read_in_one_way(
        bytes in "(a,b|a)[\n\r][ab1,\"\n\r \t]{0,40}",
        size in 1..20_usize,
        chunk_rows in 1..4_usize,
    ) {
        let format = TableFormat::default();
        let read = |size, n| {
            let input = Slow(Cursor::new(bytes.clone().into_bytes()), size);
            let mut source = Source::new("t", input, FileKind::Csv, &format, n)?;
            let mut rows = Vec::new();
            while let Some(chunk) = source.next_chunk()? {
                chunk.each_row::<Error>(|row| {
                    let cells = (0..row.n_cells().unwrap()).map(|at| row.text(at).into_owned());
                    rows.push((row.place(), cells.collect::<Vec<_>>()));
                    Ok(())
                })?;
            }
            Ok::<_, Error>(rows)
        };
        // Of several faults, the first chunk with one decides which is reported.
        let small = read(size, chunk_rows).map_err(|_| "refused");
        let large = read(1000, 1000).map_err(|_| "refused");
        prop_assert_eq!(small, large);
    }
}
