//! Gradient-boosted trees with log loss.
//!
//! Friedman (2001): each tree is fitted to the derivatives of the loss, each leaf takes one Newton
//! step. Splits are between every two values, or between bins, see [`Splits`].

// Layers, lowest first: a file uses only the blocks above its own.
mod histogram_spec;

mod spec;

mod draw;
mod named_columns;

mod exact;
mod histogram;

mod fit;

pub use histogram_spec::HistogramSpec;
pub use spec::{BoostedTreesSpec, Splits};
