use std::path::Path;

use super::*;
use crate::TrainingConfig;

mod planted;

use planted::{DATA, HEADER, after, mismatch, planted as rows_with, report, rows, table};

#[test]
fn a_table_without_defects_has_no_findings() {
    let report = report(DATA, HEADER, &rows());
    assert_eq!(report.findings, []);
    assert!(!report.has_errors());
    assert_eq!(report.to_string(), "t.csv: 100 rows, 0 errors, 0 warnings");
}

/// Each planted defect is found, and nothing else.
const CASES: &str = "
    line 5   p = ''       → error missing p, 1 line, found a missing value
    line 5   w = 0        → error type w, 1 line, found `0`
    line 5   t = soon     → error type t, 1 line, found `soon`
    line 5   s = val      → error type s, 1 line, found `val`
    line 5   y = B        → error classes y, 1 line, found `B`
    line 5   x = 1;5      → error type x, 1 line, found `1;5`
    line 5   x = <0.3     → error type x, 1 line, found `<0.3`
    line 5   x = -11      → error range x, 1 line, found `-11`
    line 5   z = 2.5      → error type z, 1 line, found `2.5`
    line 5   f = yes      → error type f, 1 line, found `yes`
    line 5   f = ''       → error missing f, 1 line, found a missing value
    line 5   c = w        → error levels c, 1 line, found `w`
    lines 2-5  id = r0    → error duplicate id id, 3 lines, found `r0`
    line 5   z = 1005     → error rule x above z, 1 line, found 1 row
    line 5   z = -1005    → warning rule z below x, 1 line, found 1 row
    line 62  p = p0       → error patient in partitions p, 1 line, found patient `p0`
    line 3   p = P0       → warning spelling p, 1 line, found `P0`, `p0` differ only in case
    every 4th line  z = ''     → warning missing z, 0 lines, found 25.0 % of the values
    all lines  f = 1           → warning constant f, 0 lines, found the same value in all 100 rows
    all lines  z = {line}      → warning id as feature z, 0 lines, found 100 different whole numbers
    all lines  c = u and lines 2-5  c = v               → warning levels c, 0 lines, found `v` in 4
    even lines  f = 0 and odd lines  f = 1              → warning leakage f, 0 lines, found one value for each class
    even lines  x = 0.{line} and odd lines  x = -5.{line} → warning leakage x, 0 lines, found an AUC of 1.0000 for class `b`
";

#[test]
fn each_planted_defect_is_found_and_nothing_else() {
    let cases: Vec<&str> = CASES.lines().filter(|case| !case.trim().is_empty()).collect();
    assert_eq!(cases.len(), 23);
    let mismatches: Vec<String> = cases.into_iter().filter_map(mismatch).collect();
    assert!(mismatches.is_empty(), "{}", mismatches.join("\n"));
}

#[test]
fn values_that_are_missing_in_one_class_are_found() {
    let report = after("even lines  z = ''");
    let [missing, leakage] = report.findings.as_slice() else { panic!("{report}") };
    assert_eq!((missing.check, leakage.check), (Check::Missing, Check::Leakage));
    assert_eq!(leakage.found, "missing values: an AUC of 1.0000 for class `b`");
}

#[test]
fn a_class_that_is_rare_or_absent_is_found() {
    let report = after("all lines  y = a and every 33th line  y = b");
    let found: Vec<&str> = report.findings.iter().map(|finding| finding.found.as_str()).collect();
    let expected =
        ["4 of 100 rows of class `b`", "4 rows of class `b` for 4 features: 1.0 for each"];
    assert_eq!(found, expected);
    let report = after("all lines  y = a");
    assert!(report.has_errors());
    assert_eq!(report.findings[0].found, "no rows of class `b`");
}

#[test]
fn duplicate_rows_are_found_and_whether_they_are_in_several_partitions() {
    let mut planted = rows();
    let first = planted[0][6..].to_vec();
    for row in [2, 61] {
        planted[row][6..].clone_from_slice(&first);
    }
    let report = report(DATA, HEADER, &planted);
    let [duplicate, in_partitions] = report.findings.as_slice() else { panic!("{report}") };
    assert_eq!((duplicate.check, &*duplicate.lines), (Check::DuplicateRow, [4, 63].as_slice()));
    let found = "2 rows with the same features as an earlier one, 1 of them of another class";
    assert_eq!(duplicate.found, found);
    assert_eq!(in_partitions.check, Check::RowInPartitions);
    assert_eq!(in_partitions.lines, [63]);
}

#[test]
fn a_column_in_another_unit_is_found() {
    let mut planted = rows();
    for row in planted.iter_mut().step_by(3) {
        let value: f64 = row[6].parse().unwrap();
        row[6] = (value * 1000.0).to_string();
    }
    let report = report(DATA, HEADER, &planted);
    let unit = report.findings.iter().find(|finding| finding.check == Check::Unit).unwrap();
    assert_eq!(unit.found, "34 implausible values that would be plausible in g/dL");
    assert_eq!((unit.lines.len(), unit.n_lines), (10, 34));
    assert!(
        report.to_string().contains("2, 5, 8, 11, 14, 17, 20, 23, 26, 29 and 24 more"),
        "{report}"
    );
}

#[test]
fn features_with_the_same_information_are_found() {
    let mut planted = rows();
    for row in &mut planted {
        let x: f64 = row[6].parse().unwrap();
        row[7] = format!("{}", -(x * 10.0).round());
    }
    let report = report(DATA, HEADER, &planted);
    let [finding] = report.findings.as_slice() else { panic!("{report}") };
    assert_eq!(finding.check, Check::Correlation);
    assert_eq!(finding.column.as_deref(), Some("x and z"));
    assert_eq!(finding.found, "a correlation of -1.0000");
}

#[test]
fn columns_that_are_absent_or_not_named_are_found_with_all_else() {
    let header = HEADER.replace(",c", ",d").replace("id,", "name,");
    let report = report(DATA, &header, &rows_with("line 5  x = much"));
    let found: Vec<_> =
        report.findings.iter().map(|finding| (finding.check, finding.column.as_deref())).collect();
    let columns = ["id", "c", "name", "d"].map(|column| (Check::Columns, Some(column)));
    assert_eq!(found[..4], columns);
    assert_eq!(found[4..], [(Check::Type, Some("x"))]);
}

#[test]
fn defects_of_a_column_are_separate_and_those_that_its_policy_accepts_are_warnings() {
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
    assert_eq!(range.expected, "a number from -10 to 10, unit `mg/dL`");
}

#[test]
fn a_cell_of_another_type_that_is_imputed_is_a_warning_with_its_line() {
    let lenient = DATA.replace(
        "policy: { missing: impute } }\n    - { name: z",
        "policy: { missing: impute, wrong_type: impute } }\n    - { name: z",
    );
    let report = report(&lenient, HEADER, &rows_with("line 6  x = <0.3 and line 7  x = ''"));
    let [finding] = report.findings.as_slice() else { panic!("{report}") };
    assert_eq!((finding.severity, finding.check), (Severity::Warning, Check::Type));
    assert_eq!((&*finding.found, finding.lines.as_slice()), ("`<0.3`", [6].as_slice()));
    assert!(finding.expected.starts_with("a number"), "{}", finding.expected);
}

#[test]
fn classes_and_levels_that_differ_only_in_spelling_are_warned_of() {
    let data = DATA
        .replace("negative: a, positive: b", "classes: [a, b, B]")
        .replace("levels: [u, v]", "levels: [u, v, V]");
    let mut planted = rows_with("lines 50-59  y = B");
    for row in &mut planted[20..24] {
        row[9] = "V".into();
    }
    let report = report(&data, HEADER, &planted);
    let of_spelling = report.findings.iter().filter(|finding| finding.check == Check::Spelling);
    let found: Vec<(&str, &str, usize)> = of_spelling
        .map(|own| (own.column.as_deref().unwrap_or(""), own.found.as_str(), own.n_lines))
        .collect();
    let expected =
        [("y", "`B`, `b` differ only in case", 10), ("c", "`V`, `v` differ only in case", 4)];
    assert_eq!(found, expected);
    assert!(!report.has_errors());
}

/// The reference data have no defects; that they have few rows for thirty features is true.
#[test]
fn the_reference_data_have_few_rows_for_their_features_and_no_other_finding() {
    let config = TrainingConfig::from_file(Path::new("../../examples/wdbc.yaml")).unwrap().data;
    let path = Path::new("../../examples/data/wdbc.csv");
    let table = Table::from_csv_file(path, &config.table_format()).unwrap();
    let report = validate(&table, &config).unwrap();
    let [finding] = report.findings.as_slice() else { panic!("{report}") };
    assert_eq!((finding.severity, finding.check), (Severity::Warning, Check::ClassBalance));
    assert_eq!(finding.found, "212 rows of class `M` for 30 features: 7.1 for each");
}

#[test]
fn a_report_is_a_table_and_json() {
    let report = after("line 5  x = much");
    let text = report.to_string();
    assert!(text.starts_with("t.csv: 100 rows, 1 error, 0 warnings\n"), "{text}");
    assert!(text.contains("error") && text.contains("`much`"), "{text}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["n_rows"], 100);
    assert_eq!(json["findings"][0]["check"], "type");
    assert_eq!(json["findings"][0]["severity"], "error");
    assert_eq!(json["findings"][0]["lines"], serde_json::json!([5]));
}

/// Without errors, the dataset is read; with errors, it is not.
#[test]
fn errors_are_what_a_dataset_stops_at() {
    let config = DataConfig::from_yaml(DATA).unwrap();
    let cases = [
        "line 5  w = 1",
        "line 5  x = much",
        "line 5  z = 1005",
        "line 5  z = -1005",
        "line 5  id = r0",
        "line 5  y = B",
    ];
    for case in cases {
        let table = table(&config, HEADER, &rows_with(case));
        let is_read = crate::Dataset::from_table(&table, &config).is_ok();
        assert_eq!(validate(&table, &config).unwrap().has_errors(), !is_read, "{case}");
    }
}
