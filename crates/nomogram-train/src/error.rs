//! Why a model could not be trained.

use std::path::PathBuf;

use crate::invalid::Invalid;

/// Why a model could not be trained: where, what was found, what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error("{}: {cause}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system reported.
        cause: std::io::Error,
    },
    /// A table does not have the shape that the configuration asks for.
    #[error("{table}: {detail}")]
    Table {
        /// The name of the table, usually its path.
        table: String,
        /// What was found and what was expected.
        detail: String,
    },
    /// A cell cannot be used.
    #[error("{table}: {place}: column `{column}`: found {found}, expected {expected}")]
    Cell {
        /// The name of the table, usually its path.
        table: String,
        /// Its line in a text, where the header is line 1, or its row.
        place: nomogram_table::Place,
        /// The name of the column.
        column: String,
        /// What the cell holds, in words.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// A configuration cannot be read, or a value of it is invalid.
    #[error("configuration: {0}")]
    Configuration(Invalid),
    /// The rows cannot be trained on or split as the configuration asks.
    #[error("{0}")]
    Data(String),
    /// An iteration did not converge.
    #[error("{0}")]
    NotConverged(String),
    /// Members learned nothing: the name of each, and the numbers that show it.
    #[error("{}; set `allow_uninformative_members: true` to seal the model anyway", uninformative(.0))]
    UninformativeMembers(Vec<(String, String)>),
    /// The core refused the model or a row.
    #[error("the model is refused: {0}")]
    Model(#[from] nomogram::Error),
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::Configuration(invalid)
    }
}

impl Error {
    /// A configuration that is invalid for this reason.
    pub(crate) fn configuration(invalid: impl Into<Invalid>) -> Self {
        Self::Configuration(invalid.into())
    }
}

impl From<nomogram_stats::Error> for Error {
    fn from(error: nomogram_stats::Error) -> Self {
        match error {
            nomogram_stats::Error::Data(detail) => Self::Data(detail),
            nomogram_stats::Error::NotConverged(detail) => Self::NotConverged(detail),
            other => Self::Data(other.to_string()),
        }
    }
}

fn uninformative(members: &[(String, String)]) -> String {
    let member =
        |(name, reason): &(String, String)| format!("member `{name}` is uninformative: {reason}");
    members.iter().map(member).collect::<Vec<_>>().join("; ")
}
