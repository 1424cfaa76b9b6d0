//! Preprocessing against scikit-learn and SciPy: `reference/make_steps.py`.

use std::path::Path;

use nomogram_train::split::Split;
use nomogram_train::steps::{StepSpec, fit_steps};
use nomogram_train::{Dataset, TrainingConfig};
use serde_json::Value;

fn training_rows() -> Dataset {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let config = TrainingConfig::from_file(&root.join("wdbc.yaml")).unwrap();
    let data = root.join("data");
    let dataset = Dataset::from_csv_file(&data.join("wdbc.csv"), &config.data).unwrap();
    let split = Split::from_csv_file(&data.join("wdbc_reference_split.csv"), &dataset).unwrap();
    dataset.select(&split.train)
}

#[test]
fn steps_are_fitted_as_scikit_learn_fits_them() {
    let fixture: Value = serde_json::from_str(include_str!("../reference/steps.json")).unwrap();
    let dataset = training_rows();
    let cases = fixture["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 10);
    for case in cases {
        let yaml = case["steps"].as_str().unwrap();
        let steps: Vec<StepSpec> = serde_saphyr::from_str(yaml).unwrap();
        let (_, encoded) = fit_steps(&dataset, &steps).unwrap();
        let tolerance = case["tolerance"].as_f64().unwrap();
        for (nth, expected) in case["outputs"].as_array().unwrap().iter().enumerate() {
            let (found, expected) = (encoded.row(100 * nth), expected.as_array().unwrap());
            assert_eq!(found.len(), expected.len(), "{yaml}");
            for (column, (found, expected)) in found.iter().zip(expected).enumerate() {
                let expected = expected.as_f64().unwrap();
                assert!(
                    (found - expected).abs() <= tolerance * expected.abs().max(1.0),
                    "{yaml}: row {nth}: value {column}: {found}, expected {expected}"
                );
            }
        }
    }
}
