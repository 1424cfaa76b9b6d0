use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::data::DataConfig;

const DATA: &str = "data: { patient: p, time: t, split: s, target: { column: y, negative: a, positive: b }, features: [{ name: n }] }";

/// Rows of `(patient, time, part, class)`.
fn dataset(yaml: &str, rows: &[(usize, u32, &str, usize)]) -> Dataset {
    let mut text = String::from("p,t,s,y,n\n");
    for (patient, time, part, class) in rows {
        let class = ["a", "b"][*class];
        writeln!(text, "{patient},{time},{part},{class},0").unwrap();
    }
    let config = DataConfig::from_yaml(yaml).unwrap();
    Dataset::from_csv("t.csv", text.as_bytes(), &config).unwrap()
}

/// Eighty rows of forty patients, two visits each; the last quarter is for testing.
fn visits() -> Vec<(usize, u32, &'static str, usize)> {
    let part = |patient| match patient {
        0..20 => "train",
        20..30 => "calibration",
        _ => "test",
    };
    let visit = |row: usize| (row / 2, u32::try_from(row).unwrap() / 2, part(row / 2), row / 2 % 2);
    (0..80).map(visit).collect()
}

fn config(yaml: &str) -> SplitSpec {
    SplitSpec::from_yaml(yaml).unwrap()
}

#[test]
fn partitions_have_the_rows_that_the_spec_asks_for() {
    let dataset = dataset(DATA, &visits());
    let lens = |yaml: &str| {
        let partitions = config(yaml).partitions(&dataset, 1).unwrap();
        let Partitions { train, calibration, test } = partitions;
        let mut rows = [train.clone(), calibration.clone(), test.clone()].concat();
        rows.sort_unstable();
        assert!(rows.into_iter().eq(0..80), "every row is in one partition");
        [train.len(), calibration.len(), test.len()]
    };
    assert_eq!(lens("{ folds: { n: 5, by: stratified } }"), [80, 0, 0]);
    assert_eq!(lens("{ test: { share: 0.25 }, folds: { n: 5, by: patient } }"), [60, 0, 20]);
    assert_eq!(lens("{ test: { column: true }, folds: { n: 5, by: patient } }"), [40, 20, 20]);
    assert_eq!(lens("{ test: { latest: 0.2 }, folds: { n: 5, by: time } }"), [64, 0, 16]);
}

#[test]
fn each_repeat_is_drawn_again_and_the_first_equals_folds_without_repeats() {
    let yaml = DATA.replace("patient: p", "ignored: [p]");
    let dataset = dataset(&yaml, &visits());
    let once = config("{ folds: { n: 5, by: stratified } }").repeats(&dataset, 3).unwrap();
    assert_eq!(once, [stratified_folds(dataset.classes(), 5, 3).unwrap()]);
    let thrice = config("{ folds: { n: 5, repeats: 3, by: stratified } }");
    assert_eq!(thrice.folds(&dataset, 3).unwrap(), once[0]);
    let thrice = thrice.repeats(&dataset, 3).unwrap();
    assert_eq!(thrice[0], once[0]);
    assert!(thrice[0] != thrice[1] && thrice[1] != thrice[2]);
}

#[test]
fn each_patient_may_be_a_fold() {
    let folds = config("{ folds: { by: each_patient } }").folds(&dataset(DATA, &visits()), 0);
    assert_eq!(folds.unwrap().len(), 40);
}

#[test]
fn invalid_specs_are_refused_with_the_place() {
    let cases = [
        ("{ folds: { by: patient } }", "folds: no `n`, expected the number of folds"),
        ("{ folds: { n: 1, by: patient } }", "folds: n: 1, expected at least 2"),
        ("{ folds: { n: 3, by: each_patient } }", "folds: n: 3, expected no number: each"),
        ("{ folds: { n: 3, repeats: 0, by: patient } }", "folds: repeats: 0, expected 1 or more"),
        ("{ folds: { n: 3, repeats: 2, by: time } }", "repeats: 2, expected 1: nothing is drawn"),
        ("{ test: { share: 1 }, folds: { n: 3, by: time } }", "test: share: 1, expected between"),
        ("{ test: { latest: 0 }, folds: { n: 3, by: time } }", "test: latest: 0, expected between"),
        ("{ test: { column: false }, folds: { n: 3, by: time } }", "test: column: false, expected"),
        ("{ test: { rest: 1 }, folds: { n: 3, by: time } }", "rest"),
        ("{ folds: { n: 3, by: week } }", "week"),
        ("{}", "folds"),
    ];
    for (yaml, message) in cases {
        let error = SplitSpec::from_yaml(yaml).unwrap_err().to_string();
        assert!(error.starts_with("configuration: ") && error.contains(message), "{yaml}: {error}");
    }
}

#[test]
fn absent_columns_and_separated_patients_are_refused() {
    let bare = DATA.replace("patient: p, time: t, split: s", "ignored: [p, t, s]");
    let bare = dataset(&bare, &visits());
    let refused = |yaml: &str, dataset: &Dataset| {
        let config = config(yaml);
        let partitions = config.partitions(dataset, 0).map(drop);
        partitions.and_then(|()| config.folds(dataset, 0).map(drop)).unwrap_err().to_string()
    };
    let cases = [
        (
            "{ folds: { n: 3, by: patient } }",
            "folds by patient needs a column, name it as `patient`",
        ),
        ("{ folds: { by: each_patient } }", "folds by patient needs a column"),
        ("{ folds: { n: 3, by: time } }", "folds by time needs a column, name it as `time`"),
        ("{ test: { latest: 0.2 }, folds: { n: 3, by: stratified } }", "a split by time needs"),
        ("{ test: { column: true }, folds: { n: 3, by: stratified } }", "a given split needs"),
    ];
    for (yaml, message) in cases {
        let error = refused(yaml, &bare);
        assert!(error.starts_with(message), "{yaml}: {error}");
    }
    let mut shared = visits();
    for row in &mut shared {
        row.0 = row.0 % 20 + usize::from(row.3 == 1) * 20;
    }
    let shared = dataset(DATA, &shared);
    for yaml in [
        "{ test: { column: true }, folds: { n: 3, by: patient } }",
        "{ test: { latest: 0.2 }, folds: { n: 3, by: patient } }",
        "{ folds: { n: 3, by: stratified } }",
        "{ folds: { n: 3, by: time } }",
    ] {
        let error = refused(yaml, &shared);
        assert!(error.starts_with("patient `") && error.ends_with("; split by patient"), "{error}");
    }
}

/// Rows whose patients have one class each, as outcomes of patients usually do, or several.
fn rows() -> impl Strategy<Value = Vec<(usize, u32, &'static str, usize)>> {
    prop::collection::vec((0..25_usize, 0..30_u32, Just("train"), 0..2_usize), 20..150)
        .prop_filter("both classes", |rows| (0..2).all(|class| rows.iter().any(|r| r.3 == class)))
}

proptest! {
    #[test]
    fn no_patient_is_on_both_sides(rows in rows(), n in 2..6_usize, seed: u64) {
        let dataset = dataset(DATA, &rows);
        let patients = |rows: &[usize]| -> BTreeSet<String> {
            rows.iter().map(|row| dataset.patients().unwrap()[*row].clone()).collect()
        };
        let folds = FoldsSpec { n: Some(n), repeats: 2, by: FoldsBy::Patient };
        let config = SplitSpec { test: Some(TestSpec::Share(0.3)), folds };
        if let Ok(partitions) = config.partitions(&dataset, seed) {
            prop_assert!(patients(&partitions.train).is_disjoint(&patients(&partitions.test)));
            let n_rows = partitions.train.len() + partitions.test.len();
            prop_assert_eq!(n_rows, rows.len());
        }
        let Ok(repeats) = config.repeats(&dataset, seed) else { return Ok(()) };
        prop_assert_eq!(repeats.len(), 2);
        for folds in repeats {
            for fold in &folds {
                prop_assert!(patients(&fold.train).is_disjoint(&patients(&fold.test)));
                prop_assert_eq!(fold.train.len() + fold.test.len(), rows.len());
            }
            let mut held_out: Vec<usize> = folds.into_iter().flat_map(|fold| fold.test).collect();
            held_out.sort_unstable();
            prop_assert!(held_out.into_iter().eq(0..rows.len()));
        }
    }

    #[test]
    fn stratified_folds_hold_every_row_out_once_and_keep_classes_within_one(
        classes in prop::collection::vec(0..3_usize, 10..200), n in 2..8_usize, seed: u64,
    ) {
        let Ok(repeats) = repeat_folds(3, seed, |seed| stratified_folds(&classes, n, seed)) else {
            return Ok(());
        };
        for folds in repeats {
            for class in 0..3 {
                let of_class = |fold: &Split| fold.test.iter().filter(|r| classes[**r] == class).count();
                let counts: Vec<usize> = folds.iter().map(of_class).collect();
                prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1);
            }
            let mut held_out: Vec<usize> = folds.into_iter().flat_map(|fold| fold.test).collect();
            held_out.sort_unstable();
            prop_assert!(held_out.into_iter().eq(0..classes.len()));
        }
    }

    #[test]
    fn time_never_runs_backwards(rows in rows(), n in 2..6_usize) {
        let yaml = DATA.replace("patient: p", "ignored: [p]");
        let dataset = dataset(&yaml, &rows);
        let time = |row: &usize| dataset.times().unwrap()[*row];
        let folds = FoldsSpec { n: Some(n), repeats: 1, by: FoldsBy::Time };
        let config = SplitSpec { test: Some(TestSpec::Latest(0.2)), folds };
        let outer = config.partitions(&dataset, 0).map(|p| Split { train: p.train, test: p.test });
        let folds = config.folds(&dataset, 0).into_iter().flatten();
        for Split { train, test } in folds.chain(outer) {
            let last = train.iter().map(time).fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(!test.is_empty() && test.iter().map(time).all(|time| time > last));
        }
    }
}
