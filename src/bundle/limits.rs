//! Limits: what opening a bundle may cost.

use crate::budget::Budget;
use crate::error::{Error, ErrorKind};

/// What opening a bundle may cost: its size, and the memory and the computation to open it.
///
/// The defaults suffice for models as they are trained. A bundle in which a few bytes ask for much is
/// refused with `TooLarge`.
///
/// ```
/// use nomogram::{ErrorKind, Limits, Model};
///
/// let bytes = nomogram_testkit::bundle_of_three_members();
/// let limits = Limits { max_memory: Some(1000), ..Limits::default() };
/// assert_eq!(Model::open_with(&bytes, &limits).unwrap_err().kind(), ErrorKind::TooLarge);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest bundle that is opened, in bytes.
    pub max_bytes: u64,
    /// The most memory that opening may allocate at a time, in bytes, besides bytes that the caller
    /// has. `None`: four times the bundle and 4 MiB.
    pub max_memory: Option<u64>,
    /// The most steps of computation that opening may take, each of about a nanosecond. `None`: 64 for
    /// each byte of the bundle and 2²⁶.
    pub max_work: Option<u64>,
}

/// The memory of a small bundle, and the factor of the bytes of a large one.
const MEMORY: (u64, u64) = (4 << 20, 4);
/// The same for the steps of computation.
const WORK: (u64, u64) = (1 << 26, 64);

impl Default for Limits {
    /// 256 MiB, with memory and work by the size of the bundle.
    fn default() -> Self {
        Self { max_bytes: 256 << 20, max_memory: None, max_work: None }
    }
}

impl Limits {
    /// What opening a bundle of so many bytes may cost.
    pub(crate) fn budget(&self, n_bytes: u64) -> Budget {
        let by_size = |(constant, factor): (u64, u64)| {
            n_bytes.saturating_mul(factor).saturating_add(constant)
        };
        Budget::new(
            self.max_memory.unwrap_or_else(|| by_size(MEMORY)),
            self.max_work.unwrap_or_else(|| by_size(WORK)),
        )
    }

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
        Err(Error::new(
            ErrorKind::TooLarge,
            format_args!("{n_bytes} bytes, expected at most {limit}"),
        ))
    }
}
