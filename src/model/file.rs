//! Reading a bundle from a file, within the limit.

use alloc::format;
use alloc::vec::Vec;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::bundle::Limits;
use crate::error::{Error, ErrorKind};

/// Reads a file of at most as many bytes as the limit allows.
///
/// # Errors
///
/// `FileNotFound`, `FileRead`, `OutOfMemory`; `TooLarge` for a file that is longer than the limit.
pub(super) fn read_file(path: &Path, limits: &Limits) -> Result<Vec<u8>, Error> {
    let failed = |cause: io::Error| {
        let kind = match cause.kind() {
            io::ErrorKind::NotFound => ErrorKind::FileNotFound,
            io::ErrorKind::OutOfMemory => ErrorKind::OutOfMemory,
            _ => ErrorKind::FileRead,
        };
        Error::new(kind, format!("`{}`: {cause}", path.display()))
    };
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    limits.check(length)?;
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))
        .map_err(|_| Error::new(ErrorKind::OutOfMemory, format!("no room for {length} bytes")))?;
    // A file may grow, and a pipe has no length: the limit applies to the bytes actually read.
    file.take(limits.max_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
