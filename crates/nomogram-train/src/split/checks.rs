//! What every split needs of its rows.

use std::collections::BTreeSet;

use crate::error::Error;

/// Refuses `rows`, described by `what`, when one of the classes is absent.
pub(super) fn require_classes(rows: &[usize], classes: &[usize], what: &str) -> Result<(), Error> {
    let n_classes = classes.iter().max().map_or(0, |largest| largest + 1);
    let present: BTreeSet<usize> =
        rows.iter().filter_map(|row| classes.get(*row).copied()).collect();
    match (0..n_classes).find(|class| !present.contains(class)) {
        None => Ok(()),
        Some(class) => {
            let before = format!("{what} would have no row of ");
            Err(Error::rare_class(&before, class, ", expected at least 1 of each class"))
        }
    }
}

/// So many folds are allocated without harm, whatever the rows.
const MAX_FOLDS: usize = 10_000;

pub(super) fn require_one_each(n: usize, what: &str, classes: &[usize]) -> Result<(), Error> {
    if n == classes.len() {
        return Ok(());
    }
    Err(Error::Data(format!("{n} {what} for {} rows, expected one each", classes.len())))
}

pub(super) fn require_folds(n_folds: usize, classes: &[usize]) -> Result<(), Error> {
    if n_folds < 2 {
        return Err(Error::Data(format!("{n_folds} folds, expected at least 2")));
    }
    let n_rows = classes.len();
    // Fewer rows of a class than folds have their own message.
    if n_folds > n_rows.max(MAX_FOLDS) || n_rows == 0 {
        let detail = format!("{n_folds} folds, expected at most {n_rows}, the number of rows");
        return Err(Error::Data(detail));
    }
    Ok(())
}

/// Refuses shares that would leave a partition empty, whatever the rows.
pub(super) fn require_share(share: f64) -> Result<(), Error> {
    if is_share(share) {
        return Ok(());
    }
    Err(Error::Data(format!("a share of {share} for testing, expected between 0 and 1")))
}

/// Whether this share of rows leaves others.
pub(super) fn is_share(share: f64) -> bool {
    share > 0.0 && share < 1.0
}
