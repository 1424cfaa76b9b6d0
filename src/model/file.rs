//! Reading a bundle from a file: its header first, then the rest within the limit.

use alloc::vec::Vec;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use crate::bundle::{HEADER_LEN, Limits, check_start};
use crate::error::{Error, ErrorKind, format};

/// Reads a regular file that begins as a bundle, of at most as many bytes as the limit allows.
///
/// # Errors
///
/// `FileNotFound`; `FileRead`, also for a file that is not a regular one; `OutOfMemory`; `Magic` and
/// the like for a file that cannot be a bundle; `TooLarge` for one that is longer than the limit.
pub(super) fn read_file(path: &Path, limits: &Limits) -> Result<Vec<u8>, Error> {
    let failed = |cause: io::Error| refused(path, &cause);
    // Before it is opened: opening a pipe waits for its writer.
    check_regular(path, &fs::metadata(path).map_err(failed)?)?;
    let mut file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    check_regular(path, &metadata)?;
    let length = metadata.len();
    limits.check(length)?;
    let mut bytes = Vec::new();
    let reserve = |bytes: &mut Vec<u8>, length: usize| {
        let detail = "there is not enough memory for the file";
        let reserved = bytes.try_reserve_exact(length);
        reserved.map_err(|_| Error::new(ErrorKind::OutOfMemory, detail))
    };
    reserve(&mut bytes, HEADER_LEN)?;
    file.by_ref().take(HEADER_LEN as u64).read_to_end(&mut bytes).map_err(failed)?;
    check_start(&bytes, length)?;
    let n_left = usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(bytes.len());
    reserve(&mut bytes, n_left)?;
    // A file may grow while it is read: the limit applies to the bytes actually read.
    let most = limits.max_bytes.saturating_add(1).saturating_sub(bytes.len() as u64);
    file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// Refuses pipes, sockets, devices and folders.
fn check_regular(path: &Path, metadata: &Metadata) -> Result<(), Error> {
    if metadata.is_file() {
        return Ok(());
    }
    let detail = format_args!("`{}`: not a regular file", path.display());
    Err(Error::new(ErrorKind::FileRead, detail))
}

/// The error of a file. The system's own text would be allocated without the right to fail.
fn refused(path: &Path, cause: &io::Error) -> Error {
    let kind = match cause.kind() {
        io::ErrorKind::NotFound => ErrorKind::FileNotFound,
        io::ErrorKind::OutOfMemory => ErrorKind::OutOfMemory,
        _ => ErrorKind::FileRead,
    };
    let (path, what) = (path.display(), cause.kind());
    let detail = match cause.raw_os_error() {
        Some(number) => format!("`{path}`: {what} (os error {number})"),
        None => format!("`{path}`: {what}"),
    };
    Error::new(kind, detail)
}
