//! From a table to training rows: columns and cells, and their validation.

// Layers, lowest first: a module uses only the blocks above its own.
mod partition;
mod spelling;

mod config;

mod reader;

mod model_columns;
mod other_table;

mod feature_rows;

pub(crate) mod dataset;
mod number_rows;

mod draft;
mod validation;

pub use config::{
    ActionConfig, CsvConfig, DataConfig, Encoding, FeatureConfig, Kind, PolicyConfig,
    QuantityConfig, RuleActionConfig, RuleConfig, TargetConfig, UnitConfig,
};
pub use dataset::Dataset;
pub use draft::{Dialect, DialectOptions, Draft, InferOptions, infer_schema};
pub(crate) use feature_rows::FeatureRows;
pub use model_columns::ModelColumns;
pub use number_rows::NumberRows;
pub use other_table::AbsentColumn;
pub use partition::Partition;
pub(crate) use reader::Reader;
pub use validation::{
    Check, Finding, Limits, Places, Severity, ValidationReport, validate, validate_within,
};
