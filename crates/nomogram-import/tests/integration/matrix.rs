//! Every model of `tests/data/*.jsonl` predicts what its library predicted.

use crate::records::{Record, records};
use nomogram::Model;
use nomogram_import::{Comparison, Limits, Options, Tolerance, import, read_expected};

fn compare(record: &Record) -> Result<Comparison, nomogram_import::Error> {
    let limits = Limits::default();
    let imported = import(&record.model, None, &Options::default(), &limits)?;
    let known = read_expected(record.table.as_bytes(), &imported.parts.schema, &limits)?;
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
