//! Why a model could not be trained.

use std::fmt;
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
    /// A class has too few rows, or rows of too few patients, to be split as the configuration asks.
    #[error("{before}class {class}{after}")]
    RareClass {
        /// What comes before the class in a sentence.
        before: String,
        /// The class.
        class: ClassLabel,
        /// What comes after the class in a sentence.
        after: String,
    },
    /// The probabilities of a class separate its rows from all others, so that no calibrator is best.
    #[error(
        "calibration: the probabilities separate the classes: {lowest} is the lowest of class {class}, \
         {highest_other} the highest of the others; no calibrator is best"
    )]
    Separated {
        /// The class.
        class: ClassLabel,
        /// The lowest probability of its rows.
        lowest: f64,
        /// The highest probability of other rows.
        highest_other: f64,
    },
    /// One of the rows of a fit cannot be used.
    #[error("row {}: {detail}", .row + 1)]
    Row {
        /// Its position among the rows of the fit, counted from 0.
        row: usize,
        /// What was found and what was expected.
        detail: String,
    },
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

/// A class in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClassLabel {
    /// Its number, where the names of classes are not known, counted from 0.
    Number(usize),
    /// Its name.
    Name(String),
}

impl ClassLabel {
    /// The same class by its name, as far as it has one.
    fn named(self, names: &[String]) -> Self {
        match self {
            Self::Number(class) => names.get(class).cloned().map_or(self, Self::Name),
            Self::Name(_) => self,
        }
    }
}

impl fmt::Display for ClassLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(class) => write!(f, "{class}"),
            Self::Name(name) => write!(f, "`{name}`"),
        }
    }
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::Configuration(invalid)
    }
}

impl Error {
    /// The same, with an invalid value of the configuration seen from further out.
    pub(crate) fn map_invalid(self, outwards: impl FnOnce(Invalid) -> Invalid) -> Self {
        match self {
            Self::Configuration(invalid) => Self::Configuration(outwards(invalid)),
            Self::File { .. }
            | Self::Table { .. }
            | Self::Cell { .. }
            | Self::Data(_)
            | Self::RareClass { .. }
            | Self::Row { .. }
            | Self::NotConverged(_)
            | Self::Separated { .. }
            | Self::UninformativeMembers(_)
            | Self::Model(_) => self,
        }
    }

    /// That a class is too rare; its number is that among all classes, counted from 0.
    pub(crate) fn rare_class(before: &str, class: usize, after: impl Into<String>) -> Self {
        let class = ClassLabel::Number(class);
        Self::RareClass { before: before.into(), class, after: after.into() }
    }

    /// The same, with the name of a class instead of its number.
    pub(crate) fn with_class_names(self, names: &[String]) -> Self {
        match self {
            Self::RareClass { before, class, after } => {
                Self::RareClass { before, class: class.named(names), after }
            }
            Self::Separated { class, lowest, highest_other } => {
                Self::Separated { class: class.named(names), lowest, highest_other }
            }
            other => other,
        }
    }

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
