//! From a table to training rows: columns and cells, and their validation.

// Layers, lowest first: a module uses only the blocks above its own.
mod config;
mod spelling;

pub(crate) mod dataset;
mod reader;

mod draft;
mod validation;

pub use config::{
    ActionConfig, CsvConfig, DataConfig, Encoding, FeatureConfig, Kind, PolicyConfig,
    QuantityConfig, RuleActionConfig, RuleConfig, TargetConfig, UnitConfig,
};
pub use dataset::{Dataset, Partition};
pub use draft::{Dialect, DialectOptions, Draft, InferOptions, infer_schema};
pub(crate) use reader::Reader;
pub use validation::{
    Check, Finding, Limits, Severity, ValidationReport, validate, validate_within,
};
