//! A few rows of a large table, in which everything appears that a fit could refuse.
//!
//! Fits refuse what is too rare, so each fold keeps rows of every class; and what is there at all: a
//! missing value, a level, an extreme value. All fits to these rows are fits to a subset of the rows
//! of the real ones.

use std::collections::{BTreeMap, BTreeSet};

use crate::data::Dataset;
use crate::split::Split;

/// A table with at most this many rows is rehearsed with all of them.
const MAX_ROWS: usize = 4096;

/// Some rows of a dataset.
pub(super) struct Reduced {
    /// Ascending.
    pub(super) rows: Vec<usize>,
}

impl Reduced {
    /// Nothing where all rows are few enough.
    pub(super) fn of(dataset: &Dataset, folds: &[Split]) -> Option<Self> {
        if dataset.n_rows() <= MAX_ROWS {
            return None;
        }
        let mut rows = BTreeSet::new();
        for (column, feature) in
            dataset.values().columns().into_iter().zip(dataset.schema().features())
        {
            let values = column.iter().copied().enumerate();
            rows.extend(conspicuous(values, !feature.levels().is_empty()));
        }
        rows.extend(spread(dataset, folds));
        Some(Self { rows: rows.into_iter().collect() })
    }

    /// The same folds of these rows alone.
    pub(super) fn folds(&self, folds: &[Split]) -> Vec<Split> {
        let position: BTreeMap<usize, usize> = self.rows.iter().copied().zip(0..).collect();
        let positions = |rows: &[usize]| -> Vec<usize> {
            rows.iter().filter_map(|row| position.get(row).copied()).collect()
        };
        let of_fold =
            |split: &Split| Split { train: positions(&split.train), test: positions(&split.test) };
        folds.iter().map(of_fold).collect()
    }
}

/// The first rows with the lowest and the highest value, with a missing one, and, of a category,
/// with each level.
fn conspicuous(
    values: impl Iterator<Item = (usize, f64)>,
    is_category: bool,
) -> impl Iterator<Item = usize> {
    let (mut missing, mut lowest, mut highest) = (None, None, None);
    let mut first_of_level = BTreeMap::new();
    for (row, value) in values {
        if value.is_nan() {
            missing.get_or_insert(row);
            continue;
        }
        if is_category {
            first_of_level.entry(value.to_bits()).or_insert(row);
        }
        if lowest.is_none_or(|(_, least)| value < least) {
            lowest = Some((row, value));
        }
        if highest.is_none_or(|(_, most)| value > most) {
            highest = Some((row, value));
        }
    }
    let extremes = [lowest, highest].into_iter().flatten().map(|(row, _)| row);
    missing.into_iter().chain(extremes).chain(first_of_level.into_values())
}

/// Rows of each class in each fold, evenly spread over the table, at least one where there is one.
fn spread(dataset: &Dataset, folds: &[Split]) -> Vec<usize> {
    let mut fold_of = vec![folds.len(); dataset.n_rows()];
    for (fold, split) in folds.iter().enumerate() {
        for row in &split.test {
            if let Some(slot) = fold_of.get_mut(*row) {
                *slot = fold;
            }
        }
    }
    let mut groups: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (row, (fold, class)) in fold_of.into_iter().zip(dataset.classes()).enumerate() {
        groups.entry((fold, *class)).or_default().push(row);
    }
    let n_of_each = (MAX_ROWS / groups.len().max(1)).max(1);
    let evenly = |rows: Vec<usize>| {
        let n_taken = n_of_each.min(rows.len());
        let taken = (0..n_taken).filter_map(|nth| rows.get(nth * rows.len() / n_taken).copied());
        taken.collect::<Vec<usize>>()
    };
    groups.into_values().flat_map(evenly).collect()
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::DataConfig;
    use crate::split::stratified_folds;
    use crate::table::Table;

    #[test]
    fn few_rows_have_everything_that_a_fit_could_refuse() {
        let config = DataConfig::from_yaml(
            "data: { target: { column: y, classes: [a, b, c] }, features: [{ name: x, policy: { \
             missing: impute } }, { name: z, kind: category, levels: [i, j, k] }] }",
        );
        let config = config.unwrap();
        let mut text = "x,z,y\n".to_owned();
        for row in 0..30_000 {
            let x = if row == 17_003 { String::new() } else { (row * 7919 % 29_989).to_string() };
            let z = if row == 23_456 { "k" } else { ["i", "j"][row % 2] };
            let class = if row % 3000 == 0 { "c" } else { ["a", "b"][row / 2 % 2] };
            writeln!(text, "{x},{z},{class}").unwrap();
        }
        let table = Table::from_csv("t", text.as_bytes(), &config.table_format()).unwrap();
        let dataset = Dataset::from_table(&table, &config).unwrap();
        let folds = stratified_folds(dataset.classes(), 5, 1).unwrap();
        let reduced = Reduced::of(&dataset, &folds).unwrap();
        assert!(reduced.rows.len() <= MAX_ROWS + 10, "{}", reduced.rows.len());
        assert!(reduced.rows.is_sorted());
        let few = dataset.select(&reduced.rows);
        // Every row of the rare class, and the only row of a level and of a missing value.
        assert_eq!(few.classes().iter().filter(|class| **class == 2).count(), 10);
        assert!(reduced.rows.contains(&17_003) && reduced.rows.contains(&23_456));
        let bounds = |rows: &Dataset| {
            let values = rows.values().column(0).to_vec();
            let known = || values.iter().copied().filter(|value| !value.is_nan());
            (known().fold(f64::INFINITY, f64::min), known().fold(0.0, f64::max))
        };
        assert_eq!(bounds(&dataset), bounds(&few));
        let of_few = reduced.folds(&folds);
        assert_eq!(of_few.len(), 5);
        for (split, of_few) in folds.iter().zip(&of_few) {
            assert_eq!(of_few.train.len() + of_few.test.len(), few.n_rows());
            for (rows, positions) in [(&split.train, &of_few.train), (&split.test, &of_few.test)] {
                assert!(positions.iter().all(|at| rows.contains(&reduced.rows[*at])));
                for class in 0..3 {
                    assert!(positions.iter().any(|at| few.classes()[*at] == class));
                }
            }
        }
        assert!(Reduced::of(&few.select(&[0, 1, 2]), &folds).is_none());
    }
}
