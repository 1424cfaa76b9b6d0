//! One meaning of a cell: the same table for every command that reads one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    UInt64Array,
};
use parquet::arrow::ArrowWriter;

/// A folder of this test alone.
struct Folder(PathBuf);

#[derive(Debug)]
struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Folder {
    /// With the bundle of every kind of feature.
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("tables-{test}"));
        let _absent = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        let folder = Self(path);
        folder.write("m.nomo", nomogram_testkit::bundle_of_every_kind());
        folder
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), bytes).unwrap();
    }

    fn run(&self, arguments: &str) -> Run {
        let mut program = Command::new(env!("CARGO_BIN_EXE_nomogram"));
        let output = program.current_dir(&self.0).args(arguments.split(' ')).output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    fn ok(&self, arguments: &str) -> String {
        let run = self.run(arguments);
        assert_eq!(run.code, 0, "{arguments}: {}", run.stderr);
        run.stdout
    }

    #[track_caller]
    fn fails(&self, arguments: &str, message: &str) {
        let run = self.run(arguments);
        assert_ne!(run.code, 0, "{arguments}: {run:?}");
        let printed = format!("{}{}", run.stderr, run.stdout);
        assert!(printed.contains(message), "{arguments}: {message:?} is not in {printed:?}");
        assert!(!printed.contains("panicked") && !printed.contains("defect"), "{printed}");
    }
}

const ROWS: &str = "age,visits,smoker,stage,dose\n40,3,1,II,5.5\n50,4,0,I,6\n60,5,true,III,7\n";

#[test]
fn every_line_end_is_read_by_every_command() {
    let folder = Folder::new("line-ends");
    folder.write("lf.csv", ROWS);
    let expected = folder.ok("predict m.nomo lf.csv");
    assert_eq!(expected.lines().count(), 4);
    let mixed = ROWS.replacen('\n', "\r", 2).replacen('\n', "\r\n", 1);
    for (name, text) in [("cr", ROWS.replace('\n', "\r")), ("mixed", mixed)] {
        folder.write(&format!("{name}.csv"), text);
        assert_eq!(folder.ok(&format!("predict m.nomo {name}.csv")), expected, "{name}");
        let diff = folder.ok(&format!("diff m.nomo m.nomo --data {name}.csv"));
        assert!(diff.contains("3 rows, 3 compared"), "{name}: {diff}");
    }
}

#[test]
fn faults_of_a_text_are_refused_with_their_line() {
    let folder = Folder::new("faults");
    let cases: [(&[u8], &str); 5] = [
        (b"dose,age\n5,40\n\"6,50\n7,60\n", "line 3: a quote is opened and never closed"),
        (b"dose,age\n5,40\n6,\"5\"0\n", "line 3: text after the quote that closes a cell"),
        (b"dose,age\n5,40\n6,\xfc\n", "line 3: bytes that are not utf-8"),
        (b"dose,age\n5,40\n6,\0\n", "line 3: a NUL character"),
        (b"dose,dose\n5,40\n", "duplicate column `dose`"),
    ];
    folder.write("c.yaml", without_csv());
    for (bytes, message) in cases {
        folder.write("t.csv", bytes);
        for command in
            ["predict m.nomo t.csv", "diff m.nomo m.nomo --data t.csv", "validate c.yaml t.csv"]
        {
            folder.fails(command, &format!("t.csv: {message}"));
        }
    }
}

#[test]
fn a_blank_line_of_a_single_column_is_a_missing_value() {
    let folder = Folder::new("blank");
    folder.write("t.csv", "dose\n5\n\n6\n");
    folder.fails("predict m.nomo t.csv", "line 3: feature `dose`: found a missing value");
    let run = folder.run("predict m.nomo t.csv --bad-rows bad.csv");
    assert_eq!((run.code, run.stdout.lines().count()), (3, 4), "{run:?}");
    folder.write("h.csv", "dose\n");
    assert_eq!(folder.ok("predict m.nomo h.csv").lines().count(), 1);
}

const CONFIG: &str = r#"
model: { name: written, version: "1" }
seed: 5
data:
  csv: { delimiter: ";", encoding: windows-1252, decimal_mark: "," }
  missing: ["", k.A.]
  booleans: { true: [ja], false: [nein] }
  row_id: id
  target: { column: gestorben, negative: "nein", positive: "ja" }
  features:
    - { name: alter, policy: { missing: impute } }
    - { name: raucher, kind: boolean }
    - { name: stufe, kind: category, levels: [früh, spät] }
    - { name: befund, kind: boolean, texts: ["-", "+"] }
splits: { folds: { n: 4, by: stratified } }
validation: { n_folds: 4, min_auc: 0.5 }
members:
  - name: trees
    input: raw
    weight: 1.0
    learner:
      boosted_trees: { n_trees: 5, learning_rate: 0.3, max_depth: 2, min_rows_per_leaf: 5, subsample: 1.0 }
combiner: soft_vote
"#;

fn without_csv() -> String {
    let csv = "  csv: { delimiter: \";\", encoding: windows-1252, decimal_mark: \",\" }\n";
    CONFIG.replace(csv, "")
}

/// Rows as they are written in Germany, or with other punctuation.
fn rows(delimiter: char, mark: char, words: [&str; 4]) -> String {
    let [yes, no, missing, late] = words;
    let d = delimiter;
    let mut text = format!("id{d}alter{d}raucher{d}stufe{d}befund{d}gestorben\n");
    for row in 0..120_u32 {
        let mixed = row.wrapping_mul(2_654_435_761) >> 16;
        let age = 30 + mixed % 50;
        let written = if row % 9 == 0 { missing.into() } else { format!("{age}{mark}5") };
        let smoker = if mixed % 3 == 0 { yes } else { no };
        let stage = if mixed % 2 == 0 { "früh" } else { late };
        let finding = if mixed % 5 == 0 { "+" } else { "-" };
        let died = if age + mixed % 17 > 60 { "ja" } else { "nein" };
        let row = format!("p{row}{d}{written}{d}{smoker}{d}{stage}{d}{finding}{d}{died}");
        writeln!(text, "{row}").unwrap();
    }
    text
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

#[test]
fn a_bundle_reads_a_table_as_its_training_table_was_read() {
    let folder = Folder::new("kept");
    folder.write("c.yaml", CONFIG);
    folder.write("t.csv", latin1(&rows(';', ',', ["ja", "nein", "k.A.", "spät"])));
    folder.ok("train c.yaml t.csv -o b.nomo");
    let predict = "--id id --ignore-other-columns";
    let expected = folder.ok(&format!("predict b.nomo t.csv {predict}"));
    assert_eq!(expected.lines().count(), 121);
    assert!(expected.starts_with("id;"), "{}", &expected[..40]);
    // The same rows written otherwise need options, each of which is necessary.
    let other = rows('|', '.', ["Y", "N", "?", "spät"]);
    folder.write("o.csv", other.replace(";-;", ";N;").replace("|-|", "|N|").replace("|+|", "|Y|"));
    let options = [
        "--delimiter |",
        "--encoding utf-8",
        "--decimal-mark .",
        "--missing ?",
        "--true-text Y --false-text N",
    ];
    let all = options.join(" ");
    let read = folder.ok(&format!("predict b.nomo o.csv {predict} {all}"));
    assert_eq!(read.replace('|', ";"), expected);
    for left_out in 0..options.len() {
        let mut some = options.to_vec();
        some.remove(left_out);
        let run = folder.run(&format!("predict b.nomo o.csv {predict} {}", some.join(" ")));
        assert!(run.code != 0 || run.stdout.replace('|', ";") != expected, "{some:?}");
    }
    // A file called .tsv has tabs, whatever the bundle keeps.
    folder.write("t.tsv", latin1(&rows('\t', ',', ["ja", "nein", "k.A.", "spät"])));
    let tabs = folder.ok(&format!("predict b.nomo t.tsv {predict}"));
    assert_eq!(tabs.replace('\t', ";"), expected);
    let diff = folder.ok("diff b.nomo b.nomo --data t.csv --ignore-other-columns");
    assert!(diff.contains("120 rows, 120 compared"), "{diff}");
    folder.ok("evaluate b.nomo c.yaml t.csv");
    // A configuration without a format reads the table as the bundle does.
    let silent = without_csv().replace("  missing: [\"\", k.A.]\n", "");
    folder.write("silent.yaml", silent.replace("  booleans: { true: [ja], false: [nein] }\n", ""));
    let evaluated = folder.ok("evaluate b.nomo c.yaml t.csv --json");
    assert_eq!(folder.ok("evaluate b.nomo silent.yaml t.csv --json"), evaluated);
    folder.ok("recalibrate b.nomo silent.yaml t.csv -o child.nomo");
    assert_eq!(folder.ok(&format!("predict child.nomo t.csv {predict}")).lines().count(), 121);
}

#[test]
fn a_level_in_another_encoding_or_form_is_refused() {
    let folder = Folder::new("levels");
    let config = CONFIG.replace("windows-1252", "utf-8");
    folder.write("c.yaml", &config);
    let text = rows(';', ',', ["ja", "nein", "k.A.", "spät"]);
    folder.write("t.csv", &text);
    folder.ok("train c.yaml t.csv -o b.nomo");
    let predict = "--id id --ignore-other-columns";
    folder.write("latin1.csv", latin1(&text));
    folder.fails(&format!("predict b.nomo latin1.csv {predict}"), "line 2: bytes that are not utf");
    let expected = folder.ok(&format!("predict b.nomo t.csv {predict}"));
    let read = folder.ok(&format!("predict b.nomo latin1.csv {predict} --encoding latin1"));
    assert_eq!(read, expected);
    folder.write("form.csv", text.replace("spät", "spa\u{308}t"));
    let message = "(`spät` in another Unicode form)";
    folder.fails(&format!("predict b.nomo form.csv {predict}"), message);
    folder.fails("validate c.yaml form.csv", message);
}

#[test]
fn contradicting_options_are_refused() {
    let folder = Folder::new("options");
    folder.write("t.csv", ROWS);
    let cases = [
        ("--decimal-mark ,", "decimal mark: ',', which is the delimiter too"),
        ("--delimiter ' --quote '", "both delimiter and quote are '\\''"),
        ("--delimiter ab", "expected one ASCII character, or `tab`"),
        ("--delimiter .", "delimiter: '.', expected an ASCII punctuation character"),
        ("--true-text x --false-text x", "`x` is both true and false"),
        ("--encoding ebcdic", "ebcdic"),
    ];
    for (options, message) in cases {
        let run = folder.run(&format!("predict m.nomo t.csv {options}"));
        assert_eq!(run.code, 2, "{options}: {run:?}");
        assert!(run.stderr.contains(message), "{options}: {}", run.stderr);
    }
}

fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn a_refusal_shows_what_a_typed_cell_is() {
    let folder = Folder::new("typed");
    let cases: [(ArrayRef, &str); 6] = [
        (Arc::new(StringArray::from(vec!["61.1"])), "found text `61.1`, expected a number in mg"),
        (
            Arc::new(UInt64Array::from(vec![u64::MAX])),
            "found the whole number 18446744073709551615, expected a whole number of at most 2^53",
        ),
        (
            Arc::new(Int64Array::from(vec![9_007_199_254_740_993])),
            "found the whole number 9007199254740993, expected a whole number of at most 2^53",
        ),
        (Arc::new(Float64Array::from(vec![f64::NAN])), "found the number NaN, expected a finite"),
        (Arc::new(BooleanArray::from(vec![true])), "found the boolean true, expected a number"),
        (
            Arc::new(Date32Array::from(vec![0])),
            "found the time 1970-01-01T00:00:00Z, expected a number",
        ),
    ];
    for (array, message) in cases {
        folder.write("t.parquet", parquet(vec![("dose", array)]));
        folder.fails("predict m.nomo t.parquet", "t.parquet: row 1: feature `dose`: ");
        folder.fails("predict m.nomo t.parquet", message);
    }
}

#[test]
fn damaged_columnar_files_are_refused_without_a_panic() {
    let folder = Folder::new("damaged");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nomogram-table/tests/data");
    for name in ["parquet-crc-bitflip.parquet", "panics.parquet", "panics.arrow"] {
        fs::copy(data.join(name), folder.0.join(name)).unwrap();
        folder.write("c.yaml", CONFIG);
        folder.fails(&format!("validate c.yaml {name}"), &format!("{name}: cannot be read as"));
    }
}
