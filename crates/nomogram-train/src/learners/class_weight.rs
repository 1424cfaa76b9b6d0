//! How much rows count by their class.

use serde::{Deserialize, Serialize};

/// How much each row counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// Every row counts the same.
    #[default]
    Equal,
    /// Rows of a class count `n_rows / (n_classes · n_rows of the class)`; with row weights, their sums
    /// take the place of the numbers of rows.
    Balanced,
}

impl ClassWeight {
    /// For `skip_serializing_if`: a configuration without the key keeps its digest.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
    pub(super) fn is_equal(&self) -> bool {
        *self == Self::Equal
    }
}
