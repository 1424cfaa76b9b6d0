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

mod arrow;
mod batch;
mod boundary;
mod error;
mod inspect;
mod model;
mod outputs;
mod row;
mod session;
mod status;
mod version;

pub use arrow::*;
pub use batch::*;
pub use error::*;
pub use inspect::*;
pub use model::*;
pub use outputs::*;
pub use row::*;
pub use session::*;
pub use status::*;
pub use version::*;
