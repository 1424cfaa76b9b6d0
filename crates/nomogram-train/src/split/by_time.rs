//! Splits by time: rows to test on are later than all rows to fit to.

use super::checks::{require_classes, require_folds, require_one_each, require_share};
use super::{Split, share};
use crate::error::Error;

impl Split {
    /// The latest rows for testing: `test_fraction` of them, and those of the same moment as the
    /// first of these.
    ///
    /// # Errors
    ///
    /// `Data` when the fraction is not between 0 and 1, when a time is not finite, or when a
    /// partition would have no row of a class.
    pub fn latest(classes: &[usize], times: &[f64], test_fraction: f64) -> Result<Self, Error> {
        require_share(test_fraction)?;
        let order = by_time(classes, times)?;
        let n_test = share(order.len(), test_fraction).max(1);
        let cut = moment_of(&order, times, order.len().saturating_sub(n_test));
        let split = split_at(&order, cut, order.len());
        require_classes(&split.train, classes, "the training partition")?;
        require_classes(&split.test, classes, "the test partition")?;
        Ok(split)
    }
}

/// Forward chaining: the rows are cut by time into `n_folds + 1` blocks of about the same size, and
/// fold `i` is fitted to the first `i + 1` blocks and tested on the next. Rows of the same moment are
/// in the same block. The rows of the first block are never held out.
///
/// # Errors
///
/// `Data` when there are fewer than two folds, when a time is not finite, when a block would have no
/// rows, or when the training rows of a fold would have no row of a class.
pub fn time_folds(classes: &[usize], times: &[f64], n_folds: usize) -> Result<Vec<Split>, Error> {
    require_folds(n_folds, classes)?;
    let order = by_time(classes, times)?;
    let n_blocks = n_folds + 1;
    let cuts: Vec<usize> = (1..=n_blocks).map(|block| block * order.len() / n_blocks).collect();
    let cuts = cuts.into_iter().map(|cut| moment_of(&order, times, cut));
    let cuts: Vec<usize> = cuts.collect();
    let mut folds = Vec::with_capacity(n_folds);
    for (fold, ends) in cuts.windows(2).enumerate() {
        let [start, end] = *ends else { continue };
        if start == 0 || start == end {
            return Err(Error::Data(format!(
                "fold {} of {n_folds} would have no rows: too few different times, expected fewer \
                 folds",
                fold + 1
            )));
        }
        let split = split_at(&order, start, end);
        require_classes(&split.train, classes, &format!("the training rows of fold {}", fold + 1))?;
        folds.push(split);
    }
    Ok(folds)
}

/// The rows from the earliest to the latest.
fn by_time(classes: &[usize], times: &[f64]) -> Result<Vec<usize>, Error> {
    require_one_each(times.len(), "times", classes)?;
    if let Some(row) = times.iter().position(|time| !time.is_finite()) {
        return Err(Error::Data(format!("row {}: time is not finite", row + 1)));
    }
    let mut order: Vec<(usize, f64)> = times.iter().copied().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    Ok(order.into_iter().map(|(row, _)| row).collect())
}

/// The position of the first row of the moment that is at position `cut`.
fn moment_of(order: &[usize], times: &[f64], cut: usize) -> usize {
    let time = |position: usize| times.get(*order.get(position)?);
    let Some(moment) = time(cut) else { return order.len() };
    (0..cut).rev().take_while(|position| time(*position) == Some(moment)).last().unwrap_or(cut)
}

/// Fits to the rows before position `start`, tests on those from there to `end`.
fn split_at(order: &[usize], start: usize, end: usize) -> Split {
    let mut train = order.get(..start).unwrap_or_default().to_vec();
    let mut test = order.get(start..end).unwrap_or_default().to_vec();
    train.sort_unstable();
    test.sort_unstable();
    Split { train, test }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(n: usize) -> Vec<usize> {
        (0..n).map(|row| row % 2).collect()
    }

    #[test]
    fn the_latest_rows_are_for_testing_with_all_of_the_same_moment() {
        let times = [5.0, 1.0, 4.0, 2.0, 5.0, 3.0, 0.0, 5.0];
        let split = Split::latest(&classes(8), &times, 0.25).unwrap();
        assert_eq!((split.train, split.test), (vec![1, 2, 3, 5, 6], vec![0, 4, 7]));
    }

    #[test]
    fn forward_chaining_never_fits_to_the_future() {
        let times: Vec<f64> = (0..40_u32).map(|row| f64::from(row * 7 % 40 / 2)).collect();
        let folds = time_folds(&classes(40), &times, 3).unwrap();
        assert_eq!(folds.iter().map(|fold| fold.train.len()).collect::<Vec<_>>(), [10, 20, 30]);
        assert_eq!(folds.iter().map(|fold| fold.test.len()).collect::<Vec<_>>(), [10, 10, 10]);
        for fold in folds {
            let last = fold.train.iter().map(|row| times[*row]).fold(f64::MIN, f64::max);
            assert!(fold.test.iter().all(|row| times[*row] > last));
        }
    }

    #[test]
    fn what_cannot_be_ordered_is_refused() {
        let error = |result: Result<Vec<Split>, Error>| result.unwrap_err().to_string();
        let same = [1.0, 1.0, 1.0, 1.0];
        let message = error(time_folds(&classes(4), &same, 2));
        assert!(message.starts_with("fold 1 of 2 would have no rows: too few"), "{message}");
        let message = error(time_folds(&classes(4), &[1.0, f64::NAN, 1.0, 1.0], 2));
        assert_eq!(message, "row 2: time is not finite");
        let message = error(time_folds(&[0, 0, 0, 1, 1, 1], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 2));
        assert!(message.starts_with("the training rows of fold 1 would have no row of class 1"));
        assert_eq!(error(time_folds(&[0], &[], 2)), "0 times for 1 rows, expected one each");
        let message = Split::latest(&classes(4), &same, 0.5).unwrap_err().to_string();
        assert!(
            message.starts_with("the training partition would have no row of class 0"),
            "{message}"
        );
    }
}
