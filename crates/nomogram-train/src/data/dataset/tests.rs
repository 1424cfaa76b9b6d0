use super::*;
use crate::data::config::{FeatureConfig, TargetConfig};

fn config() -> DataConfig {
    let target = TargetConfig::binary("y", "B", "M");
    let features = vec![FeatureConfig::number("a"), FeatureConfig::number("b")];
    DataConfig {
        row_id: Some("id".into()),
        ignored: vec!["note".into()],
        ..DataConfig::new(target, features)
    }
}

fn read(text: &str) -> Result<Dataset, Error> {
    Dataset::from_csv("t.csv", text.as_bytes(), &config())
}

#[test]
fn columns_are_found_by_name() {
    let dataset = read("y,b,note,id,a\nM, 2.5 ,x,7,1\nB,-1e3,y,8,0\n").unwrap();
    assert_eq!(dataset.values(), ndarray::array![[1.0, 2.5], [0.0, -1000.0]]);
    assert_eq!(dataset.classes(), [1, 0]);
    assert_eq!(dataset.row_ids(), ["7", "8"]);
}

#[test]
fn bad_tables_are_refused_with_place_found_and_expected() {
    let cases = [
        ("", "t.csv: no header, expected a line of column names"),
        ("id,y,a,b\n", "t.csv: no rows after the header"),
        ("id,y,a\n1,B,2\n", "t.csv: line 1: no column `b`; the columns are `id`, `y`, `a`"),
        (
            "id,y,a,b,c\n1,B,2,3,4\n",
            "t.csv: column `c` is not in the configuration; name it under `features` or `ignored`",
        ),
        ("id,y,a,b,a\n1,B,2,3,4\n", "t.csv: line 1: duplicate column `a`"),
        ("id,y,a,b\n1,B,2,3\n2,M,x,3\n", "t.csv: line 3: column `a`: found `x`, expected a number"),
        (
            "id,y,a,b\n1,B,2,\n2,M,1,3\n",
            "t.csv: line 2: column `b`: found a missing value, expected a number",
        ),
        (
            "id,y,a,b\n1,B,2,inf\n",
            "t.csv: line 2: column `b`: found `inf`, expected a finite number",
        ),
        (
            "id,y,a,b\n1,B,2,NaN\n",
            "t.csv: line 2: column `b`: found `NaN`, expected a finite number",
        ),
        (
            "id,y,a,b\n1,X,2,3\n",
            "t.csv: line 2: column `y`: found `X`, expected one of the classes `B`, `M`",
        ),
        (
            "id,y,a,b\n1,B,2,3\n1,M,2,3\n",
            "t.csv: line 3: column `id`: found `1`, expected a row id that appears only once",
        ),
        (
            "id,y,a,b\n1,B,2,3\n",
            "t.csv: 1 rows of class `B` and 0 of `M`, expected at least 1 of each",
        ),
    ];
    for (text, message) in cases {
        assert_eq!(read(text).unwrap_err().to_string(), message);
    }
    let ragged = read("id,y,a,b\n1,B,2\n").unwrap_err().to_string();
    assert_eq!(ragged, "t.csv: line 2: found 3 cells, expected 4");
}

const FEATURES: &str = r#"
data:
  missing: ["", NA]
  row_id: id
  target: { column: y, negative: B, positive: M }
  features:
    - { name: n, range: [0, 10], policy: { missing: impute, out_of_range: clamp, wrong_type: impute } }
    - { name: i, kind: integer }
    - { name: b, kind: boolean, texts: ["no", "yes"], policy: { missing: impute } }
    - { name: c, kind: category, levels: [low, high], policy: { unseen_level: take } }
  rules:
    - name: n below i
      quantity: { difference: { minuend: i, subtrahend: n } }
      low: 0
      action: refuse
"#;

fn read_by(yaml: &str, text: &str) -> Result<Dataset, Error> {
    Dataset::from_csv("t.csv", text.as_bytes(), &DataConfig::from_yaml(yaml).unwrap())
}

#[test]
fn kinds_and_policies_make_the_numbers_that_a_model_gets() {
    let text = "id,y,n,i,b,c\n\
        1,B,2.5,7,no,low\n2,M,NA,-3,yes,high\n3,B,99,1e3,,mid\n4,M,lots,9007199254740992,yes,low\n";
    let dataset = read_by(FEATURES, text).unwrap();
    let (nan, large) = (f64::NAN, 9_007_199_254_740_992.0);
    let expected = [
        [2.5, 7.0, 0.0, 0.0],
        [nan, -3.0, 1.0, 1.0],
        [10.0, 1000.0, nan, 2.0],
        [nan, large, 1.0, 0.0],
    ];
    let values = dataset.values().iter().map(|value| value.to_bits());
    assert!(values.eq(expected.iter().flatten().map(|value| value.to_bits())), "{dataset:?}");
    assert!(dataset.has_missing_values());
    assert!(!dataset.select(&[0]).has_missing_values());
}

#[test]
fn refused_cells_are_reported_with_place_and_expectation() {
    let cases = [
        ("1,B,inf,7,no,low", "column `n`: found `inf`, expected a finite number"),
        ("1,B,nan,7,no,low", "column `n`: found `nan`, expected a finite number"),
        ("1,B,2,7.5,no,low", "column `i`: found `7.5`, expected a whole number"),
        ("1,B,2,9007199254740993,no,low", "column `i`: found `9007199254740993`, expected a whole"),
        ("1,B,2,NA,no,low", "column `i`: found `NA`, a missing value, expected a whole number"),
        ("1,B,2,7,true,low", "column `b`: found `true`, expected `no` or `yes`"),
        (
            "1,B,2,7,no,NA",
            "column `c`: found `NA`, a missing value, expected one of the levels `low`, `high`",
        ),
        ("1,B,9,7,no,low", "line 2: rule `n below i`: broken by `i` = 7, `n` = 9"),
    ];
    for (row, message) in cases {
        let error = read_by(FEATURES, &format!("id,y,n,i,b,c\n{row}\n")).unwrap_err().to_string();
        assert!(error.starts_with("t.csv: line 2: ") && error.contains(message), "{row}: {error}");
    }
    let strict = FEATURES.replace("out_of_range: clamp, ", "");
    let error = read_by(&strict, "id,y,n,i,b,c\n1,B,99,7,no,low\n").unwrap_err().to_string();
    assert!(error.ends_with("column `n`: found `99`, expected a number from 0 to 10"), "{error}");
}

const ROLES: &str = r#"
data:
  patient: p
  weight: w
  time: t
  split: s
  target: { column: y, classes: [a, b, c] }
  features: [{ name: n }]
"#;

#[test]
fn rows_have_patients_weights_times_and_parts() {
    let text = "p,w,t,s,y,n\nx,1,2024-01-01,train,b,1\n\nz,0.5,1970-01-02,test,a,2\n\
        x,2,2024-01-01T01:00+01:00,calibration,c,3\n";
    let dataset = read_by(ROLES, text).unwrap();
    assert_eq!(dataset.row_ids(), ["2", "4", "5"], "lines, where rows have no names");
    assert_eq!(dataset.n_classes(), 3);
    assert_eq!(dataset.classes(), [1, 0, 2]);
    assert_eq!(dataset.weights().unwrap(), [1.0, 0.5, 2.0]);
    let new_year = 1_704_067_200.0;
    assert_eq!(dataset.times().unwrap(), [new_year, 86_400.0, new_year]);
    assert_eq!(
        dataset.partitions().unwrap(),
        [Partition::Train, Partition::Test, Partition::Calibration]
    );
    let selected = dataset.select(&[2, 1]);
    assert_eq!(selected.patients().unwrap(), ["x", "z"]);
    assert_eq!(selected.weights().unwrap(), [2.0, 0.5]);
    assert_eq!(selected.partitions().unwrap(), [Partition::Calibration, Partition::Test]);
    assert_ne!(dataset.digest(), read_by(ROLES, &text.replace(",0.5,", ",0.6,")).unwrap().digest());
}

#[test]
fn cells_that_do_not_suit_their_column_are_refused() {
    let cases = [
        (",1,1,train,a,1", "column `p`: found a missing value, expected the name of a patient"),
        ("x,0,1,train,a,1", "column `w`: found `0`, expected a positive number"),
        ("x,inf,1,train,a,1", "column `w`: found `inf`, expected a positive number"),
        ("x,,1,train,a,1", "column `w`: found a missing value, expected a positive number"),
        (
            "x,1,2024-01-01,train,a,1",
            "column `t`: found `2024-01-01`, expected a finite number, as",
        ),
        ("x,1,soon,train,a,1", "column `t`: found `soon`, expected a finite number"),
        ("x,1,1,validation,a,1", "found `validation`, expected `train`, `calibration` or `test`"),
        ("x,1,1,train,d,1", "column `y`: found `d`, expected one of the classes `a`, `b`, `c`"),
    ];
    for (row, message) in cases {
        let text = format!("p,w,t,s,y,n\nx,1,1,train,a,1\n{row}\n");
        let error = read_by(ROLES, &text).unwrap_err().to_string();
        assert!(error.starts_with("t.csv: line 3: ") && error.contains(message), "{row}: {error}");
    }
    let dates = "p,w,t,s,y,n\nx,1,2024-01-01,train,a,1\nx,1,2024,train,a,1\n";
    let error = read_by(ROLES, dates).unwrap_err().to_string();
    assert!(error.contains("found `2024`, expected a date as in `2024-02-29`"), "{error}");
    let one = "p,w,t,s,y,n\nx,1,1,train,c,1\n";
    let error = read_by(ROLES, one).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "0 rows of class `a` and 0 of `b` and 1 of `c`, expected at least 1 of each"
        )
    );
}

/// Of the first version: values, then the class as a byte.
#[test]
fn the_digest_of_rows_without_weights_stays_what_it_was() {
    let dataset = read("id,y,a,b\n1,M,2,3\n2,B,-0.0,1e-5\n").unwrap();
    let mut bytes = Vec::new();
    for (values, class) in [([2.0_f64, 3.0], 1), ([-0.0, 1e-5], 0)] {
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        bytes.push(class);
    }
    assert_eq!(dataset.digest(), Digest::of(&bytes));
}

#[test]
fn a_refused_row_is_named_by_its_place_in_the_table() {
    let config = DataConfig::from_yaml(
        "data: { target: { column: y, classes: [a, b] }, features: [{ name: x }, { name: z, kind: \
         category, levels: [i, ii] }] }",
    );
    let config = config.unwrap();
    let text = "x,z,y\n1,i,a\n\n2,ii,b\n3,i,a\n400,ii,b\n";
    let dataset = Dataset::from_csv("t.csv", text.as_bytes(), &config).unwrap().select(&[1, 3]);
    let of_row = Error::Row { row: 1, detail: "linear: `x` is missing".into() };
    let located = dataset.located(of_row, dataset.schema()).to_string();
    assert_eq!(located, "t.csv: line 6: linear: `x` is missing");
    // A model whose range is narrower than that of the configuration.
    let mut features = dataset.schema().features().to_vec();
    features[0].range = Some(nomogram::Range { low: 0.0, high: 120.0 });
    let target = nomogram::Target::of_classes("y", ["a", "b"]);
    let schema = Schema::new(features, target).unwrap();
    let refused = |feature: usize, kind: nomogram::ErrorKind| {
        let error = nomogram::Error::new(kind, "refused")
            .within(nomogram::Place::Feature(feature))
            .within(nomogram::Place::Row(1));
        dataset.located(error.into(), &schema).to_string()
    };
    assert_eq!(
        refused(0, nomogram::ErrorKind::OutOfRange),
        "t.csv: line 6: column `x`: found the number 400.0, expected a number from 0 to 120, as the \
         model takes it"
    );
    assert!(
        refused(1, nomogram::ErrorKind::UnseenLevel)
            .contains("line 6: column `z`: found text `ii`")
    );
    let elsewhere = nomogram::Error::new(nomogram::ErrorKind::OutOfRange, "somewhere");
    let elsewhere = dataset.located(elsewhere.into(), &schema).to_string();
    assert!(elsewhere.starts_with("the model is refused: "), "{elsewhere}");
}
