//! Tables from CSV, Parquet and Arrow, with one meaning of a cell.
//!
//! A table is read whole ([`Table`], for training) or in chunks of constant memory ([`Source`], for
//! predicting). Either way the same bytes give the same cells, and the same cell gives the same
//! [`Value`](nomogram::Value) of a feature. What each cell means is documented in `docs/tables.md`.
//! No row is lost, invented or shifted: what cannot be read is an [`Error`] with its place.
//!
//! This crate does not learn, predict or write.
//!
//! A cell means what the format says:
//!
//! ```
//! use nomogram_table::{Table, TableFormat};
//!
//! let format = TableFormat::from_json(r#"{"missing":["NA"]}"#)?;
//! let table = Table::from_csv("t.csv", "age,stage\nNA,II\n61,<0.3\n".as_bytes(), &format)?;
//! let mut ages = table.column("age")?;
//! assert!(ages.next().is_some_and(|age| age.cell.is_missing(&format)));
//! // A text is never taken for a number.
//! assert_eq!(table.column("stage")?.nth(1).and_then(|stage| stage.cell.finite(&format)), None);
//! # Ok::<(), nomogram_table::Error>(())
//! ```

// Layers, lowest first: a module uses only the blocks above its own.
mod number;
mod place;
mod shown;
mod time;

mod error;

mod format;

mod cell;
#[cfg(feature = "columnar")]
mod guard;
mod text;

mod feature;
mod numbers;

#[cfg(feature = "columnar")]
mod columnar;

mod row;

mod columns;

mod source;

mod table;

pub use cell::Cell;
#[cfg(feature = "columnar")]
pub use columnar::{TypedChunk, is_plain, is_time};
pub use columns::{
    Columns, FeatureColumn, Header, KeptColumn, Wanted, match_feature, similar_name, split_unit,
};
pub use error::Error;
pub use feature::{FeatureCells, listed, other_spelling};
pub use format::{BooleanTexts, Encoding, FileKind, TABLE_FORMAT, TableFormat};
pub use number::DecimalMark;
pub use numbers::Numbers;
pub use place::Place;
pub use row::{Chunk, Row, Rows, row_length};
pub use shown::{are_values_hidden, hide_values, is_invisible, shown, shown_value};
pub use source::{CHUNK_ROWS, Source};
pub use table::{Moment, PlacedCell, Table};
pub use text::TextChunk;
pub use time::Time;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
