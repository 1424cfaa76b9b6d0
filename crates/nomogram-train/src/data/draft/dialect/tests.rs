use super::*;
use crate::table::Table;

fn detect(bytes: &[u8]) -> Result<String, String> {
    let dialect = Dialect::detect("t.csv", bytes, &DialectOptions::default());
    dialect.map(|dialect| dialect.to_string()).map_err(|error| error.to_string())
}

/// Lines are separated by `/`, tabs are `→`; then what is detected or why it is ambiguous.
#[test]
fn a_dialect_is_detected_or_in_doubt() {
    let cases = [
        ("a,b/1.5,2", "delimiter `,` (2 columns), decimal mark `.`, quote `\"`, encoding utf-8"),
        ("a;b/1.5;2", "delimiter `;` (2 columns), decimal mark `.` (line 2: `1.5`), quote"),
        ("a;b/47,8;0,503", "delimiter `;` (2 columns), decimal mark `,` (line 2: `47,8`), quote"),
        ("a→b/1,5→x", "delimiter tab (2 columns), decimal mark `,` (line 2: `1,5`), quote"),
        ("a|b/1|2", "delimiter `|` (2 columns), decimal mark `.`, quote"),
        ("a,b/\"x;y\",\"1,2\"", "delimiter `,` (2 columns)"),
        ("a,b/'x,y',2", "delimiter `,` (2 columns), decimal mark `.`, quote `'`"),
        (
            "a,b/\"47,8\",x/\"0,5\",y",
            "delimiter `,` (2 columns), decimal mark `,` (line 2: `47,8`)",
        ),
        ("a,b/\"47,8\",x/5,y", "delimiter `,` (2 columns), decimal mark `.`, quote"),
        ("a,b/\"47,8\",1.5/\"0,5\",2", "delimiter `,` (2 columns), decimal mark `.`, quote"),
        ("a,b/\"1,234\",x/\"5,678\",y", "delimiter `,` (2 columns), decimal mark `.`, quote"),
        ("a;b/0,503;x/1,876;y", "decimal mark `,` (line 2: `0,503`)"),
        ("a;b/NA;x/1,5;y", "decimal mark `,` (line 3: `1,5`)"),
        ("note;b/see 1,5 and;x/1,5;y/no;z", "decimal mark `.`, quote"),
        (
            "a;b,c;d/1;2,3;4",
            "by `,` into 2 cells and `;` into 3 cells; the delimiter is ambiguous: state `--delimiter`",
        ),
        ("a/1", "no delimiter cuts every line into the same number of cells"),
        ("a,b/1/2,3", "(`,`: line 2: found 1 cell, expected 2; `;`: 1 column;"),
        (
            "a;b/1,5;2.5",
            "both points (line 2: `2.5`) and commas (line 2: `1,5`); the decimal mark is ambiguous: state `--decimal-mark`",
        ),
        (
            "a;b/1,500;x",
            "line 2: `1,500` could be in thousands, as could all others; the decimal mark is ambiguous",
        ),
        ("a;b/1.500;x", "line 2: `1.500` could be in thousands"),
        (
            "a;b/'x';1/'y';2",
            "column `a`: every cell is enclosed in `'`; the quote is ambiguous: state `--quote",
        ),
        ("a,b/x\0,1", "line 2: a NUL character; the encoding is ambiguous"),
    ];
    for (text, expected) in cases {
        let answer = detect(text.replace('/', "\n").replace('→', "\t").as_bytes());
        let answer = answer.unwrap_or_else(|error| error);
        assert!(answer.contains(expected), "{text}: {answer}");
    }
}

#[test]
fn encodings_are_detected_by_marks_and_valid_bytes_alone() {
    let text = "größe,b\n1.5,x\n";
    let utf_16 = |mark: u16, order: fn(u16) -> [u8; 2]| -> Vec<u8> {
        [mark].into_iter().chain(text.encode_utf16()).flat_map(order).collect()
    };
    let marked = format!("\u{FEFF}{text}").into_bytes();
    let cases = [
        (text.as_bytes().to_vec(), "encoding utf-8"),
        (marked, "encoding utf-8"),
        (utf_16(0xFEFF, u16::to_le_bytes), "encoding utf-16"),
        (utf_16(0xFEFF, u16::to_be_bytes), "encoding utf-16"),
    ];
    for (bytes, expected) in cases {
        let dialect = Dialect::detect("t.csv", &bytes, &DialectOptions::default()).unwrap();
        assert!(dialect.to_string().ends_with(expected), "{dialect}");
        let table = Table::from_csv("t.csv", bytes.as_slice(), &dialect.format()).unwrap();
        assert_eq!(table.columns(), ["größe", "b"]);
    }
    let latin1 = b"stage,b\nfr\xFCh,1\n";
    let error = detect(latin1).unwrap_err();
    let expected = "t.csv: line 2: a byte that is not UTF-8; the encoding is ambiguous: state \
                    `--encoding windows-1252` or `--encoding latin1`";
    assert_eq!(error, expected);
    let options = DialectOptions { encoding: Some(Encoding::Latin1), ..Default::default() };
    let dialect = Dialect::detect("t.csv", latin1, &options).unwrap();
    assert_eq!((dialect.encoding, dialect.n_columns), (Encoding::Latin1, 2));
}

#[test]
fn what_is_stated_is_not_detected() {
    let doubtful = b"a;b,c;d\n1;2,5;4\n";
    let semicolon = DialectOptions { delimiter: Some(';'), ..Default::default() };
    let dialect = Dialect::detect("t.csv", doubtful, &semicolon).unwrap();
    assert_eq!((dialect.delimiter, dialect.decimal_mark), (';', DecimalMark::Comma));
    let point = DialectOptions { decimal_mark: Some(DecimalMark::Point), ..semicolon };
    let dialect = Dialect::detect("t.csv", doubtful, &point).unwrap();
    assert_eq!(dialect.decimal_mark, DecimalMark::Point);
    let wrong = DialectOptions { delimiter: Some('|'), ..Default::default() };
    let error = Dialect::detect("t.csv", doubtful, &wrong).unwrap_err().to_string();
    assert!(error.contains("(`|`: 1 column)"), "{error}");
}

#[test]
fn a_configuration_keeps_what_the_name_does_not_imply() {
    let dialect = |text: &str| Dialect::detect("t", text.as_bytes(), &Default::default()).unwrap();
    let csv = |text: &str, path: &str| dialect(text).csv(Path::new(path));
    assert_eq!(csv("a,b\n1,2\n", "t.csv"), CsvConfig::default());
    assert_eq!(csv("a\tb\n1\t2\n", "t.tsv"), CsvConfig::default());
    assert_eq!(csv("a\tb\n1\t2\n", "t.csv").delimiter, Some('\t'));
    assert_eq!(csv("a,b\n1,2\n", "t.tsv").delimiter, Some(','));
}
