//! Trees against LightGBM and scikit-learn: `reference/trees.json`, made by
//! `reference/make_trees.py`, which names the versions.
//!
//! A tree is compared by the leaf of each row that it was fitted to, and by the values of its leaves:
//! libraries choose different thresholds between two bins that hold no row of a node.

use std::collections::BTreeMap;
use std::path::Path;

use ndarray::{Array2, ArrayView1};
use nomogram::{Forest, Node, Side, Tree};
use nomogram_stats::ClassRows;
use nomogram_stats::metrics::Metrics;
use nomogram_train::learners::{
    BoostedTreesSpec, HistogramSpec, Impurity, MaxFeatures, RandomForestSpec, Splits, TrainingRows,
};
use nomogram_train::training::config::Input;
use nomogram_train::{Dataset, Spec, TrainingConfig, train};
use serde_json::Value;

#[test]
fn boosted_trees_have_the_leaves_of_other_libraries() {
    for case in fixture()["boosting"].as_array().unwrap() {
        let name = format!("{} of {}", case["name"], case["of"]);
        let table = Table::new(case);
        let forest = spec(case).check().unwrap().fit(table.rows(case), 0).unwrap();
        let expected = case["trees"].as_array().unwrap();
        assert_eq!(forest.trees.len(), expected.len(), "{name}");
        for (index, (tree, expected)) in forest.trees.iter().zip(expected).enumerate() {
            let name = format!("{name}, tree {index}");
            let leaves = numbers(&expected["value"]);
            assert_same(&table, tree, 1, (&expected["leaf"], &leaves), (1e-6, &name));
        }
    }
}

#[test]
fn a_tree_of_all_rows_and_inputs_is_that_of_scikit_learn() {
    for case in fixture()["decision_trees"].as_array().unwrap() {
        let table = Table::new(case);
        let spec = RandomForestSpec {
            n_trees: 1,
            criterion: serde_json::from_value::<Impurity>(case["criterion"].clone()).unwrap(),
            max_features: MaxFeatures::All,
            max_depth: Some(count(&case["max_depth"])),
            min_rows_per_leaf: count(&case["min_rows_per_leaf"]),
            bootstrap: false,
        };
        let mut rows = table.rows(case);
        rows.n_classes = 3;
        let forest: Forest = spec.check().unwrap().fit(rows, 0).unwrap();
        let expected = &case["tree"];
        let shares: Vec<f64> =
            expected["shares"].as_array().unwrap().iter().flat_map(numbers).collect();
        let name = case["criterion"].to_string();
        assert_same(&table, &forest.trees[0], 3, (&expected["leaf"], &shares), (1e-12, &name));
    }
}

#[test]
fn forests_of_both_kinds_are_sealed_and_discriminate() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut config = TrainingConfig::from_file(&examples.join("wdbc.yaml")).unwrap();
    let dataset = Dataset::from_csv_file(&examples.join("data/wdbc.csv"), &config.data).unwrap();
    let learners = [
        "boosted_trees: { n_trees: 40, learning_rate: 0.2, max_leaves: 8, min_rows_per_leaf: 5, \
         subsample: 0.8, column_subsample: 0.5, splits: { histogram: {} } }",
        "random_forest: { n_trees: 40, criterion: gini, max_features: sqrt, min_rows_per_leaf: \
         1, bootstrap: true }",
    ];
    config.members.truncate(2);
    for (member, learner) in config.members.iter_mut().zip(learners) {
        member.input = Input::Raw;
        member.learner = serde_saphyr::from_str(learner).unwrap();
    }
    let trained = train(&config, &dataset, &mut |_: usize, _: usize, _: &str| {}).unwrap();
    for member in &trained.out_of_fold.members {
        let rows = ClassRows::new(dataset.classes(), member.view()).unwrap();
        let auc = Metrics::of(&rows).auc.unwrap();
        assert!(auc > 0.98, "{auc}");
    }
    let again = train(&config, &dataset, &mut |_: usize, _: usize, _: &str| {}).unwrap();
    assert_eq!(trained.bundle, again.bundle);
}

#[test]
fn the_comparison_of_trees_can_fail() {
    let fixture = fixture();
    let case = &fixture["boosting"][0];
    let table = Table::new(case);
    let forest = spec(case).check().unwrap().fit(table.rows(case), 0).unwrap();
    let expected = &case["trees"][0];
    let fails = |tree: &Tree, leaves: Vec<f64>| {
        let same = || assert_same(&table, tree, 1, (&expected["leaf"], &leaves), (1e-6, "counter"));
        std::panic::catch_unwind(same).is_err()
    };
    let leaves = numbers(&expected["value"]);
    assert!(!fails(&forest.trees[0], leaves.clone()));
    assert!(fails(&forest.trees[1], leaves.clone()));
    assert!(fails(&forest.trees[0], leaves.iter().map(|leaf| leaf + 1e-5).collect()));
}

/// The rows of a case.
struct Table {
    values: Array2<f64>,
    classes: Vec<usize>,
    weights: Option<Vec<f64>>,
}

impl Table {
    fn new(case: &Value) -> Self {
        let rows = case["x"].as_array().unwrap();
        let values: Vec<f64> = rows.iter().flat_map(numbers).collect();
        Self {
            values: Array2::from_shape_vec((rows.len(), values.len() / rows.len()), values)
                .unwrap(),
            classes: case["y"].as_array().unwrap().iter().map(count).collect(),
            weights: case["weights"].as_array().map(|_| numbers(&case["weights"])),
        }
    }

    fn rows(&self, case: &Value) -> TrainingRows<'_> {
        TrainingRows {
            values: self.values.view(),
            classes: &self.classes,
            n_classes: case.get("n_classes").map_or(2, count),
            weights: self.weights.as_deref(),
            groups: None,
            columns: &[],
        }
    }
}

fn spec(case: &Value) -> BoostedTreesSpec {
    let of = |name: &str| &case["settings"][name];
    let number = |name: &str| of(name).as_f64().unwrap();
    let monotone = of("monotone").as_array().unwrap().iter();
    let plain = BoostedTreesSpec::new(count(of("n_trees")), number("learning_rate"));
    if of("splits") == "exact" {
        return BoostedTreesSpec {
            max_depth: Some(count(of("max_depth"))),
            min_rows_per_leaf: count(of("min_rows_per_leaf")),
            ..plain
        };
    }
    BoostedTreesSpec {
        max_depth: of("max_depth").as_u64().map(|depth| usize::try_from(depth).unwrap()),
        max_leaves: Some(count(of("max_leaves"))),
        min_rows_per_leaf: count(of("min_rows_per_leaf")),
        min_child_weight: number("min_child_weight"),
        l2: number("l2"),
        min_gain: 1e-6,
        monotone: monotone.map(|sign| i8::try_from(sign.as_i64().unwrap()).unwrap()).collect(),
        categorical: case["categorical"].as_array().unwrap().iter().map(count).collect(),
        splits: Splits::Histogram(HistogramSpec {
            min_rows_per_group: count(of("min_rows_per_group")),
            cat_smooth: number("cat_smooth"),
            cat_l2: number("cat_l2"),
            ..HistogramSpec::default()
        }),
        ..plain
    }
}

/// The tree has the same leaves as the expected one, under other numbers, with the same values.
fn assert_same(
    table: &Table,
    tree: &Tree,
    width: usize,
    (expected_leaf, expected_values): (&Value, &[f64]),
    (tolerance, name): (f64, &str),
) {
    let expected_leaf: Vec<usize> = expected_leaf.as_array().unwrap().iter().map(count).collect();
    let mut number_of: BTreeMap<usize, usize> = BTreeMap::new();
    for (row, (values, expected)) in table.values.rows().into_iter().zip(expected_leaf).enumerate()
    {
        let leaf = leaf_of(tree, values);
        let known = *number_of.entry(leaf).or_insert(expected);
        assert_eq!(known, expected, "{name}: row {row} is in another leaf");
        let found = &tree.leaves[leaf * width..][..width];
        let expected = &expected_values[expected * width..][..width];
        let is_close = found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= tolerance);
        assert!(is_close, "{name}: row {row}: {found:?}, expected {expected:?}");
    }
    assert_eq!(number_of.len(), expected_values.len() / width, "{name}: number of leaves");
}

fn leaf_of(tree: &Tree, row: ArrayView1<'_, f64>) -> usize {
    let mut at = 0;
    loop {
        let side = |is_left: bool, value: f64, default: Side| {
            if value.is_nan() { default == Side::Left } else { is_left }
        };
        let (goes_left, left, right) = match &tree.nodes[at] {
            Node::Leaf { leaf } => return *leaf as usize,
            Node::Split { input, threshold, left, right, default_child } => {
                let value = row[*input as usize];
                (side(value <= *threshold, value, *default_child), *left, *right)
            }
            Node::SplitLevels { input, levels, left, right, default_child } => {
                let value = row[*input as usize];
                let is_within = levels.iter().any(|level| f64::from(*level) == value);
                (side(is_within, value, *default_child), *left, *right)
            }
        };
        at = if goes_left { left } else { right } as usize;
    }
}

fn fixture() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/trees.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A list of numbers, in which nothing is NaN.
fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap_or(f64::NAN)).collect()
}

fn count(number: &Value) -> usize {
    usize::try_from(number.as_u64().unwrap()).unwrap()
}
