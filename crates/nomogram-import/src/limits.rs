//! Limits: what reading a file may cost.

use crate::error::{Error, ErrorKind};

/// What reading a file may cost. The defaults suffice for models as they are trained.
///
/// A reader allocates at most a fixed number of bytes for each byte of the file, and for each value at
/// most what [`Limits::max_values`] allows; its time is linear in the size of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest file, in bytes.
    pub max_bytes: usize,
    /// The most values that a document holds: numbers, texts, lists and objects.
    pub max_values: usize,
    /// The deepest nesting of lists, objects and elements.
    pub max_depth: usize,
    /// The most features.
    pub max_features: usize,
    /// The most nodes of all trees together.
    pub max_nodes: usize,
}

impl Default for Limits {
    /// 256 MiB, 2²⁴ values, 64 levels deep, 65,536 features, 2²³ nodes.
    fn default() -> Self {
        Self {
            max_bytes: 256 << 20,
            max_values: 1 << 24,
            max_depth: 64,
            max_features: 1 << 16,
            max_nodes: 1 << 23,
        }
    }
}

impl Limits {
    /// Refuses a file that is too large.
    ///
    /// # Errors
    ///
    /// `TooLarge`.
    pub fn check_bytes(&self, n_bytes: usize) -> Result<(), Error> {
        check(n_bytes, self.max_bytes, "bytes")
    }

    /// Refuses too many features.
    ///
    /// # Errors
    ///
    /// `TooLarge`, and `Malformed` when there is none.
    pub fn check_features(&self, n_features: usize) -> Result<(), Error> {
        if n_features == 0 {
            return Err(Error::malformed("no features, expected at least 1"));
        }
        check(n_features, self.max_features, "features")
    }

    /// Refuses too many nodes.
    ///
    /// # Errors
    ///
    /// `TooLarge`.
    pub fn check_nodes(&self, n_nodes: usize) -> Result<(), Error> {
        check(n_nodes, self.max_nodes, "nodes")
    }
}

/// Refuses more things than a limit.
pub(crate) fn check(found: usize, limit: usize, of: &str) -> Result<(), Error> {
    if found <= limit {
        return Ok(());
    }
    Err(Error::new(ErrorKind::TooLarge, format!("{found} {of}, expected at most {limit}")))
}
