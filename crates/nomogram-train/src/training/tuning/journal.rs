//! The losses of a search in a file, from which an interrupted search continues.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use nomogram::Digest;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The known losses, and the file to which new ones are written: one line of JSON each. The first
/// line has the digest of the search.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    known: BTreeMap<(usize, usize), Result<f64, String>>,
    file: Option<Mutex<File>>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    search: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    trial: usize,
    fold: usize,
    /// As the bits of the number, so that it is read as it was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    loss: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Journal {
    /// Keeps nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { path: PathBuf::new(), known: BTreeMap::new(), file: None }
    }

    /// Continues a file, or creates it. A last line without an end is dropped: it was being written
    /// when the search was interrupted.
    ///
    /// # Errors
    ///
    /// `File` when it cannot be read and written; `Table` when it is of another search or is not a
    /// journal.
    pub fn open(path: &Path, search: Digest) -> Result<Self, Error> {
        let failed = |cause| Error::File { path: path.into(), cause };
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(path);
        let mut file = file.map_err(failed)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        let whole = text.rfind('\n').map_or(0, |last| last + 1);
        let (text, cut) = text.split_at(whole);
        let refuse = |line: usize, detail: String| Error::Table {
            table: path.display().to_string(),
            detail: format!("line {line}: {detail}"),
        };
        let mut known = BTreeMap::new();
        for (number, text) in (1..).zip(text.lines()) {
            let not_a_journal =
                |e: serde_json::Error| refuse(number, format!("not a journal: {e}"));
            if number == 1 {
                let header: Header = serde_json::from_str(text).map_err(not_a_journal)?;
                if header.search != search.to_string() {
                    let found = header.search;
                    let detail = format!(
                        "the journal of another search ({found}, not {search}): rows, configuration or seed differ"
                    );
                    return Err(refuse(number, detail));
                }
                continue;
            }
            let line: Line = serde_json::from_str(text).map_err(not_a_journal)?;
            let outcome = match (line.loss, line.error) {
                (Some(bits), None) => Ok(f64::from_bits(bits)),
                (None, Some(error)) => Err(error),
                _ => return Err(refuse(number, "expected a loss or an error".into())),
            };
            known.insert((line.trial, line.fold), outcome);
        }
        let header = Header { search: search.to_string() };
        if whole == 0 && !line(&header).map_err(failed)?.starts_with(cut.as_bytes()) {
            return Err(refuse(1, "not a journal: the line has no end".into()));
        }
        let end = u64::try_from(whole).unwrap_or(u64::MAX);
        file.set_len(end).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let journal = Self { path: path.into(), known, file: Some(Mutex::new(file)) };
        if whole == 0 {
            journal.write(&header)?;
        }
        Ok(journal)
    }

    /// The number of losses that were known when it was opened.
    #[must_use]
    pub fn n_known(&self) -> usize {
        self.known.len()
    }

    /// The known outcome of a trial on a fold; if there is none, that of `compute`, which is then
    /// written.
    pub(super) fn recall_or_compute(
        &self,
        trial: usize,
        fold: usize,
        compute: impl FnOnce() -> Result<f64, String>,
    ) -> Result<Result<f64, String>, Error> {
        if let Some(known) = self.known.get(&(trial, fold)) {
            return Ok(known.clone());
        }
        let outcome = compute();
        let loss = outcome.as_ref().ok().map(|loss| loss.to_bits());
        self.write(&Line { trial, fold, loss, error: outcome.as_ref().err().cloned() })?;
        Ok(outcome)
    }

    /// Writes a line, whole, and waits until it is on the disk.
    fn write(&self, what: &impl Serialize) -> Result<(), Error> {
        let Some(file) = &self.file else { return Ok(()) };
        let failed = |cause| Error::File { path: self.path.clone(), cause };
        let text = line(what).map_err(failed)?;
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&text).and_then(|()| file.sync_data()).map_err(failed)
    }
}

fn line(what: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(what)?;
    text.push(b'\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn path(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("nomogram-{}-{name}", std::process::id()));
        let _absent = fs::remove_file(&path);
        path
    }

    #[test]
    fn known_losses_are_not_computed_again_even_if_the_last_line_was_cut() {
        let (path, search) = (path("cut.jsonl"), Digest::of(b"search"));
        let journal = Journal::open(&path, search).unwrap();
        assert_eq!(journal.recall_or_compute(0, 0, || Ok(0.1)).unwrap(), Ok(0.1));
        assert_eq!(journal.recall_or_compute(3, 1, || Err("no".into())).unwrap(), Err("no".into()));
        assert_eq!(journal.recall_or_compute(2, 0, || Ok(0.3)).unwrap(), Ok(0.3));
        drop(journal);
        let whole = fs::read(&path).unwrap();
        for (cut, n_known) in [(0, 3), (1, 2), (20, 2)] {
            fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            let journal = Journal::open(&path, search).unwrap();
            assert_eq!(journal.n_known(), n_known, "{cut} bytes cut");
            let never = || unreachable!("known already");
            assert_eq!(journal.recall_or_compute(0, 0, never).unwrap(), Ok(0.1));
            assert_eq!(journal.recall_or_compute(3, 1, never).unwrap(), Err("no".into()));
            assert_eq!(journal.recall_or_compute(2, 0, || Ok(0.3)).unwrap(), Ok(0.3));
            drop(journal);
            assert_eq!(fs::read(&path).unwrap(), whole, "{cut} bytes cut");
        }
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn another_search_and_other_files_are_refused_and_kept() {
        let path = path("other.jsonl");
        drop(Journal::open(&path, Digest::of(b"one")).unwrap());
        let error = Journal::open(&path, Digest::of(b"two")).unwrap_err().to_string();
        assert!(error.contains("line 1: the journal of another search ("), "{error}");
        for other in ["id,y\n1,2\n", "id,y", "{}"] {
            fs::write(&path, other).unwrap();
            let error = Journal::open(&path, Digest::of(b"one")).unwrap_err().to_string();
            assert!(error.contains("line 1: not a journal"), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), other);
        }
        fs::remove_file(path).unwrap();
    }
}
