//! Text: what each file means, or why it is refused, whole and in chunks of every size.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::fmt::Write as _;
use std::io::Cursor;
use std::path::Path;

use nomogram_table::{
    Cell, DecimalMark, Encoding, Error, FileKind, PlacedCell, Source, Table, TableFormat,
};

/// `line: cell | cell` of each row, and the number of cells where it is not that of the columns.
fn chunks(bytes: &[u8], format: &TableFormat, chunk_rows: usize) -> Result<String, Error> {
    let bytes = Cursor::new(bytes.to_vec());
    let mut source = Source::new("t.csv", bytes, FileKind::Csv, format, chunk_rows)?;
    let n_columns = source.headers().len();
    let mut shown = String::new();
    while let Some(chunk) = source.next_chunk()? {
        chunk.each_row::<Error>(|row| {
            let n_cells = row.n_cells().unwrap();
            let cells: Vec<String> = (0..n_cells).map(|at| show(row.cell(at))).collect();
            let fault = if n_cells == n_columns { "" } else { " (length)" };
            writeln!(shown, "{}: {}{fault}", row.place().number(), cells.join(" | ")).unwrap();
            Ok(())
        })?;
    }
    Ok(shown)
}

fn whole(bytes: &[u8], format: &TableFormat) -> Result<String, Error> {
    let table = Table::from_csv("t.csv", bytes, format)?;
    let columns: Vec<Vec<PlacedCell<'_>>> =
        (0..table.columns().len()).map(|at| table.column_at(at).collect()).collect();
    let mut shown = String::new();
    for (row, line) in table.lines().enumerate() {
        let cells: Vec<String> = columns.iter().map(|column| show(column[row].cell)).collect();
        writeln!(shown, "{line}: {}", cells.join(" | ")).unwrap();
    }
    Ok(shown)
}

/// The text of a cell, its ends visible where they are spaces.
fn show(cell: Cell<'_>) -> String {
    let Cell::Written(text) = cell else { panic!("{cell:?}") };
    if text.trim() == text { text.escape_debug().to_string() } else { format!("{text:?}") }
}

/// The places of the rows in blocks of a size, and the error that ended them.
fn blocks(bytes: &str, most: usize) -> (Vec<Vec<u64>>, Option<String>) {
    let bytes = Cursor::new(bytes.as_bytes().to_vec());
    let mut source =
        Source::new("t.csv", bytes, FileKind::Csv, &TableFormat::default(), 1000).unwrap();
    let chunk = source.next_chunk().unwrap().unwrap();
    let mut places = Vec::new();
    let read = chunk.each_block::<Error>(most, |rows| {
        assert_eq!(rows.iter().count(), rows.len());
        assert!(rows.get(rows.len()).is_none());
        places.push(rows.iter().map(|row| row.place().number()).collect());
        Ok(())
    });
    (places, read.err().map(|error| error.to_string()))
}

/// Both ways of reading give the same, and so do chunks of every size.
#[track_caller]
fn read(bytes: &[u8], format: &TableFormat) -> Result<String, String> {
    let first = chunks(bytes, format, 1000).map_err(|error| error.to_string());
    for chunk_rows in [1, 2, 3] {
        let other = chunks(bytes, format, chunk_rows).map_err(|error| error.to_string());
        assert_eq!(other, first, "in chunks of {chunk_rows} rows");
    }
    let whole = whole(bytes, format).map_err(|error| error.to_string());
    match &first {
        Ok(shown) if shown.is_empty() => {
            assert_eq!(whole, Err("t.csv: no rows after the header".into()));
        }
        Ok(shown) if shown.contains("(length)") => {
            let message = whole.unwrap_err();
            let has_length = message.contains(": found ") && message.contains(", expected ");
            assert!(has_length && message.contains(" cell"), "{message}");
        }
        Ok(_) | Err(_) => assert_eq!(whole, first, "whole"),
    }
    first
}

#[track_caller]
fn reads(text: &str, expected: &[&str]) {
    let shown = read(text.as_bytes(), &TableFormat::default()).unwrap();
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected, "{text:?}");
}

#[track_caller]
fn refuses(bytes: impl AsRef<[u8]>, message: &str) {
    let error = read(bytes.as_ref(), &TableFormat::default()).unwrap_err();
    assert_eq!(error, format!("t.csv: {message}"));
}

#[test]
fn every_line_end_ends_a_row() {
    let expected = ["2: 1 | x", "3: 2 | y"];
    reads("a,b\n1,x\n2,y\n", &expected);
    reads("a,b\r\n1,x\r\n2,y\r\n", &expected);
    reads("a,b\r1,x\r2,y\r", &expected);
    reads("a,b\r1,x\n2,y\r\n", &expected);
    reads("a,b\n1,x\n2,y", &expected);
    reads("\u{feff}a,b\n1,x\r2,y", &expected);
    reads("a,b\n\r1,x\n", &["3: 1 | x"]);
}

#[test]
fn a_blank_line_is_no_row_unless_there_is_one_column() {
    reads("\n\na,b\n\n1,x\n  \n2,y\n\n\n", &["5: 1 | x", "7: 2 | y"]);
    reads("age\n40\n\n80\n", &["2: 40", "3: ", "4: 80"]);
    reads("age\r40\r\r80\r", &["2: 40", "3: ", "4: 80"]);
    reads("age\n40\n\n", &["2: 40", "3: "]);
    reads("age\n40\n\"\"\n", &["2: 40", "3: "]);
    reads("a,b\n\"\"\n", &["2:  (length)"]);
    reads("a,b\n,\n", &["2:  | "]);
}

#[test]
fn quotes_hold_delimiters_line_ends_and_doubled_quotes() {
    reads("a,b\n\"1,\"\"2\"\"\",\"x\r\ny\"\n3,z\n", &["2: 1,\\\"2\\\" | x\\r\\ny", "4: 3 | z"]);
    reads("a,b\n\"1\r2\",x\r3,y\r", &["2: 1\\r2 | x", "4: 3 | y"]);
    // Within a cell, a quote is a character like any other.
    reads("a,b\n5\" pipe,6\"\"\n", &["2: 5\\\" pipe | 6\\\"\\\""]);
    // Spaces around quotes do not count, those within are there.
    reads("a,b\n \"1,2\" ,\t\" x\"\n", &["2: 1,2 | \" x\""]);
    reads("\"a\nb\",c\n1,2\n", &["3: 1 | 2"]);
    reads("a,b\n1,\"\"\"\"\n", &["2: 1 | \\\""]);
}

#[test]
fn a_quote_that_is_not_closed_is_refused_with_its_line() {
    refuses("a,b\n1,2\n3,\"4\n5,6\n", "line 3: unterminated quoted cell");
    refuses("a,b\r1,2\r3,\"4\r5,6\r", "line 3: unterminated quoted cell");
    refuses("a,b\n1, \"2\n", "line 2: unterminated quoted cell");
    refuses("a,b\n1,\"2\"\"\n3,4\n", "line 2: unterminated quoted cell");
    refuses("a,\"b\n1,2\n", "line 1: unterminated quoted cell");
    refuses("a,b\n1,\"", "line 2: unterminated quoted cell");
    let long = format!("a,b\n1,2\n3,\"{}", "x\n".repeat(17 << 20));
    let error = chunks(long.as_bytes(), &TableFormat::default(), 10).unwrap_err().to_string();
    assert_eq!(error, "t.csv: line 3: unterminated quoted cell of more than 32 MiB");
    let long = format!("a,b\n1,2\n{}", "x".repeat(33 << 20));
    let error = chunks(long.as_bytes(), &TableFormat::default(), 10).unwrap_err().to_string();
    assert_eq!(error, "t.csv: line 3: a row of more than 32 MiB");
}

#[test]
fn rows_are_handed_over_in_blocks_and_those_before_a_fault_first() {
    let five = "a,b\n1,2\n\n3,4\n5,6\n7,8\n9,0\n";
    assert_eq!(blocks(five, 2).0, [vec![2, 4], vec![5, 6], vec![7]]);
    assert_eq!(blocks(five, 5).0, [vec![2, 4, 5, 6, 7]]);
    assert_eq!(blocks(five, 0).0, [[2], [4], [5], [6], [7]]);
    let (rows, error) = blocks("a,b\n1,2\n3,4\n5,6\n7,\"8\" 9\n1,2\n", 2);
    assert_eq!(rows, [vec![2, 3], vec![4]]);
    assert!(error.unwrap().starts_with("t.csv: line 5: text after the quote"));
}

#[test]
fn text_after_a_closing_quote_is_refused_with_its_line() {
    let message = "text after the quote that closes a cell, expected a delimiter or a line end; \
                   quotes within quotes are doubled";
    refuses("a,b\n1,\"2\" x\n", &format!("line 2: {message}"));
    refuses("a,b\n1,\"2\nx\"3\n", &format!("line 3: {message}"));
    // The quote of line 2 is closed by the next one, in line 3.
    refuses("a,b\n1,\"2\n3,\"4\"\n", &format!("line 3: {message}"));
    refuses("a,b\n\"a\" \"b\",1\n", &format!("line 2: {message}"));
}

#[test]
fn a_row_of_another_length_is_refused_alone_or_with_its_table() {
    reads("a,b\n1,2,\n3\n4,5\n", &["2: 1 | 2 |  (length)", "3: 3 (length)", "4: 4 | 5"]);
    let error = whole(b"a,b\n1,2\n3\n", &TableFormat::default()).unwrap_err().to_string();
    assert_eq!(error, "t.csv: line 3: found 1 cell, expected 2");
}

#[test]
fn a_header_names_each_column_once() {
    refuses("", "no header, expected a line of column names");
    refuses("\n \r\n", "no header, expected a line of column names");
    refuses("a,b,a\n1,2,3\n", "line 1: duplicate column `a`");
    refuses(
        "\na,, \n1,2,3\n",
        "line 2: columns 2 and 3 have no name, expected a name for each column but one",
    );
    reads("a,\n1,2\n", &["2: 1 | 2"]);
    reads("a,b\n", &[]);
    reads("a,b", &[]);
    let table = Table::from_csv("t", " a ,\"b \"\n1,2\n".as_bytes(), &TableFormat::default());
    assert_eq!(table.unwrap().columns(), ["a", "b"]);
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_line() {
    let not_utf_8 = "bytes that are not UTF-8; if the file has another encoding, use --encoding";
    refuses(b"a,b\n1,M\xfcnchen\n", &format!("line 2: {not_utf_8}"));
    refuses(b"a,b\r1,x\r2,\xe9", &format!("line 3: {not_utf_8}"));
    refuses(b"a,b\n1,\xc3", &format!("line 2: {not_utf_8}"));
    refuses(b"\x80,b\n1,2\n", &format!("line 1: {not_utf_8}"));
    let nul = "a NUL character, expected text; is the file in another encoding?";
    refuses(b"a,b\n1,2\0\n", &format!("line 2: {nul}"));
    refuses(b"a\0,\0b\0\n\0", &format!("line 1: {nul}"));
    let mark =
        "the byte order mark of utf-16, expected utf-8; if it is utf-16, use --encoding utf-16";
    refuses(b"\xff\xfea\0\n\0", &format!("line 1: {mark}"));
}

#[test]
fn every_encoding_gives_the_same_cells() {
    let text = "größe,ort\r\n1,\"Münch\nen\"\r\n2,x\r\n";
    let expected = "2: 1 | Münch\\nen\n4: 2 | x\n";
    let latin1: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let utf_16 = |order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(order).collect()
    };
    let cases = [
        (text.into(), Encoding::Utf8),
        (latin1.clone(), Encoding::Latin1),
        (latin1, Encoding::Windows1252),
        (utf_16(u16::to_le_bytes), Encoding::Utf16),
        (utf_16(u16::to_be_bytes), Encoding::Utf16),
    ];
    for (bytes, encoding) in cases {
        let format = TableFormat { encoding, ..TableFormat::default() };
        assert_eq!(read(&bytes, &format).as_deref(), Ok(expected), "{encoding}");
    }
}

#[test]
fn delimiters_and_quotes_may_be_others() {
    let semicolon = TableFormat {
        delimiter: Some(';'),
        decimal_mark: DecimalMark::Comma,
        ..TableFormat::default()
    };
    assert_eq!(read(b"a;b\n1,5;x,y\n", &semicolon).as_deref(), Ok("2: 1,5 | x,y\n"));
    // A comma between cells and within numbers: such numbers are within quotes.
    let comma = TableFormat { decimal_mark: DecimalMark::Comma, ..TableFormat::default() };
    assert_eq!(read(b"a,b\n\"1,5\",x\n", &comma).as_deref(), Ok("2: 1,5 | x\n"));
    assert_eq!(read(b"a,b\n1,5,x\n", &comma).as_deref(), Ok("2: 1 | 5 | x (length)\n"));
    let tab = TableFormat { delimiter: Some('\t'), quote: '\'', ..TableFormat::default() };
    // A tab is the delimiter here, so a line of tabs is a row.
    let expected = "2: x\\ty | \\\"1\n3:  | \n";
    assert_eq!(read(b"a\tb\n'x\ty'\t\"1\n\t\n", &tab).as_deref(), Ok(expected));
    let space = TableFormat { delimiter: Some(' '), ..TableFormat::default() };
    assert_eq!(read(b"a b\n1 \"x y\"\n", &space).as_deref(), Ok("2: 1 | x y\n"));
}

#[test]
fn a_file_called_tsv_has_tabs() {
    let folder = std::env::temp_dir().join(format!("nomogram-table-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let columns = |name: &str, format: &TableFormat| {
        let path = folder.join(name);
        std::fs::write(&path, "a,b\tc\n1,2\t3\n").unwrap();
        Table::from_file(&path, format).unwrap().columns().to_vec()
    };
    let default = TableFormat::default();
    assert_eq!(columns("t.tsv", &default), ["a,b", "c"]);
    assert_eq!(columns("t.TAB", &default), ["a,b", "c"]);
    assert_eq!(columns("t.csv", &default), ["a", "b\tc"]);
    let comma = TableFormat { delimiter: Some(','), ..default };
    assert_eq!(columns("t.tsv", &comma), ["a", "b\tc"]);
    std::fs::remove_dir_all(&folder).unwrap();
    let absent = Table::from_file(Path::new("/nowhere.csv"), &comma).unwrap_err();
    assert!(matches!(absent, Error::File { .. }));
}

#[test]
fn formats_that_contradict_themselves_are_refused() {
    let cases = [
        (r#"{"delimiter":"\""}"#, "both delimiter and quote are '\"'"),
        (r#"{"quote":","}"#, "both delimiter and quote are ','"),
        (r#"{"delimiter":"\n"}"#, "delimiter: '\\n', expected an ASCII punctuation character"),
        (r#"{"delimiter":"ä"}"#, "delimiter: 'ä', expected an ASCII punctuation character"),
        (r#"{"delimiter":"."}"#, "delimiter: '.', expected an ASCII punctuation character"),
        (r#"{"quote":" "}"#, "quote: ' ', expected an ASCII punctuation character"),
        (r#"{"booleans":{"true":["j"],"false":["j"]}}"#, "`j` is both true and false"),
        (r#"{"booleans":{"true":["0"]}}"#, "`0` always means false"),
        (r#"{"booleans":{"false":["1.0"]}}"#, "`1.0` always means true"),
        (r#"{"missing":[" NA"]}"#, "\" NA\", expected a text without spaces around it"),
        (r#"{"feature_booleans":{"x":["n ","y"]}}"#, "expected a text without spaces around it"),
        (r#"{"missing":["-"],"booleans":{"false":["-"]}}"#, "`-` is both a boolean and missing"),
        (r#"{"booleans":{"false":[""]}}"#, "expected a text that is not empty"),
        (r#"{"missing":["a\nb"]}"#, "expected a text without control characters"),
        (r#"{"delimeter":";"}"#, "unknown field `delimeter`"),
    ];
    for (json, message) in cases {
        let format = TableFormat::from_json(json);
        let error = match format {
            Err(error) => error,
            Ok(format) => Table::from_csv("t", "a,b\n1,2\n".as_bytes(), &format).unwrap_err(),
        };
        assert!(error.to_string().contains(message), "{json}: {error}");
    }
}
