//! What is counted, and that adding counters does not depend on their order.

use alloc::string::ToString;
use alloc::vec;

use super::*;
use crate::bundle::Digest;
use crate::profile::{Bins, Histogram, Statuses};
use crate::schema::{Feature, Schema, Target};
use crate::{
    Action, Branch, Combiner, EnsembleMember, Flags, Linear, Link, Manifest, Member, Parts, Range,
    Session, Value,
};

/// Two numbers of which the first is clamped to [0, 100] and the second refused if it is missing.
fn model() -> Arc<Model> {
    Arc::new(Model::open(&bundle("1")).unwrap())
}

fn bundle(version: &str) -> Vec<u8> {
    let mut age = Feature::number("age");
    age.range = Some(Range { low: 0.0, high: 100.0 });
    age.policy.out_of_range = Action::Clamp;
    let features = vec![age, Feature::number("dose")];
    let of = || Histogram {
        bins: Bins::Gaps { edges: vec![10.0, 20.0], gaps: vec![20, 20, 21] },
        statuses: Statuses::default(),
    };
    let linear = Linear::new(Link::Logit, vec![0.0], vec![0.01, 0.0]).unwrap();
    let parts = Parts {
        manifest: Manifest {
            name: "a".into(),
            version: version.into(),
            created_by: "a".into(),
            training_data_digest: Digest::of(b""),
            configuration_digest: Digest::of(b""),
            notes: alloc::collections::BTreeMap::new(),
        },
        card: None,
        schema: Schema::new(features, Target::of_classes("risk", ["low", "high"])).unwrap(),
        branches: vec![Branch { name: "raw".into(), source: None, steps: vec![] }],
        members: vec![EnsembleMember {
            name: "linear".into(),
            branch: 0,
            member: Member::Linear(linear),
        }],
        combiner: Combiner::SoftVote { weights: vec![1.0] },
        calibrator: None,
        cutoffs: vec![],
        profile: Some(Profile {
            n_rows: 60,
            features: vec![of(), of()],
            outputs: vec![Bins::Gaps { edges: vec![0.25, 0.55], gaps: vec![20, 20, 21] }],
            classes: vec![30, 30],
        }),
        explanation: None,
        uncertainty: None,
    };
    let rows = ndarray::Array2::from_elem((crate::MIN_GOLDEN_CASES, 2), 1.0);
    crate::seal(&parts, rows.view()).unwrap()
}

fn session(model: &Arc<Model>) -> Session {
    let mut session = Session::new(Arc::clone(model));
    session.attach(Monitor::new(Arc::clone(model)).unwrap()).unwrap();
    session
}

#[test]
fn a_row_is_counted_in_the_bin_of_each_of_its_values() {
    let model = model();
    let mut session = session(&model);
    let flags = session.predict_row(&[150.0, 15.0]).unwrap().flags();
    assert!(flags.contains(Flags::CLAMPED));
    session.predict_row(&[5.0, 25.0]).unwrap();
    session.predict_row(&[5.0, f64::NAN]).unwrap_err();
    session.set(0, Value::Number(15.0)).unwrap();
    session.predict().unwrap_err();
    let monitor = session.detach().unwrap();
    let layout = monitor.layout().unwrap();
    let cells = |range: core::ops::Range<usize>| &monitor.cells()[range];
    assert_eq!(monitor.n_rows(), 2);
    assert_eq!(cells(layout.reasons()), [0, 1, 0, 1, 0, 0, 0, 0, 0]);
    let [age, dose] = [0, 1].map(|index| layout.features().nth(index).unwrap());
    assert_eq!(cells(age.bins), [1, 0, 0]);
    assert_eq!(cells(age.statuses), [0, 0, 1, 0, 0], "the clamped age is out of range");
    assert_eq!(cells(dose.bins), [0, 1, 1]);
    assert_eq!(monitor.cells()[dose.refused], 2);
    assert_eq!(cells(layout.outputs().next().unwrap().bins), [0, 1, 1]);
    assert_eq!(cells(layout.classes()), [0, 2]);
}

#[test]
fn rows_of_a_batch_are_counted_as_one_by_one() {
    let model = model();
    let values = |row: usize, feature: usize| match (row * 7 + feature * 3) % 11 {
        0 if feature == 1 => f64::NAN,
        other => f64::from(u32::try_from(other * 13).unwrap()),
    };
    let rows = ndarray::Array2::from_shape_fn((37, 2), |(row, feature)| values(row, feature));
    let [mut batch, mut columns, mut single] = [(); 3].map(|()| session(&model));
    batch.predict_rows(rows.view(), crate::OnRefusal::GoOn, |_, _| {}).unwrap();
    let numbers: Vec<Vec<f64>> = rows.columns().into_iter().map(|column| column.to_vec()).collect();
    let numbers: Vec<_> =
        numbers.iter().map(|numbers| crate::Column::NumbersOrMissing(numbers)).collect();
    columns.predict_columns(&numbers, crate::OnRefusal::GoOn, |_, _| {}).unwrap();
    for row in rows.rows() {
        let _ = single.predict_row(&row.to_vec());
    }
    let [batch, columns, single] =
        [batch, columns, single].map(|mut session| session.detach().unwrap());
    assert_eq!(batch.to_bytes(), single.to_bytes());
    assert_eq!(columns.to_bytes(), single.to_bytes());
    assert!(batch.cells()[2] > 0 && batch.n_rows() > 20);
}

#[test]
fn a_hundred_shards_in_any_order_give_the_same_bytes() {
    let model = model();
    let shard = |seed: usize| {
        let mut session = session(&model);
        for row in 0..seed % 7 + 1 {
            let value = f64::from(u32::try_from((seed * 31 + row * 17) % 29).unwrap());
            session.predict_row(&[value * 4.0, value]).unwrap();
        }
        let mut monitor = session.detach().unwrap();
        monitor.add_outcome(0.25, seed.is_multiple_of(3)).unwrap();
        monitor.to_bytes()
    };
    let shards: Vec<Vec<u8>> = (0..100).map(shard).collect();
    let merged = |order: &dyn Fn(usize) -> usize| {
        let mut all = Monitor::new(Arc::clone(&model)).unwrap();
        (0..100).for_each(|step| all.add(&shards[order(step)]).unwrap());
        all.to_bytes()
    };
    let expected = merged(&|step| step);
    assert_eq!(merged(&|step| 99 - step), expected);
    assert_eq!(merged(&|step| step * 37 % 100), expected);
    // As a tree: of pairs, then of their sums.
    let half = |from: usize| {
        let mut half = Monitor::new(Arc::clone(&model)).unwrap();
        (from..from + 50).for_each(|shard| half.add(&shards[shard]).unwrap());
        half.to_bytes()
    };
    let mut both = Monitor::of_bytes(Arc::clone(&model), &half(50)).unwrap();
    both.add(&half(0)).unwrap();
    assert_eq!(both.to_bytes(), expected);
}

#[test]
fn changed_bytes_are_refused_and_add_nothing() {
    let model = model();
    let mut monitor = Monitor::new(Arc::clone(&model)).unwrap();
    let bytes = monitor.to_bytes();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert_eq!(monitor.add(&changed).unwrap_err().kind(), ErrorKind::Counters, "byte {at}");
        assert_eq!(monitor.add(&bytes[..at]).unwrap_err().kind(), ErrorKind::Counters);
    }
    assert!(monitor.cells().iter().all(|cell| *cell == 0));
}

#[test]
fn outcomes_are_probabilities_of_two_classes() {
    let model = model();
    let mut monitor = Monitor::new(Arc::clone(&model)).unwrap();
    assert!(
        monitor.add_outcome(1.5, true).is_err() && monitor.add_outcome(f64::NAN, true).is_err()
    );
    for (probability, came_true) in [(0.5, true), (0.25, false), (1.0, true), (0.125, false)] {
        monitor.add_outcome(probability, came_true).unwrap();
    }
    let [rows, events, sums] = monitor.layout().unwrap().outcomes();
    assert_eq!(monitor.cells()[rows], [2, 1, 1]);
    assert_eq!(monitor.cells()[events], [0, 1, 1]);
    assert_eq!(monitor.cells()[sums], [3 << 29, 1 << 31, 1 << 32]);
}

#[test]
fn counts_for_others_are_multiples_of_the_base() {
    let model = model();
    let mut session = session(&model);
    (0..13).for_each(|_| drop(session.predict_row(&[15.0, 5.0]).map(|_| ())));
    session.predict_row(&[15.0, 25.0]).unwrap();
    let mut monitor = session.detach().unwrap();
    (0..3).for_each(|_| monitor.add_outcome(0.501, true).unwrap());
    let rounded = Monitor::of_bytes(Arc::clone(&model), &monitor.to_rounded_bytes(5)).unwrap();
    let layout = rounded.layout().unwrap();
    let dose = layout.features().nth(1).unwrap();
    assert_eq!(rounded.cells()[dose.bins], [15, 0, 0], "the one dose above 20 is not shown");
    assert_eq!(rounded.n_rows(), 15);
    let [rows, events, sums] = layout.outcomes();
    let cell = |place: usize| rounded.cells()[place];
    assert_eq!((cell(rows.start + 1), cell(events.start + 1)), (5, 5));
    assert_eq!(cell(sums.start + 1), (5 << 32) / 2, "the mean in hundredths");
}

#[test]
fn a_monitor_of_another_bundle_is_refused() {
    let model = model();
    let other = Arc::new(Model::open(&bundle("2")).unwrap());
    let refused = session(&model).attach(Monitor::new(Arc::clone(&other)).unwrap()).unwrap_err();
    assert_eq!(refused.to_string(), "the monitor counts rows of another bundle");
    let counters = Monitor::new(other).unwrap().to_bytes();
    assert_eq!(Monitor::of_bytes(model, &counters).unwrap_err().kind(), ErrorKind::Counters);
}
