//! Periods on disk: one file each, written whole.
//!
//! A file is written beside its place, flushed, and renamed, so a reader or a crash sees the old or the
//! new counters, never a part.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::folder_lock::lock_folder;

/// How the names of files of counters end.
const EXTENSION: &str = "counts";
/// The name of the file of alarms.
const ALARMS: &str = "alarms.json";

/// The file that is locked while a process writes the store. No model has a folder of this name.
const LOCK: &str = ".lock";

/// A folder of periods, which one process writes.
#[derive(Debug)]
pub(super) struct Store {
    folder: PathBuf,
    /// Locked from the first time that it could be until the store is closed.
    lock: Mutex<Option<File>>,
}

/// Whose periods they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) digest: &'a str,
}

impl Store {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, lock: Mutex::default() }
    }

    /// Takes the store for this process, if it does not have it already. Errors name the folder.
    ///
    /// # Errors
    ///
    /// `ResourceBusy` when another process has it.
    pub(super) fn claim(&self) -> io::Result<()> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_none() {
            let locked = fs::create_dir_all(&self.folder)
                .and_then(|()| lock_folder(&self.folder.join(LOCK), "the store of the watch"));
            *lock = Some(locked.map_err(|error| at(&self.folder, &error))?);
        }
        Ok(())
    }

    fn folder_of(&self, key: Key<'_>) -> PathBuf {
        let digest = key.digest.get(..16).unwrap_or(key.digest);
        let version = format!("{}-{}", file_name(key.version), file_name(digest));
        self.folder.join(file_name(key.name)).join(version)
    }

    /// The file of a period.
    pub(super) fn period_path(&self, key: Key<'_>, period: &str) -> PathBuf {
        self.folder_of(key).join(format!("{period}.{EXTENSION}"))
    }

    /// The file of the alarms.
    pub(super) fn alarms_path(&self, key: Key<'_>) -> PathBuf {
        self.folder_of(key).join(ALARMS)
    }

    /// All periods with their counters, oldest first. Errors name the file.
    pub(super) fn read(&self, key: Key<'_>) -> io::Result<Vec<(String, Vec<u8>)>> {
        let folder = self.folder_of(key);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(at(&folder, &error)),
        };
        let mut periods = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| at(&folder, &error))?.path();
            let is_counts = path.extension().is_some_and(|extension| extension == EXTENSION);
            let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
            if is_counts {
                periods.push((name.to_owned(), fs::read(&path).map_err(|e| at(&path, &e))?));
            }
        }
        periods.sort();
        Ok(periods)
    }

    /// The alarms, if any were written.
    pub(super) fn read_alarms(&self, key: Key<'_>) -> io::Result<Option<Vec<u8>>> {
        let path = self.alarms_path(key);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(at(&path, &error)),
        }
    }

    /// Writes the counters of a period. Errors name the file.
    pub(super) fn write(&self, key: Key<'_>, period: &str, bytes: &[u8]) -> io::Result<()> {
        self.write_file(key, &format!("{period}.{EXTENSION}"), bytes)
    }

    /// Writes the alarms.
    pub(super) fn write_alarms(&self, key: Key<'_>, bytes: &[u8]) -> io::Result<()> {
        self.write_file(key, ALARMS, bytes)
    }

    fn write_file(&self, key: Key<'_>, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.claim()?;
        let folder = self.folder_of(key);
        let written = fs::create_dir_all(&folder).and_then(|()| write_whole(&folder, name, bytes));
        written.map_err(|error| at(&folder.join(name), &error))
    }
}

/// An error with its file.
fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// Writes a file so that it is there whole or not at all.
fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = folder.join(format!(".{name}.new"));
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&beside, folder.join(name))?;
    File::open(folder)?.sync_all()
}

/// A text as the name of a file: other characters than letters, digits, `.`, `_` and `-` become `%` with
/// their bytes, and so does a leading dot.
fn file_name(text: &str) -> String {
    let mut name = String::new();
    for (position, byte) in text.bytes().enumerate() {
        let is_plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'_' | b'-')
            || (byte == b'.' && position > 0);
        if is_plain {
            name.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _written = write!(name, "%{byte:02X}");
        }
    }
    if name.is_empty() { "%".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_models_cannot_leave_the_folder() {
        assert_eq!(file_name("sepsis-2.1"), "sepsis-2.1");
        assert_eq!(file_name("../a b"), "%2E.%2Fa%20b");
        assert_eq!(file_name(""), "%");
    }

    #[test]
    fn a_store_belongs_to_one_process() {
        let folder = std::env::temp_dir().join(format!("nomogram-claim-{}", std::process::id()));
        let (first, second) = (Store::new(folder.clone()), Store::new(folder.clone()));
        // Every name of a model differs from that of the lock.
        let key = Key { name: LOCK, version: "1", digest: "0123456789abcdef0123" };
        first.claim().unwrap();
        first.write(key, "2026-11-23", b"first").unwrap();
        let refused = [second.claim(), second.write(key, "2026-11-23", b"second")];
        for error in refused.map(Result::unwrap_err) {
            assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
            let place = folder.display();
            let detail = format!("{place}: the store of the watch is in use by another process");
            assert_eq!(error.to_string(), detail);
        }
        assert_eq!(second.read(key).unwrap(), [("2026-11-23".into(), b"first".to_vec())]);
        drop(first);
        second.write(key, "2026-11-23", b"second").unwrap();
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = std::env::temp_dir().join(format!("nomogram-store-{}", std::process::id()));
        let store = Store::new(folder.clone());
        let key = Key { name: "a/b", version: "1", digest: "0123456789abcdef0123" };
        assert_eq!(store.read(key).unwrap(), []);
        store.write(key, "2026-11-23", b"old").unwrap();
        store.write(key, "2026-11-16", b"before").unwrap();
        store.write(key, "2026-11-23", b"new").unwrap();
        let expected =
            [("2026-11-16".into(), b"before".to_vec()), ("2026-11-23".into(), b"new".to_vec())];
        assert_eq!(store.read(key).unwrap(), expected);
        fs::remove_dir_all(folder).unwrap();
    }
}
