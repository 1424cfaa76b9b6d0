//! Why a command failed, and with which exit code.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::exit;

/// Why a command failed: where, what was found, what was expected.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Options contradict each other or the bundle.
    #[error("{0}")]
    Usage(String),
    /// A file could not be read or written.
    #[error("{place}: {cause}")]
    File { place: String, cause: io::Error },
    /// The core refused a bundle.
    #[error("{}: {cause}", path.display())]
    Bundle { path: PathBuf, cause: Box<nomogram::Error> },
    /// A table does not have the shape that the model asks for, or cannot be decoded.
    #[error("{table}: {detail}")]
    Table { table: String, detail: String },
    /// A row was refused, and nobody asked to go on.
    #[error("{table}: {refusal}")]
    Row { table: String, refusal: String },
    /// A table has errors that training would not survive; the report of them.
    #[error("the table cannot be used\n{0}")]
    Validation(String),
    /// Training or evaluation failed.
    #[error(transparent)]
    Training(#[from] nomogram_train::Error),
    /// A statistic could not be computed.
    #[error(transparent)]
    Statistics(#[from] nomogram_stats::Error),
    /// A report could not be written.
    #[error(transparent)]
    Report(#[from] nomogram_report::Error),
    /// The core refused a model that was just trained.
    #[error(transparent)]
    Model(#[from] nomogram::Error),
    /// Standard output was closed by its reader.
    #[error("standard output was closed")]
    BrokenPipe,
    /// The program has a defect.
    #[error("a defect of this program: {0}; please report it")]
    Defect(&'static str),
}

impl Error {
    /// A failure of a file, or of standard input or output.
    pub(crate) fn file(place: impl Into<String>, cause: io::Error) -> Self {
        Self::File { place: place.into(), cause }
    }

    /// Options that cannot be followed.
    pub(crate) fn usage(detail: impl Into<String>) -> Self {
        Self::Usage(detail.into())
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::BrokenPipe => ExitCode::SUCCESS,
            Self::Usage(_) => ExitCode::from(exit::USAGE),
            _ => ExitCode::FAILURE,
        }
    }
}
