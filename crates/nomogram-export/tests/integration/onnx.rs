//! ONNX is read back, and predicts what the bundle predicts.
//!
//! `NOMOGRAM_EXPORTS=FOLDER cargo test -p nomogram-export --test integration graphs` also writes the files and
//! what the bundles predict, for `tests/reference/check_onnx.py`, which asks ONNX Runtime.

use std::path::{Path, PathBuf};

use nomogram::{Link, Member, Session};
use nomogram_export::{Format, export};
use nomogram_import::{Limits, Options, import};
use serde_json::json;

use crate::session;
use crate::sources::{Source, fixtures, linear};

/// What became of the models of a library.
#[derive(Debug, Default)]
struct Counts {
    n_written: usize,
    n_refused: usize,
    n_rows: usize,
}

fn is_single(link: Link) -> bool {
    matches!(link, Link::LogitSingle | Link::SoftmaxSingle | Link::LogSingle)
}

fn links(source: &Source) -> Link {
    match &source.imported.parts.members[0].member {
        Member::Forest(forest) => forest.link,
        Member::Linear(linear) => linear.link(),
        _ => panic!("{}: neither a forest nor a linear model", source.name),
    }
}

/// Margins and outputs; none where a row is refused.
fn predicted(session: &mut Session, row: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
    let prediction = session.predict_row(row).ok()?;
    Some((prediction.margins().to_vec(), prediction.outputs().to_vec()))
}

fn check(source: &Source, counts: &mut Counts, folder: Option<&Path>, library: &str) {
    let name = &source.name;
    let file = match export(&source.bundle, Format::Onnx) {
        Ok(file) => file,
        Err(error) => {
            assert!(error.to_string().starts_with("not supported: "), "{name}: {error}");
            println!("{library}, {name}: {error}");
            counts.n_refused += 1;
            return;
        }
    };
    counts.n_written += 1;
    let imported =
        import(&file, Some(nomogram_import::Format::Onnx), &Options::default(), &Limits::default())
            .unwrap_or_else(|error| panic!("{library}, {name}: {error}"));
    let is_linear = matches!(source.imported.parts.members[0].member, Member::Linear(_));
    if is_linear && links(source) == Link::Log {
        // A graph has no ranges, so the exponential of a sum has no bound.
        let error = imported.seal(&[]).unwrap_err().to_string();
        assert!(error.contains("could pass 1e300"), "{error}");
        return;
    }
    let again = imported.seal(&[]).unwrap_or_else(|error| panic!("{library}, {name}: {error}"));
    let (mut first, mut second) = (session(&source.bundle), session(&again.bundle));
    let (mut rows, mut n_refused) = (Vec::new(), 0);
    for row in source.rows() {
        let Some((margins, outputs)) = predicted(&mut first, &row) else { continue };
        match predicted(&mut second, &row) {
            None => n_refused += 1,
            Some((found, found_outputs)) => {
                assert_eq!(found, margins, "{library}, {name}: {row:?}");
                if !is_single(links(source)) {
                    assert_eq!(found_outputs, outputs, "{library}, {name}: {row:?}");
                }
                counts.n_rows += 1;
            }
        }
        rows.push((row, margins, outputs));
    }
    // Codes below 0 and whole numbers that do not fit are refused.
    assert!(n_refused * 10 <= rows.len(), "{library}, {name}: {n_refused} of {}", rows.len());
    let Some(folder) = folder else { return };
    let stem = format!("{library}-{name}").replace('/', "_");
    std::fs::write(folder.join(format!("{stem}.onnx")), &file).unwrap();
    // Bits, as JSON has no NaN.
    let bits = |values: &[f64]| -> Vec<String> {
        values.iter().map(|value| format!("{:016x}", value.to_bits())).collect()
    };
    let rows: Vec<_> =
        rows.iter().map(|(row, m, o)| json!([bits(row), bits(m), bits(o)])).collect();
    let kind = match &source.imported.parts.members[0].member {
        Member::Forest(forest) => format!("{:?}", forest.precision),
        _ => "linear".into(),
    };
    let table = json!({ "rows": rows, "link": format!("{:?}", links(source)), "kind": kind });
    std::fs::write(folder.join(format!("{stem}.json")), table.to_string()).unwrap();
}

#[test]
fn graphs_are_read_back_with_the_same_bits() {
    let folder = std::env::var_os("NOMOGRAM_EXPORTS").map(PathBuf::from);
    for (library, file, n_expected) in [
        ("lightgbm", "lightgbm-4.6.0.jsonl", 25),
        ("xgboost", "xgboost-3.2.0.jsonl", 25),
        ("catboost", "catboost-1.2.10.jsonl", 10),
        ("scikit_learn", "scikit_learn/1.9.1.jsonl", 50),
        ("linear", "", 3),
    ] {
        let sources = if file.is_empty() { linear() } else { fixtures(file) };
        let mut counts = Counts::default();
        for source in &sources {
            check(source, &mut counts, folder.as_deref(), library);
        }
        println!("{library}: {counts:?}");
        assert!(counts.n_written >= n_expected && counts.n_rows > 30, "{library}: {counts:?}");
    }
}

#[test]
fn a_changed_leaf_of_a_graph_is_noticed() {
    let sources = fixtures("lightgbm-4.6.0.jsonl");
    let source = &sources[0];
    let file = export(&source.bundle, Format::Onnx).unwrap();
    let Member::Forest(forest) = &source.imported.parts.members[0].member else { panic!() };
    let leaf = forest.trees[0].leaves[0].to_le_bytes();
    let position = file.windows(8).position(|bytes| bytes == leaf).unwrap();
    let mut changed = file;
    // Not the last bit, which a sum may round away.
    changed[position + 5] ^= 1;
    let imported = import(&changed, None, &Options::default(), &Limits::default()).unwrap();
    let again = imported.seal(&[]).unwrap().bundle;
    let (mut first, mut second) = (session(&source.bundle), session(&again));
    let differs = source.rows().iter().any(|row| {
        let (first, second) = (predicted(&mut first, row), predicted(&mut second, row));
        first.zip(second).is_some_and(|(first, second)| first.0 != second.0)
    });
    assert!(differs);
}
