//! Limits: what opening a bundle may cost.

use alloc::format;

use crate::error::{Error, ErrorKind};

/// What opening a bundle may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest bundle that is opened, in bytes.
    pub max_bytes: u64,
}

impl Default for Limits {
    /// 256 MiB.
    fn default() -> Self {
        Self { max_bytes: 256 << 20 }
    }
}

impl Limits {
    /// Refuses a bundle of more bytes than the limit.
    ///
    /// # Errors
    ///
    /// `TooLarge`.
    pub(crate) fn check(&self, n_bytes: u64) -> Result<(), Error> {
        if n_bytes <= self.max_bytes {
            return Ok(());
        }
        let limit = self.max_bytes;
        Err(Error::new(ErrorKind::TooLarge, format!("{n_bytes} bytes, expected at most {limit}")))
    }
}
