//! What the store keeps: alarms, periods that could not be written, and models that fail alone.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::problem::ProblemKind;

/// A folder of a test, which is empty.
fn folder(name: &str) -> PathBuf {
    let name = format!("nomogram-watch-{name}-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let _none = fs::remove_dir_all(&folder);
    folder
}

fn watch_in(folder: &Path) -> Watch {
    watch(WatchSettings { store: Some(folder.to_owned()), ..WatchSettings::default() })
}

/// Another bundle than that of [`catalog`].
fn other(name: &str) -> Arc<Served> {
    let parts = nomogram_testkit::three_members();
    let profile = Some(nomogram_testkit::profile_of(&parts.schema));
    let parts = nomogram::Parts { profile, ..parts };
    let bundle = nomogram::seal(&parts, nomogram_testkit::golden_rows().view()).unwrap();
    let model = Arc::new(nomogram::Model::open(&bundle).unwrap());
    Served::new(model, name.into(), "1".into(), Approval::NotRecorded).unwrap().into()
}

fn files(folder: &Path, ends: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path, ends));
        } else if path.to_string_lossy().ends_with(ends) {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Outcomes of one half, then of none: the wager is an alarm in between only.
fn raise_within_a_period(catalog: &Catalog, watch: &Watch) {
    predict(catalog, 0..10, 1.0);
    watch.collect(catalog, day(0)).unwrap();
    let digest = watch.states().remove(0).digest;
    for row in 0..40 {
        watch.count(&digest, 0.1, CameTrue::Second(row % 2 == 0)).unwrap();
    }
    assert_eq!(watch.collect(catalog, day(0)).unwrap().len(), 1);
    for _ in 0..160 {
        watch.count(&digest, 0.1, CameTrue::Second(false)).unwrap();
    }
    assert_eq!(watch.collect(catalog, day(0)).unwrap(), []);
    assert!(watch.states().remove(0).outcomes.unwrap() < nomogram_monitor::ALARM);
}

#[test]
fn an_alarm_within_a_period_stays_when_the_service_begins_again() {
    let (folder, catalog) = (folder("alarm"), catalog());
    raise_within_a_period(&catalog, &watch_in(&folder));
    let watch = watch_in(&folder);
    assert_eq!(watch.collect(&catalog, day(0)).unwrap(), [], "raised before");
    let state = watch.states().remove(0);
    assert!(state.outcome_alarm && !state.drift_alarm);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn alarms_that_cannot_be_read_fail_the_watch_of_their_model() {
    let (folder, catalog) = (folder("unread"), catalog());
    raise_within_a_period(&catalog, &watch_in(&folder));
    let file = files(&folder, "alarms.json").remove(0);
    let alarms = fs::read_to_string(&file).unwrap();
    for damaged in [String::new(), alarms.replace("no_longer_fit", "fit"), alarms.replace("2", "3")]
    {
        fs::write(&file, damaged).unwrap();
        let failed = watch_in(&folder).collect(&catalog, day(0)).unwrap_err();
        assert_eq!(failed.failures.len(), 1);
        assert!(failed.to_string().contains("alarms.json: "), "{failed}");
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_model_whose_file_is_damaged_fails_alone_and_keeps_its_counts() {
    let folder = folder("damaged");
    let mut catalog = catalog();
    catalog.add(other("a first one"));
    let predict = |rows| {
        for served in catalog.served() {
            let mut session = served.session().unwrap();
            for row in std::ops::Range::<u32>::clone(&rows) {
                let _prediction = session.predict_row(&nomogram_testkit::usual_row(row));
            }
        }
    };
    predict(0..4);
    watch_in(&folder).collect(&catalog, day(0)).unwrap();
    let file = files(&folder.join("a%20first%20one"), ".counts").remove(0);
    let counts = fs::read(&file).unwrap();
    fs::write(&file, counts.get(..20).unwrap()).unwrap();

    let watch = watch_in(&folder);
    let digest = other("a first one").digest().to_owned();
    let count = |watch: &Watch| watch.count(&digest, 0.5, CameTrue::Second(true));
    assert_eq!(count(&watch).unwrap_err().kind(), ProblemKind::NotReady, "not read yet");
    predict(4..10);
    for _ in 0..2 {
        let failed = watch.collect(&catalog, day(0)).unwrap_err();
        let [failure] = &failed.failures[..] else { panic!("{failed}") };
        assert_eq!(failure.model, "a first one");
        assert!(failure.detail.starts_with(&*file.to_string_lossy()), "{failed}");
    }
    assert_eq!(count(&watch).unwrap_err().kind(), ProblemKind::NotReady, "cannot be read");
    let states = watch.states();
    assert_eq!(states.len(), 1);
    assert_eq!(states[0].n_rows + states[0].n_refused, 10);
    let mut text = String::new();
    watch.write_metrics(&mut text);
    let failing = "nomogram_watch_failing{model=\"a first one\",version=\"1\"} 1\n";
    assert!(text.contains(failing), "{text}");
    assert!(text.contains("nomogram_watch_failing{model=\"three members\",version=\"1\"} 0\n"));

    fs::write(&file, counts).unwrap();
    watch.collect(&catalog, day(0)).unwrap();
    let n_rows = watch.states().iter().map(|state| state.n_rows + state.n_refused).sum::<u64>();
    assert_eq!(n_rows, 20, "no row was lost");
    assert!(watch.failures().is_empty());
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn periods_that_end_while_the_store_is_full_are_written_later() {
    let (folder, catalog) = (folder("full"), catalog());
    let watch = watch_in(&folder);
    watch.collect(&catalog, day(0)).unwrap();
    // A file in its place refuses to be a folder.
    fs::write(&folder, "").unwrap();
    for at in 0..4_u32 {
        predict(&catalog, 0..5 + at, 1.0);
        assert!(watch.collect(&catalog, day(at.into())).is_err());
    }
    fs::remove_file(&folder).unwrap();
    watch.collect(&catalog, day(3)).unwrap();
    assert_eq!(files(&folder, ".counts").len(), 4);
    drop(watch);

    let watch = watch_in(&folder);
    watch.collect(&catalog, day(3)).unwrap();
    while watch.compute_next() {}
    let digest = watch.states().remove(0).digest;
    let periods = watch.analysis(&digest).unwrap().periods;
    assert_eq!(periods.iter().map(|period| period.n_rows).collect::<Vec<_>>(), [5, 6, 7, 8]);
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_store_that_another_process_has_is_neither_claimed_nor_written() {
    let (folder, catalog) = (folder("claimed"), catalog());
    let first = watch_in(&folder);
    first.claim_store().unwrap();
    let second = watch_in(&folder);
    let fault = second.claim_store().unwrap_err();
    let place = folder.display();
    assert_eq!(fault, format!("{place}: the store of the watch is in use by another process"));
    predict(&catalog, 0..5, 1.0);
    let failed = second.collect(&catalog, day(0)).unwrap_err();
    assert!(failed.to_string().ends_with(&fault), "{failed}");
    assert!(files(&folder, ".counts").is_empty());
    drop(first);
    second.collect(&catalog, day(0)).unwrap();
    assert_eq!(files(&folder, ".counts").len(), 1);
    // What may end while the service runs does not keep it from starting.
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    watch_in(&folder).claim_store().unwrap();
    fs::remove_file(folder).unwrap();
}

#[test]
fn wagers_of_before_are_computed_in_pauses_and_are_the_same() {
    let (folder, catalog) = (folder("pauses"), catalog());
    let watch = watch_in(&folder);
    for at in 0..6_u32 {
        predict(&catalog, at * 9..at * 9 + 9, if at < 2 { 1.0 } else { 2.0 });
        let _alarms = watch.collect(&catalog, day(at.into())).unwrap();
    }
    let state = watch.states().remove(0);
    let shown = |watch: &Watch| {
        let models = [(watch.states().remove(0), watch.analysis(&state.digest).ok())];
        String::from_utf8(to_json(&models, &BTreeMap::new())).unwrap()
    };
    let expected = shown(&watch);
    drop(watch);
    // As a store of earlier versions: without alarms.
    for file in files(&folder, "alarms.json") {
        fs::remove_file(file).unwrap();
    }
    let watch = watch_in(&folder);
    assert_eq!(watch.collect(&catalog, day(5)).unwrap(), []);
    assert_eq!(watch.states().remove(0).n_uncomputed, 5);
    assert_eq!(watch.analysis(&state.digest).unwrap_err().kind(), ProblemKind::NotReady);
    let models = [(watch.states().remove(0), None)];
    assert!(
        page(&models, &BTreeMap::new()).contains("Not yet computed since the start: 5 periods.")
    );
    while watch.compute_next() {}
    assert_eq!(shown(&watch), expected);
    assert_eq!(watch.collect(&catalog, day(5)).unwrap(), [], "raised before");
    assert_eq!(files(&folder, "alarms.json").len(), usize::from(state.drift_alarm));
    assert!(state.drift_alarm);
    fs::remove_dir_all(folder).unwrap();
}
