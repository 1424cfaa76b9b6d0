//! Every model of `tests/data/*.jsonl` predicts what its library predicted.

use std::collections::BTreeMap;

use crate::records::{Record, outputs, records, records_in};
use nomogram::Model;
use nomogram_import::{Comparison, Limits, Options, Rounds, Tolerance, import, read_expected};

fn compare(record: &Record) -> Result<Comparison, nomogram_import::Error> {
    compare_with(record, &Options::default(), &record.table)
}

fn compare_with(
    record: &Record,
    options: &Options,
    table: &str,
) -> Result<Comparison, nomogram_import::Error> {
    let limits = Limits::default();
    let imported = import(&record.model, None, options, &limits)?;
    let known = read_expected(table.as_bytes(), &imported.parts.schema, &limits)?;
    let comparison = imported.compare(&known)?;
    if comparison.agrees() {
        let sealed = imported.seal(&known)?;
        assert!(Model::open(&sealed.bundle).is_ok(), "{}", record.name);
    }
    Ok(comparison)
}

#[test]
fn every_model_predicts_what_its_library_predicted() {
    let (mut failures, mut n_models) = (Vec::new(), 0);
    for record in records() {
        n_models += 1;
        let name = format!("{}: {}", record.library, record.name);
        match compare(&record) {
            Err(error) => failures.push(format!("{name}: {error}")),
            Ok(comparison) if !comparison.agrees() || comparison.n_rows < 30 => {
                failures.push(format!("{name}: {comparison}"));
            }
            Ok(comparison) if record.format.starts_with("catboost") => {
                // The numbers of leaves of other trees are not in the file.
                let is_plain = ["depthwise", "lossguide"].iter().any(|kind| name.ends_with(kind));
                assert_eq!(comparison.paths.is_none(), is_plain, "{name}");
                assert!(comparison.margins.is_some(), "{name}: no margins");
            }
            Ok(comparison) => {
                let paths = comparison.paths.map_or(0, |paths| paths.n_compared);
                let margins = comparison.margins.map(|margins| margins.tolerance);
                let has_bits = margins == Some(Tolerance::Bits);
                // Linear models have no paths.
                let has_paths = paths > 0 || record.name.starts_with("gblinear");
                if !has_paths || !has_bits {
                    failures.push(format!("{name}: {paths} paths, {margins:?}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{} of {n_models}\n{}", failures.len(), failures.join("\n\n"));
    assert!(n_models >= 150, "{n_models} models");
}

#[test]
fn one_class_of_a_one_vs_rest_model_predicts_what_its_library_predicted() {
    let options = Options { class: Some("1".into()), ..Options::default() };
    let mut n_models = 0;
    for record in records_in("one_class") {
        n_models += 1;
        let name = format!("{}: {}", record.library, record.name);
        let comparison = compare_with(&record, &options, &record.table).unwrap();
        assert!(comparison.agrees() && comparison.n_rows >= 30, "{name}: {comparison}");
        let paths = comparison.paths.map_or(0, |paths| paths.n_compared);
        assert!(paths > 0 || name.ends_with("depthwise"), "{name}");
        let refused = |class: Option<&str>| {
            let options = Options { class: class.map(str::to_owned), ..Options::default() };
            import(&record.model, None, &options, &Limits::default()).unwrap_err().to_string()
        };
        let all = refused(None);
        assert!(all.contains("do not sum to 1; choose one class (0, 1, 2)"), "{name}: {all}");
        let unknown = refused(Some("3"));
        assert!(
            unknown.contains("the option `class` is `3`, expected one of 0, 1, 2"),
            "{unknown}"
        );
    }
    assert!(n_models >= 10, "{n_models}");
    for record in records() {
        let refused = import(&record.model, None, &options, &Limits::default()).unwrap_err();
        assert!(
            refused.to_string().contains("the option `class` is `1`, expected none"),
            "{}: {refused}",
            record.name
        );
    }
}

#[test]
fn estimators_of_xgboost_stop_at_their_best_round_and_boosters_do_not() {
    let mut n_models = 0;
    for record in records() {
        let Some(of_all) = &record.table_of_all_rounds else { continue };
        n_models += 1;
        let name = format!("{}: {}", record.library, record.name);
        let agrees = |rounds, table: &str| {
            let options = Options { rounds, ..Options::default() };
            compare_with(&record, &options, table).is_ok_and(|comparison| comparison.agrees())
        };
        for rounds in [Rounds::AsSource, Rounds::Best] {
            assert!(agrees(rounds, &record.table), "{name}: {rounds:?}");
            assert!(!agrees(rounds, of_all), "{name}: {rounds:?}");
        }
        assert!(agrees(Rounds::All, of_all) && !agrees(Rounds::All, &record.table), "{name}");
        // The same file as a booster: without the attribute that its estimator wrote.
        let text = String::from_utf8(record.model.clone()).unwrap();
        let model = text.replace("\"scikit_learn\"", "\"another\"").into_bytes();
        let of_booster = Record { model, ..record.clone() };
        let comparison = compare_with(&of_booster, &Options::default(), of_all).unwrap();
        assert!(comparison.agrees(), "{name}: {comparison}");
    }
    assert!(n_models >= 8, "{n_models}");
}

#[test]
fn a_double_link_keeps_the_margins_and_rounds_no_output() {
    let options = Options { double_link: true, ..Options::default() };
    let note = "the link is computed in double precision, XGBoost computes it in single";
    let newest = |record: &Record| record.library == "xgboost-3.2.0";
    let (mut n_noted, mut n_outputs) = (0, 0);
    for record in records().filter(newest) {
        let limits = Limits::default();
        let imported = import(&record.model, None, &options, &limits).unwrap();
        let known =
            read_expected(record.table.as_bytes(), &imported.parts.schema, &limits).unwrap();
        let sealed = imported.seal(&known).unwrap();
        let is_noted = imported.notes.iter().any(|one| one == note);
        n_noted += usize::from(is_noted);
        let margins = sealed.comparison.margins.unwrap();
        assert_eq!(margins.n_equal, margins.n_compared, "{}", record.name);
        let model = std::sync::Arc::new(Model::open(&sealed.bundle).unwrap());
        let mut session = nomogram::Session::try_new(model).unwrap();
        for row in &known {
            let (Ok(found), Some(margins)) = (session.predict_row(&row.row), &row.margins) else {
                continue;
            };
            // The logistic function of XGBoost's margin, in double precision.
            if record.name.starts_with("logistic") {
                let odds = nomogram::numeric::exp(-margins[0]);
                assert!((found.outputs()[1] - 1.0 / (1.0 + odds)).abs() < 1e-15, "{}", record.name);
                n_outputs += 1;
            }
        }
        // Identities have no link to compute.
        let is_identity = ["squared error", "logit raw", "hinge"];
        let is_identity = is_identity.iter().any(|name| record.name.starts_with(name));
        assert!(!(is_noted && is_identity), "{}", record.name);
    }
    assert!(n_noted > 20 && n_outputs > 300, "{n_noted} {n_outputs}");
}

#[test]
fn links_of_xgboost_differ_by_at_most_two_units_in_the_last_place() {
    let mut n_within = BTreeMap::<(String, u32), usize>::new();
    for record in records().filter(|record| record.format.starts_with("xgboost")) {
        let limits = Limits::default();
        let imported = import(&record.model, None, &Options::default(), &limits).unwrap();
        let known =
            read_expected(record.table.as_bytes(), &imported.parts.schema, &limits).unwrap();
        let Tolerance::SingleUlps(most) = imported.output_tolerance else { continue };
        for (found, known) in outputs(&imported, &known) {
            let allows = |ulps: &u32| Tolerance::SingleUlps(*ulps).allows(found, known);
            let ulps = (0..=most).find(allows).unwrap_or(u32::MAX);
            *n_within.entry((record.library.clone(), ulps)).or_default() += 1;
        }
    }
    for ((library, ulps), n_outputs) in &n_within {
        println!("{library}: {n_outputs} outputs differ by {ulps} ulp of single precision");
    }
    assert!(n_within.keys().all(|(_, ulps)| *ulps <= 2) && n_within.len() >= 4, "{n_within:?}");
}

#[test]
fn a_changed_leaf_is_noticed() {
    let record = records().find(|record| record.library == "lightgbm-4.6.0").unwrap();
    let text = String::from_utf8(record.model).unwrap();
    let (before, after) = text.split_once("leaf_value=").unwrap();
    let changed = format!("{before}leaf_value=9{after}");
    let imported = import(changed.as_bytes(), None, &Options::default(), &Limits::default());
    let imported = imported.unwrap();
    let limits = Limits::default();
    let known = read_expected(record.table.as_bytes(), &imported.parts.schema, &limits).unwrap();
    let error = imported.seal(&known).unwrap_err();
    assert_eq!(error.kind(), nomogram_import::ErrorKind::Different);
    assert!(error.to_string().contains("decision paths: "), "{error}");
}
