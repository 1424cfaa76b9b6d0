//! `nomogram import`: equations and models of other libraries, with the source's predictions.

use crate::folder::Folder;

/// A folder with the equation `meld.yaml`.
fn with_equation() -> Folder {
    let folder = Folder::new();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/equations/meld.yaml");
    folder.write("meld.yaml", std::fs::read(path).unwrap());
    folder
}

const HEADER: &str = "bilirubin,inr,creatinine,prediction\n";

#[test]
fn an_equation_is_sealed_with_its_comparison() {
    let folder = with_equation();
    let text = folder.ok("import meld.yaml -o meld.nomo");
    assert!(text.contains("2 rows compared"), "{text}");
    assert!(text.contains("\nbundle "), "{text}");
    assert!(folder.ok("inspect meld.nomo").contains("MELD"));
    folder.ok("verify meld.nomo");
}

#[test]
fn predictions_that_differ_write_no_bundle() {
    let folder = with_equation();
    folder.write("right.csv", format!("{HEADER}1,1,1,6.43\n"));
    folder.write("wrong.csv", format!("{HEADER}1,1,1,6.44\n"));
    let json = folder.ok("import meld.yaml -o right.nomo --check right.csv --json");
    assert!(json.contains("\"n_rows\": 3"), "{json}");
    let run = folder.run("import meld.yaml -o wrong.nomo --check wrong.csv");
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("predicts other numbers than the source"), "{}", run.stderr);
    assert!(!folder.names().contains(&"wrong.nomo".to_owned()));
}

#[test]
fn probes_are_rows_that_can_be_checked() {
    let folder = with_equation();
    folder.ok("import meld.yaml --probes probes.csv --max-probes 30");
    let probes = folder.read("probes.csv");
    assert!(probes.starts_with("bilirubin,inr,creatinine\n"), "{probes}");
    assert!((17..=31).contains(&probes.lines().count()), "{probes}");
    folder.ok("import meld.yaml -o meld.nomo --check probes.csv");
}

#[test]
fn rows_are_kept_only_as_golden_cases() {
    let folder = with_equation();
    folder.write("rows.csv", format!("{HEADER}1.0625,1.125,1.1875,9.622938028605747\n"));
    let keeps_row = |name: &str| {
        let (_, golden) = nomogram::unseal(&std::fs::read(folder.path(name)).unwrap()).unwrap();
        golden.rows().into_iter().any(|row| row.to_vec() == [1.0625, 1.125, 1.1875])
    };
    let json = folder.ok("import meld.yaml -o checked.nomo --check rows.csv --json");
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["comparison"]["n_rows"], 3);
    assert_eq!(report["checked"]["n_rows"], 1);
    assert!(!keeps_row("checked.nomo"));
    let run = folder.run("import meld.yaml -o golden.nomo --golden rows.csv");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains("rows.csv: the bundle keeps rows of this table"), "{}", run.stderr);
    assert!(keeps_row("golden.nomo"));
}

#[test]
fn an_unknown_file_is_refused() {
    let folder = Folder::new();
    folder.write("model.bin", b"something else");
    let run = folder.run("import model.bin -o x.nomo");
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("model.bin: a file of an unknown format"), "{}", run.stderr);
    assert_eq!(folder.run("import model.bin -o x.nomo --format pickle").code, 2);
}
