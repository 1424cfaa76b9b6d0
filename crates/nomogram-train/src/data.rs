//! From a table to training rows: columns and cells, and their validation.

// Layers, lowest first: a module uses only the blocks above its own.
mod partition;
mod spelling;

mod config;

mod reader;

pub(crate) mod dataset;
mod other_table;

mod draft;
mod validation;

pub use config::{
    ActionConfig, CsvConfig, DataConfig, Encoding, FeatureConfig, Kind, PolicyConfig,
    QuantityConfig, RuleActionConfig, RuleConfig, TargetConfig, UnitConfig,
};
pub use dataset::Dataset;
pub use draft::{Dialect, DialectOptions, Draft, InferOptions, infer_schema};
pub use other_table::AbsentColumn;
pub use partition::Partition;
pub(crate) use reader::Reader;
pub use validation::{
    Check, Finding, Limits, Places, Severity, ValidationReport, validate, validate_within,
};
