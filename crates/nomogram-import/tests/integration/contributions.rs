//! Imported forests are explained by path as their libraries explain them.
//!
//! `tests/reference/make_contributions.py` made the contributions. Everything passes through the bundle:
//! import, seal, open, explain.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use nomogram::{ErrorKind, Explained, Explainer, Explanation, Method, Model, Request};
use nomogram_import::{Imported, Limits, Options, import, read_expected};
use serde_json::Value;

use crate::records::{Record, records};

fn options() -> Options {
    Options { tree_shares: true, ..Options::default() }
}

/// The lines that the script wrote for a library.
fn lines(library: &str) -> Vec<Value> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/contributions");
    let text = std::fs::read_to_string(folder.join(format!("{library}.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Numbers of a list; null is NaN.
fn numbers(list: &Value) -> Vec<f64> {
    let numbers = list.as_array().unwrap().iter();
    numbers.map(|number| number.as_f64().unwrap_or(f64::NAN)).collect()
}

/// The model and the rows of a line.
fn model_and_rows(line: &Value, records: &BTreeMap<String, Record>) -> (Imported, Vec<Vec<f64>>) {
    let limits = Limits::default();
    let name = line["name"].as_str().unwrap();
    if let Some(description) = line.get("model") {
        let imported = import(description.to_string().as_bytes(), None, &options(), &limits);
        let rows = line["rows"].as_array().unwrap().iter().map(numbers).collect();
        return (imported.unwrap_or_else(|error| panic!("{name}: {error}")), rows);
    }
    let record = &records[name];
    let imported = import(&record.model, None, &options(), &limits);
    let imported = imported.unwrap_or_else(|error| panic!("{name}: {error}"));
    let known = read_expected(record.table.as_bytes(), &imported.parts.schema, &limits).unwrap();
    let rows = line["rows"].as_array().unwrap().iter();
    let rows = rows.map(|at| known[usize::try_from(at.as_u64().unwrap()).unwrap()].row.clone());
    (imported, rows.collect())
}

/// The largest differences of a model, relative above 1.
#[derive(Default)]
struct Largest {
    /// From what the library computed.
    library: f64,
    /// From what shap computed in double precision, where it did.
    shap: Option<f64>,
    /// From the margin that base and values should add up to.
    sum: f64,
    n_rows: usize,
}

fn compare(line: &Value, records: &BTreeMap<String, Record>) -> Largest {
    let name = line["name"].as_str().unwrap();
    let (imported, rows) = model_and_rows(line, records);
    let bundle = imported.seal(&[]).unwrap_or_else(|error| panic!("{name}: {error}")).bundle;
    let model = Arc::new(Model::open(&bundle).unwrap());
    let request = Request { explained: Explained::Member(0), method: Method::PathDependent };
    let mut explainer = Explainer::new(Arc::clone(&model), request).unwrap();
    let n_features = model.schema().n_features();
    let mut largest = Largest::default();
    for (nth, row) in rows.iter().enumerate() {
        let found = match explainer.explain_row(row) {
            Ok(found) => found,
            // A level that the schema does not have.
            Err(error) if error.kind() == ErrorKind::UnseenLevel => continue,
            Err(error) => panic!("{name}: row {nth}: {error}"),
        };
        largest.n_rows += 1;
        let of_margins = |key: &str| -> Option<Vec<Vec<f64>>> {
            let of_row = line.get(key)?.get(nth)?.as_array().unwrap();
            Some(of_row.iter().map(numbers).collect())
        };
        let expected = of_margins("contributions").unwrap();
        let by_shap = of_margins("shap");
        assert_eq!(expected.len(), found.base().len(), "{name}");
        for (margin, expected) in expected.iter().enumerate() {
            let values = found.values_of(margin);
            assert_eq!((values.len(), expected.len()), (n_features, n_features + 1), "{name}");
            let distance = |expected: &[f64]| {
                let pairs = values.iter().chain(&found.base()[margin..=margin]).zip(expected);
                let relative = |(a, b): (&f64, &f64)| (a - b).abs() / b.abs().max(1.0);
                pairs.map(relative).fold(0.0, f64::max)
            };
            largest.library = largest.library.max(distance(expected));
            if let Some(by_shap) = &by_shap {
                largest.shap = Some(largest.shap.unwrap_or(0.0).max(distance(&by_shap[margin])));
            }
            let sum = found.base()[margin] + values.iter().sum::<f64>();
            largest.sum = largest.sum.max((sum - found.explained()[margin]).abs() / size(values));
        }
    }
    largest
}

/// The largest of some values and 1: what rounding is relative to.
fn size(values: &[f64]) -> f64 {
    values.iter().fold(1.0, |size, value| size.max(value.abs()))
}

/// Compares all models of a file of contributions, which are those of a version of a library. Returns the
/// differences with the names of the models.
fn compare_all(file: &str, library: &str) -> Vec<(String, Largest)> {
    let records = records().filter(|record| record.library == library);
    let records: BTreeMap<String, Record> =
        records.map(|record| (record.name.clone(), record)).collect();
    let lines = lines(file);
    let named = |line: &Value| (line["name"].as_str().unwrap().to_owned(), compare(line, &records));
    let found: Vec<(String, Largest)> = lines.iter().map(named).collect();
    for (name, largest) in &found {
        assert!(largest.n_rows >= 9, "{name}: {} rows", largest.n_rows);
        assert!(largest.sum <= 1e-12, "{name}: sums are off by {:e}", largest.sum);
    }
    found
}

fn assert_within(found: Vec<(String, Largest)>, limit: f64, n_models: usize) {
    assert_eq!(found.len(), n_models);
    for (name, Largest { library, .. }) in found {
        assert!(library <= limit, "{name}: off by {library:e}");
    }
}

#[test]
fn forests_of_lightgbm_are_explained_as_pred_contrib_does() {
    assert_within(compare_all("lightgbm", "lightgbm-4.6.0"), 1e-12, 29);
}

#[test]
fn forests_of_scikit_learn_are_explained_as_shap_does() {
    assert_within(compare_all("scikit_learn", ""), 1e-12, 16);
}

#[test]
fn forests_of_catboost_are_explained_as_its_shap_values() {
    assert_within(compare_all("catboost", "catboost-1.2.10"), 1e-12, 14);
}

/// XGBoost adds contributions in single precision, and adds the larger ones less precisely.
#[test]
fn forests_of_xgboost_are_explained_as_pred_contribs_does() {
    let found = compare_all("xgboost", "xgboost-3.2.0");
    // In double precision, what differs is what XGBoost stores in single precision: the sums of hessians at a
    // split, so that those of two children do not add up to their parent's, and shap divides by that.
    let by_shap = found.iter().filter_map(|(name, one)| Some((name, one.shap?)));
    let (mut n_compared, mut n_equal) = (0, 0);
    for (name, largest) in by_shap {
        n_compared += 1;
        n_equal += usize::from(largest <= 1e-12);
        assert!(largest <= 2e-7, "{name}: off by {largest:e} from shap");
        // Each row has a hessian of 1: the sums are whole numbers, and add up.
        let adds_up = ["squared error", "absolute error", "quantile", "hinge"];
        assert!(!adds_up.contains(&name.as_str()) || largest <= 1e-12, "{name}: {largest:e}");
    }
    assert!(n_compared >= 20 && n_equal >= 4, "{n_compared} {n_equal}");
    assert_within(found, 2e-6, 32);
}

/// How many rows of a line shap took as background rows: the first ones.
const N_BACKGROUND: usize = 5;

/// Compares values against background rows. Returns the largest difference, relative to the largest value
/// of the row.
fn compare_interventional(line: &Value, records: &BTreeMap<String, Record>) -> f64 {
    let name = line["name"].as_str().unwrap();
    let (mut imported, _) = model_and_rows(line, records);
    let list = |key: &str| line["interventional"][key].as_array().unwrap().iter();
    let rows: Vec<Vec<f64>> = list("rows").map(numbers).collect();
    let background = rows.iter().take(N_BACKGROUND).flatten().copied().collect();
    let weights = vec![1.0; N_BACKGROUND];
    let (groups, left_shares) = (Vec::new(), Vec::new());
    imported.parts.explanation = Some(Explanation { background, weights, groups, left_shares });
    let bundle = imported.seal(&[]).unwrap_or_else(|error| panic!("{name}: {error}")).bundle;
    let model = Arc::new(Model::open(&bundle).unwrap());
    let request = Request { explained: Explained::Member(0), method: Method::Interventional };
    let mut explainer = Explainer::new(model, request).unwrap();
    assert_eq!(rows.len(), list("values").len());
    let mut largest = 0.0_f64;
    for (row, expected) in rows.iter().zip(list("values")) {
        let found = explainer.explain_row(row).unwrap();
        for (margin, expected) in expected.as_array().unwrap().iter().map(numbers).enumerate() {
            let values = found.values_of(margin);
            assert_eq!(values.len(), expected.len());
            let size = size(values);
            let differences = values.iter().zip(&expected).map(|(a, b)| (a - b).abs() / size);
            largest = differences.fold(largest, f64::max);
        }
    }
    largest
}

/// shap rounds the weight of each coalition to single precision: leaves that are large and cancel lose digits.
#[test]
fn forests_are_explained_against_background_rows_as_shap_does() {
    let records = records().filter(|record| record.library == "lightgbm-4.6.0");
    let records: BTreeMap<String, Record> =
        records.map(|record| (record.name.clone(), record)).collect();
    let lines = lines("lightgbm").into_iter().chain(lines("scikit_learn"));
    let mut n_models = 0;
    for line in lines.filter(|line| line.get("interventional").is_some()) {
        n_models += 1;
        let largest = compare_interventional(&line, &records);
        assert!(largest <= 1e-5, "{}: off by {largest:e}", line["name"]);
    }
    assert_eq!(n_models, 24);
}

#[test]
fn shares_are_kept_only_on_request_and_refused_where_there_are_none() {
    let of = |library: &str, name: &str| {
        records().find(|record| record.library == library && record.name == name).unwrap()
    };
    let limits = Limits::default();
    let record = of("lightgbm-4.6.0", "binary");
    let without = import(&record.model, None, &Options::default(), &limits).unwrap();
    assert_eq!(without.parts.explanation, None);
    let refused = |model: &[u8]| import(model, None, &options(), &limits).unwrap_err().to_string();
    let no_forest = "not supported: shares of training rows: the file has no forest with their number at \
                     each node and with constant leaves";
    for (library, name) in
        [("lightgbm-4.6.0", "linear tree, binary"), ("xgboost-3.2.0", "gblinear")]
    {
        assert_eq!(refused(&of(library, name).model), no_forest, "{name}");
    }
    let text = String::from_utf8(record.model).unwrap();
    let absent = refused(text.replace("leaf_count=", "other=").as_bytes());
    assert!(absent.contains("`leaf_count` is absent"), "{absent}");
    let below = refused(text.replacen("leaf_count=", "leaf_count=-", 1).as_bytes());
    assert!(below.contains("weight -207 of training rows, expected at least 0"), "{below}");
}
