//! Shapley values of forests of other libraries are those that the libraries compute.
//!
//! `tests/reference/make_explanations.py` made the fixture.

use alloc::vec;

use super::tests::{cases, forest, numbers, table};
use super::*;

const FIXTURE: &str = include_str!("../../tests/reference/explanations.json");

/// The largest distance of a value, or of the base, from the library's.
fn worst(case: &serde_json::Value) -> f64 {
    let forest = forest(case);
    let (n_inputs, n_margins) = (forest.n_inputs as usize, forest.base_margins.len());
    let shares = numbers(&case["shares"]);
    let shares = LeftShares::new(&forest, &shares, &mut Budget::unlimited()).unwrap();
    let flat = FlatForest::new(&forest).unwrap();
    let players: Vec<u32> = (0..forest.n_inputs).collect();
    let paths = flat.paths(&players, Some(&shares)).unwrap();
    let mut memory = PathMemory::new(&paths).unwrap();
    let mut base = vec![0.0; n_margins];
    flat.expected_margins(&paths, &mut memory, &mut base);
    let mut worst = 0.0_f64;
    for (row, expected) in table(&case["rows"]).iter().zip(table(&case["contributions"])) {
        let mut values = vec![0.0; n_margins * n_inputs];
        let mut margins = vec![0.0; n_margins];
        flat.attribute(&paths, row, Against::Shares, &mut memory, &mut margins, &mut values);
        let of_margins = values.chunks_exact(n_inputs).zip(&base);
        for ((values, base), expected) in of_margins.zip(expected.chunks_exact(n_inputs + 1)) {
            for (value, expected) in values.iter().chain([base]).zip(expected) {
                worst = worst.max((value - expected).abs());
            }
        }
        for ((values, base), margin) in values.chunks_exact(n_inputs).zip(&base).zip(margins) {
            let sum = base + values.iter().sum::<f64>();
            assert!((sum - margin).abs() < 1e-13, "{}: {sum} {margin}", case["name"]);
        }
    }
    worst
}

#[test]
fn contributions_are_those_of_three_libraries() {
    let cases = cases(FIXTURE, "forests");
    assert!(cases.len() >= 50, "{}", cases.len());
    let mut worst_of = [0.0_f64; 2];
    for case in cases {
        // XGBoost writes its values in single precision.
        let is_single = case["precision"] == "Single";
        let worst = worst(&case);
        let limit = if is_single { 2e-6 } else { 1e-9 };
        assert!(worst <= limit, "{}: off by {worst:e}", case["name"]);
        worst_of[usize::from(is_single)] = worst_of[usize::from(is_single)].max(worst);
    }
    // The libraries differ, but not in the last digits that they compute.
    assert!(worst_of[0] < 1e-12, "{worst_of:?}");
}
