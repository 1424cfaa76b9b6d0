use fearless_simd::Level;

use super::intervals::IntervalTables;
use super::*;
use crate::budget::Budget;
use alloc::string::ToString;
use alloc::vec;

fn leaf(leaf: u32) -> Node {
    Node::Leaf { leaf }
}

fn split(input: u32, threshold: f64, left: u32, right: u32) -> Node {
    Node::Split { input, threshold, left, right, default_child: Side::Left }
}

fn tree(nodes: Vec<Node>, leaves: Vec<f64>) -> Tree {
    Tree { margin: Some(0), nodes, leaves }
}

fn forest(nodes: Vec<Node>, leaves: Vec<f64>) -> Result<Forest, Error> {
    Forest::new(Link::Logit, 2, vec![0.5], vec![tree(nodes, leaves)])
}

/// Root splits on input 0; its right child is a leaf, its left child splits on input 1.
fn uneven() -> Forest {
    let nodes = vec![split(0, 1.0, 1, 4), split(1, -2.0, 2, 3), leaf(0), leaf(1), leaf(2)];
    forest(nodes, vec![1.0, 2.0, 4.0]).unwrap()
}

fn margin(forest: &Forest, row: &[f64]) -> f64 {
    let margin = |flat: &FlatForest| {
        let mut out = [0.0];
        let mut temporary = vec![f64::NAN; flat.n_temporary()];
        flat.margins(Level::baseline(), row, &mut temporary, &mut out);
        out[0]
    };
    let mut flat = FlatForest::new(forest).unwrap();
    let by_walks = margin(&flat);
    flat.tables = tables(forest);
    assert_eq!(by_walks.to_bits(), margin(&flat).to_bits());
    by_walks
}

const ABOVE_1: f64 = 1.0 + f64::EPSILON;

#[test]
fn a_value_equal_to_the_threshold_goes_left() {
    let cases =
        [([1.0, -2.0], 1.5), ([1.0, 0.0], 2.5), ([ABOVE_1, -9.0], 4.5), ([-9.0, -2.0], 1.5)];
    for (row, expected) in cases {
        assert_eq!(margin(&uneven(), &row), expected, "{row:?}");
    }
}

#[test]
fn below_sends_a_value_equal_to_the_threshold_right() {
    let below = Forest { comparison: Comparison::Below, ..uneven() };
    let just_below = 1.0_f64.next_down();
    for (row, expected) in [([1.0, 0.0], 4.5), ([just_below, -2.0], 2.5), ([0.0, -3.0], 1.5)] {
        assert_eq!(margin(&below, &row), expected, "{row:?}");
    }
}

#[test]
#[allow(clippy::cast_possible_truncation, reason = "what XGBoost does")]
fn single_precision_rounds_values_then_sums() {
    // 1 + 2^-52 is 1 in single precision, and so goes left.
    let inputs = Forest { precision: Precision::SingleInputs, ..uneven() };
    assert_eq!(margin(&inputs, &[ABOVE_1, -9.0]), 1.5);
    let third = 1.0 / 3.0;
    let one = |precision| {
        let leaf = tree(vec![leaf(0)], vec![third]);
        let sum = Forest::new(Link::Logit, 1, vec![0.1], vec![leaf.clone(), leaf]).unwrap();
        margin(&Forest { precision, ..sum }, &[0.0])
    };
    assert_eq!(one(Precision::Double), 0.1 + third + third);
    assert_eq!(one(Precision::SingleInputs), 0.1 + third + third);
    assert_eq!(one(Precision::Single), f64::from(0.1_f32 + 1.0 / 3.0 + 1.0 / 3.0));
}

#[test]
fn the_leaf_that_a_row_reaches_is_the_one_that_is_added() {
    let split =
        Node::Split { input: 0, threshold: 0.1, left: 1, right: 2, default_child: Side::Right };
    let levels = vec![1, 3];
    let set = Node::SplitLevels { input: 1, levels, left: 3, right: 4, default_child: Side::Left };
    let nodes = vec![split, leaf(0), set, leaf(1), leaf(2)];
    let at_most = Forest::new(Link::Logit, 2, vec![0.0], vec![tree(nodes, vec![1.0, 2.0, 4.0])]);
    let at_most = at_most.unwrap();
    let below = Forest { comparison: Comparison::Below, ..at_most.clone() };
    let single = Forest { precision: Precision::Single, ..below.clone() };
    for forest in [at_most, below, single] {
        for a in [0.1, 0.1_f64.next_down(), f64::from(0.1_f32), f64::NAN, -0.0] {
            for b in [0.0, 1.0, 3.0, 4.0, f64::NAN] {
                let leaf = forest.leaf(0, &[a, b]).unwrap();
                assert_eq!(margin(&forest, &[a, b]), [1.0, 2.0, 4.0][leaf], "{a} {b}");
            }
        }
        assert_eq!((forest.leaf(1, &[0.0, 0.0]), forest.leaf(0, &[])), (None, None));
    }
}

#[test]
fn a_missing_value_goes_to_the_default_child() {
    for (side, expected) in [(Side::Left, 1.5), (Side::Right, 2.5)] {
        let split = |threshold| {
            let root = Node::Split { input: 0, threshold, left: 1, right: 2, default_child: side };
            forest(vec![root, leaf(0), leaf(1)], vec![1.0, 2.0]).unwrap()
        };
        assert_eq!(margin(&split(-1e100), &[f64::NAN, 0.0]), expected);
        assert_eq!(margin(&split(1e100), &[-f64::NAN, 0.0]), expected);
    }
}

#[test]
fn levels_of_the_set_go_left() {
    for (side, missing) in [(Side::Left, 1.5), (Side::Right, 2.5)] {
        let root = Node::SplitLevels {
            input: 1,
            levels: vec![0, 3, 70],
            left: 1,
            right: 2,
            default_child: side,
        };
        let sets = forest(vec![root, leaf(0), leaf(1)], vec![1.0, 2.0]).unwrap();
        for (level, expected) in [(0.0, 1.5), (1.0, 2.5), (3.0, 1.5), (70.0, 1.5), (71.0, 2.5)] {
            assert_eq!(margin(&sets, &[f64::NAN, level]), expected, "{level}");
        }
        assert_eq!(margin(&sets, &[0.0, f64::NAN]), missing);
        assert_eq!(margin(&sets, &[0.0, 1e15]), 2.5);
        let numbers = [Domain::new(0.0, 9.0); 2];
        let refused = sets.check(&numbers).unwrap_err().to_string();
        assert_eq!(refused, "tree 1: input 2 is not a level, expected one");
        assert!(sets.check(&[Domain::new(0.0, 9.0), Domain::whole(0.0, 9.0)]).is_ok());
    }
}

#[test]
fn averaged_leaves_are_distributions() {
    let stump = |leaves: Vec<f64>| Tree {
        margin: None,
        nodes: vec![split(0, 0.0, 1, 2), leaf(0), leaf(1)],
        leaves,
    };
    let forest = |second: Vec<f64>| Forest {
        link: Link::Probability,
        aggregate: Aggregate::Mean,
        base_margins: vec![0.0; 2],
        trees: vec![stump(vec![0.75, 0.25, 0.0, 1.0]), stump(second)],
        ..uneven()
    };
    let mean = forest(vec![0.5, 0.5, 0.1, 0.9]);
    let domains = mean.check(&[Domain::new(-1.0, 1.0); 2]).unwrap();
    assert!(Link::Probability.check(&domains).is_ok());
    let mut out = [0.0; 2];
    FlatForest::new(&mean).unwrap().margins(Level::baseline(), &[1.0, 0.0], &mut [], &mut out);
    assert_eq!(out, [(0.0 + 0.1) / 2.0, (1.0 + 0.9) / 2.0]);
    let error = forest(vec![0.5, 0.6, 0.1, 0.9]).check(&[Domain::new(0.0, 1.0); 2]).unwrap_err();
    assert!(error.to_string().starts_with("tree 2: leaf 1 sums to 1.1"), "{error}");
}

#[test]
fn every_index_is_checked() {
    let cases = [
        (vec![], "tree 1: no nodes, expected at least 1"),
        (
            vec![split(0, 0.0, 1, 2), leaf(0)],
            "tree 1: node 1: right child 3, but the tree has 2 nodes",
        ),
        (
            vec![split(0, 0.0, 0, 1), leaf(0)],
            "tree 1: node 1: left child 1, expected one after its parent",
        ),
        (
            vec![split(2, 0.0, 1, 2), leaf(0), leaf(0)],
            "tree 1: node 1: reads input 3, expected 1 to 2",
        ),
        (
            vec![split(0, f64::NAN, 1, 2), leaf(0), leaf(0)],
            "tree 1: node 1: threshold is not a finite number",
        ),
        (vec![split(0, 0.0, 1, 1), leaf(0)], "tree 1: node 1: right child 2 has two parents"),
        (vec![leaf(0), leaf(0)], "tree 1: node 2: has no parent, expected one"),
        (vec![leaf(1)], "tree 1: 1 leaf values, expected 2 leaves × 1"),
        (vec![leaf(u32::MAX)], "tree 1: 1 leaf values, expected 4294967296 leaves × 1"),
    ];
    for (nodes, message) in cases {
        assert_eq!(forest(nodes, vec![0.0]).unwrap_err().to_string(), message);
    }
    let infinite = forest(vec![leaf(0)], vec![f64::INFINITY]).unwrap_err();
    assert_eq!(infinite.to_string(), "tree 1: leaf 1 is not a finite number");
    let stray = Tree { margin: Some(1), ..tree(vec![leaf(0)], vec![0.0]) };
    let error = Forest::new(Link::Logit, 1, vec![0.0], vec![stray]).unwrap_err();
    assert_eq!(error.to_string(), "tree 1: adds to margin 2, expected 1 to 1");
}

/// The tables of a forest, whether they pay off or not.
fn tables(forest: &Forest) -> Option<IntervalTables> {
    IntervalTables::new(forest, 0, &mut Budget::unlimited()).unwrap()
}

#[test]
fn tables_hold_trees_of_up_to_64_leaves() {
    for n_leaves in [1_u32, 8, 9, 33, 64, 65] {
        // Each split has a leaf on its left and the next split on its right.
        let split = |n: u32| split(0, f64::from(n), 2 * n + 1, 2 * n + 2);
        let nodes = (0..n_leaves - 1).flat_map(|n| [split(n), leaf(n)]).chain([leaf(n_leaves - 1)]);
        let leaves: Vec<f64> = (0..n_leaves).map(f64::from).collect();
        let forest = forest(nodes.collect(), leaves).unwrap();
        assert_eq!(tables(&forest).is_some(), n_leaves <= 64, "{n_leaves} leaves");
        for reached in 0..n_leaves {
            let value = if reached + 1 == n_leaves { f64::INFINITY } else { f64::from(reached) };
            assert_eq!(margin(&forest, &[value, 0.0]), 0.5 + f64::from(reached));
        }
    }
}

#[test]
fn tables_are_made_where_splits_share_inputs_and_the_budget_is_large() {
    let one = uneven();
    let four = Forest { trees: vec![one.trees[0].clone(); 4], ..one.clone() };
    let has_tables = |forest: &Forest, mut budget: Budget| {
        let mut flat = FlatForest::new(forest).unwrap();
        flat.add_tables(forest, &mut budget).unwrap();
        flat.tables.is_some()
    };
    assert!(has_tables(&four, Budget::unlimited()));
    assert!(!has_tables(&one, Budget::unlimited()));
    assert!(!has_tables(&four, Budget::new(2000, u64::MAX)));
    assert!(!has_tables(&four, Budget::new(u64::MAX, 2000)));
}
