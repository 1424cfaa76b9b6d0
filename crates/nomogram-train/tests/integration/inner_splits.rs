//! Rows that belong together are on one side of every split that training makes by itself.

use std::fmt::Write as _;

use nomogram::{Member, unseal};
use nomogram_train::learners::{Learner, TrainingRows};
use nomogram_train::split::kept_together;
use nomogram_train::{Dataset, TrainingConfig, cross_validate, train};

const CONFIG: &str = r#"
model: { name: visits, version: "1" }
data:
  row_id: id
  patient: patient
  target: { column: y, negative: "no", positive: "yes" }
  features: [{ name: a }, { name: b }]
seed: 5
validation: { n_folds: 4, min_auc: 0.0 }
members:
  - name: trees
    input: raw
    weight: 1.0
    learner:
      boosted_trees:
        n_trees: 60
        learning_rate: 0.3
        max_leaves: 6
        min_rows_per_leaf: 2
        subsample: 1.0
        splits: { histogram: {} }
        early_stopping: { fraction: 0.3, patience: 3 }
combiner: soft_vote
"#;

/// Forty patients of four visits each, whose values differ little within a patient.
fn table() -> String {
    let mut table = String::from("id,patient,y,a,b\n");
    for row in 0..160 {
        let patient = row * 7 % 40;
        let class = if patient * 11 % 5 < 2 { "yes" } else { "no" };
        let (a, b) = (patient * 13 % 17, f64::from(patient) + f64::from(row / 40) / 100.0);
        writeln!(table, "{row},p{patient},{class},{a},{b}").unwrap();
    }
    table
}

fn config(splits: &str) -> TrainingConfig {
    TrainingConfig::from_yaml(&format!("{CONFIG}{splits}")).unwrap()
}

fn dataset(config: &TrainingConfig) -> Dataset {
    Dataset::from_csv("visits.csv", table().as_bytes(), &config.data).unwrap()
}

fn nobody(_done: usize, _total: usize, _next: &str) {}

#[test]
fn folds_are_of_whole_patients_without_splits_too() {
    let (plain, named) = (config(""), config("splits: { folds: { n: 4, by: patient } }\n"));
    let dataset = dataset(&plain);
    let out_of_fold =
        |config: &TrainingConfig| train(config, &dataset, &mut nobody).unwrap().out_of_fold;
    assert_eq!(out_of_fold(&plain).ensemble, out_of_fold(&named).ensemble);
}

#[test]
fn early_stopping_holds_out_whole_patients() {
    let config = config("");
    let dataset = dataset(&config);
    let bundle = train(&config, &dataset, &mut nobody).unwrap().bundle;
    let (parts, _) = unseal(&bundle).unwrap();
    let groups = kept_together(&dataset).unwrap();
    let learner: &Learner = &config.members[0].learner;
    let fit = |groups: Option<&[usize]>| -> Member {
        let rows = TrainingRows::binary(dataset.values().view(), dataset.classes());
        learner.fit(TrainingRows { groups, ..rows }, config.seed).unwrap()
    };
    assert_eq!(parts.members[0].member, fit(Some(&groups)));
    assert_ne!(parts.members[0].member, fit(None));
}

#[test]
fn copies_of_a_row_are_in_one_fold() {
    let config =
        TrainingConfig::from_yaml(&CONFIG.replace("patient: patient", "ignored: [patient]"));
    let config = config.unwrap();
    let dataset = dataset(&config);
    let drawn: Vec<usize> = (0..160).map(|row| row * row % 97).collect();
    let sample = dataset.select(&drawn);
    let patients =
        CONFIG.replace("  row_id: id\n  patient: patient", "  patient: id\n  ignored: [patient]");
    let by_id = TrainingConfig::from_yaml(&patients).unwrap();
    let named = Dataset::from_csv("visits.csv", table().as_bytes(), &by_id.data).unwrap();
    let trained = train(&config, &sample, &mut nobody).unwrap();
    let by_id = train(&by_id, &named.select(&drawn), &mut nobody).unwrap();
    assert_eq!(trained.out_of_fold.ensemble, by_id.out_of_fold.ensemble);
}

#[test]
fn repeats_are_refused_by_training_and_are_for_cross_validation() {
    let config = config("splits: { folds: { n: 4, repeats: 2, by: patient } }\n");
    let dataset = dataset(&config);
    let error = train(&config, &dataset, &mut nobody).unwrap_err().to_string();
    let expected = "configuration: splits: folds: repeats: 2, expected 1: training draws its folds";
    assert!(error.starts_with(expected), "{error}");
    let repeats = config.splits.unwrap().repeats(&dataset, config.seed).unwrap();
    assert_eq!(repeats.len(), 2);
    let predict = |folds| cross_validate(&config, &dataset, folds, &mut nobody).unwrap().ensemble;
    assert_ne!(predict(&repeats[0]), predict(&repeats[1]));
}
