use nomogram::{Action, FeatureKind, Quantity, RuleAction};

use super::*;

const FULL: &str = r#"
data:
  csv: { delimiter: ";", quote: "'", encoding: windows-1252 }
  missing: ["", NA, "?"]
  row_id: row_id
  patient: patient_id
  weight: w
  time: visited
  split: part
  target: { column: y, classes: [a, b, c] }
  features:
    - name: creatinine
      kind: number
      unit: mg/dL
      alternative_units: [{ code: umol/L, divisor: 88.42 }]
      range: [0.1, 30]
      policy: { missing: impute, out_of_range: clamp }
    - { name: stage, kind: category, levels: [I, II, III], policy: { unseen_level: take } }
    - { name: smoker, kind: boolean, texts: [no, yes] }
    - { name: age, kind: integer }
    - { name: age_at_first, kind: integer }
  rules:
    - name: order
      quantity: { difference: { minuend: age, subtrahend: age_at_first } }
      low: 0
      action: refuse
    - name: ratio
      quantity: { ratio: { factors: [creatinine], divisors: [age], constant: 2 } }
      high: 9
      action: flag
  ignored: [note]
"#;

fn refused(right: &str, wrong: &str) -> String {
    assert!(FULL.contains(right), "{right}");
    DataConfig::from_yaml(&FULL.replacen(right, wrong, 1)).unwrap_err().to_string()
}

#[test]
fn every_key_reaches_the_schema() {
    let config = DataConfig::from_yaml(FULL).unwrap();
    assert_eq!(
        config.csv,
        CsvConfig {
            delimiter: Some(';'),
            quote: '\'',
            encoding: Encoding::Windows1252,
            ..CsvConfig::default()
        }
    );
    assert_eq!(config.missing, ["", "NA", "?"]);
    let schema = config.schema().unwrap();
    assert_eq!(schema.target().classes(), ["a", "b", "c"]);
    let [creatinine, stage, smoker, age, _] = schema.features() else { panic!("five features") };
    assert_eq!(creatinine.alternative_units[0].divisor, 88.42);
    assert_eq!(creatinine.alternative_units[0].multiplier, 1.0);
    assert_eq!(creatinine.range.unwrap().high, 30.0);
    assert_eq!(creatinine.policy.missing, Action::Impute);
    assert_eq!(creatinine.policy.out_of_range, Action::Clamp);
    assert_eq!(creatinine.policy.infinite, Action::Refuse);
    assert_eq!(stage.levels(), ["I", "II", "III"]);
    assert_eq!(stage.policy.unseen_level, Action::Take);
    assert_eq!(smoker.kind, FeatureKind::Boolean);
    assert_eq!(config.features[2].texts, Some(["no".into(), "yes".into()]));
    assert_eq!(age.kind, FeatureKind::Integer);
    let [order, ratio] = schema.rules() else { panic!("two rules") };
    assert_eq!(order.quantity, Quantity::Difference { minuend: 3, subtrahend: 4 });
    assert_eq!((order.low, order.action), (Some(0.0), RuleAction::Refuse));
    let quantity = Quantity::Ratio { factors: vec![0], divisors: vec![3], constant: 2.0 };
    assert_eq!((&ratio.quantity, ratio.action), (&quantity, RuleAction::Flag));
}

#[test]
fn what_contradicts_itself_is_refused_with_its_place() {
    let cases = [
        ("[a, b, c]", "[a, b, a]", "data: class 3: duplicate name `a`"),
        ("classes: [a, b, c]", "classes: [a]", "data: 1 classes, expected at least 2"),
        ("classes: [a, b, c]", "classes: [a, a]", "data: target: both classes are `a`"),
        ("classes: [a, b, c]", "negative: a", "expected `negative` and `positive`, or `classes`"),
        ("quote: \"'\"", "quote: ;", "data: both delimiter and quote are ';'"),
        ("delimiter: \";\"", "delimiter: ä", "data: delimiter: 'ä', expected an ASCII"),
        ("encoding: windows-1252", "encoding: ebcdic", "ebcdic"),
        ("patient_id", "row_id", "data: column `row_id` is both the row id and the patient"),
        ("[note]", "[stage]", "data: column `stage` is both a feature and ignored"),
        ("name: smoker", "name: stage", "data: duplicate column `stage`: a feature twice"),
        ("kind: category", "kind: number", "feature `stage`: `levels`, but it is not a category"),
        ("levels: [I, II, III]", "levels: []", "feature 2: `stage`: no levels"),
        ("kind: boolean", "kind: integer", "feature `smoker`: `texts`, but it is not a boolean"),
        ("[no, yes]", "[no, no]", "feature `smoker`: both `texts` are the same"),
        ("kind: integer", "kind: whole", "whole"),
        ("out_of_range: clamp", "missing_values: clamp", "missing_values"),
        (
            "range: [0.1, 30]",
            "range: [30, 0.1]",
            "feature 1: `creatinine`: plausible range [30, 0.1]",
        ),
        ("missing: impute", "missing: take", "feature 1: `creatinine`: policy take is not allowed"),
        ("divisor: 88.42", "divisor: 0", "feature 1: `creatinine`: unit 1: conversion by"),
        ("minuend: age", "minuend: weight", "rule `order`: `weight` is not a feature"),
        ("low: 0", "", "rule 1: `order`: expected at least one finite bound"),
        ("ignored:", "ignore:", "ignore"),
    ];
    for (right, wrong, message) in cases {
        let error = refused(right, wrong);
        assert!(
            error.starts_with("configuration: ") && error.contains(message),
            "{wrong}: {error}"
        );
    }
}

/// What the keys of the first version are written as must not change: digests are made of it.
#[test]
fn the_digest_of_a_configuration_without_later_keys_stays_what_it_was() {
    let config = DataConfig {
        row_id: Some("id".into()),
        ignored: vec!["note".into()],
        ..DataConfig::new(
            TargetConfig::binary("y", "B", "M"),
            vec![FeatureConfig { unit: Some("1".into()), ..FeatureConfig::number("a") }],
        )
    };
    let json = serde_json::to_string(&config).unwrap();
    let then = r#"{"row_id":"id","target":{"column":"y","negative":"B","positive":"M"},"features":[{"name":"a","unit":"1"}],"ignored":["note"]}"#;
    assert_eq!(json, then);
    let whole = r#"{"model":{"name":"m","version":"1"},"data":{"target":{"column":"y","negative":"B","positive":"M"},"features":[{"name":"a","unit":null}],"ignored":[]},"seed":1,"validation":{"n_folds":10,"min_auc":0.6},"members":[{"name":"linear","input":"scaled","weight":1.0,"learner":{"logistic_regression":{"c":0.3,"class_weight":"balanced"}}},{"name":"trees","input":"raw","weight":1.0,"learner":{"boosted_trees":{"n_trees":200,"learning_rate":0.1,"max_depth":3,"min_rows_per_leaf":1,"subsample":0.5}}},{"name":"network","input":"scaled","weight":2.0,"learner":{"network":{"hidden":[64,32],"activation":"relu","l2":0.01,"learning_rate":0.003,"batch_rows":64,"max_epochs":100,"early_stopping":null}}}],"combiner":"soft_vote","allow_uninformative_members":false}"#;
    let config = crate::TrainingConfig::from_yaml(whole).unwrap();
    assert_eq!(serde_json::to_string(&config).unwrap(), whole);
}

#[test]
fn what_is_written_as_json_is_read_again() {
    let config = DataConfig::from_yaml(FULL).unwrap();
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<DataConfig>(&json).unwrap(), config);
}

/// In training, an imputed cell is a missing value, so both are imputed or neither.
#[test]
fn other_cells_are_imputed_only_where_missing_ones_are() {
    let config = |policy: &str| {
        let yaml = format!(
            "data: {{ target: {{ column: y, negative: a, positive: b }}, \
             features: [{{ name: x }}, {{ name: z, {policy} }}] }}"
        );
        DataConfig::from_yaml(&yaml)
    };
    let number = ["not_a_number", "infinite", "out_of_range", "wrong_type"]
        .map(|key| (key, "kind: number, range: [0, 1]"));
    let category = [("unseen_level", "kind: category, levels: [i, ii]")];
    for (key, kind) in number.into_iter().chain(category) {
        let policy = |others: &str| format!("{kind}, policy: {{ {key}: impute{others} }}");
        let error = config(&policy("")).unwrap_err().to_string();
        let expected = format!("policy: `{key}: impute` without `missing: impute`, expected both");
        assert!(error.contains(&expected) && error.contains('z'), "{key}: {error}");
        config(&policy(", missing: impute")).unwrap();
        let error = config(&policy(", missing: clamp"));
        assert!(error.is_err(), "{key}");
    }
    config("kind: number, policy: { missing: impute }").unwrap();
    config("kind: number, policy: { unset: impute }").unwrap();
}

#[test]
fn spaces_around_the_texts_of_a_format_do_not_count() {
    let yaml = "data: { missing: [\" N/A \", \" \"], booleans: { true: [\" ja\"] }, \
                target: { column: y, negative: a, positive: b }, features: [{ name: x }] }";
    let format = DataConfig::from_yaml(yaml).unwrap().table_format();
    assert!(format.is_missing("N/A") && format.is_missing(" N/A"));
    assert_eq!((format.missing.len(), format.booleans.true_texts), (1, vec!["ja".to_owned()]));
}

#[test]
fn names_that_nobody_can_tell_apart_are_refused() {
    let cases = [
        ("name: age_at_first", "name: \"smoker\\u200B\"", "features: `smoker`, `smoker\\u{200b}`"),
        (
            "classes: [a, b, c]",
            "classes: [\"\\u00E9\", \"e\\u0301\"]",
            "differ only in Unicode form",
        ),
        ("name: smoker", "name: \"smok\\u200Ber\"", "U+200B, which has no width"),
    ];
    for (right, wrong, message) in cases {
        let error = refused(right, wrong);
        assert!(error.contains(message), "{error}");
    }
}
