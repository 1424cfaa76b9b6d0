//! From a table to an evaluated bundle, with the commands that a person types.

use std::fs;
use std::process::Command;

use crate::folder::Folder;

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
combiner: soft_vote
calibration: platt
cutoffs:
  - { name: refer, rule: { sensitivity_at_least: 0.9 } }
report:
  subgroups: [stage, { feature: age, at: [45, 60] }]
  learning_curve: [0.5, 1.0]
  n_bootstraps: 5
tuning:
  n_trials: 4
  rungs: [2, 4]
  space:
    members.linear.learner.logistic_regression.c: { log_uniform: [0.01, 10.0] }
"#;

/// A table of 240 rows and a configuration that was drafted from it.
fn folder() -> Folder {
    Folder::with_patients(240, MEMBERS)
}

#[test]
fn from_a_table_to_an_evaluated_bundle() {
    let folder = folder();
    folder.ok("validate c.yaml t.csv");
    let trained = folder.ok("train c.yaml t.csv -o m.nomo --report r.html --report r.json");
    assert!(trained.contains("held-out folds") && trained.contains("test rows"), "{trained}");
    assert!(
        trained.contains("cutoff `refer`: ") && trained.contains("; test rows: sens"),
        "{trained}"
    );
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path("r.json")).unwrap()).unwrap();
    assert_eq!(report["assessments"][1]["rows"], "test rows");
    let rows = &report["characteristics"];
    assert_eq!((&rows[0]["rows"], &rows[0]["n_rows"]), (&"training rows".into(), &179.into()));
    assert_eq!((&rows[1]["rows"], &rows[1]["n_rows"]), (&"test rows".into(), &61.into()));
    assert_eq!(rows[1]["features"][1]["levels"][2][0], "III");
    assert!(
        report["model"]["calibrator"]["text"].as_str().unwrap().starts_with("Platt on the logit")
    );
    assert_eq!(report["assessments"][0]["cutoffs"][1]["name"], "refer");
    let groups = &report["assessments"][0]["subgroups"];
    assert_eq!(
        (&groups[0]["feature"], groups[0]["groups"].as_array().unwrap().len()),
        (&"stage".into(), 3)
    );
    assert_eq!(groups[1]["groups"][0]["level"], "below 45");
    let curve = report["learning_curve"].as_array().unwrap();
    assert!(curve[0]["n_rows"].as_f64() < curve[1]["n_rows"].as_f64(), "{curve:?}");
    let corrected = &report["corrected"]["auc"];
    assert!(corrected["corrected"].as_f64() < corrected["apparent"].as_f64(), "{corrected}");
    let choice = &report["assessments"][0]["cutoffs"][1]["choice"];
    assert!(choice["cutoff"]["lower"].as_f64() < choice["cutoff"]["upper"].as_f64(), "{choice}");
    assert!(report["assessments"][1]["cutoffs"][1]["choice"].is_null());
    let page = fs::read_to_string(folder.path("r.html")).unwrap();
    for part in [
        "Calibration slope",
        "Median (quartiles)",
        "Nomogram of linear",
        "By stage",
        "from 45 to below 60",
        "Corrected for optimism",
        "Learning curve",
        "chosen on these rows: 95 % interval",
    ] {
        assert!(page.contains(part), "{part}");
    }

    // The bundle alone gives the same numbers.
    let evaluated = folder.json("evaluate m.nomo t.csv --test");
    assert_eq!(evaluated["warnings"], serde_json::json!([]));
    assert_eq!(evaluated["assessments"][0], report["assessments"][1]);
    let compared = folder.json("compare m.nomo m.nomo c.yaml t.csv --replicates 50");
    assert_eq!(compared["delong"]["difference"], 0.0);
    assert_eq!(compared["brier_interval"], serde_json::json!([0.0, 0.0]));
    folder.ok("report m.nomo t.csv -o card.md");
    assert!(fs::read_to_string(folder.path("card.md")).unwrap().starts_with("# small 1\n"));
}

/// The bundle keeps the configuration, and the digest of its training rows.
#[test]
fn rows_that_a_bundle_learned_from_are_pointed_out() {
    let folder = folder();
    folder.ok("train c.yaml t.csv -o m.nomo");
    let run = folder.run("evaluate m.nomo t.csv --report r.html").ok();
    let expected =
        "warning: t.csv: 179 of 240 rows are the training rows of the bundle (the digests are";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    let page = folder.read("r.html");
    assert!(page.contains("Evaluation of small 1 on rows that include its training rows: t.csv"));
    assert!(page.contains("179 of 240 rows are the training rows"), "in the report, too");
    // Another order has another digest: only the training table itself shows which rows are the same.
    let table = folder.read("t.csv");
    let (header, rows) = table.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.reverse();
    folder.write("other.csv", format!("{header}\n{}\n", rows[..60].join("\n")));
    let quiet = folder.json("evaluate m.nomo other.csv");
    assert_eq!(quiet["warnings"], serde_json::json!([]));
    let compared = folder.json("evaluate m.nomo other.csv --training t.csv");
    let text = compared["warnings"][0]["text"].as_str().unwrap();
    assert!(
        text.starts_with("60 of 60 rows have the same values of all features as a row of `t.csv`")
    );
    assert_eq!(compared["warnings"].as_array().unwrap().len(), 1, "t.csv has the digest");
    let compared = folder.json("evaluate m.nomo t.csv --test --training other.csv");
    let text = compared["warnings"][1]["text"].as_str().unwrap();
    assert!(text.contains("`other.csv` is not the training data of the bundle"), "{text}");
    // What the table lacks is noted; what it has besides is refused or skipped.
    let drop_id = |line: &str| format!("{},0\n", line.split_once(',').unwrap().1);
    let other: String = folder.read("other.csv").lines().map(drop_id).collect();
    folder.write("no_id.csv", other.replacen(",0\n", ",more\n", 1));
    folder.fails("evaluate m.nomo no_id.csv", "more");
    folder.ok("evaluate m.nomo no_id.csv --ignore-other-columns");
}

#[test]
fn threads_and_a_search_that_goes_on_change_no_byte() {
    let folder = folder();
    let read = |name: &str| fs::read(folder.path(name)).unwrap();
    folder.ok("train c.yaml t.csv -o one.nomo --tune --threads 1 --journal j.jsonl");
    let journal = read("j.jsonl");
    assert_eq!(journal.iter().filter(|byte| **byte == b'\n').count(), 1 + 4 * 2 + 2 * 2);
    fs::write(folder.path("j.jsonl"), &journal[..journal.len() * 2 / 3]).unwrap();
    folder.ok("train c.yaml t.csv -o two.nomo --tune --threads 2 --journal j.jsonl");
    assert_eq!(read("one.nomo"), read("two.nomo"));
    folder.ok("tune c.yaml t.csv -o best.json");
    folder.ok("train best.json t.csv -o three.nomo");
    assert_eq!(read("one.nomo"), read("three.nomo"));
}

/// The search is killed after its third line, wherever it then is; it must find the same all the same.
#[cfg(unix)]
#[test]
fn a_search_that_is_killed_goes_on() {
    let folder = folder();
    let read = |name: &str| fs::read(folder.path(name)).unwrap();
    let tuned = |output: &str, journal: &str| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_nomogram"));
        program.current_dir(folder.path("")).env("NOMOGRAM_CONFIG__TUNING__N_TRIALS", "24");
        program.args(["train", "c.yaml", "t.csv", "--tune", "-o", output, "--journal", journal]);
        program
    };
    let mut killed =
        tuned("killed.nomo", "k.jsonl").stderr(std::process::Stdio::null()).spawn().unwrap();
    let n_lines = || {
        let journal = fs::read(folder.path("k.jsonl")).unwrap_or_default();
        journal.iter().filter(|byte| **byte == b'\n').count()
    };
    while n_lines() < 3 && killed.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert!(n_lines() >= 3);
    assert!(tuned("again.nomo", "k.jsonl").output().unwrap().status.success());
    assert!(tuned("whole.nomo", "w.jsonl").output().unwrap().status.success());
    assert_eq!(read("again.nomo"), read("whole.nomo"));
}

#[test]
fn a_bundle_keeps_what_it_was_trained_with() {
    let folder = folder();
    let read = |name: &str| fs::read(folder.path(name)).unwrap();
    let mut program = Command::new(env!("CARGO_BIN_EXE_nomogram"));
    program.current_dir(folder.path("")).env("NOMOGRAM_CONFIG__MEMBERS__TREES__WEIGHT", "3");
    let output = program.args(["train", "c.yaml", "t.csv", "-o", "m.nomo"]).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{err}");
    assert!(err.contains("NOMOGRAM_CONFIG__MEMBERS__TREES__WEIGHT overrides"), "{err}");
    let kept = folder.ok("inspect m.nomo --config");
    assert!(kept.contains("\"weight\": 3.0"), "{kept}");
    fs::write(folder.path("kept.yaml"), kept).unwrap();
    folder.ok("train kept.yaml t.csv -o again.nomo");
    assert_eq!(read("m.nomo"), read("again.nomo"));

    let mut program = Command::new(env!("CARGO_BIN_EXE_nomogram"));
    program.current_dir(folder.path("")).env("NOMOGRAM_CONFIG__SEAD", "3");
    let output = program.args(["train", "c.yaml", "t.csv", "-o", "n.nomo"]).output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(
        err.contains("NOMOGRAM_CONFIG__SEAD: ") && err.contains("unknown field `sead`"),
        "{err}"
    );
}

#[test]
fn a_recalibrated_bundle_names_its_parent() {
    let folder = folder();
    let read = |name: &str| fs::read(folder.path(name)).unwrap();
    let two = MEMBERS.replace("report:", "  - { name: watch, rule: youden }\nreport:");
    let config = fs::read_to_string(folder.path("c.yaml")).unwrap();
    fs::write(folder.path("two.yaml"), config.replace(MEMBERS, &two)).unwrap();
    folder.ok("train two.yaml t.csv -o parent.nomo");
    let parent = folder.json("inspect parent.nomo");
    // Where fewer die: every third death is none.
    let mut n_deaths = 0;
    let mut spare = |line: &str| match line.strip_suffix(",yes") {
        Some(rest) => {
            n_deaths += 1;
            if n_deaths % 3 == 0 { format!("{rest},no\n") } else { format!("{line}\n") }
        }
        None => format!("{line}\n"),
    };
    let table = fs::read_to_string(folder.path("t.csv")).unwrap();
    let table: String = table.lines().map(&mut spare).collect();
    fs::write(folder.path("other.csv"), table).unwrap();
    let recalibrated = folder.json("recalibrate parent.nomo c.yaml other.csv -o child.nomo");
    assert_eq!(recalibrated["parent"], parent["digest"]);
    assert_eq!((&recalibrated["rows"], &recalibrated["held_out_rows"]), (&240.into(), &240.into()));
    assert_eq!(recalibrated["dropped_cutoffs"], serde_json::json!(["watch"]));
    assert!(
        recalibrated["after"]["log_loss"].as_f64() < recalibrated["before"]["log_loss"].as_f64(),
        "{recalibrated}"
    );
    let slope = |of: &str| recalibrated[of]["slope"].as_f64().unwrap();
    assert!((slope("after") - 1.0).abs() < (slope("before") - 1.0).abs() + 0.2, "{recalibrated}");
    let child = folder.json("inspect child.nomo");
    assert_eq!(child["notes"]["parent"], parent["digest"]);
    assert_eq!(child["notes"]["recalibration rows"], "240");
    assert_eq!(child["training_data_digest"], parent["training_data_digest"]);
    assert_eq!(child["members"], parent["members"]);
    folder.ok("recalibrate parent.nomo c.yaml other.csv -o again.nomo --threads 1");
    assert_eq!(read("child.nomo"), read("again.nomo"));

    let run = folder.run("recalibrate parent.nomo c.yaml t.csv -o t.csv/child.nomo");
    assert_ne!(run.code, 0);

    let run = folder.run("train c.yaml t.csv -o late.nomo --report a.html --report b.pdf");
    assert_eq!(run.code, 2);
    assert!(!folder.path("a.html").exists(), "refused before anything is trained");
}

#[test]
fn three_classes_are_trained_evaluated_and_reported() {
    let folder = folder();
    let table = fs::read_to_string(folder.path("t.csv")).unwrap();
    let class = |line: &str| {
        let (rest, died) = line.rsplit_once(',').unwrap();
        let stage = rest.split(',').nth(2).unwrap();
        match (died, stage) {
            ("died", _) => format!("{line}\n"),
            ("yes", "III") => format!("{rest},late\n"),
            _ => format!("{rest},{died}\n"),
        }
    };
    let table: String = table.lines().map(class).collect();
    fs::write(folder.path("three.csv"), table).unwrap();
    let config = fs::read_to_string(folder.path("c.yaml")).unwrap();
    let target = config.lines().find(|line| line.trim_start().starts_with("target:")).unwrap();
    let config = config
        .replace(target, "  target: { column: died, classes: [\"no\", late, \"yes\"] }")
        .replace("subsample: 1.0 }", "subsample: 1.0, splits: { histogram: {} } }")
        .replace("calibration: platt", "calibration: temperature")
        .replace("n_bootstraps: 5", "n_bootstraps: 0")
        .replace("name: refer,", "name: refer, class: late,");
    fs::write(folder.path("three.yaml"), config).unwrap();
    let trained = folder.json("train three.yaml three.csv -o m.nomo --report r.html");
    let ensemble = &trained["evaluations"]["held-out folds"][2];
    assert_eq!(ensemble["counts"].as_array().unwrap().len(), 3);
    assert!(ensemble["auc"].as_f64().unwrap() > 0.8, "{ensemble}");
    let page = fs::read_to_string(folder.path("r.html")).unwrap();
    for rows in ["held-out folds, no", "test rows, late", "test rows, yes"] {
        assert!(page.contains(rows), "{rows}");
    }
    let run = folder.run("compare m.nomo m.nomo three.yaml three.csv");
    let err = run.stderr;
    assert!(err.contains("a table of 3 classes; compare needs two"), "{err}");
}

#[test]
fn errors_are_reported_before_anything_is_fitted_and_nothing_is_left() {
    let folder = folder();
    let table = fs::read_to_string(folder.path("t.csv")).unwrap();
    fs::write(folder.path("bad.csv"), table.replacen("I,", "IV,", 1)).unwrap();
    let run = folder.run("train c.yaml bad.csv -o m.nomo");
    let err = run.stderr;
    assert_eq!(run.code, 1, "{err}");
    assert!(err.contains("the table cannot be used") && err.contains("stage"), "{err}");
    assert!(!folder.path("m.nomo").exists());
    let found = folder.run("validate c.yaml bad.csv --json");
    assert_eq!(found.code, 1);
    let found: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
    assert_eq!(found["findings"][0]["severity"], "error");

    folder.ok("train c.yaml t.csv -o m.nomo");
    let other = fs::read_to_string(folder.path("c.yaml")).unwrap();
    let other = other.replacen("name: age", "name: age, unit: mo", 1);
    fs::write(folder.path("other.yaml"), other).unwrap();
    let run = folder.run("evaluate m.nomo t.csv --config other.yaml");
    let err = run.stderr;
    assert_eq!(run.code, 1, "{err}");
    assert!(err.contains("feature 1: the table has `age`, number, unit `mo`"), "{err}");
}

/// The answer of `validate` and of `train` is the same, before anything is fitted.
#[test]
fn validate_refuses_the_splits_that_train_refuses() {
    let folder = folder();
    let config = fs::read_to_string(folder.path("c.yaml")).unwrap();
    let folds =
        config.replace("folds: { n: 4, by: stratified }", "folds: { n: 200, by: stratified }");
    assert_ne!(folds, config);
    fs::write(folder.path("folds.yaml"), folds).unwrap();
    let run = folder.run("validate folds.yaml t.csv --json");
    assert_eq!(run.code, 1);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let finding = findings.iter().find(|finding| finding["check"] == "training").unwrap();
    assert_eq!(finding["severity"], "error");
    let found = finding["found"].as_str().unwrap();
    assert!(found.contains("fewer than the 200 folds"), "{found}");
    let run = folder.run("train folds.yaml t.csv -o m.nomo");
    let err = run.stderr;
    assert_eq!(run.code, 1, "{err}");
    assert!(err.contains(found) && !folder.path("m.nomo").exists(), "{err}");
}

#[test]
fn the_dialect_of_a_table_is_detected_or_asked_for() {
    let folder = folder();
    let table = fs::read_to_string(folder.path("t.csv")).unwrap();
    let table = table.replace(',', ";").replace('.', ",");
    fs::write(folder.path("comma.csv"), &table).unwrap();
    let run = folder.run("schema infer comma.csv --target died");
    let err = run.stderr;
    assert!(err.contains("delimiter `;` (5 columns), decimal mark `,` (line 2: "), "{err}");
    let draft = run.stdout;
    assert!(draft.contains("  csv: { delimiter: \";\", quote: "), "{draft}");
    fs::write(folder.path("comma.yaml"), format!("{draft}{MEMBERS}")).unwrap();
    folder.ok("validate comma.yaml comma.csv");

    fs::write(folder.path("doubtful.csv"), "a;b,died;c\n1;2,no;4\n1;3,yes;5\n").unwrap();
    let run = folder.run("schema infer doubtful.csv");
    let err = run.stderr;
    assert!(run.code != 0 && err.contains("state `--delimiter`"), "{err}");
}
