//! Bundles as PMML and as C99 source, where the numbers stay the same.
//!
//! A bundle is exported when one member, a forest or a linear model, reads the features as they are. What would
//! change the numbers is refused by name. What happens to values before the member, ranges and policies, is
//! not part of an export: its reader passes valid values.

// Layers, lowest first: a module uses only the blocks above its own.
mod error;

mod single_member;

mod c_source;
mod pmml;

mod format;

pub use error::Error;
pub use format::{Format, export};
