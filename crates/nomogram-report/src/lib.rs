//! Reports of clinical risk models: one page for people, and the same numbers as JSON.
//!
//! A [`Report`] is made once and written as a self-contained HTML file, as a Markdown model card, and
//! as JSON, which holds every number of the other two. The same report gives the same bytes.

mod characteristics;
pub mod charts;
mod error;
mod page;
mod report;
mod scales;
mod tripod;

pub use characteristics::{Characteristics, FeatureCharacteristics};
pub use error::Error;
pub use report::{FORMAT, FeatureSummary, ModelSummary, Report};
pub use scales::nomograms;
pub use tripod::{TripodItem, tripod};
