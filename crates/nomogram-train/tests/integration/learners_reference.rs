//! Logistic regression, networks and naive Bayes against scikit-learn: `reference/make_learners.py`.

use std::path::{Path, PathBuf};

use ndarray::Array2;
use nomogram::{Activation, Layer, Likelihood, Link, Step, numeric};
use nomogram_train::DataConfig;
use nomogram_train::learners::{
    ClassWeight, LogisticRegressionSpec, NaiveBayesSpec, NetworkSpec, NetworkStart, TrainingRows,
};
use nomogram_train::split::Split;
use nomogram_train::steps::fit_standard_scaler;
use nomogram_train::{Dataset, Spec, TrainingConfig};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn training_rows() -> Dataset {
    let config = TrainingConfig::from_file(&root().join("examples/wdbc.yaml")).unwrap();
    let data = root().join("examples/data");
    let dataset = Dataset::from_csv_file(&data.join("wdbc.csv"), &config.data).unwrap();
    let split = Split::from_csv_file(&data.join("wdbc_reference_split.csv"), &dataset).unwrap();
    dataset.select(&split.train)
}

/// The values of all features, standard-scaled.
fn scaled(dataset: &Dataset) -> Array2<f64> {
    let all: Vec<usize> = (0..dataset.values().ncols()).collect();
    let scaler = fit_standard_scaler(dataset.values().view(), &all).unwrap();
    Step::StandardScale(scaler).encode(dataset.values().view()).unwrap()
}

/// Rows of three classes, with the weights of a case.
fn three_classes<'a>(
    scaled: &'a Array2<f64>,
    wine: &'a Dataset,
    weights: Option<&'a [f64]>,
) -> TrainingRows<'a> {
    TrainingRows {
        values: scaled.view(),
        classes: wine.classes(),
        n_classes: 3,
        weights,
        groups: None,
        columns: &[],
    }
}

fn fixture() -> Value {
    serde_json::from_str(include_str!("../reference/learners.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let is_close = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
        assert!(is_close, "{what} {index}: {found}, expected {expected}");
    }
}

#[test]
fn elastic_nets_have_the_weights_of_saga_and_the_same_ones_are_zero() {
    let dataset = training_rows();
    let scaled = scaled(&dataset);
    let rows = TrainingRows::binary(scaled.view(), dataset.classes());
    let mut n_zero = 0;
    for case in fixture()["elastic_net"].as_array().unwrap() {
        let of = |name: &str| case[name].as_f64().unwrap();
        let spec = LogisticRegressionSpec {
            l1_ratio: of("l1_ratio"),
            ..LogisticRegressionSpec::ridge(of("C"))
        };
        let linear = spec.clone().check().unwrap().fit(rows).unwrap();
        let expected = numbers(&case["coef"]);
        let what = format!("{spec:?}");
        assert_close(linear.weights(), &expected, 1e-6, &what);
        assert_close(linear.intercepts(), &[of("intercept")], 1e-6, &what);
        for (found, expected) in linear.weights().iter().zip(&expected) {
            assert_eq!(*found == 0.0, *expected == 0.0, "{what}: {found}, expected {expected}");
        }
        n_zero += expected.iter().filter(|weight| **weight == 0.0).count();
    }
    assert!(n_zero > 30, "{n_zero}");
}

/// The 13 measurements of the wines, of three cultivars.
fn wine() -> Dataset {
    let table = include_str!("../reference/wine.csv");
    let names = table.lines().next().unwrap().split(',').skip(1);
    let features: Vec<String> = names.map(|name| format!("{{ name: {name} }}")).collect();
    let config = format!(
        "{{ target: {{ column: cultivar, classes: [class_0, class_1, class_2] }}, features: [{}] }}",
        features.join(", ")
    );
    let config: DataConfig = serde_saphyr::from_str(&config).unwrap();
    Dataset::from_csv("wine.csv", table.as_bytes(), &config).unwrap()
}

#[test]
fn multinomial_regression_has_the_weights_of_newton_cg_and_saga() {
    let wine = wine();
    let scaled = scaled(&wine);
    for case in fixture()["multinomial"].as_array().unwrap() {
        let of = |name: &str| case[name].as_f64().unwrap();
        let is_balanced = case["balanced"].as_bool().unwrap();
        let spec = LogisticRegressionSpec {
            l1_ratio: of("l1_ratio"),
            class_weight: if is_balanced { ClassWeight::Balanced } else { ClassWeight::Equal },
            ..LogisticRegressionSpec::ridge(of("C"))
        };
        let weights = case["weights"].as_array().map(|_| numbers(&case["weights"]));
        let rows = three_classes(&scaled, &wine, weights.as_deref());
        let linear = spec.clone().check().unwrap().fit(rows).unwrap();
        assert_eq!(linear.link(), Link::Softmax);
        let what = format!("{spec:?}");
        let expected: Vec<f64> =
            case["coef"].as_array().unwrap().iter().flat_map(numbers).collect();
        assert_close(linear.weights(), &expected, 1e-6, &what);
        assert_close(linear.intercepts(), &numbers(&case["intercept"]), 1e-6, &what);
    }
}

#[test]
fn networks_of_three_classes_take_the_steps_of_scikit_learn() {
    let wine = wine();
    let scaled = scaled(&wine);
    let fixture = &fixture()["network"];
    for case in fixture["cases"].as_array().unwrap() {
        let activation: Activation = serde_json::from_value(case["activation"].clone()).unwrap();
        let layers = |of: &Value| -> Vec<Layer> {
            let list = |name: &str| of[name].as_array().unwrap().clone();
            let layer = |(weights, biases): (Value, Value)| Layer {
                activation: if biases.as_array().unwrap().len() == 3 {
                    Activation::Identity
                } else {
                    activation
                },
                biases: numbers(&biases),
                weights: weights.as_array().unwrap().iter().flat_map(numbers).collect(),
            };
            list("coefs").into_iter().zip(list("intercepts")).map(layer).collect()
        };
        let weights = case["weights"].as_array().map(|_| numbers(&case["weights"]));
        let rows = three_classes(&scaled, &wine, weights.as_deref());
        let spec = NetworkSpec {
            activation,
            l2: 0.01,
            learning_rate: 0.01,
            batch_rows: wine.n_rows(),
            max_epochs: usize::try_from(case["epochs"].as_u64().unwrap()).unwrap(),
            ..NetworkSpec::new(vec![5])
        };
        let start = NetworkStart { layers: layers(fixture), shuffle: false };
        let network = spec.clone().check().unwrap().fit_from(rows, 0, start).unwrap();
        assert_eq!(network.layers().len(), 2);
        for (layer, expected) in network.layers().iter().zip(layers(case)) {
            assert_close(&layer.weights, &expected.weights, 1e-9, &format!("{spec:?}"));
            assert_close(&layer.biases, &expected.biases, 1e-9, &format!("{spec:?}"));
        }
    }
}

#[test]
fn naive_bayes_has_the_means_and_variances_of_scikit_learn() {
    let dataset = training_rows();
    for case in fixture()["naive_bayes"].as_array().unwrap() {
        let weights = case["weights"].as_array().map(|_| numbers(&case["weights"]));
        let rows = TrainingRows {
            weights: weights.as_deref(),
            ..TrainingRows::binary(dataset.values().view(), dataset.classes())
        };
        let fitted = NaiveBayesSpec { var_smoothing: 1e-9 }.check().unwrap().fit(rows).unwrap();
        let priors: Vec<f64> = fitted.log_priors().iter().map(|ln| numeric::exp(*ln)).collect();
        assert_close(&priors, &numbers(&case["prior"]), 1e-12, "prior");
        for (input, likelihood) in fitted.likelihoods().iter().enumerate() {
            let Likelihood::Gaussian { means, variances } = likelihood else { panic!() };
            let of = |name: &str| [0, 1].map(|class| case[name][class][input].as_f64().unwrap());
            let close = |found: &[f64], expected: [f64; 2]| {
                found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs())
            };
            assert!(close(means, of("mean")), "input {input}: {means:?} {:?}", of("mean"));
            let expected = of("variance");
            assert!(close(variances, expected), "input {input}: {variances:?} {expected:?}");
        }
    }
}
