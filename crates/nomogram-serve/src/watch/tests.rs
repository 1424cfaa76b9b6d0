mod keeping;
mod waiting;

use super::*;
use crate::models::Catalog;
use crate::served::{Approval, Served};

fn catalog() -> Catalog {
    let bytes = nomogram_testkit::bundle_with_profile();
    let mut catalog = Catalog::default();
    catalog.add(Served::open(&bytes, Approval::NotRecorded).unwrap().into());
    catalog
}

fn day(day: i64) -> Instant {
    Instant::of_seconds(1_790_000_000 + day * 86_400)
}

fn predict(catalog: &Catalog, rows: std::ops::Range<u32>, factor: f64) {
    let served = catalog.find(None, None).unwrap();
    let mut session = served.session().unwrap();
    for row in rows {
        let [first, second, third] = nomogram_testkit::usual_row(row);
        // A row that is refused is counted too.
        let _prediction = session.predict_row(&[first * factor, second, third]);
    }
}

fn watch(settings: WatchSettings) -> Watch {
    Watch::new(WatchSettings { period: PeriodLength::Day, ..settings })
}

#[test]
fn periods_are_in_the_store_when_the_service_begins_again() {
    let folder = std::env::temp_dir().join(format!("nomogram-watch-{}", std::process::id()));
    let settings = WatchSettings { store: Some(folder.clone()), ..WatchSettings::default() };
    let catalog = catalog();
    let first = watch(settings.clone());
    predict(&catalog, 0..30, 1.0);
    first.collect(&catalog, day(0)).unwrap();
    predict(&catalog, 30..50, 1.0);
    first.collect(&catalog, day(0)).unwrap();
    predict(&catalog, 50..60, 1.0);
    first.collect(&catalog, day(1)).unwrap();
    drop(first);

    let second = watch(settings);
    second.collect(&catalog, day(1)).unwrap();
    predict(&catalog, 60..65, 1.0);
    second.collect(&catalog, day(1)).unwrap();
    let state = second.states().remove(0);
    assert_eq!((state.n_periods, state.n_rows), (2, 15));
    while second.compute_next() {}
    let analysis = second.analysis(&state.digest).unwrap();
    let n_rows: Vec<_> = analysis.periods.iter().map(|period| period.n_rows).collect();
    assert_eq!(n_rows, [50, 15]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn an_outcome_is_counted_once_by_its_request() {
    let (catalog, watch) = (catalog(), watch(WatchSettings::default()));
    watch.collect(&catalog, day(0)).unwrap();
    let digest = watch.states().remove(0).digest;
    let rows = vec![Some(0.25), None];
    let request = "0123456789abcdef-0000000000000001";
    watch.remember(request, Remembered { digest: digest.clone(), rows, shadows: Vec::new() });
    let outcome = |row| Outcome { request, row, came_true: CameTrue::Second(true) };
    assert_eq!(watch.add_outcome(&outcome(0)).unwrap().0.probability, 0.25);
    assert_eq!(watch.add_outcome(&outcome(0)).unwrap_err().kind(), ProblemKind::NotFound);
    assert_eq!(watch.add_outcome(&outcome(1)).unwrap_err().kind(), ProblemKind::NotFound);
    assert_eq!(
        watch.count(&digest, 1.5, CameTrue::Second(true)).unwrap_err().kind(),
        ProblemKind::Malformed
    );
    assert_eq!(watch.states().remove(0).n_outcomes, 1);
}

#[test]
fn an_outcome_that_cannot_be_counted_is_not_forgotten() {
    let (catalog, watch) = (catalog(), watch(WatchSettings::default()));
    watch.collect(&catalog, day(0)).unwrap();
    let digest = watch.states().remove(0).digest;
    let request = "0123456789abcdef-0000000000000001";
    let remembered = Remembered { digest, rows: vec![Some(0.25)], shadows: Vec::new() };
    watch.remember(request, remembered.clone());
    let outcome = |came_true| Outcome { request, row: 0, came_true };
    let refused = watch.add_outcome(&outcome(CameTrue::Class("no class"))).unwrap_err();
    assert_eq!(refused.kind(), ProblemKind::Malformed);
    watch.add_outcome(&outcome(CameTrue::Second(true))).unwrap();

    watch.remember(request, remembered);
    let refused = watch.add_outcome(&outcome(CameTrue::Second(true))).unwrap_err();
    assert!(refused.detail().starts_with("several requests"), "{refused}");
}

#[test]
fn a_model_whose_horizon_is_over_is_reported_once() {
    let (catalog, watch) =
        (catalog(), watch(WatchSettings { horizon: 2, ..WatchSettings::default() }));
    for at in 0..3 {
        assert!(watch.newly_over(&watch.states()).is_empty());
        predict(&catalog, 0..5, 1.0);
        watch.collect(&catalog, day(at)).unwrap();
    }
    let states = watch.states();
    assert_eq!((states[0].n_periods, states[0].drift), (3, None));
    assert_eq!(watch.newly_over(&states), [&states[0]]);
    assert!(watch.newly_over(&states).is_empty());
    assert_eq!(watch.analysis(&states[0].digest).unwrap_err().kind(), ProblemKind::Unsupported);
    assert!(page(&[(states[0].clone(), None)], &BTreeMap::new()).contains("The horizon is over"));
}

#[test]
fn an_alarm_is_raised_once_and_stays() {
    let (catalog, watch) = (catalog(), watch(WatchSettings::default()));
    predict(&catalog, 0..100, 1.0);
    assert_eq!(watch.collect(&catalog, day(0)).unwrap(), []);
    predict(&catalog, 100..150, 2.0);
    let alarms = watch.collect(&catalog, day(1)).unwrap();
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0].alarm, AlarmKind::PatientsHaveChanged);
    assert_eq!(serde_json::to_value(&alarms[0]).unwrap()["alarm"], alarms[0].alarm.name());
    assert!(!alarms[0].variables.is_empty());
    assert_eq!(watch.collect(&catalog, day(1)).unwrap(), []);
    let mut text = String::new();
    watch.write_metrics(&mut text);
    assert!(text.contains("nomogram_drift_alarm{model="), "{text}");
    let state = watch.states().remove(0);
    assert!(state.drift_alarm && !state.outcome_alarm);
    let models = [(state.clone(), watch.analysis(&state.digest).ok())];
    assert!(page(&models, &BTreeMap::new()).contains("Alarm: patients are no longer"));
    assert!(to_json(&models, &BTreeMap::new()).starts_with(b"[{\"state\""));
}

#[test]
fn late_outcomes_that_do_not_fit_raise_an_alarm() {
    let (catalog, watch) = (catalog(), watch(WatchSettings::default()));
    predict(&catalog, 0..10, 1.0);
    watch.collect(&catalog, day(0)).unwrap();
    let digest = watch.states().remove(0).digest;
    for row in 0..200 {
        watch.count(&digest, 0.1, CameTrue::Second(row % 2 == 0)).unwrap();
    }
    let alarms = watch.collect(&catalog, day(0)).unwrap();
    assert_eq!(alarms.len(), 1);
    assert_eq!(alarms[0].alarm, AlarmKind::RisksNoLongerFit);
}

#[test]
fn a_service_that_nobody_uses_does_not_use_up_its_horizon() {
    let (catalog, watch) = (catalog(), watch(WatchSettings::default()));
    for at in 0..500 {
        watch.collect(&catalog, day(at)).unwrap();
    }
    predict(&catalog, 0..5, 1.0);
    watch.collect(&catalog, day(500)).unwrap();
    assert_eq!(watch.states().remove(0).n_periods, 1);
}

#[test]
fn rows_of_a_model_that_was_replaced_are_counted_to_the_last() {
    let (mut catalog, watch) = (catalog(), watch(WatchSettings::default()));
    watch.collect(&catalog, day(0)).unwrap();
    predict(&catalog, 0..7, 1.0);
    let held = catalog.find(None, None).unwrap().clone();
    assert!(catalog.remove(held.name(), held.version()));
    watch.collect(&catalog, day(0)).unwrap();
    held.session().unwrap().predict_row(&nomogram_testkit::usual_row(7)).unwrap();
    drop(held);
    watch.collect(&catalog, day(0)).unwrap();
    assert_eq!(watch.states().remove(0).n_rows, 8);
}

#[test]
fn rows_before_a_model_was_loaded_again_are_counted() {
    let (mut catalog, watch) = (catalog(), watch(WatchSettings::default()));
    watch.collect(&catalog, day(0)).unwrap();
    predict(&catalog, 0..7, 1.0);
    let held = catalog.find(None, None).unwrap().clone();
    catalog.add(
        Served::open(&nomogram_testkit::bundle_with_profile(), Approval::NotRecorded)
            .unwrap()
            .into(),
    );
    predict(&catalog, 7..10, 1.0);
    watch.collect(&catalog, day(0)).unwrap();
    assert_eq!(watch.states().remove(0).n_rows, 10);
    held.session().unwrap().predict_row(&nomogram_testkit::usual_row(10)).unwrap();
    drop(held);
    watch.collect(&catalog, day(0)).unwrap();
    assert_eq!(watch.states().remove(0).n_rows, 11);
}
