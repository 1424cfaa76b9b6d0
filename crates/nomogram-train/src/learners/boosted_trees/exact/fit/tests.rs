use super::*;
use ndarray::array;
use nomogram::{Node, Side};

fn spec(n_trees: usize, max_depth: usize) -> BoostedTreesSpec {
    BoostedTreesSpec { max_depth: Some(max_depth), ..BoostedTreesSpec::new(n_trees, 0.5) }
}

#[test]
fn the_first_tree_splits_where_the_classes_change() {
    let values = array![[7.0, 1.0], [7.0, 2.0], [7.0, 4.0], [7.0, 8.0]];
    let rows = TrainingRows::binary(values.view(), &[0, 0, 1, 1]);
    let forest = fit(&spec(1, 3), rows, 0).unwrap();
    // Residuals ±0.5, curvatures 0.25: a Newton step of ±2, halved by the learning rate.
    assert_eq!(
        forest.trees[0].nodes,
        [
            Node::Split { input: 1, threshold: 3.0, left: 1, right: 2, default_child: Side::Left },
            Node::Leaf { leaf: 0 },
            Node::Leaf { leaf: 1 },
        ]
    );
    assert_eq!(forest.trees[0].leaves, [-1.0, 1.0]);
    assert_eq!(forest.base_margins, [0.0]);
}

#[test]
fn leaves_keep_their_smallest_number_of_rows() {
    let values = array![[1.0], [2.0], [3.0], [4.0], [5.0]];
    let rows = TrainingRows::binary(values.view(), &[1, 0, 0, 0, 0]);
    let two = BoostedTreesSpec { min_rows_per_leaf: 2, ..spec(1, 3) };
    let forest = fit(&two, rows, 0).unwrap();
    assert!(matches!(forest.trees[0].nodes[0], Node::Split { threshold: 2.5, .. }));
    let three = BoostedTreesSpec { min_rows_per_leaf: 3, ..spec(1, 3) };
    let forest = fit(&three, rows, 0).unwrap();
    assert_eq!(forest.trees[0].nodes.len(), 1);
}

#[test]
fn a_threshold_never_reaches_the_value_on_its_right() {
    let low = 1.0_f64;
    let high = f64::from_bits(low.to_bits() + 1);
    let values = array![[low], [high]];
    let rows = TrainingRows::binary(values.view(), &[0, 1]);
    let forest = fit(&spec(1, 1), rows, 0).unwrap();
    assert!(matches!(forest.trees[0].nodes[0], Node::Split { threshold, .. } if threshold == low));
}

#[test]
fn subsampling_depends_on_the_seed_alone() {
    let values = ndarray::Array2::from_shape_fn((40, 2), |(row, column)| {
        f64::from(u32::try_from((row * 17 + column * 5) % 23).unwrap())
    });
    let classes: Vec<usize> = (0..40).map(|row| usize::from(row % 3 == 0)).collect();
    let rows = TrainingRows::binary(values.view(), &classes);
    let half = BoostedTreesSpec { subsample: 0.5, ..spec(5, 2) };
    let of_seed = |seed| fit(&half, rows, seed).unwrap();
    assert_eq!(of_seed(1), of_seed(1));
    assert_ne!(of_seed(1), of_seed(2));
}

#[test]
fn a_row_of_weight_two_counts_as_two_rows() {
    let values = array![[1.0], [2.0], [3.0], [4.0], [5.0]];
    let classes = [0, 1, 0, 1, 1];
    let weighted = TrainingRows {
        weights: Some(&[1.0, 2.0, 1.0, 1.0, 2.0]),
        ..TrainingRows::binary(values.view(), &classes)
    };
    let repeated = array![[1.0], [2.0], [2.0], [3.0], [4.0], [5.0], [5.0]];
    let repeated_classes = [0, 1, 1, 0, 1, 1, 1];
    let repeated = TrainingRows::binary(repeated.view(), &repeated_classes);
    let weighted = fit(&spec(4, 2), weighted, 0).unwrap();
    let repeated = fit(&spec(4, 2), repeated, 0).unwrap();
    for (a, b) in weighted.trees.iter().zip(&repeated.trees) {
        assert_eq!(a.nodes, b.nodes);
        assert!(a.leaves.iter().zip(&b.leaves).all(|(a, b)| (a - b).abs() < 1e-12));
    }
}

#[test]
fn missing_values_go_with_the_side_that_they_fit() {
    let values = array![[1.0], [2.0], [3.0], [4.0], [f64::NAN], [f64::NAN]];
    for (classes, side, at) in [
        ([0, 0, 1, 1, 0, 0], Side::Left, 2.5),
        ([0, 0, 1, 1, 1, 1], Side::Right, 2.5),
        ([0, 0, 0, 0, 1, 1], Side::Right, f64::MAX),
    ] {
        let rows = TrainingRows::binary(values.view(), &classes);
        let forest = fit(&spec(1, 3), rows, 0).unwrap();
        let Node::Split { threshold, default_child, .. } = forest.trees[0].nodes[0] else {
            panic!("one split separates {classes:?}")
        };
        assert_eq!((threshold, default_child), (at, side), "{classes:?}");
        assert_eq!(forest.trees[0].leaves.len(), 2, "{classes:?}");
    }
}

#[test]
fn three_classes_are_refused() {
    let values = array![[1.0], [2.0], [3.0]];
    let rows = TrainingRows { n_classes: 3, ..TrainingRows::binary(values.view(), &[0, 1, 2]) };
    let error = fit(&spec(1, 1), rows, 0).unwrap_err().to_string();
    assert!(error.starts_with("boosted trees: 3 classes"), "{error}");
}
