//! Why a key, an envelope or a signature was refused.

use std::path::PathBuf;

/// Why a key, an envelope or a signature was refused.
///
/// No variant holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system reported.
        source: std::io::Error,
    },
    /// Others than its owner can read a secret key.
    #[error("{}: secret key with mode {mode:04o}, expected no access for group and others: chmod 600", path.display())]
    Exposed {
        /// The key's file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Bytes are not a key of the expected kind.
    #[error("key: {0}")]
    Key(String),
    /// The system gave no random bytes.
    #[error("random numbers of the system: {0}")]
    Random(String),
    /// Bytes are not a DSSE envelope, or one of another payload type.
    #[error("envelope: {0}")]
    Envelope(String),
    /// No signature by the expected key verifies.
    #[error("signature: {0}")]
    Signature(String),
}

impl Error {
    /// Returns a conversion of an input or output error of `path`.
    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
