//! Documents: values read from JSON or UBJSON, with the place of each.
//!
//! A [`Cursor`] is a value with its place, so that every error carries the path to it.

mod value;

mod cursor;

pub mod json;
pub mod protobuf;
pub mod ubjson;
pub mod xml;

pub use cursor::Cursor;
pub use value::{Number, Value};
