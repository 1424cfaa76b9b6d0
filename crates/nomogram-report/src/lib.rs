//! Reports of clinical risk models.
//!
//! Pictures ([`charts`]) as SVG, and pages that hold them. The same numbers give the same bytes.

pub mod charts;
mod error;

pub use error::Error;
