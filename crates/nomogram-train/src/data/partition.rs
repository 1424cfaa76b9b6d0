//! The partition of a row, as a column of the table names it.

/// The purpose of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Partition {
    /// Training.
    Train,
    /// Fitting calibrators and choosing cutoffs.
    Calibration,
    /// Final evaluation only.
    Test,
}
