//! The numbers are those of mpmath, scipy, statsmodels, scikit-learn, NannyML, Steiner, and the R packages
//! spc and surveillance, as the scripts in `tests/reference` wrote them.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::indexing_slicing, reason = "tests")]

use nomogram::numeric::{erfc, exp, ln, ln_gamma};
use nomogram_monitor::charts::{observed_expected, run_length, steiner_weight};
use nomogram_monitor::effect::{psi, wasserstein};
use nomogram_monitor::multinomial::ln_sequence;
use nomogram_monitor::outcomes::{OutcomeBin, ln_ratio, ln_ratio_of_bin};
use nomogram_monitor::performance::expected;
use nomogram_monitor::recalibration::{Recalibration, brier_score};
use serde::Deserialize;
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
        let found = run_length(&normal_steps(k, mu), h, 150).unwrap();
        assert!((found / expected - 1.0).abs() < 0.005, "{found}, {expected}");
    }
}

/// Normal steps in cells of two thousandths.
fn normal_steps(k: f64, mu: f64) -> Vec<(f64, f64)> {
    let cdf = |x: f64| 0.5 * erfc(-x / std::f64::consts::SQRT_2);
    let cell = 0.002;
    let middles = (-4000..4000).map(|at| f64::from(at) * cell);
    middles.map(|z| (z + mu - k, cdf(z + cell / 2.0) - cdf(z - cell / 2.0))).collect()
}

/// Counts of a Poisson distribution, less the reference value.
fn poisson_steps(k: f64, mean: f64) -> Vec<(f64, f64)> {
    let chance = |n: f64| exp(n * ln(mean) - mean - ln_gamma(n + 1.0));
    (0..60).map(f64::from).map(|n| (n - k, chance(n))).collect()
}

#[test]
fn run_lengths_are_those_of_the_r_packages_spc_and_surveillance() {
    let table = include_str!("reference/run_lengths.csv");
    let mut n_compared = 0;
    for line in table.lines().skip(1) {
        let mut cells = line.split(',').skip(1);
        let chart = cells.next().unwrap();
        let numbers: Vec<f64> = cells.map(|cell| cell.parse().unwrap()).collect();
        let &[a, b, limit, expected] = numbers.as_slice() else { panic!("{line}") };
        let (found, bound) = match chart {
            "normal" => (run_length(&normal_steps(a, b), limit, 150).unwrap(), 0.005),
            // Sums are multiples of a step, one per state: both are exact.
            "poisson" => {
                let step = if a.fract() == 0.0 { 1.0 } else { 0.5 };
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small")]
                let n_states = (limit / step) as usize;
                let steps = poisson_steps(a, b);
                (run_length(&steps, limit - step / 2.0, n_states).unwrap(), 1e-9)
            }
            other => panic!("{other}"),
        };
        assert!((found / expected - 1.0).abs() < bound, "{line}: {found}");
        n_compared += 1;
    }
    assert_eq!(n_compared, 10);
}

#[test]
fn run_lengths_of_odds_are_those_of_simulated_charts() {
    let table = include_str!("reference/run_lengths_of_odds.csv");
    assert_eq!(table.lines().count(), 5);
    for line in table.lines().skip(1) {
        let numbers: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
        let &[risk, odds_ratio, limit, expected, _] = numbers.as_slice() else { panic!("{line}") };
        let steps = [true, false].map(|came_true| {
            let chance = if came_true { risk } else { 1.0 - risk };
            (steiner_weight(risk, came_true, odds_ratio), chance)
        });
        let found = run_length(&steps, limit, 400).unwrap();
        assert!((found / expected - 1.0).abs() < 0.02, "{line}: {found}");
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

#[derive(Deserialize)]
struct Sizes {
    changes: Vec<SizeOfChange>,
    outcomes: Vec<SizeOfOutcomes>,
}

#[derive(Deserialize)]
struct SizeOfChange {
    edges: Vec<f64>,
    reference: Vec<f64>,
    counts: Vec<f64>,
    psi: f64,
    wasserstein: f64,
}

#[derive(Deserialize)]
struct SizeOfOutcomes {
    /// Rows, events and mean risk.
    bins: Vec<(u64, u64, f64)>,
    odds_factor: f64,
    slope: f64,
    brier_score: f64,
}

fn sizes() -> Sizes {
    serde_json::from_str(include_str!("reference/sizes.json")).unwrap()
}

#[test]
fn sizes_of_changes_are_those_of_scipy() {
    let changes = sizes().changes;
    assert_eq!(changes.len(), 60);
    for of in changes {
        let found = psi(&of.reference, &of.counts);
        assert!((found - of.psi).abs() < 1e-12 * of.psi.max(1.0), "{found}, {}", of.psi);
        let found = wasserstein(&of.edges, &of.reference, &of.counts);
        let expected = of.wasserstein;
        assert!((found - expected).abs() < 1e-12 * expected.max(1.0), "{found}, {expected}");
    }
}

#[test]
fn sizes_of_changes_of_outcomes_are_those_of_statsmodels_and_scikit_learn() {
    let outcomes = sizes().outcomes;
    assert_eq!(outcomes.len(), 30);
    for of in outcomes {
        let bin = |(n_rows, events, mean)| OutcomeBin { n_rows, events, mean };
        let bins: Vec<OutcomeBin> = of.bins.into_iter().map(bin).collect();
        let fitted = Recalibration::of(&bins).unwrap();
        let (factor, slope) = (fitted.odds_factor.unwrap(), fitted.slope.unwrap());
        assert!((factor / of.odds_factor - 1.0).abs() < 1e-9, "{factor}, {}", of.odds_factor);
        assert!((slope - of.slope).abs() < 1e-7, "{slope}, {}", of.slope);
        assert!((brier_score(&bins).unwrap() - of.brier_score).abs() < 1e-12);
    }
}

#[test]
fn the_expected_auc_is_that_of_nannyml() {
    let reference: Value = serde_json::from_str(include_str!("reference/expected.json")).unwrap();
    let rows = reference["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 40);
    for row in rows {
        let bins: Vec<(u64, f64)> = serde_json::from_value(row["bins"].clone()).unwrap();
        let found = expected(&bins).unwrap().auc.unwrap();
        let auc = row["auc"].as_f64().unwrap();
        // NannyML rounds its sums to five decimals.
        assert!((found - auc).abs() < 1e-4, "{found}, {auc}");
    }
}
