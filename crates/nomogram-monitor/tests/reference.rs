//! The numbers are those of mpmath, scipy and Steiner, as `tests/reference/make.py` wrote them.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::indexing_slicing, reason = "tests")]

use nomogram::numeric::{erfc, exp, ln_gamma};
use nomogram_monitor::charts::{observed_expected, run_length, steiner_weight};
use nomogram_monitor::multinomial::ln_sequence;
use nomogram_monitor::outcomes::{ln_ratio, ln_ratio_of_bin};
use serde_json::Value;

fn reference() -> Value {
    serde_json::from_str(include_str!("reference/monitor.json")).unwrap()
}

fn rows(name: &str) -> Vec<Vec<f64>> {
    serde_json::from_value(reference()[name].clone()).unwrap()
}

/// How many doubles lie between two numbers of the same sign.
fn ulps(a: f64, b: f64) -> u64 {
    if (a < 0.0) != (b < 0.0) { u64::MAX } else { a.abs().to_bits().abs_diff(b.abs().to_bits()) }
}

#[test]
fn ln_gamma_is_within_2_ulp_of_mpmath() {
    let rows = rows("ln_gamma");
    assert!(rows.len() > 2000);
    for row in rows {
        let (x, expected) = (row[0], row[1]);
        let found = ln_gamma(x);
        // Near its zeros at 1 and 2 no digit of it matters: the sums are of other magnitude.
        let is_zero = (x - 1.0).abs() < 0.2 || (x - 2.0).abs() < 0.2;
        let is_close = (found - expected).abs() < 1e-16;
        assert!(ulps(found, expected) <= 2 || is_zero && is_close, "{x}: {found}, {expected}");
    }
    assert_eq!(ulps(1.0, 1.0 + f64::EPSILON), 1, "the measure itself");
}

#[test]
fn sequences_have_the_probabilities_of_scipy() {
    let sequences = reference()["sequences"].clone();
    for row in sequences.as_array().unwrap() {
        let numbers = |key: &str| -> Vec<f64> { serde_json::from_value(row[key].clone()).unwrap() };
        let found = ln_sequence(&numbers("counts"), &numbers("alphas"));
        let expected = row["ln"].as_f64().unwrap();
        assert!((found - expected).abs() <= 1e-11 * expected.abs().max(1.0), "{found}, {expected}");
    }
}

#[test]
fn weights_are_those_of_steiner() {
    // The paper's patients with risks of .024 and .542, for doubled odds.
    let weights = [(0.024, false), (0.024, true), (0.542, false), (0.542, true)];
    let found = weights.map(|(p, came_true)| (1e3 * steiner_weight(p, came_true, 2.0)).round());
    assert_eq!(found, [-24.0, 669.0, -433.0, 260.0]);
}

#[test]
fn with_a_slope_of_1_the_ratio_is_the_weight_of_steiner() {
    for p in [0.01, 0.2, 0.5, 0.93] {
        for came_true in [false, true] {
            let ratio = ln_ratio(p, came_true, std::f64::consts::LN_2, 1.0);
            assert!((ratio - steiner_weight(p, came_true, 2.0)).abs() < 1e-12);
        }
    }
}

#[test]
fn the_expectation_of_the_ratio_of_a_bin_is_at_most_1() {
    // All outcomes of three rows with unequal probabilities.
    let p = [0.1_f64, 0.3, 0.4];
    let mean = p.iter().sum::<f64>() / 3.0;
    for (a, b) in [(0.7, 1.0), (-0.7, 1.0), (0.0, 1.6), (0.4, 0.6)] {
        let mut expectation = 0.0;
        for outcomes in 0..8_u32 {
            let came_true = |row: usize| outcomes >> row & 1 == 1;
            let chance: f64 =
                (0..3).map(|row| if came_true(row) { p[row] } else { 1.0 - p[row] }).product();
            let events = u64::from(outcomes.count_ones());
            expectation += chance * exp(ln_ratio_of_bin(3, events, mean, a, b));
        }
        assert!(expectation <= 1.0 + 1e-12 && expectation > 0.9, "{expectation}");
    }
}

#[test]
fn run_lengths_are_those_of_the_integral_equation() {
    // The first two are published too: 168 and 465 for the two-sided chart, twice these for one side.
    let published = [335.37, 930.89];
    for (index, row) in rows("normal_run_lengths").into_iter().enumerate() {
        let (k, h, mu, expected) = (row[0], row[1], row[2], row[3]);
        if let Some(published) = published.get(index) {
            assert!((expected - published).abs() < 0.01, "{expected}, {published}");
        }
        // Normal steps in cells of a thousandth.
        let cdf = |x: f64| 0.5 * erfc(-x / std::f64::consts::SQRT_2);
        let cell = 0.002;
        let steps: Vec<(f64, f64)> = (-4000..4000)
            .map(|at| f64::from(at) * cell)
            .map(|z| (z + mu - k, cdf(z + cell / 2.0) - cdf(z - cell / 2.0)))
            .collect();
        let found = run_length(&steps, h, 150).unwrap();
        assert!((found / expected - 1.0).abs() < 0.005, "{found}, {expected}");
    }
}

#[test]
fn a_cusum_of_one_step_up_reaches_its_limit_at_once() {
    assert_eq!(run_length(&[(5.0, 1.0)], 4.0, 10).unwrap(), 1.0);
    assert!((run_length(&[(5.0, 0.25), (-5.0, 0.75)], 4.0, 10).unwrap() - 4.0).abs() < 1e-9);
    assert!(run_length(&[(-1.0, 1.0)], 4.0, 10).is_err(), "it never does");
    assert!(run_length(&[], 4.0, 10).is_err());
}

#[test]
fn intervals_are_those_of_garwood() {
    for row in rows("intervals") {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        let found = observed_expected(row[0] as u64, 10.0, 0.95).unwrap();
        assert!((10.0 * found.low - row[1]).abs() < 1e-8 * row[1].max(1.0), "{found:?}, {row:?}");
        assert!((10.0 * found.high - row[2]).abs() < 1e-8 * row[2], "{found:?}, {row:?}");
    }
    assert!(observed_expected(3, 0.0, 0.95).is_err());
}
