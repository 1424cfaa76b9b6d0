//! One meaning of a cell: the same table for every command that reads one.

use std::fmt::Write as _;

use crate::folder::{Folder, Run};

const ROWS: &str = "age,visits,smoker,stage,dose\n40,3,1,II,5.5\n50,4,0,I,6\n60,5,true,III,7\n";

#[test]
fn every_line_end_is_read_by_every_command() {
    let folder = Folder::with_model();
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
    let folder = Folder::with_model();
    let cases: [(&[u8], &str); 5] = [
        (b"dose,age\n5,40\n\"6,50\n7,60\n", "line 3: unterminated quoted cell"),
        (b"dose,age\n5,40\n6,\"5\"0\n", "line 3: text after the quote that closes a cell"),
        (b"dose,age\n5,40\n6,\xfc\n", "line 3: bytes that are not UTF-8"),
        (b"dose,age\n5,40\n6,\0\n", "line 3: a NUL character"),
        (b"dose,dose\n5,40\n", "line 1: duplicate column `dose`"),
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
    let folder = Folder::with_model();
    folder.write("t.csv", "dose\n5\n\n6\n");
    folder.fails("predict m.nomo t.csv", "line 3: feature `dose`: found a missing value");
    let run = folder.run("predict m.nomo t.csv --bad-rows bad.csv");
    assert_eq!((run.code, run.stdout.lines().count()), (3, 4), "{run:?}");
    folder.write("h.csv", "dose\n");
    assert_eq!(folder.ok("predict m.nomo h.csv").lines().count(), 1);
}

pub(crate) const CONFIG: &str = r#"
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
    let folder = Folder::with_model();
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
    folder.ok("evaluate b.nomo t.csv");
    // A configuration without a format reads the table as the bundle does.
    let silent = without_csv().replace("  missing: [\"\", k.A.]\n", "");
    folder.write("silent.yaml", silent.replace("  booleans: { true: [ja], false: [nein] }\n", ""));
    let evaluated = folder.ok("evaluate b.nomo t.csv --json");
    assert_eq!(folder.ok("evaluate b.nomo t.csv --config silent.yaml --json"), evaluated);
    folder.ok("recalibrate b.nomo silent.yaml t.csv -o child.nomo");
    assert_eq!(folder.ok(&format!("predict child.nomo t.csv {predict}")).lines().count(), 121);
}

#[test]
fn a_level_in_another_encoding_or_form_is_refused() {
    let folder = Folder::with_model();
    let config = CONFIG.replace("windows-1252", "utf-8");
    folder.write("c.yaml", &config);
    let text = rows(';', ',', ["ja", "nein", "k.A.", "spät"]);
    folder.write("t.csv", &text);
    folder.ok("train c.yaml t.csv -o b.nomo");
    let predict = "--id id --ignore-other-columns";
    folder.write("latin1.csv", latin1(&text));
    folder
        .fails(&format!("predict b.nomo latin1.csv {predict}"), "line 2: bytes that are not UTF-8");
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
    let folder = Folder::with_model();
    folder.write("t.csv", ROWS);
    let cases = [
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

#[test]
fn a_text_that_means_missing_may_begin_with_a_hyphen_or_have_spaces() {
    let folder = Folder::with_model();
    folder.write("t.csv", "age,dose\n-99,5\n N/A ,5\n");
    let expected = folder.run_with("predict m.nomo", b"age,dose\n,5\n,5\n").ok().stdout;
    let mut program = folder.program("predict m.nomo t.csv --missing -99");
    let output = program.args(["--missing", " N/A "]).output().unwrap();
    assert_eq!(Run::of(&output).ok().stdout, expected);
}

#[test]
fn a_missing_column_is_reported_at_the_header_with_a_similar_name() {
    let folder = Folder::with_model();
    let cases = [
        (
            "\n\nage,Dose [mg]\n40,5\n",
            "t.csv: line 3: no column for feature `dose`; is it `Dose [mg]`?",
        ),
        ("age,dose[mg]\n40,5\n", "t.csv: line 1: no column for feature `dose`; is it `dose[mg]`?"),
        ("age,mass\n40,5\n", "t.csv: line 1: no column for feature `dose`\n"),
    ];
    for (text, message) in cases {
        folder.write("t.csv", text);
        for command in ["predict m.nomo", "predict m.nomo --bad-rows bad.csv"] {
            folder.fails(&format!("{command} t.csv --ignore-other-columns"), message);
        }
    }
    folder.write("t.csv", "age,Dose\n40,5\n");
    folder.fails("predict m.nomo t.csv", "column `Dose` is not a feature of the model (`dose` is)");
}

#[test]
fn a_refusal_names_the_option_that_the_cell_may_need() {
    let folder = Folder::with_model();
    let cases = [
        ("\"53,9\"", "", "; use --decimal-mark , if the comma is a decimal mark"),
        ("53.9", "--decimal-mark ,", "; use --decimal-mark . if the point is a decimal mark"),
        ("n.d.", "", "; use --missing if this text means a missing value"),
    ];
    for (cell, options, message) in cases {
        folder.write("t.csv", format!("dose\n{cell}\n"));
        folder.fails(&format!("predict m.nomo t.csv {options}"), message);
    }
    let read = folder.run_with("predict m.nomo --decimal-mark ,", b"age,dose\n40,\"53,9\"\n").ok();
    assert_eq!(read.stdout, folder.run_with("predict m.nomo", b"age,dose\n40,53.9\n").ok().stdout);
    // Without quotes, the comma separates cells.
    let run = folder.run_with("predict m.nomo --decimal-mark ,", b"age,dose\n40,53,9\n");
    run.fails_with(1, "line 2: found 3 cells, expected 2");
}

#[test]
fn a_byte_that_windows_1252_leaves_undefined_is_refused() {
    let folder = Folder::with_model();
    folder.write("t.csv", b"age,dose,note\n40,5,\x80\n41,5,\x81\n");
    let predict = "predict m.nomo t.csv --keep note --encoding windows-1252";
    folder.fails(predict, "t.csv: line 3: byte 0x81, which windows-1252 does not define");
}

#[test]
fn a_table_with_quoted_decimal_commas_is_drafted_and_trained() {
    let folder = Folder::with_patients(120, "");
    let comma = |line: &str| -> String {
        let cells = line.split(',').map(|cell| match cell.replace('.', ",") {
            number if number != cell => format!("\"{number}\""),
            _ => cell.to_owned(),
        });
        cells.collect::<Vec<_>>().join(",") + "\n"
    };
    let table: String = folder.read("t.csv").lines().map(comma).collect();
    // Each age has a comma; of the markers, 0 has none.
    folder.write("comma.csv", table);
    let run = folder.run("schema infer comma.csv --target died").ok();
    assert!(run.stderr.contains("decimal mark `,` (line 2: "), "{}", run.stderr);
    let members = &CONFIG[CONFIG.find("splits:").unwrap()..];
    let model = "model: { name: commas, version: \"1\" }\nseed: 5\n";
    folder.write("comma.yaml", format!("{model}{}{members}", run.stdout));
    folder.ok("validate comma.yaml comma.csv");
    folder.ok("train comma.yaml comma.csv -o b.nomo");
    let predict = "predict b.nomo comma.csv --id id --ignore-other-columns";
    assert_eq!(folder.ok(predict).lines().count(), 121);
}
