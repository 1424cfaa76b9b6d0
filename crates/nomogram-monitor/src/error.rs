//! Why counts could not be analysed.

/// Why counts could not be analysed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The numbers do not fit what they are compared with.
    #[error("{0}")]
    Data(String),
    /// The bundle or its counters.
    #[error(transparent)]
    Model(#[from] nomogram::Error),
}
