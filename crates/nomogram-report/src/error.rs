//! Why a report could not be made.

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A chart could not be drawn.
    #[error("chart: {0}")]
    Chart(String),
    /// The numbers of the report could not be computed.
    #[cfg(feature = "reports")]
    #[error(transparent)]
    Training(#[from] nomogram_train::Error),
    /// A page could not be filled in.
    #[cfg(feature = "reports")]
    #[error("page: {0}")]
    Page(#[from] minijinja::Error),
}
