//! The way from a table to a bundle that was judged, as a person types it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const MEMBERS: &str = r#"
model: { name: small, version: "1" }
seed: 5
splits: { test: { share: 0.25 }, folds: { n: 4, by: stratified } }
validation: { n_folds: 4, min_auc: 0.5 }
members:
  - name: linear
    input: scaled
    weight: 1.0
    learner:
      logistic_regression: { c: 1.0, class_weight: equal }
  - name: trees
    input: raw
    weight: 1.0
    learner:
      boosted_trees: { n_trees: 5, learning_rate: 0.3, max_depth: 2, min_rows_per_leaf: 5, subsample: 1.0 }
vote: soft
calibration: platt
cutoffs:
  - { name: refer, rule: { sensitivity_at_least: 0.9 } }
tuning:
  n_trials: 4
  rungs: [2, 4]
  space:
    members.linear.learner.logistic_regression.c: { log_uniform: [0.01, 10.0] }
"#;

/// A folder with a table of 240 rows and a configuration that was drafted from it.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("training-{test}"));
    let _absent = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let mut table = String::from("id,age,stage,marker,died\n");
    for row in 0..240_u32 {
        let mixed = row.wrapping_mul(2_654_435_761) >> 16;
        let (age, noise) = (30 + mixed % 50, mixed / 64 % 7);
        let stage = ["I", "II", "III"][(mixed / 512 % 3) as usize];
        let died = if age + 10 * noise > 75 { "yes" } else { "no" };
        writeln!(table, "p{row},{age}.5,{stage},{},{died}", f64::from(noise) / 10.0).unwrap();
    }
    fs::write(folder.join("t.csv"), table).unwrap();
    let draft = run(&folder, "schema infer t.csv --target died").stdout;
    let draft = String::from_utf8(draft).unwrap();
    fs::write(folder.join("c.yaml"), format!("{draft}{MEMBERS}")).unwrap();
    folder
}

fn run(folder: &Path, arguments: &str) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_nomogram"));
    program.current_dir(folder).args(arguments.split(' '));
    program.output().unwrap()
}

/// Runs, expects success, and returns standard output.
fn succeed(folder: &Path, arguments: &str) -> String {
    let output = run(folder, arguments);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments}: {err}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(folder: &Path, arguments: &str) -> serde_json::Value {
    serde_json::from_str(&succeed(folder, &format!("{arguments} --json"))).unwrap()
}

#[test]
fn from_a_table_to_a_bundle_that_was_judged() {
    let folder = folder("whole");
    succeed(&folder, "validate c.yaml t.csv");
    let trained = succeed(&folder, "train c.yaml t.csv -o m.nomo --report r.html --report r.json");
    assert!(trained.contains("held-out folds") && trained.contains("test part"), "{trained}");
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("r.json")).unwrap()).unwrap();
    assert_eq!(report["assessments"][1]["rows"], "test part");
    assert_eq!(report["assessments"][0]["cutoffs"][1]["name"], "refer");
    assert!(fs::read_to_string(folder.join("r.html")).unwrap().contains("Calibration slope"));

    // The bundle alone gives the same numbers.
    let evaluated = json(&folder, "evaluate m.nomo c.yaml t.csv --test");
    assert_eq!(evaluated[0], report["assessments"][1]);
    let compared = json(&folder, "compare m.nomo m.nomo c.yaml t.csv --replicates 50");
    assert_eq!(compared["delong"]["difference"], 0.0);
    assert_eq!(compared["brier_interval"], serde_json::json!([0.0, 0.0]));
    succeed(&folder, "report m.nomo c.yaml t.csv -o card.md");
    assert!(fs::read_to_string(folder.join("card.md")).unwrap().starts_with("# small 1\n"));
}

#[test]
fn threads_and_a_search_that_goes_on_change_no_byte() {
    let folder = folder("bytes");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    succeed(&folder, "train c.yaml t.csv -o one.nomo --tune --threads 1 --journal j.jsonl");
    let journal = read("j.jsonl");
    assert_eq!(journal.iter().filter(|byte| **byte == b'\n').count(), 1 + 4 * 2 + 2 * 2);
    fs::write(folder.join("j.jsonl"), &journal[..journal.len() * 2 / 3]).unwrap();
    succeed(&folder, "train c.yaml t.csv -o two.nomo --tune --threads 2 --journal j.jsonl");
    assert_eq!(read("one.nomo"), read("two.nomo"));
    succeed(&folder, "tune c.yaml t.csv -o best.json");
    succeed(&folder, "train best.json t.csv -o three.nomo");
    assert_eq!(read("one.nomo"), read("three.nomo"));
}

#[test]
fn what_is_wrong_is_told_before_anything_is_fitted_and_nothing_is_left() {
    let folder = folder("wrong");
    let table = fs::read_to_string(folder.join("t.csv")).unwrap();
    fs::write(folder.join("bad.csv"), table.replacen("I,", "IV,", 1)).unwrap();
    let output = run(&folder, "train c.yaml bad.csv -o m.nomo");
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("the table cannot be used") && err.contains("stage"), "{err}");
    assert!(!folder.join("m.nomo").exists());
    let found = run(&folder, "validate c.yaml bad.csv --json");
    assert_eq!(found.status.code(), Some(1));
    let found: serde_json::Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(found["findings"][0]["severity"], "error");

    succeed(&folder, "train c.yaml t.csv -o m.nomo");
    let other = fs::read_to_string(folder.join("c.yaml")).unwrap();
    let other = other.replacen("name: age", "name: age, unit: mo", 1);
    fs::write(folder.join("other.yaml"), other).unwrap();
    let output = run(&folder, "evaluate m.nomo other.yaml t.csv");
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("age [mo]"), "{err}");
}
