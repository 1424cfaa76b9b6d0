//! Reports of clinical risk models: one page for people, and the same numbers as JSON.
//!
//! A [`Report`] is assembled once and written as a self-contained HTML file, as a Markdown model
//! card, and as JSON, which holds every number of the other two. The same report gives the same
//! bytes.
//!
//! Without the default feature `reports`, the crate is [`charts`] alone and does not link the
//! training crate:
//!
//! ```
//! use nomogram_report::charts::{Curve, roc};
//!
//! let points = [(0.0, 0.0), (0.1, 0.8), (1.0, 1.0)];
//! let svg = roc(&[Curve { name: "ensemble", points: &points }])?;
//! assert!(svg.starts_with("<svg"));
//! # Ok::<(), nomogram_report::Error>(())
//! ```

// Layers, lowest first: a module uses only the blocks above its own.
mod error;

pub mod charts;
#[cfg(feature = "reports")]
mod dependence;

#[cfg(feature = "reports")]
mod characteristics;
#[cfg(feature = "reports")]
mod contributions;
#[cfg(feature = "reports")]
mod coverage;
#[cfg(feature = "reports")]
mod scales;

#[cfg(feature = "reports")]
pub mod monitoring;
#[cfg(feature = "reports")]
mod tripod;

#[cfg(feature = "reports")]
mod report;

#[cfg(feature = "reports")]
mod page;

#[cfg(feature = "reports")]
pub use characteristics::{Characteristics, FeatureCharacteristics};
#[cfg(feature = "reports")]
pub use contributions::{Contribution, Contributions};
#[cfg(feature = "reports")]
pub use coverage::{LevelCoverage, SetCoverage};
#[cfg(feature = "reports")]
pub use dependence::DependencePoint;
pub use error::Error;
#[cfg(feature = "reports")]
pub use report::{EvaluatedFile, FORMAT, HELD_OUT_FOLDS, Inputs, Report, TEST_ROWS, Training};
#[cfg(feature = "reports")]
pub use scales::nomograms;
#[cfg(feature = "reports")]
pub use tripod::TripodItem;
