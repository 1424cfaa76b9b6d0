//! Sums of leaves are those that the types define, and what does not fit is refused.

use alloc::string::{String, ToString};
use alloc::vec;

use proptest::prelude::*;

use super::super::forest::properties::{forest_of_numbers, row};
use super::super::tests::{check_blocks, row_margins};
use super::super::{CompiledMember, Member};
use super::*;
use crate::budget::Budget;
use crate::member::{Aggregate, Node, Side};
use fearless_simd::Level;

/// A forest of two margins with 0 to 3 terms for each leaf.
pub(in super::super) fn linear_forest() -> impl Strategy<Value = LinearForest> {
    forest_of_numbers().prop_flat_map(|forest| {
        let n_leaves = forest.trees.iter().map(|tree| tree.leaves.len()).sum::<usize>();
        let term = (0..forest.n_inputs, -2.0..2.0);
        let leaf = (-3.0..3.0, prop::collection::vec(term, 0..4));
        prop::collection::vec(leaf, n_leaves).prop_map(move |leaves| {
            let (mut intercepts, mut ends) = (vec![], vec![]);
            let (mut inputs, mut weights) = (vec![], vec![]);
            for (intercept, terms) in leaves {
                intercepts.push(intercept);
                for (input, weight) in terms {
                    inputs.push(input);
                    weights.push(weight);
                }
                ends.push(u32::try_from(inputs.len()).unwrap());
            }
            LinearForest::new(forest.clone(), intercepts, ends, inputs, weights).unwrap()
        })
    })
}

/// A margin, leaf by leaf as the type describes them.
fn plain_margin(linear: &LinearForest, margin: usize, row: &[f64]) -> f64 {
    let forest = &linear.forest;
    let is_mean = forest.aggregate == Aggregate::Mean;
    let base = forest.base_margins[margin];
    let (mut sum, mut n_trees, mut first) = (if is_mean { 0.0 } else { base }, 0.0, 0);
    for (index, tree) in forest.trees.iter().enumerate() {
        if tree.margin == Some(u32::try_from(margin).unwrap()) {
            let leaf = forest.leaf(index, row).unwrap();
            let (at, mut added) = (first + leaf, linear.intercepts[first + leaf]);
            let start = if at == 0 { 0 } else { linear.ends[at - 1] };
            for term in start..linear.ends[at] {
                let value = row[linear.inputs[term as usize] as usize];
                if value.is_nan() {
                    added = tree.leaves[leaf];
                    break;
                }
                added += linear.weights[term as usize] * value;
            }
            sum += added;
            n_trees += 1.0;
        }
        first += tree.leaves.len();
    }
    if is_mean { base + sum / f64::max(n_trees, 1.0) } else { sum }
}

/// Any number up to 1e280, present or not, and any level.
fn inputs() -> [Domain; 3] {
    let number = Domain { may_be_missing: true, ..Domain::new(-1e280, 1e280) };
    [number, number, Domain { may_be_missing: true, ..Domain::whole(0.0, 71.0) }]
}

proptest! {
    #[test]
    fn margins_are_the_sums_that_the_leaves_define(
        linear in linear_forest(),
        rows in prop::collection::vec(row(), 8),
    ) {
        let rows: Vec<_> = rows
            .into_iter()
            .map(|row| row.map(|value| value.clamp(-1e280, 1e280)))
            .collect();
        let domains = linear.check(&inputs()).unwrap();
        let compiled = Member::LinearForest(linear.clone()).compile(&mut Budget::unlimited());
        let compiled = compiled.unwrap();
        check_blocks(&compiled, &rows, 2);
        for row in &rows {
            let found = row_margins(&compiled, Level::baseline(), row, 2);
            for (margin, found) in found.into_iter().enumerate() {
                let expected = plain_margin(&linear, margin, row);
                prop_assert_eq!(found.to_bits(), expected.to_bits(), "{:?}: {}", row, expected);
                let domain = domains[margin];
                prop_assert!(domain.low <= found && found <= domain.high, "{:?}", domain);
            }
        }
    }
}

/// One split of the first of two inputs, whose leaves have two terms and none.
fn small() -> LinearForest {
    let nodes = vec![
        Node::Split { input: 0, threshold: 1.0, left: 1, right: 2, default_child: Side::Left },
        Node::Leaf { leaf: 0 },
        Node::Leaf { leaf: 1 },
    ];
    let tree = Tree { margin: Some(0), nodes, leaves: vec![0.5, -0.5] };
    let forest = Forest::new(Link::Identity, 2, vec![10.0], vec![tree]).unwrap();
    let (inputs, weights) = (vec![0, 1], vec![2.0, 3.0]);
    LinearForest::new(forest, vec![1.0, -7.0], vec![2, 2], inputs, weights).unwrap()
}

#[test]
fn a_leaf_has_its_value_where_a_term_is_missing() {
    let compiled = Member::LinearForest(small()).compile(&mut Budget::unlimited()).unwrap();
    let margin = |row: [f64; 2]| row_margins(&compiled, Level::baseline(), &row, 1)[0];
    assert_eq!(margin([1.0, 4.0]), 10.0 + 1.0 + 2.0 + 12.0);
    assert_eq!(margin([1.0, f64::NAN]), 10.5);
    assert_eq!(margin([f64::NAN, 4.0]), 10.5);
    assert_eq!(margin([1.5, f64::NAN]), 3.0);
    let CompiledMember::LinearForest(compiled) = compiled else { panic!() };
    assert!(compiled.work() > compiled.flat.work());
}

#[test]
fn margins_lie_between_the_ends_of_the_leaves() {
    let known = [Domain::new(-1.0, 2.0), Domain::new(0.0, 1.0)];
    let domain = small().check(&known).unwrap()[0];
    // The second leaf is −7; the first is highest at 2 and 1.
    assert_eq!((domain.low, domain.high), (3.0, 18.0));
    let missing = Domain { may_be_missing: true, ..Domain::new(5.0, 5.0) };
    let domain = small().check(&[missing, missing]).unwrap()[0];
    assert_eq!((domain.low, domain.high), (3.0, 10.0 + 1.0 + 10.0 + 15.0));
    assert!(!domain.may_be_missing);
    let huge = Domain::new(-1e300, 1e300);
    let error = small().check(&[huge, huge]).unwrap_err().to_string();
    assert!(error.starts_with("tree 1: ") && error.contains("could pass 1e300"), "{error}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |change: fn(&mut LinearForest)| -> String {
        let mut linear = small();
        change(&mut linear);
        linear.check(&[Domain::new(0.0, 1.0); 2]).unwrap_err().to_string()
    };
    let lists: [fn(&mut LinearForest); 6] = [
        |f| f.intercepts.truncate(1),
        |f| f.ends.truncate(1),
        |f| f.weights.truncate(1),
        |f| f.ends[1] = 1,
        |f| f.ends[0] = 3,
        |f| f.inputs[1] = 2,
    ];
    for change in lists {
        let error = refused(change);
        assert!(error.ends_with("terms of leaves that do not fit the trees"), "{error}");
    }
    for infinite in [f64::NAN, f64::INFINITY] {
        let mut linear = small();
        linear.weights[0] = infinite;
        let error = linear.check(&[Domain::new(0.0, 1.0); 2]).unwrap_err().to_string();
        assert!(error.starts_with("tree 1: ") && error.contains("could pass 1e300"), "{error}");
    }
    assert_eq!(
        refused(|f| f.forest.precision = Precision::Single),
        "a forest that rounds, expected double precision"
    );
    assert_eq!(
        refused(|f| f.forest.trees[0].margin = None),
        "tree 1: adds to every margin, expected one"
    );
    assert!(refused(|f| f.forest.link = Link::Probability).starts_with("the probability link"));
}
