//! Why a registry cannot be read.

use std::fmt;

use nomogram_registry::Error;

/// Why a registry cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// Where it is, what was found and what was expected.
    pub detail: String,
}

/// What kind of fault a registry has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The log is older than, or differs from, what was read before.
    RolledBack,
    /// An object is not what was written.
    Damaged,
    /// The disk, the bucket or the index cannot be read.
    Unavailable,
}

impl FaultKind {
    /// Its name in health, log and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RolledBack => "rolled_back",
            Self::Damaged => "damaged",
            Self::Unavailable => "unavailable",
        }
    }
}

impl Fault {
    pub(super) fn damaged(detail: String) -> Self {
        Self { kind: FaultKind::Damaged, detail }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let kind = match error {
            Error::RolledBack { .. } => FaultKind::RolledBack,
            Error::Damaged { .. } | Error::Invalid { .. } => FaultKind::Damaged,
            Error::Store { .. }
            | Error::Index { .. }
            | Error::NotFound { .. }
            | Error::Refused(_) => FaultKind::Unavailable,
        };
        Self { kind, detail: error.to_string() }
    }
}
