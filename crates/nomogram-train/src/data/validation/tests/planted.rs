//! A table without defects, and defects that are planted in it by a line of text.

use std::fmt::Write as _;

use crate::DataConfig;
use crate::data::{ValidationReport, validate};
use crate::table::Table;

pub(super) const DATA: &str = "
data:
  row_id: id
  patient: p
  weight: w
  time: t
  split: s
  target: { column: y, negative: a, positive: b }
  features:
    - { name: x, unit: mg/dL, range: [-10, 10], alternative_units: [{ code: g/dL, multiplier: 0.001 }], policy: { missing: impute } }
    - { name: z, kind: integer, policy: { missing: impute } }
    - { name: f, kind: boolean }
    - { name: c, kind: category, levels: [u, v] }
  rules:
    - { name: x above z, quantity: { difference: { minuend: x, subtrahend: z } }, low: -1000, action: refuse }
    - { name: z below x, quantity: { difference: { minuend: z, subtrahend: x } }, low: -1000, action: flag }
";

pub(super) const HEADER: &str = "id,p,w,t,s,y,x,z,f,c";

pub(super) type Row = [String; 10];

/// 100 rows of [`HEADER`], on lines 2 to 101, in which nothing is wrong. Even lines are of class `a`,
/// odd ones of class `b`.
pub(super) fn rows() -> Vec<Row> {
    let row = |row: u32| {
        let part = if row < 60 { "train" } else { "test" };
        let class = if row.is_multiple_of(2) { "a" } else { "b" };
        let x = f64::from(row * 7919 % 1000) / 100.0 - 5.0;
        let (z, f) = (row * 104_729 % 37, row / 3 % 2);
        let c = if (row / 5).is_multiple_of(2) { "u" } else { "v" };
        [
            format!("r{row}"),
            format!("p{}", row / 2),
            "1".into(),
            "2024-01-01".into(),
            part.into(),
            class.into(),
            x.to_string(),
            z.to_string(),
            f.to_string(),
            c.into(),
        ]
    };
    (0..100).map(row).collect()
}

pub(super) fn table(config: &DataConfig, header: &str, rows: &[Row]) -> Table {
    let mut text = format!("{header}\n");
    rows.iter().for_each(|row| writeln!(text, "{}", row.join(",")).unwrap());
    Table::from_csv("t.csv", text.as_bytes(), &config.table_format()).unwrap()
}

pub(super) fn report(data: &str, header: &str, rows: &[Row]) -> ValidationReport {
    let config = DataConfig::from_yaml(data).unwrap();
    validate(&table(&config, header, rows), &config).unwrap()
}

/// The findings, once defects are planted.
pub(super) fn after(defects: &str) -> ValidationReport {
    report(DATA, HEADER, &planted(defects))
}

/// The rows with some cells replaced, for example by `line 5  x = -11` or
/// `all lines  c = u and lines 2-5  c = v`. `''` is no text; `{line}` is the number of the line.
pub(super) fn planted(defects: &str) -> Vec<Row> {
    let mut rows = rows();
    for defect in defects.split(" and ") {
        let (place, value) = defect.split_once(" = ").unwrap_or_else(|| panic!("{defect}"));
        let (lines, column) = place.trim().rsplit_once(' ').unwrap();
        let column = HEADER.split(',').position(|name| name == column).unwrap();
        let value = value.trim().replace("''", "");
        for (line, row) in (2..).zip(&mut rows) {
            if is_among(line, lines.trim()) {
                row[column] = value.replace("{line}", &line.to_string());
            }
        }
    }
    rows
}

fn is_among(line: usize, lines: &str) -> bool {
    let number = |text: &str| text.parse::<usize>().unwrap_or_else(|_| panic!("{lines}"));
    match lines.split(' ').collect::<Vec<_>>().as_slice() {
        ["line", only] => line == number(only),
        ["lines", ends] => {
            let (first, last) = ends.split_once('-').unwrap();
            (number(first)..=number(last)).contains(&line)
        }
        ["all", "lines"] => true,
        ["even", "lines"] => line.is_multiple_of(2),
        ["odd", "lines"] => !line.is_multiple_of(2),
        ["every", nth, "line"] => line % number(nth.trim_end_matches("th")) == 2,
        _ => panic!("{lines}"),
    }
}

/// Why a case `defects → finding` does not hold: there must be one finding, and its text must begin
/// so.
pub(super) fn mismatch(case: &str) -> Option<String> {
    let (defects, expected) = case.split_once('→').unwrap_or_else(|| panic!("{case}"));
    let report = after(defects.trim());
    let [finding] = report.findings.as_slice() else {
        return Some(format!("{case}: expected one finding: {report}"));
    };
    let lines = if finding.n_lines == 1 { "line" } else { "lines" };
    let column = finding.column.clone().unwrap_or_default();
    let text = format!(
        "{} {} {column}, {} {lines}, found {}",
        finding.severity, finding.check, finding.n_lines, finding.found
    );
    let holds = text.starts_with(expected.trim());
    (!holds).then(|| format!("{}: {text}, expected {}", defects.trim(), expected.trim()))
}

#[test]
fn defects_are_planted_where_their_text_says() {
    let before = rows();
    let changed = |defects: &str, column: usize| -> Vec<(usize, String)> {
        let rows = planted(defects).into_iter().zip(&before).zip(2..);
        let changed = rows.filter(|((row, before), _)| row[column] != before[column]);
        changed.map(|((row, _), line)| (line, row[column].clone())).collect()
    };
    assert_eq!(changed("line 5  x = -11", 6), [(5, "-11".to_owned())]);
    assert_eq!(changed("lines 3-4  p = ''", 1), [(3, String::new()), (4, String::new())]);
    let both = changed("all lines  w = 2 and line 101  w = n{line}", 2);
    assert_eq!((both.len(), &*both[0].1, &*both[99].1), (100, "2", "n101"));
    let counts = ["even lines", "odd lines", "every 4th line"]
        .map(|lines| changed(&format!("{lines}  w = 2"), 2).len());
    assert_eq!(counts, [50, 50, 25]);
}

#[test]
fn a_case_that_does_not_hold_is_reported() {
    assert_eq!(mismatch("line 5  x = -11  → error range x, 1 line, found `-11`"), None);
    for case in [
        "line 5  x = -11  → error range x, 1 line, found `-12`",
        "line 5  x = -11  → warning range x",
        "line 5  x = 1.5  → error range x",
        "line 5  x = -11 and line 6  x = much  → error range x",
    ] {
        assert!(mismatch(case).is_some(), "{case}");
    }
}
