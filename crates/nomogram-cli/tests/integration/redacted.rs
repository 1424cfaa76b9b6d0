//! Values of cells in messages: hidden by --redact, in every command that reads a table.

use std::fmt::Write as _;

use crate::folder::{Folder, Run};

/// A number that is in no message, no table and no configuration by itself.
const CANARY: &str = "4815162";

const CONFIG: &str = r#"
data:
  row_id: id
  patient: p
  weight: w
  time: t
  split: part
  target: { column: died, negative: "no", positive: "yes" }
  features:
    - { name: age, range: [0, 120] }
    - { name: visits, kind: integer }
    - { name: smoker, kind: boolean }
    - { name: stage, kind: category, levels: [I, II, III] }
  rules: [{ name: few visits, quantity: { difference: { minuend: visits, subtrahend: age } }, high: 1000, action: refuse }]
model: { name: small, version: "1" }
seed: 5
splits: { test: { column: true }, folds: { n: 3, by: patient } }
validation: { n_folds: 3, min_auc: 0.5 }
allow_uninformative_members: true
members:
  - { name: bayes, input: scaled, weight: 1.0, learner: { naive_bayes: { var_smoothing: 1.0e-9 } } }
combiner: soft_vote
"#;

/// The position of each column of [`table`].
const COLUMNS: [&str; 10] =
    ["id", "p", "w", "t", "part", "age", "visits", "smoker", "stage", "died"];

/// Kinds of bad cells: in the row 7, unless it names other rows.
const CASES: &str = "
    id = C        id = C in row 8
    p =
    w = -C
    w = C kg
    t = 31.12.C
    part = C
    age = C
    age = C years
    age = C,5
    age = 1C e200
    age = Ce200
    visits = C.5
    visits = Ce200
    visits = 9C
    smoker = C
    stage = C
    stage = i
    died = C
    died = YES
    p = pC        part = test
";

fn table() -> Vec<Vec<String>> {
    let row = |row: u32| {
        let age = 30 + row * 17 % 50;
        let died = if age + row % 9 > 55 { "yes" } else { "no" };
        let part = if row % 4 == 3 { "test" } else { "train" };
        let stage = ["I", "II", "III"][row as usize % 3];
        let smoker = ["true", "false"][row as usize / 2 % 2];
        let patient =
            if row / 4 * 4 + 3 == row { format!("q{row}") } else { format!("p{}", row / 4) };
        [
            &format!("r{row}"),
            &patient,
            "1.5",
            "2024-02-29",
            part,
            &age.to_string(),
            "3",
            smoker,
            stage,
            died,
        ]
        .map(str::to_owned)
        .to_vec()
    };
    (0..80).map(row).collect()
}

fn csv(rows: &[Vec<String>]) -> String {
    let mut text = COLUMNS.join(",") + "\n";
    for row in rows {
        let cell =
            |cell: &String| if cell.contains(',') { format!("\"{cell}\"") } else { cell.clone() };
        writeln!(text, "{}", row.iter().map(cell).collect::<Vec<_>>().join(",")).unwrap();
    }
    text
}

/// The table with the bad cells of a case.
fn spoilt(case: &str) -> String {
    let mut rows = table();
    for cell in case.split("   ").map(str::trim).filter(|cell| !cell.is_empty()) {
        let (cell, row) = cell.split_once(" in row ").unwrap_or((cell, "7"));
        let (column, value) = cell.split_once('=').unwrap();
        let column = COLUMNS.iter().position(|name| *name == column.trim()).unwrap();
        rows[row.parse::<usize>().unwrap() - 1][column] = value.trim().replace('C', CANARY);
    }
    // The rows of the patient of the seventh row are in two partitions where the case asks for it.
    if case.contains("part = test") {
        rows[5][1] = format!("p{CANARY}");
    }
    csv(&rows)
}

fn commands() -> [String; 7] {
    [
        "validate c.yaml bad.csv",
        "validate c.yaml bad.csv --json",
        "train c.yaml bad.csv -o n.nomo",
        "evaluate m.nomo bad.csv",
        "recalibrate m.nomo c.yaml bad.csv -o n.nomo",
        "predict m.nomo bad.csv --ignore-other-columns -o n.csv",
        "diff m.nomo m.nomo --data bad.csv --ignore-other-columns",
    ]
    .map(str::to_owned)
}

fn printed(run: &Run) -> String {
    format!("{}{}", run.stdout, run.stderr)
}

#[test]
fn no_message_shows_the_value_of_a_bad_cell() {
    let folder = Folder::new();
    folder.write("c.yaml", CONFIG);
    folder.write("t.csv", csv(&table()));
    folder.ok("train c.yaml t.csv -o m.nomo");
    let mut n_shown = 0;
    for case in CASES.lines().map(str::trim).filter(|case| !case.is_empty()) {
        folder.write("bad.csv", spoilt(case));
        let mut n_refusals = 0;
        for command in commands() {
            let run = folder.run(&format!("{command} --redact"));
            let hidden = printed(&run);
            assert!(!hidden.contains(CANARY), "{case}: {command}: {hidden}");
            let shown = printed(&folder.run(&command));
            n_shown += usize::from(shown.contains(CANARY));
            n_refusals += usize::from(run.code != 0);
            assert_eq!(hidden.contains("(hidden)"), shown != hidden, "{case}: {command}: {hidden}");
        }
        assert!(n_refusals > 0 || case.starts_with("visits = 9"), "{case}: nothing refuses it");
    }
    // Without the option, these values are in messages: the search can fail.
    assert!(n_shown > 50, "{n_shown} messages show the value");
}

#[test]
fn the_environment_hides_values_too_and_places_stay() {
    let folder = Folder::new();
    folder.write("c.yaml", CONFIG);
    folder.write("t.csv", spoilt("age = C"));
    let output = folder.program("validate c.yaml t.csv").env("NOMOGRAM_REDACT", "1").output();
    let run = Run::of(&output.unwrap());
    let printed = printed(&run);
    assert!(!printed.contains(CANARY), "{printed}");
    for part in ["age", "(hidden)", "from 0 to 120", " 8 "] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
}

#[test]
fn a_draft_hides_cells_but_lists_levels() {
    let folder = Folder::new();
    let mut rows = table();
    rows[6][5] = format!("<{CANARY}");
    rows[8][6] = CANARY.to_owned();
    folder.write("t.csv", csv(&rows));
    let hidden = folder.run("schema infer t.csv --target died --redact").ok();
    assert!(!printed(&hidden).contains(CANARY), "{}", printed(&hidden));
    assert!(hidden.stdout.contains("levels: [I, II, III]"), "{}", hidden.stdout);
    assert!(folder.ok("schema infer t.csv --target died").contains(CANARY));
}
