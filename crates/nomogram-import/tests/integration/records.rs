//! The models that `tests/reference/make_models.py` made.

use std::path::PathBuf;

use nomogram::{Model, Session};
use nomogram_import::{ExpectedRow, Imported};
use serde::Deserialize;

/// A model with what its library predicts.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) library: String,
    pub(crate) format: String,
    pub(crate) model: Vec<u8>,
    pub(crate) table: String,
    /// Where `table` has the predictions of the best round only.
    pub(crate) table_of_all_rounds: Option<String>,
    /// Why the importer refuses it.
    pub(crate) refused: Option<String>,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    library: String,
    format: String,
    model: Option<String>,
    model_base64: Option<String>,
    table: String,
    table_of_all_rounds: Option<String>,
    refused: Option<String>,
}

/// Those of `make_models.py`, file after file.
pub(crate) fn records() -> impl Iterator<Item = Record> {
    records_in("")
}

/// Those of a folder in `tests/data`, file after file.
pub(crate) fn records_in(folder: &str) -> impl Iterator<Item = Record> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort();
    files.into_iter().flat_map(|path| {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(record).collect::<Vec<_>>()
    })
}

fn record(line: &str) -> Record {
    let line: Line = serde_json::from_str(line).unwrap();
    let model = match (line.model, line.model_base64) {
        (Some(text), _) => text.into_bytes(),
        (None, Some(text)) => of_base64(&text),
        (None, None) => panic!("{}: no model", line.name),
    };
    Record {
        name: line.name,
        library: line.library,
        format: line.format,
        model,
        table: line.table,
        table_of_all_rounds: line.table_of_all_rounds,
        refused: line.refused,
    }
}

fn of_base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'=').map(digit).collect();
    let bytes = digits.chunks(4).flat_map(|group| {
        let bits = group.iter().fold(0_u32, |bits, digit| bits << 6 | u32::from(*digit));
        let bits = bits << (6 * (4 - group.len()));
        bits.to_be_bytes()[1..group.len()].to_vec()
    });
    bytes.collect()
}

/// The outputs of a bundle beside those of its source.
pub(crate) fn outputs(imported: &Imported, known: &[ExpectedRow]) -> Vec<(f64, f64)> {
    let sealed = imported.seal(known).unwrap();
    let model = std::sync::Arc::new(Model::open(&sealed.bundle).unwrap());
    let mut session = Session::try_new(model).unwrap();
    let mut pairs = Vec::new();
    for row in known {
        let (Ok(found), Some(outputs)) = (session.predict_row(&row.row), &row.outputs) else {
            continue;
        };
        let known = found.outputs().iter().copied().zip(outputs.iter().copied());
        pairs.extend(known.filter(|(_, known)| !known.is_nan()));
    }
    pairs
}

/// The largest difference of an output, relative above 1.
pub(crate) fn largest_difference(imported: &Imported, known: &[ExpectedRow]) -> f64 {
    let relative = |(found, known): (f64, f64)| (found - known).abs() / known.abs().max(1.0);
    outputs(imported, known).into_iter().map(relative).fold(0.0, f64::max)
}
