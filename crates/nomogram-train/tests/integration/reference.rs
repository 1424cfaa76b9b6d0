//! Learners and metrics against scikit-learn: fixtures in `reference/`, made by
//! `reference/make_fixtures.py`, which names the versions.

use std::path::{Path, PathBuf};

use ndarray::{Array2, ArrayView2, s};
use nomogram::{Activation, Forest, Layer, Network, Node, Step, Tree, numeric};
use nomogram_train::learners::{
    BoostedTreesSpec, ClassWeight, LogisticRegressionSpec, NetworkSpec, NetworkStart, TrainingRows,
};
use nomogram_train::split::Split;
use nomogram_train::steps::fit_standard_scaler;
use nomogram_train::{Dataset, Spec, TrainingConfig};
use serde_json::Value;

#[test]
fn logistic_regression_has_the_coefficients_of_newton_cholesky() {
    let fixture = fixture("logistic.json");
    let dataset = training_rows();
    let scaled = scaled(dataset.values().view());
    let rows = TrainingRows::binary(scaled.view(), dataset.classes());
    for case in fixture["cases"].as_array().unwrap() {
        let class_weight = match case["class_weight"].as_str() {
            Some("balanced") => ClassWeight::Balanced,
            _ => ClassWeight::Equal,
        };
        let spec = LogisticRegressionSpec {
            class_weight,
            ..LogisticRegressionSpec::ridge(case["C"].as_f64().unwrap())
        };
        let linear = spec.clone().check().unwrap().fit(rows).unwrap();
        // 1e-6 is promised; 1e-9 is what both solvers really agree to.
        assert_close(linear.weights(), &numbers(&case["coef"]), 1e-9, &format!("{spec:?}"));
        let intercept = case["intercept"].as_f64().unwrap();
        assert_close(linear.intercepts(), &[intercept], 1e-9, &format!("{spec:?}"));
    }
}

#[test]
fn the_scaler_has_the_means_and_deviations_of_scikit_learn() {
    let fixture = fixture("logistic.json");
    let dataset = training_rows();
    let all: Vec<usize> = (0..dataset.values().ncols()).collect();
    let scaler = fit_standard_scaler(dataset.values().view(), &all).unwrap();
    let (means, scales) = (&fixture["scaler"]["mean"], &fixture["scaler"]["scale"]);
    let (means, scales) = (numbers(means), numbers(scales));
    assert_close(scaler.means(), &means, 1e-12, "means");
    assert_close(scaler.std_devs(), &scales, 1e-12, "deviations");
}

#[test]
fn boosted_trees_split_where_scikit_learn_does() {
    let fixture = fixture("boosting.json");
    let dataset = training_rows();
    let rows = TrainingRows::binary(dataset.values().view(), dataset.classes());
    for case in fixture["cases"].as_array().unwrap() {
        let of = |name: &str| &case["parameters"][name];
        let spec = BoostedTreesSpec {
            max_depth: Some(count(of("max_depth"))),
            min_rows_per_leaf: count(of("min_samples_leaf")),
            ..BoostedTreesSpec::new(
                count(of("n_estimators")),
                of("learning_rate").as_f64().unwrap(),
            )
        };
        let forest = spec.check().unwrap().fit(rows, 0).unwrap();
        let mut comparison = Comparison::default();
        for (index, (tree, expected)) in
            forest.trees.iter().zip(case["trees"].as_array().unwrap()).enumerate()
        {
            let all = (0..dataset.n_rows()).collect();
            comparison.tree = index;
            comparison.compare(&tree.nodes, 0, expected, 0, dataset.values().view(), all);
        }
        let n_splits: usize = ["a_unique_best_split", "b_same_partition", "c_different_partitions"]
            .iter()
            .map(|kind| count(&case["ties"][kind]))
            .sum();
        assert_eq!(comparison.same_split + comparison.same_partition, n_splits);
        // Where a split of another feature is named, it separates the same rows: an exact tie.
        let n_unique = count(&case["ties"]["a_unique_best_split"]);
        assert!(comparison.same_split >= n_unique, "{comparison:?}, {n_unique} are unique");

        let margins: Vec<f64> = margins(&forest, dataset.values().view());
        assert_close(&margins, &numbers(&case["train_decision_function"]), 1e-9, "margins");
        let losses = numbers(&case["train_log_loss_per_stage"]);
        let loss = log_loss(&margins, dataset.classes());
        assert!((loss - losses.last().unwrap()).abs() < 1e-9, "{loss}");
    }
}

#[test]
fn networks_take_the_steps_of_scikit_learn() {
    let fixture = fixture("network.json");
    let dataset = training_rows();
    let scaled = scaled(dataset.values().slice(s![.., ..6]));
    let rows = TrainingRows::binary(scaled.view(), dataset.classes());
    for case in fixture["cases"].as_array().unwrap() {
        let name = format!("{} after {} epochs", case["activation"], case["epochs"]);
        let activation: Activation = serde_json::from_value(case["activation"].clone()).unwrap();
        let spec = NetworkSpec {
            activation,
            l2: 0.01,
            learning_rate: 0.01,
            batch_rows: dataset.n_rows(),
            max_epochs: count(&case["epochs"]),
            ..NetworkSpec::new(vec![4, 3])
        };
        let layers = layers(&fixture["initial_coefs"], &fixture["initial_intercepts"], activation);
        let start = NetworkStart { layers, shuffle: false };
        let network: Network = spec.check().unwrap().fit_from(rows, 0, start).unwrap();
        let expected = self::layers(&case["coefs"], &case["intercepts"], activation);
        for (layer, expected) in network.layers().iter().zip(&expected) {
            assert_close(&layer.weights, &expected.weights, 1e-9, &name);
            assert_close(&layer.biases, &expected.biases, 1e-9, &name);
        }
    }
}

#[test]
fn the_comparison_of_numbers_can_fail() {
    let failed = std::panic::catch_unwind(|| assert_close(&[1.0], &[1.0 + 1e-8], 1e-9, "counter"));
    assert!(failed.is_err());
    let failed = std::panic::catch_unwind(|| assert_close(&[f64::NAN], &[1.0], 1e-9, "counter"));
    assert!(failed.is_err());
}

/// Walks two trees side by side.
#[derive(Debug, Default)]
struct Comparison {
    tree: usize,
    /// Splits on the same feature and threshold.
    same_split: usize,
    /// Splits that name another feature or threshold but separate the rows in the same way.
    same_partition: usize,
}

impl Comparison {
    fn compare(
        &mut self,
        nodes: &[Node],
        node: usize,
        expected: &Value,
        expected_node: usize,
        values: ArrayView2<'_, f64>,
        rows: Vec<usize>,
    ) {
        let feature = expected["feature"][expected_node].as_i64().unwrap();
        let Node::Split { input, threshold, left, right, .. } = nodes[node] else {
            assert!(feature < 0, "tree {} node {node}: a leaf, expected a split", self.tree);
            return;
        };
        let feature = usize::try_from(feature)
            .unwrap_or_else(|_| panic!("tree {} node {node}: a split, expected a leaf", self.tree));
        let expected_threshold = expected["threshold"][expected_node].as_f64().unwrap();
        // scikit-learn rounds values to f32 before it takes the middle.
        let is_same = input as usize == feature
            && (threshold - expected_threshold).abs() <= 1e-6 * expected_threshold.abs();
        if is_same {
            self.same_split += 1;
        } else {
            self.same_partition += 1;
        }
        let separate = |feature: usize, threshold: f64| -> (Vec<usize>, Vec<usize>) {
            rows.iter().partition(|row| values[[**row, feature]] <= threshold)
        };
        let (ours_left, ours_right) = separate(input as usize, threshold);
        let (left_rows, right_rows) = separate(feature, expected_threshold);
        let child = |side: &str| count(&expected[side][expected_node]);
        let (expected_left, expected_right) = if ours_left == left_rows {
            (child("left"), child("right"))
        } else {
            let what = format!("tree {} node {node}: other rows", self.tree);
            assert_eq!((&ours_left, &ours_right), (&right_rows, &left_rows), "{what}");
            (child("right"), child("left"))
        };
        self.compare(nodes, left as usize, expected, expected_left, values, ours_left);
        self.compare(nodes, right as usize, expected, expected_right, values, ours_right);
    }
}

fn margins(forest: &Forest, values: ArrayView2<'_, f64>) -> Vec<f64> {
    let of_row = |row: usize| {
        let leaf = |tree: &Tree| {
            let mut at = 0;
            loop {
                match tree.nodes[at] {
                    Node::Split { input, threshold, left, right, .. } => {
                        let goes_left = values[[row, input as usize]] <= threshold;
                        at = if goes_left { left } else { right } as usize;
                    }
                    Node::Leaf { leaf } => return tree.leaves[leaf as usize],
                    _ => panic!("a kind of node that the learner does not make"),
                }
            }
        };
        forest.trees.iter().fold(forest.base_margins[0], |sum, tree| sum + leaf(tree))
    };
    (0..values.nrows()).map(of_row).collect()
}

fn log_loss(margins: &[f64], classes: &[usize]) -> f64 {
    let probabilities: Vec<f64> = margins.iter().map(|margin| numeric::logistic(*margin)).collect();
    let outcomes = nomogram_stats::outcomes_of(1, classes);
    let rows = nomogram_stats::Rows::new(&outcomes, &probabilities).unwrap();
    nomogram_stats::metrics::Metrics::of_event(rows).log_loss
}

fn layers(coefs: &Value, intercepts: &Value, activation: Activation) -> Vec<Layer> {
    let coefs = coefs.as_array().unwrap();
    let layer = |(index, (weights, biases)): (usize, (&Value, &Value))| Layer {
        activation: if index + 1 == coefs.len() { Activation::Identity } else { activation },
        biases: numbers(biases),
        weights: weights.as_array().unwrap().iter().flat_map(numbers).collect(),
    };
    coefs.iter().zip(intercepts.as_array().unwrap()).enumerate().map(layer).collect()
}

fn scaled(values: ArrayView2<'_, f64>) -> Array2<f64> {
    let all: Vec<usize> = (0..values.ncols()).collect();
    let scaler = fit_standard_scaler(values, &all).unwrap();
    Step::StandardScale(scaler).encode(values).unwrap()
}

fn training_rows() -> Dataset {
    let examples = root().join("examples");
    let config = TrainingConfig::from_file(&examples.join("wdbc.yaml")).unwrap();
    let dataset = Dataset::from_csv_file(&examples.join("data/wdbc.csv"), &config.data).unwrap();
    let split = examples.join("data/wdbc_reference_split.csv");
    dataset.select(&Split::from_csv_file(&split, &dataset).unwrap().train)
}

fn fixture(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn count(number: &Value) -> usize {
    usize::try_from(number.as_u64().unwrap()).unwrap()
}

/// Absolute difference, entry by entry.
fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        // Written so that NaN fails.
        let is_close = (found - expected).abs() <= tolerance;
        assert!(is_close, "{what}: entry {index}: {found}, expected {expected}");
    }
}
