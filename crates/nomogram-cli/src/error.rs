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
    /// A path cannot be an output.
    #[error("{place}: {detail}")]
    Output { place: String, detail: String },
    /// The core refused a bundle.
    #[error("{}: {cause}", path.display())]
    Bundle { path: PathBuf, cause: Box<nomogram::Error> },
    /// A table does not have the shape that the model expects, or cannot be decoded.
    #[error("{table}: {detail}")]
    Table { table: String, detail: String },
    /// A row was refused, and no file for refused rows was given.
    #[error("{table}: {refusal}")]
    Row { table: String, refusal: String },
    /// A table has errors, so it cannot be used for training; the list of them.
    #[error("the table cannot be used\n{0}")]
    Validation(String),
    /// Training or evaluation failed.
    #[error(transparent)]
    Training(#[from] nomogram_train::Error),
    /// A statistic could not be computed.
    #[error(transparent)]
    Statistics(#[from] nomogram_stats::Error),
    /// Counts could not be analysed.
    #[error(transparent)]
    Monitor(#[from] nomogram_monitor::Error),
    /// A registry refused an act, or is damaged.
    #[error(transparent)]
    Registry(#[from] nomogram_registry::Error),
    /// A report could not be made.
    #[error(transparent)]
    Report(#[from] nomogram_report::Error),
    /// A model of another library could not be imported.
    #[error("{place}: {cause}")]
    Import { place: String, cause: nomogram_import::Error },
    /// A key cannot be used, or a signature was refused.
    #[error(transparent)]
    Signing(#[from] nomogram_signing::Error),
    /// A service cannot be reached, or refused a request.
    #[cfg(feature = "serve")]
    #[error("{address}: {detail}")]
    Service { address: String, detail: String },
    /// A bundle could not be exported.
    #[error("{}: {cause}", path.display())]
    Export { path: PathBuf, cause: nomogram_export::Error },
    /// The core refused a model that was just trained.
    #[error(transparent)]
    Model(#[from] nomogram::Error),
    /// The reader of standard output closed it before the table was complete.
    #[error("standard output: closed by its reader before the table was complete")]
    BrokenPipe,
    /// The program has a defect.
    #[error("defect in this program: {0}; please report it")]
    Defect(&'static str),
}

impl Error {
    /// Creates the error of a file, or of standard input or output.
    pub(crate) fn file(place: impl Into<String>, cause: io::Error) -> Self {
        Self::File { place: place.into(), cause }
    }

    /// Creates the error of an output that is refused before a command starts.
    pub(crate) fn output(place: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Output { place: place.into(), detail: detail.into() }
    }

    /// Creates the error of options that cannot be followed.
    pub(crate) fn usage(detail: impl Into<String>) -> Self {
        Self::Usage(detail.into())
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(exit::USAGE),
            #[cfg(feature = "serve")]
            Self::Service { .. } => ExitCode::FAILURE,
            Self::File { .. }
            | Self::Output { .. }
            | Self::Bundle { .. }
            | Self::Table { .. }
            | Self::Row { .. }
            | Self::Validation(_)
            | Self::Training(_)
            | Self::Statistics(_)
            | Self::Monitor(_)
            | Self::Registry(_)
            | Self::Report(_)
            | Self::Import { .. }
            | Self::Signing(_)
            | Self::Export { .. }
            | Self::Model(_)
            | Self::BrokenPipe
            | Self::Defect(_) => ExitCode::FAILURE,
        }
    }
}
