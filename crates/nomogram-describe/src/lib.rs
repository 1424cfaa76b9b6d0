//! What a bundle holds, in words and as JSON; how two differ; whether a schema fits.
//!
//! Everything is made from an opened [`Model`](nomogram::Model) and its [`Parts`](nomogram::Parts).
//! No file is read. Only what golden cases reach is predicted, by a
//! session.
//!
//! ```
//! use nomogram::{Model, unseal};
//! use nomogram_describe::Description;
//!
//! let bytes = nomogram_testkit::bundle_of_three_members();
//! let (model, (parts, _golden_rows)) = (Model::open(&bytes)?, unseal(&bytes)?);
//! let description = Description::new(&model, &parts);
//! assert_eq!(description.members.len(), 3);
//! assert!(description.combiner.text.starts_with("soft vote: "));
//! # Ok::<(), nomogram::Error>(())
//! ```

// Layers, lowest first: a module uses only the blocks above its own.
mod words;

mod feature;
mod member;
mod schema_match;

mod ensemble;
mod explanation;
mod parameters;
mod uncertainty;

pub mod reach;

mod coverage;
mod description;

mod difference;

pub use coverage::{Coverage, CoverageLine};
pub use description::{
    BranchDescription, Description, ProfileDescription, StepDescription, TargetDescription,
};
pub use difference::{Difference, differences, golden_difference};
pub use ensemble::{CalibratorDescription, CombinerDescription, CutoffDescription};
pub use explanation::{ExplanationDescription, ExplanationMethod, GroupDescription};
pub use feature::{FeatureDescription, PolicyDescription, RuleDescription};
pub use member::{MemberDescription, Size};
pub use schema_match::{SchemaMismatch, check_same_schema};
pub use uncertainty::UncertaintyDescription;
pub use words::{count, kind_name};
