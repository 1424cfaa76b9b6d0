use std::collections::BTreeSet;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::config::DataConfig;

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

/// Eighty rows of forty patients, two visits each; the last quarter is the test part.
fn visits() -> Vec<(usize, u32, &'static str, usize)> {
    let part = |patient| match patient {
        0..20 => "train",
        20..30 => "calibration",
        _ => "test",
    };
    let visit = |row: usize| (row / 2, u32::try_from(row).unwrap() / 2, part(row / 2), row / 2 % 2);
    (0..80).map(visit).collect()
}

fn config(yaml: &str) -> SplitConfig {
    SplitConfig::from_yaml(yaml).unwrap()
}

#[test]
fn the_parts_are_those_that_were_asked_for() {
    let dataset = dataset(DATA, &visits());
    let lens = |yaml: &str| {
        let parts = config(yaml).parts(&dataset, 1).unwrap();
        let mut rows =
            [parts.train.clone(), parts.calibration.clone(), parts.test.clone()].concat();
        rows.sort_unstable();
        assert!(rows.into_iter().eq(0..80), "every row stands in one part");
        [parts.train.len(), parts.calibration.len(), parts.test.len()]
    };
    assert_eq!(lens("{ folds: { n: 5, by: stratified } }"), [80, 0, 0]);
    assert_eq!(lens("{ test: { share: 0.25 }, folds: { n: 5, by: patient } }"), [60, 0, 20]);
    assert_eq!(lens("{ test: { column: true }, folds: { n: 5, by: patient } }"), [40, 20, 20]);
    assert_eq!(lens("{ test: { latest: 0.2 }, folds: { n: 5, by: time } }"), [64, 0, 16]);
}

#[test]
fn repeats_are_drawn_anew_and_the_first_is_what_there_is_without() {
    let yaml = DATA.replace("patient: p", "ignored: [p]");
    let dataset = dataset(&yaml, &visits());
    let once = config("{ folds: { n: 5, by: stratified } }").folds(&dataset, 3).unwrap();
    assert_eq!(once, [stratified_folds(dataset.classes(), 5, 3).unwrap()]);
    let thrice = config("{ folds: { n: 5, repeats: 3, by: stratified } }");
    let thrice = thrice.folds(&dataset, 3).unwrap();
    assert_eq!(thrice[0], once[0]);
    assert!(thrice[0] != thrice[1] && thrice[1] != thrice[2]);
}

#[test]
fn each_patient_may_be_a_fold() {
    let folds = config("{ folds: { by: each_patient } }").folds(&dataset(DATA, &visits()), 0);
    assert_eq!(folds.unwrap()[0].len(), 40);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let cases = [
        ("{ folds: { by: patient } }", "folds: no `n`, expected the number of folds"),
        ("{ folds: { n: 1, by: patient } }", "folds: n: 1, expected at least 2"),
        ("{ folds: { n: 3, by: each_patient } }", "folds: `n`, but each patient is a fold"),
        ("{ folds: { n: 3, repeats: 0, by: patient } }", "folds: repeats: 0, expected 1 or more"),
        ("{ folds: { n: 3, repeats: 2, by: time } }", "repeats: 2, expected 1: nothing is drawn"),
        ("{ test: { share: 1 }, folds: { n: 3, by: time } }", "test: a share of 1 for testing"),
        ("{ test: { latest: 0 }, folds: { n: 3, by: time } }", "test: a share of 0 for testing"),
        ("{ test: { column: false }, folds: { n: 3, by: time } }", "test: column: false, expected"),
        ("{ test: { rest: 1 }, folds: { n: 3, by: time } }", "rest"),
        ("{ folds: { n: 3, by: week } }", "week"),
        ("{}", "folds"),
    ];
    for (yaml, message) in cases {
        let error = SplitConfig::from_yaml(yaml).unwrap_err().to_string();
        assert!(error.starts_with("configuration: ") && error.contains(message), "{yaml}: {error}");
    }
}

#[test]
fn what_the_data_do_not_tell_or_allow_is_refused() {
    let bare = DATA.replace("patient: p, time: t, split: s", "ignored: [p, t, s]");
    let bare = dataset(&bare, &visits());
    let refused = |yaml: &str, dataset: &Dataset| {
        let config = config(yaml);
        let parts = config.parts(dataset, 0).map(drop);
        parts.and_then(|()| config.folds(dataset, 0).map(drop)).unwrap_err().to_string()
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
    fn no_patient_stands_on_both_sides(rows in rows(), n in 2..6_usize, seed: u64) {
        let dataset = dataset(DATA, &rows);
        let patients = |rows: &[usize]| -> BTreeSet<String> {
            rows.iter().map(|row| dataset.patients().unwrap()[*row].clone()).collect()
        };
        let folds = FoldsConfig { n: Some(n), repeats: 2, by: FoldsBy::Patient };
        let config = SplitConfig { test: Some(TestPart::Share(0.3)), folds };
        if let Ok(parts) = config.parts(&dataset, seed) {
            prop_assert!(patients(&parts.train).is_disjoint(&patients(&parts.test)));
            prop_assert_eq!(parts.train.len() + parts.test.len(), rows.len());
        }
        let Ok(repeats) = config.folds(&dataset, seed) else { return Ok(()) };
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
        let Ok(repeats) = repeated(3, seed, |seed| stratified_folds(&classes, n, seed)) else {
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
        let folds = FoldsConfig { n: Some(n), repeats: 1, by: FoldsBy::Time };
        let config = SplitConfig { test: Some(TestPart::Latest(0.2)), folds };
        let of_parts = config.parts(&dataset, 0).map(|p| Split { train: p.train, test: p.test });
        let folds = config.folds(&dataset, 0).into_iter().flatten().flatten();
        for Split { train, test } in folds.chain(of_parts) {
            let last = train.iter().map(time).fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(!test.is_empty() && test.iter().map(time).all(|time| time > last));
        }
    }
}
