//! Locks a folder for one process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

/// Locks a file of a folder for this process, until it is closed. The file stays; `what` is in the folder.
///
/// # Errors
///
/// `ResourceBusy` when another process has it.
pub(crate) fn lock_folder(path: &Path, what: &str) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let detail = format!("{what} is in use by another process");
            Err(io::Error::new(io::ErrorKind::ResourceBusy, detail))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}
