//! Public models of others, with their expected predictions: read in place, where they are.
//!
//! The folder is named by `NOMOGRAM_VECTORS`; without it, the tests report that they were skipped.

use std::path::PathBuf;

use nomogram_import::{ErrorKind, ExpectedRow, Imported, Limits, Options, import};

fn folder() -> Option<PathBuf> {
    let folder =
        std::env::var_os("NOMOGRAM_VECTORS").map(|folder| PathBuf::from(folder).join("models"));
    let folder = folder.filter(|folder| folder.exists());
    if folder.is_none() {
        println!("skipped: NOMOGRAM_VECTORS names no folder with models");
    }
    folder
}

fn read(name: &str) -> Option<Vec<u8>> {
    Some(std::fs::read(folder()?.join(name)).unwrap())
}

fn model(name: &str) -> Option<Imported> {
    let bytes = read(name)?;
    Some(import(&bytes, None, &Options::default(), &Limits::default()).unwrap())
}

fn text(name: &str) -> String {
    String::from_utf8(read(name).unwrap()).unwrap()
}

fn numbers(name: &str) -> Vec<f64> {
    text(name).split_whitespace().map(|word| word.parse().unwrap()).collect()
}

/// Rows of `label index:value …`; what is not listed is `absent`.
fn libsvm(name: &str, n_features: usize, absent: f64) -> Vec<Vec<f64>> {
    let row = |line: &str| {
        let mut row = vec![absent; n_features];
        for pair in line.split_whitespace().skip(1) {
            let (index, value) = pair.split_once(':').unwrap();
            row[index.parse::<usize>().unwrap()] = value.parse().unwrap();
        }
        row
    };
    text(name).lines().map(row).collect()
}

/// `of_row` makes the expected margins or outputs of a row's number.
fn check(imported: &Imported, rows: Vec<Vec<f64>>, expected: impl Fn(usize) -> ExpectedRow) {
    let known: Vec<ExpectedRow> = rows
        .into_iter()
        .enumerate()
        .map(|(nth, row)| ExpectedRow { row, ..expected(nth) })
        .collect();
    let sealed = imported.seal(&known).unwrap();
    println!("{}", sealed.comparison);
    assert_eq!((sealed.comparison.n_rows, sealed.comparison.n_refused), (known.len(), 0));
}

fn probability(p: f64) -> ExpectedRow {
    ExpectedRow { outputs: Some(vec![f64::NAN, p]), ..ExpectedRow::default() }
}

#[test]
fn lightgbm_dart_of_breast_cancer_agrees() {
    let Some(imported) = model("lg_dart_breast_cancer.model") else { return };
    let expected = numbers("lg_dart_breast_cancer_true_predictions.txt");
    let rows: Vec<Vec<f64>> = text("breast_cancer_test.tsv")
        .lines()
        .map(|line| line.split_whitespace().map(|word| word.parse().unwrap()).collect())
        .collect();
    let rows: Vec<Vec<f64>> = rows
        .into_iter()
        .map(|row| row[row.len() - imported.parts.schema.n_features()..].to_vec())
        .collect();
    assert_eq!(rows.len(), expected.len());
    check(&imported, rows, |nth| probability(expected[nth]));
}

#[test]
fn a_random_forest_of_an_old_version_of_lightgbm_agrees() {
    let Some(imported) = model("lg_rf_iris.model") else { return };
    let expected = numbers("lg_rf_iris_true_predictions.txt");
    check(&imported, libsvm("iris_test.libsvm", 4, 0.0), |nth| probability(expected[nth]));
}

#[test]
fn lightgbm_with_categories_agrees() {
    let Some(imported) = model("toy_categorical_model.txt") else { return };
    let expected = numbers("toy_categorical.test.pred");
    check(&imported, libsvm("toy_categorical.test", 2, 0.0), |nth| ExpectedRow {
        outputs: Some(vec![expected[nth]]),
        ..ExpectedRow::default()
    });
}

#[test]
fn every_other_model_is_sealed_or_refused_by_name() {
    let Some(imported) = model("lg_breast_cancer.txt") else { return };
    imported.seal(&[]).unwrap();
    let bytes = read("xgdermatology.model").unwrap();
    let error = import(&bytes, None, &Options::default(), &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("old binary format of XGBoost"), "{error}");
}

#[test]
fn documents_of_pmml_are_sealed() {
    let Some(imported) = model("logistic_regression.pmml") else { return };
    let sealed = imported.seal(&[]).unwrap();
    // The formula, with the coefficients of the file.
    let margin = -2.888_825_844_554_18 + 6.081_160_027_126_47 * 0.5 - 0.622_996_648_302_913 * 2.0;
    let expected = 1.0 / (1.0 + nomogram::numeric::exp(-margin));
    let model = std::sync::Arc::new(nomogram::Model::open(&sealed.bundle).unwrap());
    let mut session = nomogram::Session::try_new(model).unwrap();
    let found = session.predict_row(&[0.5, 2.0]).unwrap().outputs()[1];
    assert!((found - expected).abs() < 1e-15, "{found} {expected}");
    let Some(imported) = self::model("titanic_gbm.pmml") else { return };
    imported.seal(&[]).unwrap();
}
