//! A model of a sample of the rows, drawn with replacement.

use std::collections::BTreeSet;
use std::sync::Arc;

use nomogram::Model;

use super::config::TrainingConfig;
use super::fit::Fits;
use super::progress::unseen;
use super::provisional::open;
use crate::data::Dataset;
use crate::error::Error;
use crate::split::Split;

/// Fits a model without cutoffs to the rows at `drawn`. A row that was drawn twice is in one fold.
///
/// # Errors
///
/// As [`train`](crate::train), but uninformative members are not refused.
pub(crate) fn fit_sample(
    config: &TrainingConfig,
    dataset: &Dataset,
    drawn: &[usize],
) -> Result<Arc<Model>, Error> {
    let mut progress = unseen();
    let fits = Fits::new(config, 1, &mut progress);
    let sample = dataset.select(drawn);
    let folds = || {
        let distinct: BTreeSet<usize> = drawn.iter().copied().collect();
        let distinct: Vec<usize> = distinct.into_iter().collect();
        let of_distinct = fits.folds(&dataset.select(&distinct))?;
        Ok(of_distinct.iter().map(|split| in_sample(split, &distinct, drawn)).collect())
    };
    open(&fits.fit_ensemble(&sample, folds, "all rows")?, &sample)
}

/// A split of distinct rows, as a split of the sample that was drawn from them.
fn in_sample(split: &Split, distinct: &[usize], drawn: &[usize]) -> Split {
    let positions = |indices: &[usize]| {
        let rows: BTreeSet<&usize> = indices.iter().filter_map(|row| distinct.get(*row)).collect();
        let positions = drawn.iter().enumerate().filter(|(_, row)| rows.contains(row));
        positions.map(|(position, _)| position).collect()
    };
    Split { train: positions(&split.train), test: positions(&split.test) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_was_drawn_twice_is_in_one_fold() {
        let drawn = [4, 1, 4, 7, 1, 9];
        let split = Split { train: vec![1, 2], test: vec![0, 3] };
        let of_sample = in_sample(&split, &[1, 4, 7, 9], &drawn);
        assert_eq!(of_sample, Split { train: vec![0, 2, 3], test: vec![1, 4, 5] });
    }
}
