use std::path::Path;

use super::*;
use crate::Dataset;
use crate::table::TableFormat;

const TABLE: &str = "\
visit_id,patient,visited,part,smoker,sex,stage,age,creatinine,note,empty,always,died
v1,p1,2024-01-01,train,no,f,II,64,1.25,fine,,x,0
v2,p1,2024-02-01,train,yes,m,I,58,NA,tired,NA,x,1
v3,p2,2024-01-15,test,no,f,III,71,0.9,\"was, well\",,x,0
v4,p3,2024-03-01,test,yes,m,I,44,?,-,,x,1
v5,p3,2024-03-02,test,yes,x,I,44,7.1,better,,x,1
";

fn draft(text: &str, options: &InferOptions) -> Result<Draft, Error> {
    infer_schema(&Table::from_csv("t.csv", text.as_bytes(), &options.csv.into())?, options)
}

#[test]
fn a_draft_says_what_was_seen() {
    let options = InferOptions { max_levels: 3, ..InferOptions::default() };
    let draft = draft(TABLE, &options).unwrap();
    let expected = "\
# Drafted from a table. Check every line: kinds, units, what is plausible, and whether each
# feature is known before the target.
data:
  missing: [\"\", NA, \"?\", \"-\"]
  row_id: visit_id  # different in every row, by its name
  patient: patient  # 3 patients, by its name
  time: visited  # dates
  split: part  # by its texts
  target: { column: died, negative: \"0\", positive: \"1\" }  # classes `0`, `1`; check which one is the positive one
  features:
    - { name: smoker, kind: boolean, texts: [\"no\", \"yes\"] }  # two values
    - { name: sex, kind: category, levels: [f, m, x] }  # 3 different texts
    - { name: stage, kind: category, levels: [I, II, III] }  # 3 different texts
    - { name: age, kind: integer }  # from 44 to 71; if that is all that is plausible, range: [44, 71]
    - { name: creatinine, kind: number, policy: { missing: impute } }  # from 0.9 to 7.1; if that is all that is plausible, range: [0.9, 7.1]; 2 of 5 missing
  ignored:
    - note  # 4 different texts; 1 of 5 missing; too many for levels
    - empty  # no values; 5 of 5 missing
    - always  # 1 different texts; always the same
";
    assert_eq!(draft.to_yaml(), expected);
    let read = DataConfig::from_yaml(&draft.to_yaml()).unwrap();
    assert_eq!(read, draft.config);
    let dataset = Dataset::from_csv("t.csv", TABLE.as_bytes(), &read).unwrap();
    assert_eq!(dataset.classes(), [0, 1, 0, 1, 1]);
}

#[test]
fn a_text_that_differs_in_every_row_names_the_rows() {
    let options = InferOptions { max_levels: 2, ..InferOptions::default() };
    let draft = draft("who,y,a\nR1,no,1\nR2,yes,2\nR3,no,3\n", &options).unwrap();
    assert_eq!(draft.config.row_id.as_deref(), Some("who"));
    assert!(draft.to_yaml().contains("row_id: who  # different in every row\n"));
}

#[test]
fn a_draft_of_the_reference_data_reads_them() {
    let path = Path::new("../../examples/data/wdbc.csv");
    let table = Table::from_csv_file(path, &TableFormat::default()).unwrap();
    let draft = infer_schema(&table, &InferOptions::default()).unwrap();
    assert_eq!(draft.config.row_id.as_deref(), Some("row_id"));
    assert_eq!(draft.config.target, TargetConfig::binary("diagnosis", "B", "M"));
    assert_eq!(draft.config.features.len(), 30);
    assert!(draft.config.features.iter().all(|feature| feature.kind == Kind::Number));
    let read = DataConfig::from_yaml(&draft.to_yaml()).unwrap();
    assert_eq!(Dataset::from_table(&table, &read).unwrap().n_rows(), 569);
}

#[test]
fn names_and_texts_that_yaml_could_misread_survive() {
    let text = "id;no;#x: y;\"a\"\"b\"; grün ;1e3;null;y\n\
        1;a;1;yes;1;0.5;true;true\n2;b;2;null;2;1.5;false;false\n3;~;3;off;4;2.5;1;true\n";
    let csv = CsvConfig { delimiter: Some(';'), ..CsvConfig::default() };
    let options = InferOptions { csv, target: Some("y".into()), ..InferOptions::default() };
    let draft = draft(text, &options).unwrap();
    assert_eq!(
        DataConfig::from_yaml(&draft.to_yaml()).unwrap(),
        draft.config,
        "{}",
        draft.to_yaml()
    );
    assert_eq!(draft.config.features[0].levels, ["a", "b", "~"]);
    let dataset = Dataset::from_csv("t.csv", text.as_bytes(), &draft.config).unwrap();
    assert!(dataset.has_missing_values());
}

#[test]
fn the_target_is_asked_for_or_guessed() {
    let options = InferOptions { target: Some("stage".into()), ..InferOptions::default() };
    assert_eq!(draft(TABLE, &options).unwrap().config.target.classes, ["I", "II", "III"]);
    let cases = [
        ("nowhere", "t.csv: no column `nowhere`"),
        ("always", "t.csv: column `always` has fewer than 2 classes"),
    ];
    for (target, message) in cases {
        let options = InferOptions { target: Some(target.into()), ..InferOptions::default() };
        assert_eq!(draft(TABLE, &options).unwrap_err().to_string(), message);
    }
    let error = draft("a,b\n1.5,2.5\n2.5,3.5\n", &InferOptions::default()).unwrap_err().to_string();
    assert_eq!(error, "t.csv: no column that is likely the target; name it");
    let error = draft("id,y\n1,a\n2,b\n3,a\n", &InferOptions::default()).unwrap_err().to_string();
    assert_eq!(error, "t.csv: no column that can be a feature");
}

#[test]
fn numbers_are_rounded_outwards_to_two_digits() {
    let cases = [(0.0, 0.0), (6.981, 6.9), (28.11, 28.0), (1234.0, 1200.0), (-1234.0, -1300.0)];
    for (value, expected) in cases {
        assert_eq!(column::rounded_down(value), expected);
    }
    assert!((column::rounded_down(0.001_239) - 0.0012).abs() < 1e-12);
}
