//! Seeded histories without a change: the wagers keep the rate of false alarms, rules of thumb do not.
//!
//! `examples/simulate` runs the same histories for longer: docs/monitoring.md has its numbers.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::indexing_slicing, reason = "arrays of 30 features")]
#![allow(clippy::cast_precision_loss, reason = "counts of patients")]

#[path = "../examples/simulate/patients.rs"]
mod patients;

#[path = "../examples/simulate/risk.rs"]
mod risk;

#[path = "../examples/simulate/history.rs"]
mod history;

use history::{Alarms, Ward, history};
use patients::{Change, Patients, Source};

const N_HISTORIES: u64 = 60;
/// Half a year of weeks, after few training rows.
const WARD: Ward = Ward { n_training: 200, n_periods: 26, per_period: 50, n_quiet: 13 * 50 };
/// The chance that a rule with a rate of 5 % has more false alarms than the test allows.
const CHANCE: f64 = 0.005;

/// The largest number of alarms in `n` histories that a rule with this rate exceeds with a probability
/// of at most [`CHANCE`]: a quantile of the binomial distribution.
fn most_alarms(n: u64, rate: f64) -> u64 {
    let mut chance = (0..n).fold(1.0, |product, _| product * (1.0 - rate));
    let (mut alarms, mut up_to) = (0, chance);
    while 1.0 - up_to > CHANCE {
        chance *= (n - alarms) as f64 / (alarms + 1) as f64 * rate / (1.0 - rate);
        alarms += 1;
        up_to += chance;
    }
    alarms
}

#[test]
fn the_bound_is_the_quantile_of_the_binomial_distribution() {
    // Exact sums with math.comb of Python.
    assert_eq!([20, 60, 200, 1000].map(|n| most_alarms(n, 0.05)), [4, 8, 19, 69]);
}

#[test]
fn without_a_change_the_wagers_alarm_in_at_most_5_of_100_histories() {
    let alarms: Vec<Alarms> = (0..N_HISTORIES)
        .map(|seed| history(&Source::Normal, WARD, 5000 + seed, Change::None))
        .collect();
    let n_of = |rule: fn(&Alarms) -> Option<usize>| {
        alarms.iter().filter(|alarms| rule(alarms).is_some()).count() as u64
    };
    let most = most_alarms(N_HISTORIES, 0.05);
    for (name, n) in [
        ("patients", n_of(|alarms| alarms.patients)),
        ("outcomes", n_of(|alarms| alarms.outcomes)),
        ("one of the two", n_of(Alarms::of_either)),
        ("any shares", n_of(|alarms| alarms.any)),
    ] {
        assert!(n <= most, "{name}: {n} false alarms, expected at most {most}");
    }
    // The bound refuses a rule that forgets how few rows the training had, and the rule of thumb.
    for (name, n) in
        [("known shares", n_of(|alarms| alarms.plain)), ("PSI", n_of(|alarms| alarms.psi))]
    {
        assert!(n > N_HISTORIES / 2, "{name}: {n} of {N_HISTORIES}");
    }
}

#[test]
fn every_kind_of_change_is_found_after_it_began() {
    for change in
        [Change::Shift(1.5), Change::ShiftOfTen(1.0), Change::Spread(3.0), Change::Missing(0.2)]
    {
        let alarms = history(&Source::Normal, WARD, 1, change);
        assert!(alarms.patients.is_some_and(|at| at > WARD.n_quiet), "{change:?}: {alarms:?}");
    }
}

#[test]
fn tables_have_an_outcome_and_30_numbers() {
    let numbers: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    let table = format!("header\n7,M,{0}\n8,B,{0}\n", numbers.join(","));
    let Source::Table { rows, means, .. } = Source::of_csv(&table, "M").unwrap() else { panic!() };
    assert_eq!(rows.iter().map(|(_, event)| *event).collect::<Vec<_>>(), [true, false]);
    assert_eq!(means[29], 29.0);
    assert!(Source::of_csv("header\nM,1,2\n", "M").is_none());
    let random = nomogram_stats::random::Random::new(1, 1);
    let source = Source::of_csv(&table, "M").unwrap();
    assert!(Patients { random, source: &source }.next(Change::Missing(1.0)).0[0].is_nan());
}
