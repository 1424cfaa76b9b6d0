//! Which rows are for training and which for testing. Splits come before every fit.
//!
//! A split depends on its arguments and a seed alone. Rows of a partition keep the order of the
//! table. A split that is not possible is an error: no row is dropped or moved to make it possible.

// Layers, lowest first.
mod checks;
mod stream;

mod by_time;
mod given;
mod grouped;
mod repeats;
mod stratified;

mod kept_together;
mod partitions;

mod spec;

pub(crate) use crate::count::share;
pub use by_time::time_folds;
pub use grouped::{each_group, group_numbers, grouped_folds};
pub use kept_together::kept_together;
pub use partitions::Partitions;
pub use repeats::repeat_folds;
pub use spec::{FoldsBy, FoldsSpec, SplitSpec, TestSpec};
pub use stratified::stratified_folds;

/// Rows to fit to and rows to test on, in the order of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Rows to fit to.
    pub train: Vec<usize>,
    /// Rows held out: those of a fold, or those for the final evaluation alone.
    pub test: Vec<usize>,
}

impl Split {
    /// The split that holds out the rows where this is true.
    fn holding_out(is_held_out: impl IntoIterator<Item = bool>) -> Self {
        let mut split = Self { train: Vec::new(), test: Vec::new() };
        for (row, is_held_out) in is_held_out.into_iter().enumerate() {
            if is_held_out { split.test.push(row) } else { split.train.push(row) }
        }
        split
    }

    /// A split for each fold, from the fold in which each row is held out.
    fn of_folds(fold_of: &[usize], n_folds: usize) -> Vec<Self> {
        let split = |fold| Self::holding_out(fold_of.iter().map(|own| *own == fold));
        (0..n_folds).map(split).collect()
    }
}
