//! The part of a table that a row belongs to, as a column of the table names it.

/// What a row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Partition {
    /// To learn from.
    Train,
    /// To fit calibrators and to choose cutoffs.
    Calibration,
    /// For the final evaluation alone.
    Test,
}
