use std::fmt::Write as _;

use nomogram_stats::random::Random;

use super::*;
use crate::data::{Check, Severity};
use crate::train;

const REST: &str = r#"
model: { name: case, version: "1.0" }
seed: 1
validation: { n_folds: 5, min_auc: 0.55 }
members:
  - name: linear
    input: scaled
    weight: 1.0
    learner: { logistic_regression: { c: 1.0, class_weight: equal } }
  - name: trees
    input: raw
    weight: 1.0
    learner: { boosted_trees: { n_trees: 5, learning_rate: 0.1, max_depth: 2, min_rows_per_leaf: 5, subsample: 1.0 } }
combiner: soft_vote
"#;

fn data_of_patients() -> String {
    r#"
data:
  row_id: id
  patient: pat
  ignored: [part]
  target: { column: died, negative: "no", positive: "yes" }
  features:
    - { name: age, range: [0, 120] }
    - { name: creatinine, range: [0, 100] }
    - { name: stage, kind: category, levels: [I, II, III] }
"#
    .to_owned()
}

/// Whether training refuses a table: every step up to the end of the fits.
fn train_refuses(config: &TrainingConfig, table: &Table) -> Option<Error> {
    let train = || {
        let dataset = Dataset::from_table(table, &config.data)?;
        let partitions = config.partitions(&dataset)?;
        let nobody = &mut |_: usize, _: usize, _: &str| {};
        train(config, &dataset.select(&partitions.train), nobody)
    };
    match train() {
        Ok(_)
        | Err(Error::NotConverged(_) | Error::Separated { .. } | Error::UninformativeMembers(_)) => {
            None
        }
        Err(error) => Some(error),
    }
}

/// The message of the only error, if there is one; training then has the same.
fn refusal(yaml: &str, text: &str) -> Option<String> {
    let config = TrainingConfig::from_yaml(yaml).unwrap_or_else(|error| panic!("{error}: {yaml}"));
    let table = Table::from_csv("t.csv", text.as_bytes(), &config.data.table_format()).unwrap();
    let report = validate_training(&config, &table).unwrap();
    let refused = train_refuses(&config, &table);
    let errors: Vec<&Finding> = report.of(Severity::Error).collect();
    match (errors.as_slice(), refused) {
        ([], None) => None,
        ([finding], Some(error)) if finding.check == Check::Training => {
            assert_eq!(finding.found, error.to_string());
            Some(finding.found.clone())
        }
        (_, refused) => panic!("{report}\ntraining: {refused:?}"),
    }
}

/// Splits of the patients' table, and why training refuses it.
#[test]
fn validation_and_training_refuse_the_same_splits() {
    let text = include_str!("patients.csv");
    let by_column = |splits: &str| {
        let data = data_of_patients().replace("ignored: [part]", "split: part");
        format!("{data}{REST}splits: {splits}\n")
    };
    let yaml = |splits: &str| format!("{}{REST}splits: {splits}\n", data_of_patients());
    let refused = [
        (yaml("{ test: { share: 0.25 }, folds: { n: 5, by: stratified } }"), "split by patient"),
        (yaml("{ folds: { n: 40, by: patient } }"), "fewer than the 40 folds"),
        (yaml("{ test: { share: 0.001 }, folds: { n: 5, by: patient } }"), "no row of class"),
        (yaml("{ folds: { n: 3, by: time } }"), "needs a column"),
        (yaml("{ test: { latest: 0.2 }, folds: { n: 3, by: patient } }"), "needs a column"),
        (yaml("{ test: { column: true }, folds: { n: 3, by: patient } }"), "needs a column"),
        (
            data_of_patients().replace("patient: pat", "ignored: [part, pat]").replacen(
                "  ignored: [part]\n",
                "",
                1,
            ) + REST
                + "splits: { folds: { n: 25, by: stratified } }\n",
            "fewer than the 25 folds",
        ),
    ];
    for (yaml, message) in refused {
        let found = refusal(&yaml, text).unwrap_or_else(|| panic!("accepted: {yaml}"));
        assert!(found.contains(message), "{message}: {found}");
    }
    let accepted = yaml("{ test: { share: 0.25 }, folds: { n: 5, by: patient } }");
    assert_eq!(refusal(&accepted, text), None);
    // That patients are in several partitions is found by the table alone.
    let config = by_column("{ test: { column: true }, folds: { n: 5, by: patient } }");
    let config = TrainingConfig::from_yaml(&config).unwrap();
    let table = Table::from_csv("t.csv", text.as_bytes(), &config.data.table_format()).unwrap();
    let report = validate_training(&config, &table).unwrap();
    let checks: Vec<Check> = report.of(Severity::Error).map(|finding| finding.check).collect();
    assert_eq!(checks, [Check::PatientInPartitions]);
    assert!(train_refuses(&config, &table).is_some());
}

/// What is replaced in the configuration, and why training refuses it.
#[test]
fn validation_and_training_refuse_the_same_members() {
    let text = include_str!("patients.csv");
    let yaml = format!(
        "{}{REST}splits: {{ folds: {{ n: 5, by: patient }} }}\n",
        data_of_patients()
            .replace("range: [0, 100] }", "range: [0, 100], policy: { missing: impute } }")
    );
    assert_eq!(refusal(&yaml, text), None);
    let cases = [
        // No value is missing in this table; the model must take rows where one is.
        ("input: scaled", "input: raw", "the model is refused"),
        ("name: case", "name: \"\"", "the model is refused"),
        (
            "combiner: soft_vote",
            "combiner: soft_vote\ncutoffs: [{ name: c, class: maybe, rule: youden }]",
            "class: `maybe`",
        ),
    ];
    for (right, wrong, message) in cases {
        assert!(yaml.contains(right), "{right}");
        let config = TrainingConfig::from_yaml(&yaml.replacen(right, wrong, 1)).unwrap();
        let table = Table::from_csv("t.csv", text.as_bytes(), &config.data.table_format()).unwrap();
        let report = validate_training(&config, &table).unwrap();
        let errors: Vec<&Finding> = report.of(Severity::Error).collect();
        let [finding] = errors.as_slice() else { panic!("{wrong}: {report}") };
        assert!(finding.found.contains(message), "{wrong}: {}", finding.found);
        assert!(train_refuses(&config, &table).is_some(), "{wrong}");
    }
}

/// Whatever the rows and the splits: without an error training starts, and with one it refuses.
#[test]
fn what_validation_accepts_training_accepts() {
    const SPLITS: [&str; 7] = [
        "",
        "splits: { folds: { n: 3, by: stratified } }",
        "splits: { test: { share: 0.3 }, folds: { n: 3, by: patient } }",
        "splits: { test: { share: 0.2 }, folds: { n: 2, by: stratified } }",
        "splits: { test: { column: true }, folds: { n: 3, by: patient } }",
        "splits: { test: { latest: 0.3 }, folds: { n: 2, by: time } }",
        "splits: { folds: { by: each_patient } }",
    ];
    const MEMBERS: &[&str] = &[
        "scaled, weight: 1.0, learner: { logistic_regression: { c: 1.0, class_weight: equal } }",
        "raw, weight: 1.0, learner: { naive_bayes: {} }",
        "raw, weight: 1.0, learner: { boosted_trees: { n_trees: 2, learning_rate: 0.1, max_depth: 1, min_rows_per_leaf: 1, subsample: 1.0 } }",
        "raw, weight: 1.0, learner: { random_forest: { n_trees: 2, criterion: gini, max_features: sqrt, min_rows_per_leaf: 1, bootstrap: true } }",
        "scaled, weight: 1.0, learner: { network: { hidden: [2], activation: tanh, l2: 0.0, learning_rate: 0.01, batch_rows: 8, max_epochs: 2, early_stopping: { fraction: 0.2, patience: 1 } } }",
    ];
    let (mut n_accepted, mut n_refused) = (0, 0);
    for seed in 0..100 {
        let mut random = Random::new(seed, 2);
        let mut below = |n: usize| usize::try_from(random.below(n as u64)).unwrap();
        let names_patients = below(3) > 0;
        let roles = if names_patients {
            "patient: p, time: t, split: s"
        } else {
            "ignored: [p], time: t, split: s"
        };
        let policy = ["refuse", "impute"][below(2)];
        let member = MEMBERS[below(MEMBERS.len())];
        let calibration = ["null", "chosen", "none"][below(3)];
        let yaml = format!(
            "model: {{ name: m, version: \"1\" }}\nseed: {seed}\n\
             data: {{ {roles}, target: {{ column: y, classes: [a, b{}] }}, \
             features: [{{ name: x, policy: {{ missing: {policy} }} }}, {{ name: z }}] }}\n\
             validation: {{ n_folds: 3, min_auc: 0.5 }}\nallow_uninformative_members: true\n\
             members: [{{ name: m, input: {member} }}]\ncombiner: soft_vote\ncalibration: {calibration}\n{}\n",
            ["", ", c"][usize::from(below(4) == 0)],
            SPLITS[below(SPLITS.len())]
        );
        let config = TrainingConfig::from_yaml(&yaml).unwrap_or_else(|e| panic!("{e}: {yaml}"));
        let n_classes = config.data.target.classes.len();
        let (n_rows, n_patients, rare) = (10 + below(50), 2 + below(30), below(3));
        let mut text = String::from("p,t,s,x,z,y\n");
        for row in 0..n_rows {
            let class = if below(10) < rare * 3 { 0 } else { below(n_classes) };
            let x =
                if policy == "impute" && below(5) == 0 { "".into() } else { below(9).to_string() };
            let (p, z) = (row % n_patients, below(50));
            let s = ["train", "train", "test"][p % 3];
            writeln!(text, "p{p},{},{s},{x},{z},{}", row / 2, ["a", "b", "c"][class]).unwrap();
        }
        let table = Table::from_csv("t.csv", text.as_bytes(), &config.data.table_format()).unwrap();
        let report = validate_training(&config, &table).unwrap();
        let refused = train_refuses(&config, &table);
        assert_eq!(
            report.has_errors(),
            refused.is_some(),
            "seed {seed}: {report}\ntraining: {refused:?}\n{yaml}"
        );
        n_accepted += usize::from(refused.is_none());
        n_refused += usize::from(refused.is_some());
    }
    assert!(n_accepted >= 10 && n_refused >= 10, "{n_accepted} accepted, {n_refused} refused");
}

/// Of a large table, what a single row makes training refuse is refused, and nothing else.
#[test]
fn a_large_table_is_rehearsed_with_few_rows_and_the_same_answer() {
    let config = |member: &str| {
        format!(
            "model: {{ name: m, version: \"1\" }}\nseed: 3\n\
             data: {{ target: {{ column: y, classes: [a, b] }}, features: [{{ name: x, policy: {{ \
             missing: impute }} }}, {{ name: z, range: [0, 6000] }}] }}\n\
             validation: {{ n_folds: 3, min_auc: 0.5 }}\nallow_uninformative_members: true\n\
             inputs: {{ smooth: [{{ impute: {{}} }}, {{ spline: {{ knots: 5, of: [z] }} }}] }}\n\
             members: [{{ name: m, input: {member} }}]\ncombiner: soft_vote\n"
        )
    };
    let table = |x: &dyn Fn(usize) -> String, z: &dyn Fn(usize) -> usize| {
        let mut text = String::from("x,z,y\n");
        for row in 0..6000 {
            writeln!(text, "{},{},{}", x(row), z(row), ["a", "b"][usize::from(row % 4 == 1)])
                .unwrap();
        }
        text
    };
    let linear = "weight: 1.0, learner: { logistic_regression: { c: 1.0, class_weight: equal } }";
    let plain = table(&|row| (row % 97).to_string(), &|row| row % 101);
    let one_missing =
        table(&|row| if row == 4321 { String::new() } else { (row % 97).to_string() }, &|row| {
            row % 101
        });
    let scaled = config(&format!("scaled, {linear}"));
    let raw = config(&format!("raw, {linear}"));
    let smooth = config(&format!("smooth, {linear}"));
    assert_eq!(refusal(&scaled, &plain), None);
    assert_eq!(refusal(&scaled, &one_missing), None);
    assert_eq!(refusal(&smooth, &plain), None);
    let found = refusal(&raw, &one_missing).unwrap();
    assert!(found.contains("line 4323: ") && found.contains("`x` is missing"), "{found}");
    // Almost all values are the same, so knots coincide; in a few rows they might not.
    let mostly_zero =
        table(&|row| (row % 97).to_string(), &|row| if row % 40 == 1 { row } else { 0 });
    let found = refusal(&smooth, &mostly_zero).unwrap();
    assert!(found.contains("use fewer knots"), "{found}");
    let few = plain.replace(",b\n", ",a\n").replacen(",a\n", ",b\n", 2);
    let found = refusal(&scaled, &few).unwrap();
    assert_eq!(found, "class `b` has 2 rows, fewer than the 3 folds");
}
