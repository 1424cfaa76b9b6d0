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
        /// What the operating system said.
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
        /// What would have been right.
        expected: String,
    },
    /// The configuration cannot be read or contradicts itself.
    #[error("configuration: {0}")]
    Configuration(String),
    /// The rows cannot be trained on or split as asked.
    #[error("{0}")]
    Data(String),
    /// An iteration did not reach its goal.
    #[error("{0}")]
    NotConverged(String),
    /// Members learned nothing: their names, and the numbers that show it.
    #[error("{}; set `allow_dead_members: true` to seal it all the same", dead(.0))]
    DeadMembers(Vec<(String, String)>),
    /// The core refused the model.
    #[error("the model is refused: {0}")]
    Model(#[from] nomogram::Error),
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::Configuration(invalid.to_string())
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

fn dead(members: &[(String, String)]) -> String {
    let members = members.iter().map(|(name, reason)| format!("member `{name}` is dead: {reason}"));
    members.collect::<Vec<_>>().join("; ")
}
