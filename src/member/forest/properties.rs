//! For any forest, the flat walk equals the plain one and margins lie in the domains of `check`.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use fearless_simd::Level;
use proptest::prelude::*;
use proptest::sample::select;

use super::intervals::IntervalTables;
use super::*;
use crate::budget::Budget;
use crate::lanes::levels;

/// Numbers that distinguish comparisons and precisions: in both precisions, and adjacent ones.
const NUMBERS: [f64; 14] = [
    -f64::MAX,
    -1e100,
    -1.0,
    -5e-324,
    -0.0,
    0.0,
    0.1,
    0.100_000_001_490_116_12,
    0.3,
    1.0,
    1.0 + f64::EPSILON,
    16_777_217.0,
    3.5e38,
    f64::MAX,
];

/// Two numbers and a level.
const N_INPUTS: u32 = 3;
const LEVEL: u32 = 2;

#[derive(Clone, Debug)]
enum Shape {
    Leaf([f64; 2]),
    Number(u32, f64, Side, Box<[Shape; 2]>),
    Levels(Vec<u32>, Side, Box<[Shape; 2]>),
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop::array::uniform2(-10.0..10.0).prop_map(Shape::Leaf);
    leaf.prop_recursive(8, 40, 2, |inner| {
        let side = select(vec![Side::Left, Side::Right]);
        let children = prop::array::uniform2(inner).prop_map(Box::new);
        let levels = prop::collection::btree_set(0_u32..70, 1..6);
        prop_oneof![
            (0..N_INPUTS, select(&NUMBERS[..]), side.clone(), children.clone())
                .prop_map(|(input, at, side, children)| Shape::Number(input, at, side, children)),
            (levels, side, children).prop_map(|(levels, side, children)| {
                Shape::Levels(levels.into_iter().collect(), side, children)
            }),
        ]
    })
}

/// A tree of a forest with so many margins; without sets, it splits by numbers in their place.
fn tree(shape: &Shape, margin: Option<u32>, n_margins: usize, has_sets: bool) -> Tree {
    let mut tree = Tree { margin, nodes: vec![], leaves: vec![] };
    let n_values = if margin.is_some() { 1 } else { n_margins };
    push(&mut tree, shape, n_values, has_sets);
    tree
}

/// Writes a node and, after it, its children. Returns its position.
fn push(tree: &mut Tree, shape: &Shape, n_values: usize, has_sets: bool) -> u32 {
    let position = tree.nodes.len();
    let below = |tree: &mut Tree, [left, right]: &[Shape; 2]| {
        let left = push(tree, left, n_values, has_sets);
        (left, push(tree, right, n_values, has_sets))
    };
    let leaf = u32::try_from(tree.leaves.len() / n_values).unwrap();
    tree.nodes.push(Node::Leaf { leaf });
    tree.nodes[position] = match shape {
        Shape::Leaf(values) => {
            tree.leaves.extend(&values[..n_values]);
            Node::Leaf { leaf }
        }
        Shape::Number(input, threshold, default_child, children) => {
            let (left, right) = below(tree, children);
            let (input, threshold, default_child) = (*input, *threshold, *default_child);
            Node::Split { input, threshold, left, right, default_child }
        }
        Shape::Levels(levels, default_child, children) if !has_sets => {
            let (left, right) = below(tree, children);
            let (threshold, default_child) = (f64::from(levels[0]), *default_child);
            Node::Split { input: LEVEL, threshold, left, right, default_child }
        }
        Shape::Levels(levels, default_child, children) => {
            let (left, right) = below(tree, children);
            let (levels, default_child) = (levels.clone(), *default_child);
            Node::SplitLevels { input: LEVEL, levels, left, right, default_child }
        }
    };
    u32::try_from(position).unwrap()
}

/// A forest of two margins, which may have sets.
pub(in super::super) fn forest() -> impl Strategy<Value = Forest> {
    forest_of(2, true)
}

/// A forest of two margins in double precision, whose trees add to one margin each.
pub(in super::super) fn forest_of_numbers() -> impl Strategy<Value = Forest> {
    forest().prop_map(|mut forest| {
        forest.precision = Precision::Double;
        forest.trees.retain(|tree| tree.margin.is_some());
        forest
    })
}

/// With more trees than a row walks side by side.
fn forest_of(n_margins: usize, has_sets: bool) -> impl Strategy<Value = Forest> {
    let margins = [None, Some(0), Some(1)];
    let margin = select(margins[..=n_margins].to_vec());
    let trees = prop::collection::vec((shape(), margin), 0..20);
    (
        trees,
        prop::collection::vec(-10.0..10.0, n_margins),
        select(vec![Comparison::AtMost, Comparison::Below]),
        select(vec![Precision::Double, Precision::SingleInputs, Precision::Single]),
        select(vec![Aggregate::Sum, Aggregate::Mean]),
    )
        .prop_map(move |(trees, base_margins, comparison, precision, aggregate)| Forest {
            link: Link::Softmax,
            n_inputs: N_INPUTS,
            comparison,
            precision,
            aggregate,
            base_margins,
            trees: trees
                .iter()
                .map(|(shape, margin)| tree(shape, *margin, n_margins, has_sets))
                .collect(),
        })
}

pub(in super::super) fn row() -> impl Strategy<Value = [f64; 3]> {
    let number = || prop_oneof![4 => select(&NUMBERS[..]), 1 => Just(f64::NAN), 2 => -2.0..2.0];
    let level = prop_oneof![4 => (0_u32..72).prop_map(f64::from), 1 => Just(f64::NAN)];
    (number(), number(), level).prop_map(|(a, b, level)| [a, b, level])
}

/// The index of the leaf, found node by node as the types define it.
fn plain_walk(forest: &Forest, tree: &Tree, at: u32, row: &[f64]) -> usize {
    let (goes_left, left, right) = match &tree.nodes[at as usize] {
        Node::Leaf { leaf } => return *leaf as usize,
        Node::Split { input, threshold, left, right, default_child } => {
            let mut value = row[*input as usize];
            if forest.precision != Precision::Double {
                value = single(value);
            }
            let goes_left = match forest.comparison {
                _ if value.is_nan() => *default_child == Side::Left,
                Comparison::AtMost => value <= *threshold,
                Comparison::Below => value < *threshold,
            };
            (goes_left, left, right)
        }
        Node::SplitLevels { input, levels, left, right, default_child } => {
            let value = row[*input as usize];
            let is_in_set = levels.iter().any(|level| f64::from(*level) == value);
            let is_default = value.is_nan() && *default_child == Side::Left;
            (is_in_set || is_default, left, right)
        }
    };
    plain_walk(forest, tree, if goes_left { *left } else { *right }, row)
}

/// A margin, summed in the arithmetic of the precision.
#[allow(clippy::cast_possible_truncation, reason = "XGBoost sums in single precision")]
fn plain_margin(forest: &Forest, margin: usize, row: &[f64]) -> f64 {
    let n_margins = forest.base_margins.len();
    let leaves: Vec<f64> = forest
        .trees
        .iter()
        .filter(|tree| tree.margin.is_none_or(|only| only as usize == margin))
        .map(|tree| {
            let leaf = plain_walk(forest, tree, 0, row);
            if tree.margin.is_some() {
                tree.leaves[leaf]
            } else {
                tree.leaves[leaf * n_margins + margin]
            }
        })
        .collect();
    let n_trees = u16::try_from(leaves.len().max(1)).unwrap();
    let base = forest.base_margins[margin];
    let of_single = leaves.iter().map(|leaf| *leaf as f32);
    match (forest.precision, forest.aggregate) {
        (Precision::Single, Aggregate::Sum) => f64::from(of_single.fold(base as f32, |a, b| a + b)),
        (Precision::Single, Aggregate::Mean) => {
            f64::from(base as f32 + of_single.fold(0.0, |a, b| a + b) / f32::from(n_trees))
        }
        (_, Aggregate::Sum) => leaves.iter().fold(base, |sum, leaf| sum + leaf),
        (_, Aggregate::Mean) => {
            base + leaves.iter().fold(0.0, |sum, leaf| sum + leaf) / f64::from(n_trees)
        }
    }
}

/// Any number, present or not, and any level.
fn inputs() -> [Domain; 3] {
    let number = Domain { may_be_missing: true, ..Domain::new(-1e300, 1e300) };
    [number, number, Domain { may_be_missing: true, ..Domain::whole(0.0, 71.0) }]
}

fn margins(flat: &FlatForest, level: Level, row: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; flat.base_margins.len()];
    flat.margins(level, row, &mut vec![f64::NAN; flat.n_temporary()], &mut out);
    out
}

proptest! {
    #[test]
    fn the_flat_walk_is_the_plain_walk(
        forest in (1_usize..3, any::<bool>()).prop_flat_map(|(n, has_sets)| forest_of(n, has_sets)),
        rows in prop::collection::vec(row(), 8),
    ) {
        let domains = forest.check(&inputs()).unwrap();
        let flat = FlatForest::new(&forest).unwrap();
        for row in rows {
            for (margin, found) in margins(&flat, Level::baseline(), &row).into_iter().enumerate() {
                let expected = plain_margin(&forest, margin, &row);
                prop_assert_eq!(found.to_bits(), expected.to_bits(), "{:?}: {}", row, expected);
                let domain = domains[margin];
                prop_assert!(domain.low <= found && found <= domain.high, "{:?}", domain);
            }
        }
    }

    #[test]
    fn tables_give_the_bits_of_walks(
        forest in (1_usize..3).prop_flat_map(|n| forest_of(n, false)),
        // Some forests have more trees than a word, or a group, of a table.
        n_trees in select(vec![1, 9, 70, 300]),
        rows in prop::collection::vec(row(), 8),
    ) {
        let trees = forest.trees.iter().cycle().take(n_trees).cloned().collect();
        let forest = Forest { trees, ..forest };
        let mut flat = FlatForest::new(&forest).unwrap();
        let walked: Vec<_> = rows.iter().map(|row| margins(&flat, Level::baseline(), row)).collect();
        flat.tables = IntervalTables::new(&forest, 0, &mut Budget::unlimited()).unwrap();
        for (row, walked) in rows.iter().zip(walked) {
            for level in levels() {
                let found = margins(&flat, level, row);
                let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                prop_assert_eq!(bits(&found), bits(&walked), "{:?}, {:?}", row, level);
            }
        }
    }
}
