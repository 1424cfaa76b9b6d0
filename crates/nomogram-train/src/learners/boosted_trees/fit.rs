//! Fits with either kind of splits.

use nomogram::{Forest, Member};

use super::spec::{BoostedTreesSpec, Splits};
use super::{exact, histogram};
use crate::error::Error;
use crate::invalid::Checked;
use crate::learners::fit_member::FitMember;
use crate::learners::training_rows::TrainingRows;

impl Checked<BoostedTreesSpec> {
    /// Fits a forest whose leaves contain the learning rate.
    ///
    /// Histogram splits run on the threads of the current rayon pool; their number changes no bit.
    ///
    /// # Errors
    ///
    /// `Configuration` when a setting does not fit the rows; `Data` when a tree would be fitted to no
    /// row, when exact splits get a third class, when a value of a category is not the number of a
    /// level, or the forest does not fit a bundle.
    pub fn fit(&self, rows: TrainingRows<'_>, seed: u64) -> Result<Forest, Error> {
        rows.check()?;
        let spec = self.by_position(rows)?;
        match &spec.splits {
            Splits::Exact => exact::fit(&spec, rows, seed),
            Splits::Histogram(histogram) => histogram::fit(&spec, histogram, rows, seed),
        }
    }
}

impl FitMember for Checked<BoostedTreesSpec> {
    fn fit_member(&self, rows: TrainingRows<'_>, seed: u64) -> Result<Member, Error> {
        self.fit(rows, seed).map(Member::Forest)
    }
}
