//! Wagers: fair without a change, and raised by one; the horizon is a promise.

#![allow(clippy::unwrap_used, reason = "tests")]
#![allow(clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use nomogram::numeric::exp;
use nomogram::{Bins, Histogram, MAX_BINS, Model, Monitor, Profile, Session, Statuses};
use nomogram_monitor::analysis::{Analyser, analyse};
use nomogram_monitor::drift::{Bets, Drift};
use nomogram_monitor::multinomial::ln_sequence;
use nomogram_monitor::outcomes::{OutcomeBin, OutcomeTest};
use nomogram_monitor::performance::expected;
use nomogram_monitor::{ALARM, Period, charts, effect};

fn profile() -> Profile {
    let gaps = vec![20, 20, 21];
    let bins = Bins::Gaps { edges: vec![10.0, 20.0], gaps };
    let of = |bins| Histogram { bins, statuses: Statuses::default() };
    Profile {
        n_rows: 60,
        features: vec![of(bins.clone()), of(bins)],
        outputs: vec![],
        classes: vec![],
    }
}

fn counts(first: [f64; 3]) -> Vec<Vec<Vec<f64>>> {
    let used = |bins: [f64; 3]| vec![bins.iter().sum(), 0.0, 0.0, 0.0, 0.0, 0.0];
    vec![vec![first.to_vec(), used(first)], vec![vec![4.0, 4.0, 4.0], used([4.0; 3])]]
}

/// The core refuses a profile with more bins, so docs/monitoring.md states this as the largest.
#[test]
fn a_feature_has_at_most_560_bytes_of_counts() {
    let edges = (1..64).map(f64::from).collect();
    for bins in
        [Bins::Gaps { edges, gaps: vec![1; MAX_BINS] }, Bins::Levels { counts: vec![1; MAX_BINS] }]
    {
        let mut profile = profile();
        let n_cells = profile.layout(0).n_cells();
        profile.features.push(Histogram { bins, statuses: Statuses::default() });
        // Counts of 8 bytes.
        assert_eq!(8 * (profile.layout(0).n_cells() - n_cells), 560);
    }
}

#[test]
fn a_shift_raises_an_alarm_that_names_its_feature_and_its_start() {
    let mut drift = Drift::new(&profile(), 30, Bets::Likely).unwrap();
    for _ in 0..10 {
        assert!(drift.add(&counts([4.0, 4.0, 4.0])).unwrap().value < 2.0);
    }
    let alarms = (10..30).map(|_| drift.add(&counts([0.0, 3.0, 9.0])).unwrap());
    let alarm = alarms.into_iter().find(|wager| wager.value >= ALARM).unwrap();
    assert!(alarm.shares[0] > 0.99, "{alarm:?}");
    assert_eq!(alarm.start, 10);
}

#[test]
fn a_value_that_becomes_missing_raises_an_alarm() {
    let mut drift = Drift::new(&profile(), 30, Bets::Likely).unwrap();
    let mut period = counts([4.0, 4.0, 4.0]);
    period[0][1] = vec![10.0, 2.0, 0.0, 0.0, 0.0, 0.0];
    let alarm = (0..30).map(|_| drift.add(&period).unwrap()).find(|wager| wager.value >= ALARM);
    assert!(alarm.unwrap().shares[0] > 0.99);
}

#[test]
fn a_preview_is_the_wager_of_the_period_and_changes_nothing() {
    let mut drift = Drift::new(&profile(), 2, Bets::Likely).unwrap();
    drift.add(&counts([4.0, 4.0, 4.0])).unwrap();
    let running =
        [counts([1.0, 0.0, 0.0]), counts([2.0, 3.0, 1.0e7])].map(|c| drift.preview(&c).unwrap());
    assert_eq!(drift.add(&counts([2.0, 3.0, 1.0e7])).unwrap(), running[1]);
    assert_ne!(running[0], running[1]);
    assert!(drift.preview(&counts([4.0, 4.0, 4.0])).is_err());
}

/// The wager of one feature, one period and one row is fair: its expectation over the bins is 1.
#[test]
fn the_expectation_of_a_wager_is_1_without_a_change() {
    for bets in [Bets::Likely, Bets::Any] {
        let mut one = profile();
        one.features.truncate(1);
        let mut expectation = 0.0;
        let reference = [20.0, 20.0, 21.0];
        for first in 0..3 {
            for second in 0..3 {
                let mut bins = [0.0; 3];
                bins[first] += 1.0;
                bins[second] += 1.0;
                let mut drift = Drift::new(&one, 1, bets).unwrap();
                let mut period = vec![vec![bins.to_vec(), vec![2.0, 0.0, 0.0, 0.0, 0.0, 0.0]]];
                if bets == Bets::Any {
                    period[0].truncate(1);
                }
                let chance = exp(ln_sequence(&bins, &reference));
                expectation += chance * drift.add(&period).unwrap().value;
            }
        }
        // That of the bins is 1, so what is left is what the used values alone contribute.
        one.features[0].bins = Bins::Gaps { edges: vec![], gaps: vec![61] };
        let mut period = vec![vec![vec![2.0], vec![2.0, 0.0, 0.0, 0.0, 0.0, 0.0]]];
        if bets == Bets::Any {
            period[0].truncate(1);
        }
        let without_bins = Drift::new(&one, 1, bets).unwrap().add(&period).unwrap().value;
        assert!((expectation - without_bins).abs() < 1e-12, "{bets:?}: {expectation}");
        assert!(without_bins <= 1.0 + 1e-12);
    }
}

#[test]
fn nothing_is_added_after_the_horizon() {
    let mut drift = Drift::new(&profile(), 1, Bets::Likely).unwrap();
    drift.add(&counts([4.0; 3])).unwrap();
    let refused = drift.add(&counts([4.0; 3])).unwrap_err().to_string();
    assert_eq!(refused, "period 2, expected at most 1: the horizon is over");
    assert!(Drift::new(&profile(), 0, Bets::Likely).is_err() && OutcomeTest::new(0).is_err());
    let mut short = counts([4.0; 3]);
    short.pop();
    assert!(Drift::new(&profile(), 2, Bets::Likely).unwrap().add(&short).is_err());
    let mut test = OutcomeTest::new(1).unwrap();
    assert!(test.add(1.5, true).is_err() && test.add(0.5, true).is_ok());
    assert!(test.add(0.5, true).is_err());
}

#[test]
fn outcomes_in_bins_raise_an_alarm_as_rows_do() {
    let mut test = OutcomeTest::new(52).unwrap();
    let right = OutcomeBin { n_rows: 20, events: 2, mean: 0.1 };
    let wrong = OutcomeBin { events: 8, ..right };
    assert!((0..10).all(|_| test.add_bins(&[right]).unwrap() < 2.0));
    assert!((0..10).any(|_| test.add_bins(&[wrong]).unwrap() >= ALARM));
}

#[test]
fn the_variable_life_adjusted_display_ends_at_expected_minus_observed() {
    let rows = [(0.1, false), (0.4, true), (0.25, false)];
    let vlad = charts::vlad(&rows);
    assert!((vlad[0] - 0.1).abs() < 1e-15 && (vlad[2] + 0.25).abs() < 1e-15);
    let cusum = charts::cusum(&rows, 2.0);
    assert!(cusum[0] == 0.0 && cusum[1] > 0.3 && cusum[2] < cusum[1]);
}

#[test]
fn a_cusum_of_bins_rises_in_the_direction_of_the_change() {
    let bin = |events| OutcomeBin { n_rows: 50, events, mean: 0.2 };
    let mut cusum = charts::Cusum::default();
    cusum.add(&[bin(20)]);
    // 20 ln 2 − 50 ln 1.2: the sum of Steiner's weights.
    assert!((cusum.doubled - 4.746_866).abs() < 1e-6, "{cusum:?}");
    assert_eq!(cusum.halved, 0.0);
    cusum.add(&[bin(0)]);
    assert_eq!(cusum.doubled, 0.0);
    assert!((cusum.halved - 5.268_026).abs() < 1e-6, "{cusum:?}");

    let steps = [(charts::steiner_weight(0.2, true, 2.0), 0.2)];
    let others = [(charts::steiner_weight(0.2, false, 2.0), 0.8)];
    let expected = charts::run_length(&[steps, others].concat(), 4.5, 400).unwrap();
    let bins = [bin(3), OutcomeBin { n_rows: 0, events: 0, mean: 0.0 }, bin(9)];
    let length = charts::Cusum::run_length(&bins).unwrap();
    assert!((length / expected - 1.0).abs() < 1e-9, "{length}, expected {expected}");
    assert_eq!(charts::Cusum::run_length(&[]), None);
}

#[test]
fn sizes_of_a_change_are_0_without_one() {
    assert_eq!(effect::psi(&[20.0, 30.0], &[20.0, 30.0]), 0.0);
    assert!(effect::psi(&[20.0, 30.0], &[30.0, 20.0]) > 0.1);
    let edges = [0.0, 1.0, 2.0];
    assert_eq!(effect::wasserstein(&edges, &[1.0; 4], &[2.0; 4]), 0.0);
    // Everything between 0 and 1 moved to between 1 and 2: by 1, as far as the edges show.
    assert_eq!(effect::wasserstein(&edges, &[0.0, 1.0, 0.0, 0.0], &[0.0, 0.0, 1.0, 0.0]), 1.0);
}

#[test]
fn the_expected_performance_is_that_of_calibrated_risks() {
    let expected = expected(&[(10, 0.1), (10, 0.9)]).unwrap();
    assert!((expected.event_rate - 0.5).abs() < 1e-15);
    assert!((expected.brier_score - 0.09).abs() < 1e-15);
    // Of 10 events and 10 others: .9 · .9 ordered, .1 · .9 + .9 · .1 tied.
    assert!((expected.auc.unwrap() - 0.9).abs() < 1e-12);
    assert_eq!(nomogram_monitor::performance::expected(&[(0, 0.0)]), None);
}

/// A period of 60 rows and 40 outcomes.
fn period_of(model: &Arc<Model>, shift: f64, n_events: u32) -> Period {
    let mut session = Session::new(Arc::clone(model));
    session.attach(Monitor::new(Arc::clone(model)).unwrap()).unwrap();
    for row in 0..60_u32 {
        let [radius, texture, perimeter] = nomogram_testkit::usual_row(row);
        session.predict_row(&[radius + shift, texture, perimeter]).unwrap();
    }
    let mut monitor = session.detach().unwrap();
    (0..40).for_each(|row| monitor.add_outcome(0.2, row < n_events).unwrap());
    Period::of_monitor(monitor)
}

#[test]
fn an_analysis_that_is_built_period_by_period_is_the_same() {
    let model = Arc::new(Model::open(&nomogram_testkit::bundle_with_profile()).unwrap());
    let periods: Vec<(String, Period)> = (0..9_u32)
        .map(|week| {
            let shift = if week < 4 { 0.0 } else { 15.0 };
            (week.to_string(), period_of(&model, shift, 8 + 2 * week))
        })
        .collect();
    let mut drift = Drift::new(model.profile().unwrap(), 9, Bets::Likely).unwrap();
    let mut analyser = Analyser::new(&model, 9).unwrap();
    for (index, (name, period)) in periods.iter().enumerate() {
        let expected = analyse(&model, &periods[..=index], 9).unwrap();
        let wager = drift.add(&period.counts().unwrap()).unwrap();
        assert_eq!(expected.periods[index].drift.to_bits(), wager.value.to_bits());
        let json = serde_json::to_string(&expected).unwrap();
        for _ in 0..2 {
            let built = analyser.analysis_with(name, period).unwrap();
            assert_eq!(serde_json::to_string(&built).unwrap(), json);
        }
        let preview = analyser.preview(period).unwrap();
        assert_eq!(
            (preview.drift, preview.calibration),
            (wager, expected.periods[index].calibration)
        );
        analyser.add(name, period).unwrap();
        assert_eq!(serde_json::to_string(&analyser.analysis().unwrap()).unwrap(), json);
    }
    assert!(analyser.analysis().unwrap().drift_alarm.unwrap().start >= 4);
    let (name, period) = &periods[0];
    assert!(analyser.add(name, period).is_err() && analyser.analysis_with(name, period).is_err());

    let mut later = Analyser::new(&model, 9).unwrap();
    periods.iter().for_each(|(name, period)| later.add_uncomputed(name, period).unwrap());
    assert_eq!(later.n_uncomputed(), 9);
    let first = later.compute_next().unwrap().map(|(name, wager)| (name.to_owned(), wager));
    let of_first = analyser.analysis().unwrap().periods[0].drift;
    assert_eq!(first, Some(("0".to_owned(), of_first)));
    let [later, earlier] = [later, analyser].map(|known| known.finish().unwrap());
    assert_eq!(serde_json::to_string(&later).unwrap(), serde_json::to_string(&earlier).unwrap());
}

#[test]
fn periods_of_a_session_are_analysed() {
    let model = Arc::new(Model::open(&nomogram_testkit::bundle_with_profile()).unwrap());
    let period = |shift: f64, n_events: u32| period_of(&model, shift, n_events);
    let periods: Vec<(String, Period)> = (0..20)
        .map(|week| (format!("week {}", week + 1), period(if week < 8 { 0.0 } else { 15.0 }, 8)))
        .collect();
    let analysis = analyse(&model, &periods, 52).unwrap();
    let alarm = analysis.drift_alarm.unwrap();
    assert!(alarm.period >= 8 && alarm.variables.iter().any(|v| v.name == "radius"), "{alarm:?}");
    assert!(alarm.variables[0].psi > 0.1);
    assert_eq!(analysis.calibration_alarm, None);
    assert!(analysis.periods[0].expected.is_some());
    assert!((analysis.periods[0].observed_expected.unwrap().ratio - 1.0).abs() < 1e-6);

    assert_eq!(analysis.miscalibration, None);
    // Every variable of the last period, in the order of the features.
    let names: Vec<&str> = analysis.changes.iter().map(|change| change.name.as_str()).collect();
    assert_eq!(names, ["radius", "texture", "perimeter", "predicted risk", "predicted class"]);
    let share: f64 = analysis.changes.iter().map(|change| change.share).sum();
    assert!((share - 1.0).abs() < 1e-12 && analysis.changes[0].psi > 0.1);
    // 40 outcomes at a risk of 0.2, 8 of them events.
    assert!((analysis.periods[0].brier_score.unwrap() - 0.16).abs() < 1e-6);

    let week = |week| period(0.0, if week < 6 { 8 } else { 24 });
    let worse: Vec<(String, Period)> = (0..20).map(|index| ("a".into(), week(index))).collect();
    let analysis = analyse(&model, &worse, 52).unwrap();
    let alarm = analysis.calibration_alarm.unwrap();
    let change = analysis.miscalibration.unwrap();
    assert_eq!((change.start, change.recalibration.slope), (6, None), "one risk has no slope");
    // Odds of 24 to 16 instead of 1 to 4.
    let factor = change.recalibration.odds_factor.unwrap();
    assert!((factor - 6.0).abs() < 1e-4, "{factor}");
    assert!(
        analysis.periods[alarm].expected.is_none(),
        "no estimate after calibration has alarmed"
    );
}
