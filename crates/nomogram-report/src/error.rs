//! Why a report could not be written.

/// Why a report could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A picture could not be drawn.
    #[error("chart: {0}")]
    Chart(String),
    /// A page could not be filled in.
    #[error("page: {0}")]
    Page(#[from] minijinja::Error),
}
