use super::super::out_of_bag::leaf_of;
use super::super::spec::{Impurity, MaxFeatures};
use super::*;
use crate::count::number;
use crate::invalid::Spec;
use ndarray::array;
use nomogram::{Node, Side};

fn fit(spec: &RandomForestSpec, rows: TrainingRows<'_>, seed: u64) -> Forest {
    spec.clone().check().unwrap().fit(rows, seed).unwrap()
}

fn fit_out_of_bag(
    spec: &RandomForestSpec,
    rows: TrainingRows<'_>,
) -> Result<(Forest, Array2<f64>), Error> {
    spec.clone().check().unwrap().fit_out_of_bag(rows, 3)
}

fn spec(n_trees: usize) -> RandomForestSpec {
    RandomForestSpec {
        n_trees,
        criterion: Impurity::Gini,
        max_features: MaxFeatures::Sqrt,
        max_depth: None,
        min_rows_per_leaf: 1,
        bootstrap: true,
    }
}

fn one_tree() -> RandomForestSpec {
    RandomForestSpec { max_features: MaxFeatures::All, bootstrap: false, ..spec(1) }
}

/// Three classes in a plane, with noise beside it and missing values.
fn table(n_rows: usize) -> (Array2<f64>, Vec<usize>) {
    let mut random = Random::new(5, 0);
    let values = Array2::from_shape_fn((n_rows, 6), |(_, column)| {
        let value = random.uniform();
        if column == 5 && value < 0.4 { f64::NAN } else { value }
    });
    let class = |row: ndarray::ArrayView1<'_, f64>| {
        if row[5].is_nan() { 0 } else { usize::from(row[0] > 0.5) + usize::from(row[1] > 0.4) }
    };
    let classes = values.rows().into_iter().map(class).collect();
    (values, classes)
}

fn shares(forest: &Forest, row: &[f64]) -> Vec<f64> {
    let n = forest.base_margins.len();
    let mut sums = vec![0.0; n];
    for tree in &forest.trees {
        let leaf = leaf_of(tree, |input| row[input]);
        sums.iter_mut().zip(&tree.leaves[leaf * n..]).for_each(|(sum, share)| *sum += share);
    }
    sums.iter().map(|sum| sum / number(forest.trees.len())).collect()
}

#[test]
fn threads_change_no_bit() {
    let (values, classes) = table(300);
    let rows = TrainingRows { n_classes: 3, ..TrainingRows::binary(values.view(), &classes) };
    let with = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| fit_out_of_bag(&spec(20), rows).unwrap())
    };
    let (forest, out_of_bag) = with(1);
    for n_threads in [2, 3] {
        let (other, other_out_of_bag) = with(n_threads);
        assert_eq!(other, forest);
        assert!(out_of_bag.iter().zip(&other_out_of_bag).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
    assert_ne!(fit(&spec(20), rows, 4), forest);
    assert_ne!(forest.trees[0], forest.trees[1]);
}

#[test]
fn out_of_bag_probabilities_are_as_good_as_those_of_new_rows() {
    let (values, classes) = table(600);
    let part = |range: std::ops::Range<usize>| values.slice(ndarray::s![range, ..]);
    let rows = TrainingRows { n_classes: 3, ..TrainingRows::binary(part(0..300), &classes[..300]) };
    let (forest, out_of_bag) = fit_out_of_bag(&spec(60), rows).unwrap();
    let right = |shares: &[f64], class: usize| shares.iter().all(|share| *share <= shares[class]);
    let seen = part(0..300);
    let n_seen = seen
        .rows()
        .into_iter()
        .zip(&classes)
        .filter(|(row, class)| right(&shares(&forest, &row.to_vec()), **class));
    let n_bag = out_of_bag.rows().into_iter().zip(&classes).filter(|(row, class)| {
        assert!((row.sum() - 1.0).abs() < 1e-12);
        right(&row.to_vec(), **class)
    });
    let new = part(300..600);
    let n_new = new
        .rows()
        .into_iter()
        .zip(&classes[300..])
        .filter(|(row, class)| right(&shares(&forest, &row.to_vec()), **class));
    let (n_seen, n_bag, n_new) = (n_seen.count(), n_bag.count(), n_new.count());
    assert_eq!(n_seen, 300);
    assert!(n_bag.abs_diff(n_new) <= 15 && n_bag > 240, "{n_bag} {n_new}");
}

#[test]
fn missing_values_go_with_the_better_side() {
    let nan = f64::NAN;
    let values = array![[1.0], [2.0], [3.0], [4.0], [nan], [nan]];
    for (class_of_missing, side) in [(0, Side::Left), (1, Side::Right)] {
        let classes = [0, 0, 1, 1, class_of_missing, class_of_missing];
        let rows = TrainingRows::binary(values.view(), &classes);
        let forest = fit(&one_tree(), rows, 0);
        let Node::Split { threshold, default_child, .. } = forest.trees[0].nodes[0] else {
            panic!("no split");
        };
        assert_eq!((threshold, default_child, forest.trees[0].nodes.len()), (2.5, side, 3));
    }
    let rows = TrainingRows::binary(values.view(), &[0, 0, 0, 0, 1, 1]);
    let forest = fit(&one_tree(), rows, 0);
    assert_eq!(shares(&forest, &[nan]), [0.0, 1.0]);
    assert_eq!(shares(&forest, &[1e300]), [1.0, 0.0]);
}

#[test]
fn weights_count_and_limits_hold() {
    let values = array![[1.0], [1.0], [2.0], [2.0]];
    let rows = TrainingRows {
        weights: Some(&[3.0, 1.0, 1.0, 1.0]),
        ..TrainingRows::binary(values.view(), &[0, 1, 1, 1])
    };
    let forest = fit(&one_tree(), rows, 0);
    assert_eq!(shares(&forest, &[1.0]), [0.75, 0.25]);
    let few = RandomForestSpec { min_rows_per_leaf: 3, ..one_tree() };
    assert_eq!(fit(&few, rows, 0).trees[0].nodes.len(), 1);
    let (values, classes) = table(200);
    let rows = TrainingRows { n_classes: 3, ..TrainingRows::binary(values.view(), &classes) };
    let flat = RandomForestSpec { max_depth: Some(2), ..spec(5) };
    let forest = fit(&flat, rows, 0);
    assert!(forest.trees.iter().all(|tree| tree.leaves.len() <= 12));
}

#[test]
fn out_of_bag_probabilities_need_bootstrap() {
    let values = array![[1.0], [2.0]];
    let rows = TrainingRows::binary(values.view(), &[0, 1]);
    let error = fit_out_of_bag(&one_tree(), rows).unwrap_err();
    let expected = "configuration: bootstrap: false, expected true for out-of-bag probabilities";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn no_row_of_a_drawn_group_is_out_of_bag() {
    let (values, classes) = table(90);
    let groups: Vec<usize> = (0..90).map(|row| row % 30).collect();
    let rows = TrainingRows { n_classes: 3, ..TrainingRows::binary(values.view(), &classes) };
    let out_of_bag = |rows: TrainingRows<'_>| -> Vec<bool> {
        let (_, probabilities) = fit_out_of_bag(&spec(4), rows).unwrap();
        (0..90).map(|row| !probabilities[[row, 0]].is_nan()).collect()
    };
    let is_split = |out: &[bool]| (30..90).any(|row| out[row] != out[row % 30]);
    assert!(is_split(&out_of_bag(rows)));
    let grouped = out_of_bag(TrainingRows { groups: Some(&groups), ..rows });
    assert!(!is_split(&grouped) && grouped.contains(&true), "{grouped:?}");
}
