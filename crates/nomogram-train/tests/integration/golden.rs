//! Which rows become golden cases: constructed ones, or rows of the training data on request.

#![allow(clippy::float_cmp, reason = "tests")]

use nomogram::{Model, unseal};
use nomogram_train::training::{GOLDEN_ROWS, GoldenSpec};
use nomogram_train::{Dataset, Trained, TrainingConfig, train};

const CONFIG: &str = r#"
model: { name: golden, version: "1" }
data:
  target: { column: y, negative: "no", positive: "yes" }
  features: [{ name: a }, { name: b, range: [0, 50] }]
seed: 3
validation: { n_folds: 3, min_auc: 0.5 }
allow_uninformative_members: true
members:
  - name: trees
    input: raw
    weight: 1.0
    learner:
      boosted_trees: { n_trees: 5, learning_rate: 0.3, max_depth: 2, min_rows_per_leaf: 2, subsample: 1.0 }
combiner: soft_vote
"#;

fn config() -> TrainingConfig {
    TrainingConfig::from_yaml(CONFIG).unwrap()
}

fn dataset(config: &TrainingConfig) -> Dataset {
    let mut table = String::from("y,a,b\n");
    for row in 0..50_u32 {
        let a = f64::from(row * 29 % 50) / 4.0 + 0.37;
        let class = if a > 6.0 { "yes" } else { "no" };
        table += &format!("{class},{a},{}\n", row * 17 % 41);
    }
    Dataset::from_csv("table", table.as_bytes(), &config.data).unwrap()
}

fn trained(config: &TrainingConfig) -> Trained {
    train(config, &dataset(config), &mut |_: usize, _: usize, _: &str| {}).unwrap()
}

fn is_training_row(row: &[f64], dataset: &Dataset) -> bool {
    dataset.values().rows().into_iter().any(|training| training.iter().eq(row))
}

#[test]
fn no_training_row_is_a_golden_case() {
    let config = config();
    let trained = trained(&config);
    let (_, rows) = unseal(&trained.bundle).unwrap();
    let dataset = dataset(&config);
    let rows: Vec<Vec<f64>> = rows.rows().into_iter().map(|row| row.to_vec()).collect();
    assert!(rows.iter().all(|row| !is_training_row(row, &dataset)));
    let is_twice = |row: &Vec<f64>| rows.iter().filter(|other| *other == row).count() > 1;
    assert!(!rows.iter().any(is_twice), "a case appears twice");
    let note = &trained.model.manifest().notes[GOLDEN_ROWS];
    assert!(
        note.starts_with("constructed; distance to the nearest training row at least "),
        "{note}"
    );
}

#[test]
fn another_seed_constructs_other_rows() {
    let mut config = config();
    let first = unseal(&trained(&config).bundle).unwrap().1;
    assert_eq!(first, unseal(&trained(&config).bundle).unwrap().1);
    config.seed = 4;
    assert_ne!(first, unseal(&trained(&config).bundle).unwrap().1);
}

#[test]
fn rows_of_the_training_data_are_golden_cases_on_request() {
    let yaml = format!("{CONFIG}golden: rows\n");
    let config = TrainingConfig::from_yaml(&yaml).unwrap();
    assert_eq!(config.golden, GoldenSpec::Rows);
    let trained = trained(&config);
    let (_, rows) = unseal(&trained.bundle).unwrap();
    let dataset = dataset(&config);
    assert!(rows.rows().into_iter().all(|row| is_training_row(&row.to_vec(), &dataset)));
    assert_eq!(trained.model.manifest().notes[GOLDEN_ROWS], "rows of the training data");
}

#[test]
fn a_configuration_does_not_write_the_default() {
    assert!(!config().to_json().unwrap().contains("golden\":\"constructed"));
    assert!(TrainingConfig::from_yaml(&format!("{CONFIG}golden: some\n")).is_err());
}

/// Two booleans have four rows: there are no others, and each is a golden case several times.
#[test]
fn a_model_of_few_rows_has_golden_cases() {
    let features = "[{ name: a, kind: boolean }, { name: b, kind: boolean }]";
    let yaml = CONFIG.replace("[{ name: a }, { name: b, range: [0, 50] }]", features);
    let config = TrainingConfig::from_yaml(&yaml).unwrap();
    let rows =
        (0..40).map(|row| format!("{},{},{}\n", ["no", "yes"][row % 2], row % 2, row / 2 % 2));
    let table = format!("y,a,b\n{}", rows.collect::<String>());
    let dataset = Dataset::from_csv("table", table.as_bytes(), &config.data).unwrap();
    let trained = train(&config, &dataset, &mut |_: usize, _: usize, _: &str| {}).unwrap();
    assert!(Model::open(&trained.bundle).unwrap().n_golden_cases() >= 16);
    let note = &trained.model.manifest().notes[GOLDEN_ROWS];
    assert!(note.contains("at least 0.000 of a feature's spread, 16 of 16 cases below"), "{note}");
}
