//! Why a request does not fit the protocol.

use std::fmt;

use crate::problem::{Problem, ProblemKind};

/// Why a request does not fit the protocol or the model: place, found, expected. Never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invalid(String);

impl Invalid {
    /// A request with this fault.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// The same fault, seen from one level further out.
    #[must_use]
    pub(super) fn within(self, place: impl fmt::Display) -> Self {
        Self(format!("{place}: {}", self.0))
    }

    /// JSON that cannot be read. The messages of the parser quote the text, so only its place is kept.
    #[must_use]
    pub(super) fn of_json(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let found = match error.classify() {
            serde_json::error::Category::Data => "does not fit the request of the protocol",
            serde_json::error::Category::Eof => "ends too early",
            serde_json::error::Category::Io | serde_json::error::Category::Syntax => "is no JSON",
        };
        Self(format!("line {line}, column {column}: the text {found}"))
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self::new(ProblemKind::Malformed, invalid.0)
    }
}
