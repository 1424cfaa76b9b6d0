//! Parquet and Arrow, whose columns have types. Numbers stay numbers: none goes through text.

mod claims;
mod column;
mod fault;

mod chunk;

mod source;

pub use chunk::TypedChunk;
pub use column::{is_plain, is_time};
pub(crate) use source::TypedSource;
