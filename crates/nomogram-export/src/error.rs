//! Why a bundle was not exported.

use std::fmt;

/// Why a bundle was not exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

impl Error {
    /// Refuses what an export cannot hold, by its name.
    pub(crate) fn unsupported(what: impl fmt::Display) -> Self {
        Self(format!("not supported: {what}"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl From<nomogram::Error> for Error {
    fn from(error: nomogram::Error) -> Self {
        Self(error.to_string())
    }
}
