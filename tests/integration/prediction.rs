//! The same row gives the same bits, however it is handed over.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2, ShapeBuilder, s};
use nomogram::{Combiner, ErrorKind, Model, Place, Session, seal};
use nomogram_testkit::{bundle_of_three_members, golden_rows, three_members};
use proptest::prelude::*;

fn session() -> Session {
    Session::new(Arc::new(Model::open(&bundle_of_three_members()).unwrap()))
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// The bits of each row, predicted one by one.
fn row_by_row(rows: ArrayView2<'_, f64>) -> Vec<u64> {
    let mut session = session();
    let mut all = Vec::new();
    for row in rows.rows() {
        all.extend(bits(session.predict_row(&row.to_vec()).unwrap().probabilities()));
    }
    all
}

/// The bits of all rows, predicted as one batch.
fn as_batch(rows: ArrayView2<'_, f64>) -> Vec<u64> {
    let mut out = Array2::zeros((rows.nrows(), 2));
    session().predict_into(rows, out.view_mut()).unwrap();
    out.iter().map(|value| value.to_bits()).collect()
}

fn plausible() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -200.0..200.0_f64,
        1 => Just(0.0),
        1 => Just(-0.0),
        1 => Just(1e100),
        1 => Just(-1e100),
        1 => Just(f64::MIN_POSITIVE / 4.0),
    ]
}

proptest! {
    #[test]
    fn a_batch_in_any_layout_has_the_bits_of_its_rows(
        values in prop::collection::vec(plausible(), 3 * 40),
        n_rows in 0_usize..40,
    ) {
        let values = &values[..n_rows * 3];
        let rows = ArrayView2::from_shape((n_rows, 3), values).unwrap();
        let expected = row_by_row(rows);
        prop_assert_eq!(&as_batch(rows), &expected);

        let mut by_column = Array2::zeros((n_rows, 3).f());
        by_column.assign(&rows);
        prop_assert_eq!(&as_batch(by_column.view()), &expected);

        let mut padded = Array2::from_elem((2 * n_rows, 5), f64::NAN);
        padded.slice_mut(s![..;2, 1..4]).assign(&rows);
        prop_assert_eq!(&as_batch(padded.slice(s![..;2, 1..4])), &expected);

        let mut reversed = rows.to_owned();
        reversed.invert_axis(ndarray::Axis(0));
        let mut from_the_end: Vec<u64> = Vec::new();
        as_batch(reversed.view()).chunks(2).rev().for_each(|row| from_the_end.extend(row));
        prop_assert_eq!(&from_the_end, &expected);
    }

    #[test]
    fn probabilities_are_probabilities(values in prop::collection::vec(plausible(), 3)) {
        let mut session = session();
        let prediction = session.predict_row(&values).unwrap();
        let all = prediction.members().chain([prediction.probabilities()]);
        for probabilities in all {
            prop_assert!(probabilities.iter().all(|p| (0.0..=1.0).contains(p)));
            prop_assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        }
        let [low, high] = prediction.probabilities() else { panic!("two classes") };
        prop_assert_eq!(prediction.class(), Some(usize::from(high > low)));
    }
}

#[test]
fn threads_have_the_same_bits() {
    let model = Arc::new(Model::open(&bundle_of_three_members()).unwrap());
    let rows = golden_rows();
    let expected = row_by_row(rows.view());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut session = Session::new(model.clone());
                for _ in 0..50 {
                    let mut out = Array2::zeros((rows.nrows(), 2));
                    session.predict_into(rows.view(), out.view_mut()).unwrap();
                    assert_eq!(bits(out.as_slice().unwrap()), expected);
                }
            });
        }
    });
}

#[test]
fn a_bad_row_fails_the_batch_and_leaves_the_output_alone() {
    let mut rows = golden_rows();
    rows[[11, 2]] = f64::INFINITY;
    let mut out = Array2::from_elem((rows.nrows(), 2), -7.0);
    let error = session().predict_into(rows.view(), out.view_mut()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Infinite);
    let path: Vec<Place> = error.path().collect();
    assert_eq!(path, [Place::Row(11), Place::Feature(2)]);
    let message = "row 12: feature 3: `perimeter`: infinite value, expected a finite number";
    assert_eq!(error.to_string(), message);
    assert!(out.iter().all(|value| *value == -7.0));
}

#[test]
fn wrong_shapes_are_refused() {
    let mut session = session();
    let error = session.predict_row(&[1.0, 2.0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FeatureCount);
    let rows = Array2::zeros((4, 3));
    let mut out = Array2::zeros((3, 2));
    let error = session.predict_into(rows.view(), out.view_mut()).unwrap_err();
    assert_eq!(error.to_string(), "output of shape (3, 2), expected (4, 2)");
    let wide = Array2::zeros((4, 4));
    let mut out = Array2::zeros((4, 2));
    let error = session.predict_into(wide.view(), out.view_mut()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FeatureCount);
}

#[test]
fn parts_that_contradict_each_other_are_not_sealed() {
    type Spoil = fn(&mut nomogram::Parts);
    let cases: [(Spoil, &str); 5] = [
        (|p| p.members[1].branch = 2, "member 2: `forest`: reads branch 3, expected 1 to 2"),
        (|p| p.members[1].name = "linear".into(), "member 2: duplicate name `linear`"),
        (|p| drop(p.members.pop()), "section `combiner`: 3 weights, expected 2"),
        (|p| p.branches[1].steps.clear(), ""),
        (
            |p| p.combiner = Combiner::HardVote { weights: vec![1.0, -1.0, 1.0] },
            "section `combiner`: weight 2 is -1, expected 0, or 1e-100 to 1e100",
        ),
    ];
    for (spoil, message) in cases {
        let mut parts = three_members();
        spoil(&mut parts);
        match seal(&parts, golden_rows().view()) {
            Ok(_) => assert_eq!(message, "", "sealed, but should be refused"),
            Err(error) => assert_eq!(error.to_string(), message),
        }
    }
    let few = golden_rows();
    let error = seal(&three_members(), few.slice(s![..15, ..])).unwrap_err();
    assert_eq!(error.to_string(), "15 golden cases, expected 16 to 10000");
}
