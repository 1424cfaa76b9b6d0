//! From a table to rows to learn from: what columns are, how cells are read, what is wrong with them.

mod config;
pub(crate) mod dataset;
mod draft;
mod reader;
mod validation;

pub use config::{
    ActionConfig, CsvConfig, DataConfig, Encoding, FeatureConfig, Kind, PolicyConfig,
    QuantityConfig, RuleActionConfig, RuleConfig, TargetConfig, UnitConfig,
};
pub use dataset::{Dataset, Part};
pub use draft::{Draft, InferOptions, infer_schema};
pub(crate) use reader::Reader;
pub use validation::{
    Check, Finding, Limits, Severity, ValidationReport, validate, validate_within,
};
