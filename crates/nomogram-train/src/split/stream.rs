//! A stream of random numbers for each use, so that none depends on another.

pub(super) const FOLDS: u64 = 1;
pub(super) const TEST: u64 = 2;
pub(super) const GROUPED_FOLDS: u64 = 3;
pub(super) const GROUPED_TEST: u64 = 4;
pub(super) const REPEATS: u64 = 5;
