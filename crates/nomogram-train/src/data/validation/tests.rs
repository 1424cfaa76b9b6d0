use std::fmt::Write as _;
use std::path::Path;

use super::*;
use crate::TrainingConfig;

const DATA: &str = "
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

/// Rows of `id, p, w, t, s, y, x, z, f, c` in which nothing is wrong.
fn rows() -> Vec<[String; 10]> {
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

fn report(data: &str, header: &str, rows: &[[String; 10]]) -> ValidationReport {
    let mut text = format!("{header}\n");
    rows.iter().for_each(|row| writeln!(text, "{}", row.join(",")).unwrap());
    let config = DataConfig::from_yaml(data).unwrap();
    let table = Table::from_csv("t.csv", text.as_bytes(), &config.table_format()).unwrap();
    validate(&table, &config).unwrap()
}

const HEADER: &str = "id,p,w,t,s,y,x,z,f,c";

/// The findings, once something was done to the rows.
fn after(plant: impl Fn(usize, &mut [String; 10])) -> ValidationReport {
    let mut planted = rows();
    planted.iter_mut().enumerate().for_each(|(row, cells)| plant(row, cells));
    report(DATA, HEADER, &planted)
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let report = after(|_, _| {});
    assert_eq!(report.findings, []);
    assert!(!report.has_errors());
    assert_eq!(report.to_string(), "t.csv: 100 rows, 0 errors, 0 warnings");
}

/// What is planted is found: severity, check, column, number of lines and what was found.
#[test]
fn each_planted_defect_is_found_and_nothing_else() {
    use Severity::{Error as E, Warning as W};
    type Plant = fn(usize, &mut [String; 10]);
    let cases: [(Plant, Severity, Check, &str, usize, &str); 21] = [
        (
            |r, c| {
                if r == 3 {
                    c[1].clear()
                }
            },
            E,
            Check::Missing,
            "p",
            1,
            "a missing value",
        ),
        (
            |r, c| {
                if r == 3 {
                    c[2] = "0".into()
                }
            },
            E,
            Check::Type,
            "w",
            1,
            "`0`",
        ),
        (
            |r, c| {
                if r == 3 {
                    c[3] = "soon".into()
                }
            },
            E,
            Check::Type,
            "t",
            1,
            "`soon`",
        ),
        (
            |r, c| {
                if r == 3 {
                    c[4] = "val".into()
                }
            },
            E,
            Check::Type,
            "s",
            1,
            "`val`",
        ),
        (
            |r, c| {
                if r == 3 {
                    c[5] = "B".into()
                }
            },
            E,
            Check::Classes,
            "y",
            1,
            "`B`",
        ),
        (
            |r, c| {
                if r == 3 {
                    c[6] = "1,5".replace(',', ";")
                }
            },
            E,
            Check::Type,
            "x",
            1,
            "`1;5`",
        ),
        (
            |r, c| {
                if r == 3 {
                    c[6] = "-11".into()
                }
            },
            E,
            Check::Range,
            "x",
            1,
            "`-11`",
        ),
        (
            |r, c| {
                if r == 3 {
                    c[7] = "2.5".into()
                }
            },
            E,
            Check::Type,
            "z",
            1,
            "`2.5`",
        ),
        (
            |r, c| {
                if r == 3 {
                    c[8] = "yes".into()
                }
            },
            E,
            Check::Type,
            "f",
            1,
            "`yes`",
        ),
        (
            |r, c| {
                if r == 3 {
                    c[8].clear()
                }
            },
            E,
            Check::Missing,
            "f",
            1,
            "a missing value",
        ),
        (
            |r, c| {
                if r == 3 {
                    c[9] = "w".into()
                }
            },
            E,
            Check::Levels,
            "c",
            1,
            "`w`",
        ),
        (
            |r, c| {
                if r < 4 {
                    c[0] = "r0".into()
                }
            },
            E,
            Check::DuplicateId,
            "id",
            3,
            "`r0`, which",
        ),
        (
            |r, c| {
                if r == 3 {
                    c[7] = "1005".into()
                }
            },
            E,
            Check::Rule,
            "x above z",
            1,
            "1 rows that",
        ),
        (
            |r, c| {
                if r == 3 {
                    c[7] = "-1005".into()
                }
            },
            W,
            Check::Rule,
            "z below x",
            1,
            "1 rows that",
        ),
        (
            |r, c| {
                if r == 60 {
                    c[1] = "p0".into()
                }
            },
            E,
            Check::PatientInParts,
            "p",
            1,
            "patient `p0`",
        ),
        (
            |r, c| {
                if r % 4 == 0 {
                    c[7].clear()
                }
            },
            W,
            Check::Missing,
            "z",
            0,
            "25.0 % of the values",
        ),
        (|_, c| c[8] = "1".into(), W, Check::Constant, "f", 0, "the same value in all 100 rows"),
        (|r, c| c[7] = (r + 5).to_string(), W, Check::IdAsFeature, "z", 0, "100 different whole"),
        (|r, c| c[9] = ["u", "v"][usize::from(r < 4)].into(), W, Check::Levels, "c", 0, "`v` in 4"),
        (|r, c| c[8] = (r % 2).to_string(), W, Check::Leakage, "f", 0, "one value for each class"),
        (
            |r, c| c[6] = format!("{}.{r}", if r % 2 == 0 { 0 } else { -5 }),
            W,
            Check::Leakage,
            "x",
            0,
            "tells class `b` with an AUC of 1.0000",
        ),
    ];
    for (index, (plant, severity, check, column, n_lines, found)) in cases.into_iter().enumerate() {
        let report = after(plant);
        let of_check = report.findings.iter().find(|finding| finding.check == check);
        let finding = of_check.unwrap_or_else(|| panic!("case {index}: nothing: {report}"));
        assert_eq!(finding.severity, severity, "case {index}");
        assert_eq!(finding.column.as_deref(), Some(column), "case {index}");
        assert_eq!(finding.n_lines, n_lines, "case {index}");
        assert!(finding.found.starts_with(found), "case {index}: {}", finding.found);
        let n_others = report.findings.len() - 1;
        assert!(n_others == 0, "case {index}: {report}");
    }
}

#[test]
fn values_that_are_missing_in_one_class_are_found() {
    let report = after(|row, cells| {
        if row % 2 == 0 {
            cells[7].clear();
        }
    });
    let [missing, leakage] = report.findings.as_slice() else { panic!("{report}") };
    assert_eq!((missing.check, leakage.check), (Check::Missing, Check::Leakage));
    assert_eq!(leakage.found, "being missing: tells class `b` with an AUC of 1.0000");
}

#[test]
fn a_class_that_is_rare_or_absent_is_found() {
    let report = after(|row, cells| cells[5] = ["a", "b"][usize::from(row % 33 == 0)].into());
    let found: Vec<&str> = report.findings.iter().map(|finding| finding.found.as_str()).collect();
    let expected =
        ["4 of 100 rows of class `b`", "4 rows of class `b` for 4 features: 1.0 for each"];
    assert_eq!(found, expected);
    let report = after(|_, cells| cells[5] = "a".into());
    assert!(report.has_errors());
    assert_eq!(report.findings[0].found, "no rows of class `b`");
}

#[test]
fn rows_that_stand_twice_are_found_and_whether_in_several_parts() {
    let first = rows();
    let report = after(|row, cells| {
        if row == 2 || row == 61 {
            cells[6..].clone_from_slice(&first[0][6..]);
        }
    });
    let [twice, in_parts] = report.findings.as_slice() else { panic!("{report}") };
    assert_eq!((twice.check, &*twice.lines), (Check::DuplicateRow, [4, 63].as_slice()));
    let found = "2 rows with the same features as an earlier one, 1 of them of another class";
    assert_eq!(twice.found, found);
    assert_eq!((in_parts.check, &*in_parts.lines), (Check::RowInParts, [63].as_slice()));
}

#[test]
fn a_column_in_another_unit_is_found() {
    let report = after(|row, cells| {
        if row % 3 == 0 {
            let value: f64 = cells[6].parse().unwrap();
            cells[6] = (value * 1000.0).to_string();
        }
    });
    let unit = report.findings.iter().find(|finding| finding.check == Check::Unit).unwrap();
    assert_eq!(unit.found, "34 implausible values that would be plausible in g/dL");
    assert_eq!((unit.lines.len(), unit.n_lines), (10, 34));
    assert!(
        report.to_string().contains("2, 5, 8, 11, 14, 17, 20, 23, 26, 29 and 24 more"),
        "{report}"
    );
}

#[test]
fn features_that_tell_the_same_are_found() {
    let report = after(|_, cells| {
        let x: f64 = cells[6].parse().unwrap();
        cells[7] = format!("{}", -(x * 10.0).round());
    });
    let [finding] = report.findings.as_slice() else { panic!("{report}") };
    assert_eq!(finding.check, Check::Correlation);
    assert_eq!(finding.column.as_deref(), Some("x and z"));
    assert_eq!(finding.found, "a correlation of -1.0000");
}

#[test]
fn columns_that_are_absent_or_not_named_are_found_with_all_else() {
    let header = HEADER.replace(",c", ",d").replace("id,", "name,");
    let mut planted = rows();
    planted[3][6] = "much".into();
    let report = report(DATA, &header, &planted);
    let found: Vec<_> =
        report.findings.iter().map(|finding| (finding.check, finding.column.as_deref())).collect();
    let columns = ["id", "c", "name", "d"].map(|column| (Check::Columns, Some(column)));
    assert_eq!(found[..4], columns);
    assert_eq!(found[4..], [(Check::Type, Some("x"))]);
}

#[test]
fn several_defects_of_a_column_are_told_apart_and_what_is_let_pass_is_a_warning() {
    let lenient = DATA.replace(
        "policy: { missing: impute } }\n    - { name: z",
        "policy: { missing: impute, out_of_range: clamp, not_a_number: impute } }\n    - { name: z",
    );
    let mut planted = rows();
    for (row, text) in ["99", "much", "more", "most", "mast", "NaN", "much"].into_iter().enumerate()
    {
        planted[row][6] = text.into();
    }
    let report = report(&lenient, HEADER, &planted);
    let [of_type, range] = report.findings.as_slice() else { panic!("{report}") };
    assert_eq!((of_type.severity, of_type.check), (Severity::Error, Check::Type));
    assert_eq!(of_type.found, "`much`, `more`, `most`, …");
    assert_eq!(of_type.lines, [3, 4, 5, 6, 8]);
    assert_eq!((range.severity, range.check), (Severity::Warning, Check::Range));
    assert_eq!(range.expected, "a number from -10 to 10 in mg/dL");
}

/// The reference data are clean; that they have few rows for thirty features is true.
#[test]
fn the_reference_data_have_few_rows_for_their_features_and_nothing_else() {
    let config = TrainingConfig::from_file(Path::new("../../examples/wdbc.yaml")).unwrap().data;
    let path = Path::new("../../examples/data/wdbc.csv");
    let report =
        validate(&Table::from_csv_file(path, &config.table_format()).unwrap(), &config).unwrap();
    let [finding] = report.findings.as_slice() else { panic!("{report}") };
    assert_eq!((finding.severity, finding.check), (Severity::Warning, Check::ClassBalance));
    assert_eq!(finding.found, "212 rows of class `M` for 30 features: 7.1 for each");
}

#[test]
fn a_report_is_a_table_and_json() {
    let report = after(|row, cells| {
        if row == 3 {
            cells[6] = "much".into();
        }
    });
    let text = report.to_string();
    assert!(text.starts_with("t.csv: 100 rows, 1 error, 0 warnings\n"), "{text}");
    assert!(text.contains("error") && text.contains("`much`"), "{text}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["n_rows"], 100);
    assert_eq!(json["findings"][0]["check"], "type");
    assert_eq!(json["findings"][0]["severity"], "error");
    assert_eq!(json["findings"][0]["lines"], serde_json::json!([5]));
}

/// Where there are no errors, the dataset is read; where there are, it is not.
#[test]
fn errors_are_what_a_dataset_stops_at() {
    let config = DataConfig::from_yaml(DATA).unwrap();
    let cases: [fn(&mut [String; 10]); 6] = [
        |_| {},
        |cells| cells[6] = "much".into(),
        |cells| cells[7] = "1005".into(),
        |cells| cells[7] = "-1005".into(),
        |cells| cells[0] = "r0".into(),
        |cells| cells[5] = "B".into(),
    ];
    for plant in cases {
        let mut planted = rows();
        plant(&mut planted[3]);
        let text: Vec<String> = planted.iter().map(|row| row.join(",")).collect();
        let text = format!("{HEADER}\n{}\n", text.join("\n"));
        let table = Table::from_csv("t.csv", text.as_bytes(), &config.table_format()).unwrap();
        let is_read = crate::Dataset::from_table(&table, &config).is_ok();
        assert_eq!(validate(&table, &config).unwrap().has_errors(), !is_read);
    }
}
