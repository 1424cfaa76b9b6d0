//! Models of other libraries become sealed bundles with the source's numbers, or are refused by name.
//!
//! # How a file becomes a bundle
//!
//! ```text
//! bytes ─ Format::detect ─▶ sources::… ─▶ Imported ─ SchemaFile ─▶ Imported ─ seal ─▶ Sealed
//!                           one reader     parts, notes,  names,                bundle,
//!                           per format     expected rows  units, policies       Comparison
//! ```
//!
//! 1. A **source** reads bytes within [`Limits`] and returns [`Imported`]: the [`Parts`] of a bundle
//!    (schema inferred from the file, pipeline, members, combiner), notes for people, rows that the
//!    file itself expects answers for, and how close the bundle must come to the source. It refuses
//!    by name and place whatever has no exact counterpart. It computes no prediction.
//! 2. A **schema file** ([`SchemaFile`]), where one is given, names features, levels, units, ranges and
//!    policies. It cannot change what the members read.
//! 3. [`Imported::seal`] seals the parts with golden rows: the rows whose predictions are known, then
//!    [probes](Imported::probes) around every threshold. The core's self test and its checks of domains
//!    apply to every bundle. Then each known prediction is compared: margins, outputs, and the leaf
//!    that each tree reaches. One that differs by more than the tolerance of the source is an error.
//!
//! A source is one folder of `sources/`; [`Format`] is the one list of them.
//!
//! ```
//! use nomogram_import::{Limits, Options, import};
//!
//! let text = include_bytes!("../tests/data/small_xgboost.json");
//! let imported = import(text, None, &Options::default(), &Limits::default())?;
//! let sealed = imported.seal(&[])?;
//! assert!(nomogram::Model::open(&sealed.bundle).is_ok());
//! # Ok::<(), nomogram_import::Error>(())
//! ```
//!
//! [`Parts`]: nomogram::Parts

// Layers, lowest first: a module uses only the blocks above its own.
mod error;

mod limits;

pub mod document;

// What a source returns, and what becomes of it.
mod comparison;
mod features;
mod foreign;
mod forests;
mod probes;

mod ties;

// Values that readers of graphs and of fields share.
mod columns;

mod imported;

mod schema_file;
mod table;

mod options;

mod stored_rows;

mod sources;

mod format;

pub use comparison::{Comparison, Differences, Paths, Tolerance};
pub use error::{Error, ErrorKind, Place};
pub use format::{Format, import};
pub use imported::{ExpectedRow, Imported, LeafNumbers, Sealed};
pub use limits::Limits;
pub use options::{Options, Rounds};
pub use schema_file::SchemaFile;
pub use table::{read_expected, write_rows};
