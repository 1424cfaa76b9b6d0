//! Bundles as PMML, as C99 source and as ONNX, where the numbers stay the same.
//!
//! A bundle is exported when one member, a forest or a linear model, makes the prediction: of the features as
//! they are, or, in ONNX, after steps of plain arithmetic. What would change the numbers is refused by name.
//! Ranges and policies are not part of an export: its reader passes valid values.

// Layers, lowest first: a module uses only the blocks above its own.
mod error;

mod single_member;

mod c_source;
mod onnx;
mod pmml;

mod format;

pub use error::Error;
pub use format::{Format, export};
