//! The C ABI: borrow arguments, call one safe function, report.
//!
//! The only module with `unsafe`. Comments on exported items are written for readers of the C
//! header, which is generated from them: who frees, which threads, when NULL is allowed, how it fails.
//! No logic of predicting is here.

#![allow(non_camel_case_types, reason = "these are the names that C sees")]
#![allow(
    clippy::missing_safety_doc,
    reason = "the header's comments are the contract, in C's words"
)]

// Layers, lowest first: a module uses only the blocks above its own.
mod allocate;
mod borrow;
mod status;
mod version;

mod growing;

mod error;

mod boundary;

// What the caller holds: models, sessions, the arrays of inputs and outputs.
mod arrow_structs;
mod outputs;
mod texts;

mod arrow_rows;
mod model;

mod block;

mod monitor;

mod inspect;
mod session;

// Predicting: from Arrow arrays, from other arrays, and one row value by value.
mod arrow;
mod batch;
mod row;

mod explainer;

pub use arrow::*;
pub use batch::*;
pub use error::*;
pub use explainer::*;
pub use inspect::*;
pub use model::*;
pub use monitor::*;
pub use outputs::*;
pub use row::*;
pub use session::*;
pub use status::*;
pub use version::*;
