//! Why a table could not be read.

use std::io;

use crate::place::Place;

/// Why a table could not be read: place, what was found, what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be opened or read.
    #[error("{table}: {cause}")]
    File {
        /// The name of the table, usually its path.
        table: String,
        /// The error of the operating system.
        cause: io::Error,
    },
    /// The bytes are not such a table, or its columns are not those that are needed.
    #[error("{table}: {}{detail}", at(*.place))]
    Table {
        /// The name of the table, usually its path.
        table: String,
        /// The line or row, where one is to blame.
        place: Option<Place>,
        /// What was found and what was expected.
        detail: String,
    },
    /// A cell cannot be used.
    #[error("{table}: {place}: column `{column}`: found {found}, expected {expected}")]
    Cell {
        /// The name of the table, usually its path.
        table: String,
        /// Its line or row.
        place: Place,
        /// The name of its column.
        column: String,
        /// What the cell holds, in words.
        found: String,
        /// What would have been right.
        expected: String,
    },
    /// A [`TableFormat`](crate::TableFormat) contradicts itself.
    #[error("{0}")]
    Format(String),
}

impl Error {
    pub(crate) fn table(table: &str, detail: impl Into<String>) -> Self {
        Self::Table { table: table.into(), place: None, detail: detail.into() }
    }

    pub(crate) fn in_line(table: &str, line: u64, detail: impl Into<String>) -> Self {
        let place = Some(Place::Line(line));
        Self::Table { table: table.into(), place, detail: detail.into() }
    }

    pub(crate) fn file(table: &str, cause: io::Error) -> Self {
        Self::File { table: table.into(), cause }
    }
}

fn at(place: Option<Place>) -> String {
    place.map_or(String::new(), |place| format!("{place}: "))
}
