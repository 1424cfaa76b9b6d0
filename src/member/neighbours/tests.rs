//! Answers are those of the closest rows, also of equally far ones, and what does not fit is refused.

use alloc::string::{String, ToString};
use alloc::vec;

use fearless_simd::Level;
use proptest::collection::vec as list;
use proptest::prelude::*;
use proptest::sample::select;

use super::super::Member;
use super::super::tests::{check_blocks, row_margins};
use super::*;
use crate::budget::Budget;

/// Two classes or a number, three inputs.
pub(in super::super) fn neighbours(is_value: bool) -> impl Strategy<Value = Neighbours> {
    let metric = select(vec![Metric::Euclidean, Metric::Manhattan, Metric::Chebyshev]);
    let weight = select(vec![NeighbourWeight::Uniform, NeighbourWeight::InverseDistance]);
    // Whole numbers are often equally far.
    let number = prop_oneof![-10.0..10.0, (-3_i32..3).prop_map(f64::from)];
    (1_usize..8).prop_flat_map(move |n_rows| {
        let targets = if is_value {
            list(-1e6..1e6, n_rows).prop_map(NeighbourTargets::Numbers).boxed()
        } else {
            let classes = list(0_u32..2, n_rows);
            classes.prop_map(|of_rows| NeighbourTargets::Classes { n_classes: 2, of_rows }).boxed()
        };
        let n_neighbours = 1..=u32::try_from(n_rows).unwrap();
        (metric.clone(), weight.clone(), n_neighbours, list(number.clone(), 3 * n_rows), targets)
            .prop_map(|(metric, weight, n_neighbours, rows, targets)| {
                let rows = StoredRows { n_inputs: 3, values: rows };
                Neighbours { metric, weight, n_neighbours, rows, targets }
            })
    })
}

/// The margins by sorting all rows.
fn plain_margins(neighbours: &Neighbours, row: &[f64]) -> Vec<f64> {
    let mut order: Vec<(f64, usize)> = neighbours
        .rows
        .iter()
        .map(|stored| neighbours.distance(stored, row))
        .enumerate()
        .map(|(index, distance)| (distance, index))
        .collect();
    // Stable: of equally far rows, the first ones.
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut sums = vec![0.0; neighbours.n_margins()];
    let mut total = 0.0;
    for (distance, index) in order.iter().take(neighbours.n_neighbours()) {
        let weight = neighbours.weight_of(*distance, order[0].0);
        match &neighbours.targets {
            NeighbourTargets::Classes { of_rows, .. } => sums[of_rows[*index] as usize] += weight,
            NeighbourTargets::Numbers(numbers) => sums[0] += weight * numbers[*index],
        }
        total += weight;
    }
    sums.into_iter().map(|sum| sum / total).collect()
}

proptest! {
    #[test]
    fn margins_are_those_of_the_closest_rows(
        neighbours in any::<bool>().prop_flat_map(neighbours),
        rows in list(list(prop_oneof![-10.0..10.0, (-3_i32..3).prop_map(f64::from)], 3), 5),
    ) {
        let compiled = Member::Neighbours(neighbours.clone()).compile(&mut Budget::unlimited());
        let compiled = compiled.unwrap();
        let n_margins = neighbours.n_margins();
        check_blocks(&compiled, &rows, n_margins);
        for row in &rows {
            let found = row_margins(&compiled, Level::baseline(), row, n_margins);
            prop_assert_eq!(found, plain_margins(&neighbours, row));
        }
    }
}

/// Four rows of one number: 0, 1, 1 and 3, of classes 0, 1, 2 and 0.
fn small(n_neighbours: u32, weight: NeighbourWeight) -> Neighbours {
    let targets = NeighbourTargets::Classes { n_classes: 3, of_rows: vec![0, 1, 2, 0] };
    let rows = StoredRows { n_inputs: 1, values: vec![0.0, 1.0, 1.0, 3.0] };
    Neighbours { metric: Metric::Euclidean, weight, n_neighbours, rows, targets }
}

fn margins(neighbours: Neighbours, value: f64) -> Vec<f64> {
    let compiled = Member::Neighbours(neighbours).compile(&mut Budget::unlimited()).unwrap();
    row_margins(&compiled, Level::baseline(), &[value], 3)
}

#[test]
fn of_equally_far_rows_the_first_one_counts() {
    let uniform = |n, value| margins(small(n, NeighbourWeight::Uniform), value);
    assert_eq!(uniform(1, 1.0), [0.0, 1.0, 0.0]);
    assert_eq!(uniform(2, 1.25), [0.0, 0.5, 0.5]);
    assert_eq!(uniform(1, 0.5), [1.0, 0.0, 0.0]);
    assert_eq!(uniform(4, -1e100), [0.5, 0.25, 0.25]);
}

#[test]
fn weights_fall_with_the_distance() {
    let inverse = |n, value| margins(small(n, NeighbourWeight::InverseDistance), value);
    // Distances 2, 1, 1 and 1: weights 1/2, 1, 1 and 1.
    assert_eq!(inverse(4, 2.0), [1.5 / 3.5, 1.0 / 3.5, 1.0 / 3.5]);
    // At no distance of two rows: only these count.
    assert_eq!(inverse(3, 1.0), [0.0, 0.5, 0.5]);
    assert_eq!(inverse(2, 3.0), [1.0, 0.0, 0.0]);
    // The smallest distances that there are.
    assert_eq!(inverse(1, 5e-324), [1.0, 0.0, 0.0]);
}

#[test]
fn ties_of_different_targets_are_seen() {
    let has_tie = |n, value: f64| {
        let neighbours = small(n, NeighbourWeight::Uniform);
        neighbours.has_tie(&[value], 1e-9).unwrap()
    };
    // The two rows at 1 are equally far from everywhere.
    assert!(has_tie(1, 1.0) && has_tie(1, 1.2) && !has_tie(2, 1.2) && !has_tie(4, 1.0));
    // Rows 0 and 3 are of one class.
    assert!(!has_tie(3, 1.5) && has_tie(1, 0.5));
    // Nearly as far; beyond the share.
    assert!(has_tie(1, 0.5 * (1.0 - 1e-11)) && !has_tie(1, 0.499_999));
    let (metric, weight) = (Metric::Chebyshev, NeighbourWeight::InverseDistance);
    let rows = || StoredRows { n_inputs: 1, values: vec![0.0, 2.0, 7.0] };
    let of_targets = |targets| {
        let targets = NeighbourTargets::Numbers(targets);
        Neighbours { metric, weight, n_neighbours: 1, rows: rows(), targets }.has_tie(&[1.0], 0.0)
    };
    assert!(of_targets(vec![5.0, 6.0, 5.0]).unwrap());
    assert!(!of_targets(vec![5.0, 5.0, 6.0]).unwrap());
}

#[test]
fn means_of_numbers_lie_between_their_ends() {
    let targets = NeighbourTargets::Numbers(vec![-1.0, 3.0]);
    let (metric, weight) = (Metric::Manhattan, NeighbourWeight::Uniform);
    let rows = StoredRows { n_inputs: 1, values: vec![0.0, 1.0] };
    let regression = Neighbours { metric, weight, n_neighbours: 2, rows, targets };
    let domain = regression.check(&[Domain::new(-1e100, 1e100)]).unwrap()[0];
    assert!(domain.low <= -1.0 && domain.low > -1.000_001, "{domain:?}");
    assert!(domain.high >= 3.0 && domain.high < 3.000_001, "{domain:?}");
    assert_eq!(regression.link(), Link::Identity);
    let classes = small(2, NeighbourWeight::Uniform);
    assert_eq!(classes.check(&[Domain::new(-1.0, 1.0)]).unwrap(), [Domain::new(0.0, 1.0); 3]);
    let far = classes.check(&[Domain::new(-1e200, 1.0)]).unwrap_err().to_string();
    assert!(far.starts_with("stored row 1: ") && far.contains("could pass 1e300"), "{far}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let refused = |change: fn(&mut Neighbours)| -> String {
        let mut neighbours = small(2, NeighbourWeight::Uniform);
        change(&mut neighbours);
        neighbours.check(&[Domain::new(0.0, 1.0)]).unwrap_err().to_string()
    };
    assert!(refused(|n| n.rows.n_inputs = 3).contains("4 numbers of stored rows, expected 3 for"));
    assert_eq!(refused(|n| n.rows.values.truncate(3)), "4 targets, expected 3");
    assert_eq!(refused(|n| n.n_neighbours = 0), "0 neighbours, expected 1 to 4");
    assert_eq!(refused(|n| n.n_neighbours = 5), "5 neighbours, expected 1 to 4");
    let wrong = refused(|n| n.rows.values[2] = f64::NAN);
    assert_eq!(wrong, "stored row 3: input 1: not a finite number");
    let classes = |n_classes, of_rows| NeighbourTargets::Classes { n_classes, of_rows };
    let mut wrong = small(2, NeighbourWeight::Uniform);
    wrong.targets = classes(2, vec![0, 1, 2, 0]);
    let error = wrong.check(&[Domain::new(0.0, 1.0)]).unwrap_err().to_string();
    assert_eq!(error, "stored row 3: a class beyond the last one, expected 1 to 2");
    assert_eq!(
        refused(|n| n.targets = NeighbourTargets::Numbers(vec![0.0, 1.0, f64::INFINITY, 0.0])),
        "target 3 is not a finite number"
    );
    let missing = Domain { may_be_missing: true, ..Domain::new(0.0, 1.0) };
    let error = small(1, NeighbourWeight::Uniform).check(&[missing]).unwrap_err().to_string();
    assert_eq!(error, "input 1: may be missing here; impute it first");
}

#[test]
fn debug_has_no_value() {
    let text = alloc::format!("{:?}", small(2, NeighbourWeight::Uniform));
    let is_counted =
        text.contains("4 stored rows of 1 numbers") && text.contains("targets of 4 rows");
    assert!(is_counted, "{text}");
}
