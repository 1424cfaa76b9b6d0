//! Which rows are for training and which for testing. Splits come before every fit.
//!
//! Every split is decided by its arguments and a seed alone. Rows of a part stand in the order of the
//! table. What cannot be split as asked is refused; nothing is dropped or moved to make it fit.

mod by_time;
mod grouped;
mod plan;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::data::Dataset;
use crate::error::Error;
use crate::table::{Table, TableFormat};
use nomogram_stats::random::Random;

pub use by_time::time_folds;
pub use grouped::{each_group, grouped_folds};
pub use plan::{FoldsBy, FoldsConfig, RowParts, SplitConfig, TestPart};

/// Streams of random numbers of this module.
const FOLDS: u64 = 1;
const TEST_PART: u64 = 2;
const GROUPED_FOLDS: u64 = 3;
const GROUPED_TEST_PART: u64 = 4;
const REPEATS: u64 = 5;

/// The rows of each part, in the order of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Rows to learn from.
    pub train: Vec<usize>,
    /// Rows that only the final evaluation may see.
    pub test: Vec<usize>,
}

impl Split {
    /// The split that a CSV file gives: columns `row_id` and `part`, which is `train` or `test`.
    ///
    /// # Errors
    ///
    /// `File`; `Table` or `Cell` when the file does not have exactly one line for each row of
    /// `dataset`, or another part.
    pub fn from_csv_file(path: &Path, dataset: &Dataset) -> Result<Self, Error> {
        let table = Table::from_csv_file(path, &TableFormat::default())?;
        table.refuse_repeated("row_id")?;
        let rows: BTreeMap<&str, usize> =
            dataset.row_ids().iter().map(String::as_str).zip(0..).collect();
        let mut parts = vec![None; dataset.n_rows()];
        for (id, part) in table.column("row_id")?.zip(table.column("part")?) {
            let row = rows.get(id.text().as_ref()).copied();
            let Some(slot) = row.and_then(|row| parts.get_mut(row)) else {
                return Err(id.refuse("the id of a row of the data").into());
            };
            *slot = match part.text().as_ref() {
                "train" => Some(true),
                "test" => Some(false),
                _ => return Err(part.refuse("`train` or `test`").into()),
            };
        }
        if let Some(id) = parts.iter().position(Option::is_none) {
            let id = dataset.row_ids().get(id).map_or("", |id| id);
            return Err(table.failed(format!("no line for row id `{id}`")).into());
        }
        Ok(Self {
            train: (0..parts.len()).filter(|row| parts.get(*row) == Some(&Some(true))).collect(),
            test: (0..parts.len()).filter(|row| parts.get(*row) == Some(&Some(false))).collect(),
        })
    }

    /// A seeded split that takes the same share of each class for testing, rounded to whole rows.
    ///
    /// # Errors
    ///
    /// `Data` when a class would have no row in a part.
    pub fn stratified(classes: &[usize], test_fraction: f64, seed: u64) -> Result<Self, Error> {
        let mut random = Random::new(seed, TEST_PART);
        let mut is_test = vec![false; classes.len()];
        for (class, mut rows) in rows_by_class(classes).into_iter().enumerate() {
            random.shuffle(&mut rows);
            let n_test = share(rows.len(), test_fraction);
            if n_test == 0 || n_test >= rows.len() {
                return Err(Error::Data(format!(
                    "class {class} has {} rows, of which {n_test} would be for testing; expected \
                     at least 1 in each part",
                    rows.len()
                )));
            }
            for row in rows.into_iter().take(n_test) {
                if let Some(is_test) = is_test.get_mut(row) {
                    *is_test = true;
                }
            }
        }
        let of_part = |part| {
            is_test
                .iter()
                .enumerate()
                .filter(|(_, test)| **test == part)
                .map(|(row, _)| row)
                .collect()
        };
        Ok(Self { train: of_part(false), test: of_part(true) })
    }
}

/// The same kind of folds several times, each drawn anew: the first time by `seed` itself, so that
/// one repeat is what there is without repeats, then by seeds that follow from it.
///
/// # Errors
///
/// `Data` when there is no repeat; as `folds`.
pub fn repeated(
    n_repeats: usize,
    seed: u64,
    mut folds: impl FnMut(u64) -> Result<Vec<Split>, Error>,
) -> Result<Vec<Vec<Split>>, Error> {
    if n_repeats == 0 {
        return Err(Error::Data("0 repeats, at least 1 is needed".into()));
    }
    let mut random = Random::new(seed, REPEATS);
    let mut own_seed = seed;
    let mut repeats = Vec::new();
    for _ in 0..n_repeats {
        repeats.push(folds(own_seed)?);
        own_seed = random.seed();
    }
    Ok(repeats)
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
    require_folds(n_folds)?;
    let mut random = Random::new(seed, FOLDS);
    let mut fold_of = vec![0; classes.len()];
    let mut dealt = 0;
    for (class, mut rows) in rows_by_class(classes).into_iter().enumerate() {
        if rows.len() < n_folds {
            return Err(Error::Data(format!(
                "class {class} has {} rows, fewer than the {n_folds} folds",
                rows.len()
            )));
        }
        random.shuffle(&mut rows);
        for row in rows {
            if let Some(fold) = fold_of.get_mut(row) {
                *fold = dealt % n_folds;
            }
            dealt += 1;
        }
    }
    Ok(folds_of(&fold_of, n_folds))
}

/// Folds from the fold in which each row is held out.
fn folds_of(fold_of: &[usize], n_folds: usize) -> Vec<Split> {
    let rows_where = |keep: &dyn Fn(usize) -> bool| {
        fold_of.iter().enumerate().filter(|(_, fold)| keep(**fold)).map(|(row, _)| row).collect()
    };
    (0..n_folds)
        .map(|fold| Split { train: rows_where(&|f| f != fold), test: rows_where(&|f| f == fold) })
        .collect()
}

/// Refuses rows of which a class is absent; `what` they are.
fn require_classes(rows: &[usize], classes: &[usize], what: &str) -> Result<(), Error> {
    let n_classes = classes.iter().max().map_or(0, |largest| largest + 1);
    let there: BTreeSet<usize> = rows.iter().filter_map(|row| classes.get(*row).copied()).collect();
    match (0..n_classes).find(|class| !there.contains(class)) {
        None => Ok(()),
        Some(class) => Err(Error::Data(format!(
            "{what} would hold no row of class {class}, expected at least 1 of each class"
        ))),
    }
}

fn require_one_each(n: usize, what: &str, classes: &[usize]) -> Result<(), Error> {
    if n == classes.len() {
        return Ok(());
    }
    Err(Error::Data(format!("{n} {what} for {} rows, expected one each", classes.len())))
}

fn require_folds(n_folds: usize) -> Result<(), Error> {
    if n_folds >= 2 {
        return Ok(());
    }
    Err(Error::Data(format!("{n_folds} folds, at least 2 are needed")))
}

/// Refuses shares that would leave a part without rows whatever the rows.
fn require_share(share: f64) -> Result<(), Error> {
    if share > 0.0 && share < 1.0 {
        return Ok(());
    }
    Err(Error::Data(format!("a share of {share} for testing, expected between 0 and 1")))
}

/// The rows of class 0, of class 1 and so on.
fn rows_by_class(classes: &[usize]) -> Vec<Vec<usize>> {
    let n_classes = classes.iter().max().map_or(0, |largest| largest + 1);
    let of_class = |class| {
        classes.iter().enumerate().filter(|(_, c)| **c == class).map(|(row, _)| row).collect()
    };
    (0..n_classes).map(of_class).collect()
}

/// A share of `n_rows`, rounded to the nearest whole number.
#[allow(clippy::cast_precision_loss, reason = "a table has far fewer than 2^53 rows")]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to n_rows")]
pub(crate) fn share(n_rows: usize, fraction: f64) -> usize {
    (n_rows as f64 * fraction.clamp(0.0, 1.0)).round() as usize
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
            "1 folds, at least 2 are needed"
        );
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
