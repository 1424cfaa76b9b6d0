//! Predictions, inspection and comparison: every format, thread and option.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use nomogram::{Model, Session, Value};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::folder::{Folder, Run, parquet_of};

/// Columns of the same rows; every fifth age is missing, and every seventh stage is unseen.
struct Rows {
    age: Vec<Option<f64>>,
    visits: Vec<i64>,
    smoker: Vec<bool>,
    stage: Vec<&'static str>,
    dose: Vec<f64>,
}

impl Rows {
    fn new(n_rows: u32) -> Self {
        let number = |row: u32| f64::from(row % 97) * 1.37 + 0.1;
        let stages = ["I", "II", "III"];
        Self {
            age: (0..n_rows).map(|row| (row % 5 != 4).then(|| number(row))).collect(),
            visits: (0..n_rows).map(|row| i64::from(row * 7 % 60)).collect(),
            smoker: (0..n_rows).map(|row| row % 3 == 1).collect(),
            stage: (0..n_rows)
                .map(|row| if row % 7 == 6 { "IV" } else { stages[row as usize % 3] })
                .collect(),
            dose: (0..n_rows).map(|row| number(row * 31) * 7.7).collect(),
        }
    }

    fn n_rows(&self) -> usize {
        self.dose.len()
    }

    fn csv(&self) -> String {
        let mut text = "id,age,visits,smoker,stage,dose\n".to_owned();
        for row in 0..self.n_rows() {
            let age = self.age[row].map_or(String::new(), |age| age.to_string());
            let (visits, smoker) = (self.visits[row], self.smoker[row]);
            let (stage, dose) = (self.stage[row], self.dose[row]);
            writeln!(text, "{row},{age},{visits},{smoker},{stage},{dose}").unwrap();
        }
        text
    }

    fn batch(&self) -> RecordBatch {
        let ids = (0..i32::try_from(self.n_rows()).unwrap()).collect::<Vec<_>>();
        let columns: [(&str, ArrayRef); 6] = [
            ("id", Arc::new(Int32Array::from(ids))),
            ("age", Arc::new(Float64Array::from(self.age.clone()))),
            ("visits", Arc::new(Int64Array::from(self.visits.clone()))),
            ("smoker", Arc::new(BooleanArray::from(self.smoker.clone()))),
            ("stage", Arc::new(StringArray::from(self.stage.clone()))),
            ("dose", Arc::new(Float64Array::from(self.dose.clone()))),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    /// The bits that a session gives for the probability of class 1.
    fn bits(&self) -> Vec<u64> {
        let model = Model::open(&nomogram_testkit::bundle_of_every_kind()).unwrap();
        let mut session = Session::new(model.into());
        let mut predict = |row: usize| {
            let age = self.age[row].map_or(Value::Missing(None), Value::Number);
            let values = [
                age,
                Value::Integer(self.visits[row]),
                Value::Boolean(self.smoker[row]),
                Value::Text(self.stage[row]),
                Value::Number(self.dose[row]),
            ];
            for (feature, value) in values.into_iter().enumerate() {
                session.set(feature, value).unwrap();
            }
            session.predict().unwrap().probabilities()[1].to_bits()
        };
        (0..self.n_rows()).map(&mut predict).collect()
    }
}

/// The cells of a column, without its header.
fn column(csv: &str, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let at = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[at].to_owned()).collect()
}

fn bits_of(csv: &str) -> Vec<u64> {
    let cells = column(csv, "probability_high");
    cells.iter().map(|cell| cell.parse::<f64>().unwrap().to_bits()).collect()
}

fn arrow_of(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = arrow_ipc::writer::FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

fn stream_of(batch: &RecordBatch) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(&mut bytes, &batch.schema()).unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

#[test]
fn every_format_gives_the_bits_of_a_session() {
    let (folder, rows) = (Folder::with_model(), Rows::new(300));
    let batch = rows.batch();
    folder.write("t.csv", rows.csv());
    folder.write("t.parquet", parquet_of(&batch));
    folder.write("t.arrow", arrow_of(&batch));
    folder.write("t.arrows", stream_of(&batch));
    let expected = rows.bits();
    for name in ["t.csv", "t.parquet", "t.arrow", "t.arrows"] {
        let run = folder.run(&format!("predict m.nomo {name} --id id --flags --cutoffs")).ok();
        assert_eq!(bits_of(&run.stdout), expected, "{name}");
        assert_eq!(column(&run.stdout, "id")[299], "299");
        assert_eq!(column(&run.stdout, "flags")[6], "unseen_level:stage");
        assert_eq!(column(&run.stdout, "cutoff_refer").len(), 300);
    }
    let piped =
        folder.run_with("predict m.nomo - --id id --format arrow-stream", &stream_of(&batch));
    assert_eq!(bits_of(&piped.ok().stdout), expected);
}

#[test]
fn every_output_format_holds_the_same_bits() {
    let (folder, rows) = (Folder::with_model(), Rows::new(300));
    folder.write("t.parquet", parquet_of(&rows.batch()));
    for name in ["o.parquet", "o.arrow", "o.arrows"] {
        folder.run(&format!("predict m.nomo t.parquet --id id --keep stage -o {name}")).ok();
    }
    let file = fs::File::open(folder.path("o.parquet")).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let mut bits = Vec::new();
    for batch in reader {
        let batch = batch.unwrap();
        assert_eq!(batch.schema().field(0).data_type(), &arrow_schema::DataType::Int32);
        let numbers = batch.column_by_name("probability_high").unwrap();
        bits.extend(numbers.as_primitive::<Float64Type>().values().iter().map(|p| p.to_bits()));
    }
    assert_eq!(bits, rows.bits());
    let file = fs::File::open(folder.path("o.arrow")).unwrap();
    let batches = arrow_ipc::reader::FileReader::try_new(file, None).unwrap();
    assert_eq!(batches.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 300);
    let file = fs::File::open(folder.path("o.arrows")).unwrap();
    let batches = arrow_ipc::reader::StreamReader::try_new(file, None).unwrap();
    assert_eq!(batches.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 300);
}

#[test]
fn threads_and_chunks_do_not_change_a_byte() {
    let (folder, rows) = (Folder::with_model(), Rows::new(1000));
    folder.write("t.csv", rows.csv());
    folder.write("t.parquet", parquet_of(&rows.batch()));
    for (input, output) in [("t.csv", "o.csv"), ("t.csv", "o.parquet"), ("t.parquet", "o.arrow")] {
        let mut first = None;
        for threads in [1, 2, 7] {
            for chunk in [1, 3, 8192] {
                let options = format!("--threads {threads} --chunk-rows {chunk} -o {output}");
                folder
                    .run(&format!("predict m.nomo {input} --id id --members --flags {options}"))
                    .ok();
                let bytes = fs::read(folder.path(output)).unwrap();
                let first = first.get_or_insert_with(|| bytes.clone());
                assert!(*first == bytes, "{output}: {threads} threads, {chunk} rows");
            }
        }
    }
}

#[test]
fn a_refused_row_ends_it_and_leaves_nothing() {
    let folder = Folder::with_model();
    folder.write("t.csv", "age,visits,smoker,stage,dose\n50,1,0,I,5\n51,2,true,II,\n");
    folder.write("old.csv", "untouched");
    let run = folder.run("predict m.nomo t.csv -o o.csv");
    run.fails_with(
        1,
        "t.csv: line 3: feature `dose`: found a missing value, expected a number, unit `mg`",
    );
    let run = folder.run("predict m.nomo t.csv -o old.csv --bad-rows bad.csv --format parquet");
    run.fails_with(1, "t.csv: cannot be read as Parquet");
    assert_eq!(folder.read("old.csv"), "untouched");
    assert_eq!(folder.names(), ["m.nomo", "old.csv", "t.csv"]);
}

#[test]
fn refused_rows_go_to_a_file_of_their_own() {
    let folder = Folder::with_model();
    let text = "dose,id,age,visits,smoker,stage\n5,a,50,1,0,I\nx,b,50,1,0,I\n\n\"1,5\",c,50,1,0,I\n\
                7,d,50\n-inf,e,1,1,1,I\n5,f,50,1,0,I\n";
    folder.write("t.csv", text);
    for threads in [1, 3] {
        let options = format!("--threads {threads} --chunk-rows 2");
        let run = folder.run(&format!(
            "predict m.nomo t.csv --id id --bad-rows bad.csv -o o.csv --json {options}"
        ));
        assert_eq!(run.code, 3, "{}", run.stderr);
        let summary: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((&summary["rows"], &summary["refused"]), (&6.into(), &4.into()));
        let expected = "line,status,feature,reason,dose,id,age,visits,smoker,stage\n\
            3,value_type,dose,\"found `x`, expected a number, unit `mg`\",x,b,50,1,0,I\n\
            5,value_type,dose,\"found `1,5`, expected a number with a decimal point, unit `mg`\",\"1,5\",c,50,1,0,I\n\
            6,schema_columns,,\"found 3 cells, expected 6\",7,d,50\n\
            7,value_infinite,dose,\"found `-inf`, expected a finite number, unit `mg`\",-inf,e,1,1,1,I\n";
        assert_eq!(folder.read("bad.csv"), expected);
        let output = folder.read("o.csv");
        assert_eq!(column(&output, "id"), ["a", "b", "c", "d", "e", "f"]);
        let expected = ["ok", "value_type", "value_type", "schema_columns", "value_infinite", "ok"];
        assert_eq!(column(&output, "status"), expected);
        assert_eq!(column(&output, "probability_high")[1], "");
    }
}

#[test]
fn text_is_read_however_it_was_written() {
    let folder = Folder::with_model();
    let plain = "age,visits,smoker,stage,dose,note\n40,3,1,II,5.5,\"a \"\"b\"\", c\"\n,4,0,I,6,-\n";
    let expected = folder.run_with("predict m.nomo --keep note", plain.as_bytes()).ok().stdout;
    assert!(expected.contains("\"a \"\"b\"\", c\","));
    let variants = [
        plain.replace('\n', "\r\n"),
        format!("\u{feff}{plain}"),
        plain.trim_end().to_owned(),
        plain.replace("\n40", "\n\n40"),
        plain.replace("40,3,1,II,5.5", "\" 40\",\"3.0\", TRUE ,\"II\",55e-1"),
        plain.replace("\n,4", "\nNA,4"),
    ];
    for variant in variants {
        let run = folder.run_with("predict m.nomo --keep note --missing NA", variant.as_bytes());
        assert_eq!(run.ok().stdout, expected, "{variant:?}");
    }
    let tabs = "age\tvisits\tsmoker\tstage\tdose\n40\t3\t1\tII\t5.5\n";
    let run = folder.run_with("predict m.nomo --delimiter tab", tabs.as_bytes()).ok();
    assert_eq!(run.stdout.lines().count(), 2);
}

#[test]
fn a_header_may_name_a_unit() {
    let folder = Folder::with_model();
    let predict = |text: &str| folder.run_with("predict m.nomo", text.as_bytes());
    let own = predict("age,dose\n40,500\n").ok().stdout;
    assert_eq!(predict("age [mo],dose [g]\n480,0.5\n").ok().stdout, own);
    assert_eq!(predict("age [a],dose [mg]\n40,500\n").ok().stdout, own);
    let wrong = predict("age [d],dose\n40,500\n");
    wrong.fails_with(1, "line 1: column `age [d]`: unit `d`, expected `a`, `mo`");
    predict("age,age [mo],dose\n1,1,1\n").fails_with(1, "two columns for feature `age`");
    predict("dose,dose\n1,1\n").fails_with(1, "duplicate column `dose`");
}

#[test]
fn columns_must_be_known() {
    let folder = Folder::with_model();
    folder.write("t.csv", "age,dose,city\n40,5,X\n");
    folder
        .run("predict m.nomo t.csv")
        .fails_with(1, "t.csv: line 1: column `city` is not a feature");
    folder.run("predict m.nomo t.csv --ignore-other-columns").ok();
    folder.run("predict m.nomo t.csv --keep city").ok();
    folder.run("predict m.nomo t.csv --keep town").fails_with(1, "no column `town`");
    let run = folder.run_with("predict m.nomo", b"age\n40\n");
    run.fails_with(1, "standard input: line 1: no column for feature `dose`");
    folder.run_with("predict m.nomo", b"").fails_with(1, "no header");
    let run = folder.run_with("predict m.nomo --keep class", b"dose,class\n5,x\n");
    run.fails_with(2, "two columns `class`");
}

#[test]
fn a_bundle_must_be_whole() {
    let folder = Folder::with_model();
    let mut bytes = nomogram_testkit::bundle_of_every_kind();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    folder.write("broken.nomo", bytes);
    folder.run("predict nothing.nomo").fails_with(1, "nothing.nomo: No such file");
    folder.run("predict broken.nomo").fails_with(1, "broken.nomo: ");
    let run = folder.run("verify m.nomo broken.nomo nothing.nomo");
    assert_eq!(run.code, 1);
    let starts: Vec<&str> = run.stdout.lines().map(|line| &line[..6]).collect();
    assert_eq!(starts, ["OK    ", "FAILED", "FAILED"]);
    let run = folder.run("verify m.nomo --json").ok();
    let verdicts: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(verdicts[0]["ok"], true);
}

#[test]
fn inspect_tells_all_in_words_and_in_json() {
    let folder = Folder::with_model();
    let text = folder.run("inspect m.nomo").ok().stdout;
    for part in [
        "three members 1",
        "risk: low, high",
        "category: I, II, III",
        "impute unset, missing, NaN, wrong type; take unseen level; else refuse",
        "forest, logit link, 15 trees, 45 nodes, 30 of them leaves, depth 1; reads raw",
        "high from 0.5 on",
        "16 golden cases reach ",
        "forest: leaves",
        "cutoffs, both sides",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    folder.write("policies.nomo", nomogram_testkit::bundle_of_policies());
    let text = folder.run("inspect policies.nomo").ok().stdout;
    assert!(text.contains("age − children is at least 0, else refuse"), "{text}");
    assert!(folder.run("inspect policies.nomo --card").ok().stdout.starts_with("# Policies"));
    for options in ["--json", "--json --parameters"] {
        let text = folder.run(&format!("inspect policies.nomo {options}")).ok().stdout;
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json["features"].as_array().unwrap().len(), 13);
        assert_eq!(json["members"][0]["parameters"].is_object(), options.contains("param"));
        assert_eq!(json["calibrator"]["kind"], "binary");
        assert_eq!(json["coverage"]["n_cases"], json["n_golden_cases"]);
        assert!(json["coverage"]["lines"][0]["n"].as_u64().unwrap() > 0);
    }
}

#[test]
fn uncertainty_has_its_columns_and_is_shown_by_inspect() {
    let folder = Folder::with_model();
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/corpus/uncertainty.nomo");
    folder.write("u.nomo", fs::read(corpus).unwrap());
    folder.write("u.csv", "a,b,smoker\n-2.5,-1,false\n0.5,1,false\n9,-7.5,false\n,1,false\n");
    let run = folder.run("predict u.nomo u.csv --uncertainty --bad-rows bad.csv");
    assert_eq!(run.code, 3, "one row was refused: {run:?}");
    let csv = run.stdout;
    let expected = ["predicted", "refer: ambiguous", "refer: unlike the training rows", ""];
    assert_eq!(column(&csv, "verdict"), expected);
    assert_eq!(column(&csv, "set_0.9"), ["no", "no yes", "yes", ""]);
    assert_eq!(column(&csv, "p_value_no"), ["0.7", "0.2", "0.05", ""]);
    assert_eq!(column(&csv, "low_yes"), ["0.0", "0.25", "0.9", ""]);
    assert_eq!(column(&csv, "high_yes"), ["0.1", "0.75", "1.0", ""]);
    assert_eq!(column(&csv, "distance_p_value"), ["0.35", "0.85", "0.05", ""]);
    assert_eq!(column(&csv, "furthest_feature"), ["a", "b", "a", ""]);
    let text = folder.ok("inspect u.nomo");
    for line in [
        "scores of yes         14 held-out rows, 12 scores",
        "interval              Venn–Abers, 7 steps",
        "distance              of 3 values of scaled, 19 held-out rows, 15 scores",
        "refer: ambiguous      the set at 0.9 is not one class",
        "refer: unlike         p-value of the distance at most 0.05",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    folder.write("m.csv", Rows::new(3).csv());
    let run = folder.run("predict m.nomo m.csv --id id --uncertainty -o out.csv");
    assert!(run.stderr.contains("--uncertainty: the bundle has no uncertainty"), "{run:?}");
}

#[test]
fn inspect_shows_how_predictions_can_be_explained() {
    let folder = Folder::with_model();
    assert!(!folder.ok("inspect m.nomo").contains("explanation"));
    folder.write("e.nomo", nomogram_testkit::explained_bundle());
    let text = folder.ok("inspect e.nomo");
    for line in [
        "background            3 rows",
        "methods               groups (exact, 2 groups), permutations (sampled, 3 features)",
        "group texture         ",
        "path-dependent        ",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let json = folder.json("inspect e.nomo");
    assert_eq!(json["explanation"]["n_background_rows"], 3);
}

#[test]
fn diff_tells_what_moved() {
    let (folder, rows) = (Folder::with_model(), Rows::new(100));
    let same = folder.run("diff m.nomo m.nomo --exit-code").ok().stdout;
    assert!(same.contains("are identical"));
    let bundle = nomogram_testkit::bundle_of_every_kind();
    let (mut parts, golden) = nomogram::unseal(&bundle).unwrap();
    if let nomogram::Member::Forest(forest) = &mut parts.members[0].member {
        forest.base_margins[0] += 0.25;
    }
    parts.manifest.version = "2".into();
    parts.cutoffs[0].probability = 0.6;
    folder.write("n.nomo", nomogram::seal(&parts, golden.view()).unwrap());
    folder.write("t.csv", rows.csv());
    let diff = "diff m.nomo n.nomo --data t.csv --id id";
    let text = folder.run(diff).ok().stdout;
    for part in [
        "~ version: \"1\" → \"2\"",
        "~ cutoffs.refer.probability: 0.5 → 0.6",
        "~ members.forest: 1 of ",
        "~ members.forest.base_margins[0]: ",
        "100 rows, 100 compared",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let json = |options: &str| folder.run(&format!("{diff} --json {options}"));
    let first = json("--threads 1 --chunk-rows 1").ok().stdout;
    assert_eq!(json("--threads 3 --chunk-rows 7").ok().stdout, first);
    let first: serde_json::Value = serde_json::from_str(&first).unwrap();
    assert_eq!(first["predictions"]["top"].as_array().unwrap().len(), 10);
    assert!(first["predictions"]["max_change"].as_f64().unwrap() > 0.01);
    assert_eq!(json("--exit-code").code, 4);
}

#[test]
fn shells_and_readers_are_served() {
    let folder = Folder::with_model();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = folder.run(&format!("completions {shell}")).ok().stdout;
        assert!(script.contains("ignore-other-columns"), "{shell}");
    }
    folder.run("man pages").ok();
    assert!(folder.read("pages/nomogram-predict.1").contains("bad\\-rows"));
    assert!(folder.run("man").ok().stdout.contains("nomogram"));
    assert!(folder.run("predict --help").ok().stdout.contains("Exit codes:"));
    folder.run("predict").fails_with(2, "BUNDLE");
    folder.run("predict m.nomo t.csv --threads 0").fails_with(2, "--threads");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    let (folder, rows) = (Folder::with_model(), Rows::new(50_000));
    folder.write("t.csv", rows.csv());
    let mut child = Command::new(env!("CARGO_BIN_EXE_nomogram"))
        .args(["predict", "m.nomo", "t.csv", "--id", "id"])
        .current_dir(folder.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let run = Run::of(&child.wait_with_output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}
