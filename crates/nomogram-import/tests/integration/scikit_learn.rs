//! Estimators of scikit-learn predict what scikit-learn predicted, or are refused by name and place.
//!
//! `tests/reference/make_scikit_learn.py` made the descriptions and the tables of predictions.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use nomogram::{Model, Session, StoredRows};
use nomogram_import::{
    Comparison, Error, Format, Imported, Limits, Options, SchemaFile, Tolerance, import,
    read_expected,
};
use serde_json::{Value, json};

/// An estimator, and what scikit-learn predicted or why it was refused.
pub(crate) struct Line {
    pub(crate) name: String,
    /// None where Python refused it.
    model: Option<Vec<u8>>,
    schema: Option<String>,
    pub(crate) table: Option<String>,
    refused: Option<String>,
}

pub(crate) fn lines() -> Vec<Line> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/scikit_learn");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let line = |version: &str, text: &str| {
        let line: Value = serde_json::from_str(text).unwrap();
        let text = |key: &str| line[key].as_str().map(ToOwned::to_owned);
        Line {
            name: format!("{version}: {}", text("name").unwrap()),
            model: line.get("model").map(|model| model.to_string().into_bytes()),
            schema: line.get("schema").map(Value::to_string),
            table: text("check"),
            refused: text("refused"),
        }
    };
    let of_file = |path: PathBuf| {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let version = stem.trim_end_matches("-trees").to_owned();
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|text| line(&version, text)).collect::<Vec<_>>()
    };
    files.into_iter().flat_map(of_file).collect()
}

fn read(model: &[u8]) -> Result<Imported, Error> {
    // The data are public.
    let options = Options { training_rows: true, ..Options::default() };
    import(model, Some(Format::ScikitLearn), &options, &Limits::default())
}

/// The model with its schema.
pub(crate) fn read_line(line: &Line) -> Result<Imported, Error> {
    let mut imported = read(line.model.as_ref().unwrap())?;
    if let Some(schema) = &line.schema {
        SchemaFile::read(schema)?.apply(&mut imported)?;
    }
    Ok(imported)
}

fn compare(model: &[u8], table: &str) -> Result<Comparison, Error> {
    compare_imported(&read(model)?, table)
}

fn compare_imported(imported: &Imported, table: &str) -> Result<Comparison, Error> {
    let known = read_expected(table.as_bytes(), &imported.parts.schema, &Limits::default())?;
    let comparison = imported.compare(&known)?;
    if comparison.agrees() {
        assert!(Model::open(&imported.seal(&known)?.bundle).is_ok());
    }
    Ok(comparison)
}

#[test]
fn every_estimator_predicts_what_scikit_learn_predicted() {
    let (mut failures, mut n_models, mut n_bits, mut n_paths) = (Vec::new(), 0, 0, 0);
    for line in lines() {
        let Some(table) = &line.table else { continue };
        n_models += 1;
        match read_line(&line).and_then(|imported| compare_imported(&imported, table)) {
            Err(error) => failures.push(format!("{}: {error}", line.name)),
            Ok(comparison)
                if !comparison.agrees() || comparison.n_rows < 20 || comparison.n_refused > 0 =>
            {
                failures.push(format!("{}: {comparison}", line.name));
            }
            Ok(comparison) => {
                let tolerance = comparison.margins.map(|margins| margins.tolerance);
                n_bits += usize::from(tolerance == Some(Tolerance::Bits));
                n_paths += comparison.paths.map_or(0, |paths| paths.n_compared);
            }
        }
    }
    assert!(failures.is_empty(), "{} of {n_models}\n{}", failures.len(), failures.join("\n\n"));
    assert!(n_models >= 180 && n_bits >= 40 && n_paths >= 5_000, "{n_models} {n_bits} {n_paths}");
}

#[test]
fn estimators_without_a_counterpart_are_refused_by_name_and_place() {
    let mut n_refused = 0;
    for line in lines() {
        let (Some(model), Some(refused)) = (&line.model, &line.refused) else { continue };
        n_refused += 1;
        assert_eq!(read(model).unwrap_err().to_string(), *refused, "{}", line.name);
    }
    assert!(n_refused >= 4, "{n_refused}");
}

/// The models that store rows of their training data.
fn storing() -> Vec<(Line, Imported)> {
    let imported = |line: Line| {
        line.table.as_ref()?;
        let imported = read_line(&line).unwrap();
        let mut members = imported.parts.members.iter();
        members.any(|one| one.member.stored_rows().is_some()).then_some((line, imported))
    };
    lines().into_iter().filter_map(imported).collect()
}

#[test]
fn rows_of_the_training_data_are_stored_with_consent_only() {
    let storing = storing();
    assert!(storing.len() >= 36, "{}", storing.len());
    for (line, imported) in storing {
        let model = line.model.as_ref().unwrap();
        let error = import(model, None, &Options::default(), &Limits::default()).unwrap_err();
        let members = imported.parts.members.iter();
        let stored = members.filter_map(|one| one.member.stored_rows());
        let n_rows: usize = stored.map(StoredRows::n_rows).sum();
        assert_eq!(
            error.to_string(),
            format!(
                "not supported: the model stores {n_rows} rows of its training data, which may be \
                 data of patients; `--training-rows` keeps them in the bundle"
            ),
            "{}",
            line.name
        );
        let note = format!("{n_rows} rows of the training data are stored");
        assert!(imported.notes.iter().any(|found| found.contains(&note)), "{}", line.name);
    }
}

/// Otherwise a misread metric or kernel could go unnoticed: most probes would give the same output.
#[test]
fn probes_lie_between_stored_rows() {
    for (line, imported) in storing() {
        let probes = imported.probes(50).unwrap();
        let bundle = imported.seal(&[]).unwrap().bundle;
        let mut session = Session::try_new(Arc::new(Model::open(&bundle).unwrap())).unwrap();
        let mut outputs = BTreeSet::new();
        for row in &probes {
            let Ok(prediction) = session.predict_row(row) else { continue };
            outputs.insert(prediction.outputs()[0].to_bits());
        }
        assert!(outputs.len() >= 4, "{}: {} of {}", line.name, outputs.len(), probes.len());
    }
}

#[test]
fn rows_with_equally_far_neighbours_are_counted_and_not_compared() {
    let (rows, targets) = (json!([[0.0], [1.0], [3.0], [4.0]]), json!([0, 1, 0, 1]));
    let model = json!({
        "format": "nomogram scikit-learn description 1",
        "scikit_learn": "1.9.1",
        "adds_in_order": false,
        "features": [{ "name": "x", "kind": "number", "takes_missing": false }],
        "target": { "name": "y", "classes": ["no", "yes"] },
        "model": {
            "kind": "neighbours", "metric": "euclidean", "weight": "uniform", "n_neighbours": 1,
            "rows": rows, "targets": targets,
        },
    });
    // 0.5 and 3.5 lie in the middle, where the source may take either row; 2 × (1 − 10⁻¹⁰) nearly does.
    let table =
        "x,probability:no,probability:yes\n0.1,1,0\n0.5,0,1\n3.5,0,1\n1.9999999998,1,0\n3.6,0,1\n";
    let comparison = compare(model.to_string().as_bytes(), table).unwrap();
    assert!(comparison.agrees(), "{comparison}");
    assert_eq!((comparison.n_rows, comparison.n_tied, comparison.n_refused), (2, 3, 0));
    let text = comparison.to_string();
    assert!(text.contains("2 rows compared, 3 more skipped: ties among their nearest"));
}

#[test]
fn a_changed_leaf_is_noticed() {
    let lines = lines();
    let line = lines.iter().find(|line| line.name.ends_with(": gradient boosting")).unwrap();
    let mut model: Value = serde_json::from_slice(line.model.as_ref().unwrap()).unwrap();
    let values = model["model"]["trees"][0]["value"].as_array_mut().unwrap();
    let leaf = values.iter_mut().rev().find(|value| value.as_f64() != Some(0.0)).unwrap();
    *leaf = (leaf.as_f64().unwrap() + 1e-13).into();
    let comparison = compare(model.to_string().as_bytes(), line.table.as_ref().unwrap()).unwrap();
    assert!(!comparison.agrees(), "{comparison}");
}

/// Numbers that are the same every time: Knuth's generator.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }
}

/// Tokens that a description may hold where others were.
const TOKENS: [&str; 16] = [
    "0",
    "-1",
    "1e308",
    "-1e308",
    "NaN",
    "Infinity",
    "0.5",
    "4294967296",
    "70000",
    "null",
    "true",
    "\"\"",
    "[]",
    "{}",
    "[0]",
    "\"size\"",
];

fn mutated(model: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = model.to_vec();
    for _ in 0..=numbers.below(2) {
        let at = numbers.below(bytes.len());
        match numbers.below(10) {
            0 => bytes[at] = b' ' + u8::try_from(numbers.below(95)).unwrap(),
            1 => {
                let end = (at + numbers.below(40)).min(bytes.len());
                bytes.drain(at..end);
            }
            2 => {
                let end = (at + numbers.below(60)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
            _ => {
                // A whole token, so that the document stays one.
                let is_end = |byte: &u8| b",]}:".contains(byte);
                let start = bytes[..at].iter().rposition(|byte| b",[:".contains(byte));
                let start = start.map_or(0, |start| start + 1);
                let len = bytes[start..].iter().position(is_end).unwrap_or(0);
                let token = TOKENS[numbers.below(TOKENS.len())];
                bytes.splice(start..start + len, token.bytes());
            }
        }
        if bytes.is_empty() {
            bytes.push(b'{');
        }
    }
    bytes
}

#[test]
fn ten_thousand_mutated_descriptions_are_errors_or_valid_models() {
    let models: Vec<Vec<u8>> = lines().into_iter().filter_map(|line| line.model).collect();
    let mut numbers = Numbers(7);
    let (mut n_read, mut n_sealed) = (0, 0);
    for round in 0..10_000 {
        let model = mutated(&models[round % models.len()], &mut numbers);
        let Ok(imported) = read(&model) else { continue };
        n_read += 1;
        // The core accepts it or refuses it; sealing checks the bundle once more.
        n_sealed += usize::from(round % 8 == 0 && imported.seal(&[]).is_ok());
    }
    assert!(n_read > 500 && n_sealed > 50, "{n_read} read, {n_sealed} sealed");
}

#[test]
fn a_short_description_does_not_become_a_large_model() {
    let lines = lines();
    let line = lines.iter().find(|line| line.name.ends_with(": logistic")).unwrap();
    let mut model: Value = serde_json::from_slice(line.model.as_ref().unwrap()).unwrap();
    let steps = model["model"]["steps"].as_array_mut().unwrap();
    let wide = vec![0; 60_000];
    *steps = vec![serde_json::json!({ "kind": "select", "columns": wide })];
    let step = serde_json::json!({ "kind": "polynomial", "terms": [[0], [1]] });
    let selected = serde_json::json!({ "kind": "union", "parts": [
        { "columns": [0, 1], "steps": vec![step; 1000] }, { "columns": (0..60_000).collect::<Vec<_>>(), "steps": [] },
    ]});
    steps.push(selected);
    let error = read(model.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.kind(), nomogram_import::ErrorKind::TooLarge, "{error}");
}
