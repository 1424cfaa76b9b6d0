//! Splits that keep the shares of the classes.

use super::checks::{require_folds, require_share};
use super::{Split, share, stream};
use crate::error::Error;
use nomogram_stats::random::Random;

impl Split {
    /// A seeded split that takes the same share of each class for testing, rounded to whole rows.
    ///
    /// # Errors
    ///
    /// `Data` when the fraction is not between 0 and 1, or when a partition would have no row of a class.
    pub fn stratified(classes: &[usize], test_fraction: f64, seed: u64) -> Result<Self, Error> {
        require_share(test_fraction)?;
        let mut random = Random::new(seed, stream::TEST);
        let mut is_test = vec![false; classes.len()];
        for (class, mut rows) in rows_by_class(classes).into_iter().enumerate() {
            random.shuffle(&mut rows);
            let n_test = share(rows.len(), test_fraction);
            if n_test == 0 || n_test >= rows.len() {
                return Err(Error::Data(format!(
                    "class {class} has {} rows, of which {n_test} would be for testing; expected \
                     at least 1 in each partition",
                    rows.len()
                )));
            }
            for row in rows.into_iter().take(n_test) {
                if let Some(is_test) = is_test.get_mut(row) {
                    *is_test = true;
                }
            }
        }
        Ok(Self::holding_out(is_test))
    }
}

/// Stratified folds: for each fold the rows to fit to and the rows held out.
///
/// Rows of each class are shuffled and dealt to the folds in turn, so folds differ by at most one
/// row per class.
///
/// # Errors
///
/// `Data` when there are fewer than two folds, or a class has fewer rows than there are folds.
pub fn stratified_folds(classes: &[usize], n_folds: usize, seed: u64) -> Result<Vec<Split>, Error> {
    require_folds(n_folds, classes)?;
    let mut random = Random::new(seed, stream::FOLDS);
    let mut fold_of = vec![0; classes.len()];
    let mut dealt = 0;
    for (class, mut rows) in rows_by_class(classes).into_iter().enumerate() {
        if rows.len() < n_folds {
            let after = format!(" has {}, fewer than the {n_folds} folds", rows_of(rows.len()));
            return Err(Error::rare_class("", class, after));
        }
        random.shuffle(&mut rows);
        for row in rows {
            if let Some(fold) = fold_of.get_mut(row) {
                *fold = dealt % n_folds;
            }
            dealt += 1;
        }
    }
    Ok(Split::of_folds(&fold_of, n_folds))
}

fn rows_of(n_rows: usize) -> String {
    if n_rows == 1 { "1 row".into() } else { format!("{n_rows} rows") }
}

/// The rows of class 0, of class 1 and so on.
fn rows_by_class(classes: &[usize]) -> Vec<Vec<usize>> {
    let n_classes = classes.iter().max().map_or(0, |largest| largest + 1);
    let of_class = |class| {
        classes.iter().enumerate().filter(|(_, c)| **c == class).map(|(row, _)| row).collect()
    };
    (0..n_classes).map(of_class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes() -> Vec<usize> {
        (0..50).map(|row| usize::from(row % 5 == 0)).collect()
    }

    #[test]
    fn each_row_is_held_out_once_and_classes_keep_their_share() {
        let classes = classes();
        let folds = stratified_folds(&classes, 5, 7).unwrap();
        let mut held_out: Vec<usize> = folds.iter().flat_map(|fold| fold.test.clone()).collect();
        held_out.sort_unstable();
        assert_eq!(held_out, (0..50).collect::<Vec<_>>());
        for fold in &folds {
            assert_eq!(fold.test.iter().filter(|row| classes[**row] == 1).count(), 2);
            assert_eq!(fold.train.len() + fold.test.len(), 50);
            assert!(fold.test.iter().all(|row| !fold.train.contains(row)));
        }
        assert_eq!(stratified_folds(&classes, 5, 7).unwrap(), folds);
        assert_ne!(stratified_folds(&classes, 5, 8).unwrap(), folds);
    }

    #[test]
    fn fewer_rows_than_folds_are_refused() {
        let error = stratified_folds(&[0, 0, 0, 1, 1], 3, 0).unwrap_err();
        assert_eq!(error.to_string(), "class 1 has 2 rows, fewer than the 3 folds");
        assert_eq!(
            stratified_folds(&[0, 1], 1, 0).unwrap_err().to_string(),
            "1 folds, expected at least 2"
        );
        let message = stratified_folds(&[], usize::MAX, 0).unwrap_err().to_string();
        assert!(message.ends_with("expected at most 0, the number of rows"), "{message}");
    }

    #[test]
    fn a_stratified_split_takes_its_share_of_each_class() {
        let classes = classes();
        let split = Split::stratified(&classes, 0.2, 3).unwrap();
        assert_eq!((split.train.len(), split.test.len()), (40, 10));
        assert_eq!(split.test.iter().filter(|row| classes[**row] == 1).count(), 2);
        let error = Split::stratified(&classes, 0.01, 3).unwrap_err();
        assert!(error.to_string().starts_with("class 0 has 40 rows, of which 0 would"), "{error}");
    }
}
