//! Which rows become golden cases.

use serde::{Deserialize, Serialize};

/// Which rows become golden cases: whoever has the bundle has these rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoldenSpec {
    /// Rows that are put together to reach as much of the model as possible. No patient is among
    /// them.
    #[default]
    Constructed,
    /// Rows of the training data: those with the extremes of features and probabilities. They may
    /// identify patients.
    Rows,
}

impl GoldenSpec {
    /// Whether it is the default, which a configuration does not write.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
