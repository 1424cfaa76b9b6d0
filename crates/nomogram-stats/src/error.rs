//! The reason a statistic cannot be computed.

/// The reason a statistic cannot be computed: what was found and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The rows do not define the statistic.
    #[error("{0}")]
    Data(String),
    /// An iterative fit did not converge.
    #[error("{0}")]
    NotConverged(String),
}
