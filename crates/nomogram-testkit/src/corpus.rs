//! The corpus of golden cases: models and cases as data.
//!
//! `tests/data/corpus/README.md` describes the files. Nothing here knows the expected answers: only
//! the files do.

mod answer;
mod model_file;
mod stated;

mod case_file;

use std::fs;
use std::path::PathBuf;

pub use answer::Answer;
pub use case_file::{Case, CaseFile};
pub use model_file::ModelFile;
pub use stated::Stated;

/// A model of the corpus with its cases.
#[derive(Debug)]
pub struct Entry {
    /// The name that its files share.
    pub name: String,
    /// The parts of the model.
    pub model: ModelFile,
    /// Its cases.
    pub cases: CaseFile,
}

/// The file of a model with this extension.
#[must_use]
pub fn path(name: &str, extension: &str) -> PathBuf {
    folder().join(name).with_extension(extension)
}

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "tests", "data", "corpus"].iter().collect()
}

/// Reads the corpus, in the order of names.
///
/// # Errors
///
/// The file and the line that cannot be read, and why.
pub fn read() -> Result<Vec<Entry>, String> {
    let listed = fs::read_dir(folder()).map_err(|e| format!("{}: {e}", folder().display()))?;
    let mut names = Vec::new();
    for file in listed {
        let path = file.map_err(|e| e.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            names.extend(path.file_stem().and_then(|stem| stem.to_str()).map(String::from));
        }
    }
    names.sort_unstable();
    names.into_iter().map(read_entry).collect()
}

fn read_entry(name: String) -> Result<Entry, String> {
    let text = |extension| {
        let path = path(&name, extension);
        fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
    };
    let model = ModelFile::of_json(&text("json")?).map_err(|e| format!("{name}.json: {e}"))?;
    let cases = CaseFile::of_text(&text("cases")?, model.features())
        .map_err(|e| format!("{name}.cases: {e}"))?;
    Ok(Entry { name, model, cases })
}
