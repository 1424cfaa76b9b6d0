//! Files of keys.
//!
//! A secret key is written with mode 0600, never over another file, and read only if nobody but its owner has access.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use super::{PublicKey, SecretKey};
use crate::Error;

/// More than any key's file needs.
const MAX_LEN: u64 = 64 * 1024;

impl PublicKey {
    /// Reads the PEM file of a public key.
    ///
    /// # Errors
    ///
    /// `File` when it cannot be read, `Key` when it holds no public Ed25519 key.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let mut pem = String::new();
        let file = fs::File::open(path).map_err(Error::file(path))?;
        file.take(MAX_LEN).read_to_string(&mut pem).map_err(Error::file(path))?;
        Self::from_pem(&pem)
    }

    /// Writes a new PEM file.
    ///
    /// # Errors
    ///
    /// `File` when it exists or cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<(), Error> {
        write_new(path, self.to_pem()?.as_bytes(), 0o644)
    }
}

impl SecretKey {
    /// Reads the PEM file of a secret key.
    ///
    /// # Errors
    ///
    /// `Exposed` when group or others have any access, `File` when it cannot be read, `Key` when it holds no secret
    /// Ed25519 key.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::from_pem(&read_secret(path)?)
    }

    /// Writes a new PEM file that only its owner can read.
    ///
    /// # Errors
    ///
    /// `File` when it exists or cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<(), Error> {
        write_new(path, self.to_pem()?.as_bytes(), 0o600)
    }
}

/// Reads a file that only its owner can access.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<String>, Error> {
    let file = fs::File::open(path).map_err(Error::file(path))?;
    // Of the open file, so that it cannot be another one that is read.
    refuse_exposed(path, &file.metadata().map_err(Error::file(path))?)?;
    let mut pem = Zeroizing::new(String::new());
    file.take(MAX_LEN).read_to_string(&mut pem).map_err(Error::file(path))?;
    Ok(pem)
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &fs::Metadata) -> Result<(), Error> {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(Error::Exposed { path: path.to_owned(), mode }) }
}

/// Other systems have no such mode: access lists of the folder protect the file.
#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &fs::Metadata) -> Result<(), Error> {
    Ok(())
}

/// Writes a file that must not exist yet.
pub(crate) fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path).map_err(Error::file(path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(Error::file(path))
}
