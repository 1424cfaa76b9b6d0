//! Tables, which `nomogram-table` reads, and their errors as those of training.

pub use nomogram_table::{BooleanTexts, DecimalMark, Encoding, Table, TableFormat};
pub(crate) use nomogram_table::{Moment, PlacedCell};

use crate::error::Error;
use crate::invalid::Invalid;

impl From<nomogram_table::Error> for Error {
    fn from(error: nomogram_table::Error) -> Self {
        use nomogram_table::Error as Read;
        match error {
            Read::File { table, cause } => Self::File { path: table.into(), cause },
            Read::Table { table, place, detail } => {
                let detail = match place {
                    Some(place) => format!("{place}: {detail}"),
                    None => detail,
                };
                Self::Table { table, detail }
            }
            Read::Cell { table, place, column, found, expected } => {
                Self::Cell { table, place, column, found, expected }
            }
            other => Self::Configuration(Invalid::because(other.to_string()).at("data")),
        }
    }
}
