//! Rows that a calibrator is fitted to.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::{Array2, ArrayView2, Axis};
use nomogram_stats::effective_n;

use crate::data::Dataset;
use crate::error::Error;
use crate::split::{Split, grouped_folds, stratified_folds};

/// Probabilities of rows, what came true, and how much each row counts.
#[derive(Clone, Copy, Debug)]
pub struct CalibrationRows<'a> {
    /// The probability of each class, shape `(n_rows, n_classes)`.
    pub probabilities: ArrayView2<'a, f64>,
    /// The class of each row.
    pub classes: &'a [usize],
    /// How much each row counts, positive; nothing where all count 1.
    pub weights: Option<&'a [f64]>,
    /// The patient of each row, or the name of the row: where a kind of calibrator is chosen, rows with
    /// the same one are on the same side. Nothing where all rows are independent.
    pub groups: Option<&'a [String]>,
}

impl<'a> CalibrationRows<'a> {
    /// Independent rows that count 1 each.
    #[must_use]
    pub fn new(probabilities: ArrayView2<'a, f64>, classes: &'a [usize]) -> Self {
        Self { probabilities, classes, weights: None, groups: None }
    }

    /// The rows of a dataset, with its weights, and grouped by its patients. Without patients, copies of
    /// a row, as a bootstrap draws them, are one group.
    #[must_use]
    pub fn of(dataset: &'a Dataset, probabilities: ArrayView2<'a, f64>) -> Self {
        Self {
            weights: dataset.weights(),
            groups: Some(dataset.patients().unwrap_or(dataset.row_ids())),
            ..Self::new(probabilities, dataset.classes())
        }
    }

    /// Refuses rows that do not fit each other.
    pub(super) fn check(&self) -> Result<(), Error> {
        let (n_rows, n_columns) = self.probabilities.dim();
        let n_classes = self.classes.len();
        let refused = |detail: String| Err(Error::Data(format!("calibration: {detail}")));
        if n_rows != n_classes {
            return refused(format!(
                "{n_rows} rows with {n_classes} class labels, expected one each"
            ));
        }
        if n_rows == 0 || n_columns < 2 {
            return refused(format!(
                "{n_rows} rows of {n_columns} columns, expected at least 1 row and 2 columns"
            ));
        }
        let is_probability = |p: &f64| (0.0..=1.0).contains(p);
        let mut probabilities = self.probabilities.indexed_iter();
        if let Some(((row, _), p)) = probabilities.find(|(_, p)| !is_probability(p)) {
            return refused(format!("row {}: probability {p}, expected 0 to 1", row + 1));
        }
        let weights = self.weights.map(|weights| ("weights", weights.len()));
        let groups = self.groups.map(|groups| ("groups", groups.len()));
        let mut lengths = weights.into_iter().chain(groups);
        if let Some((what, n)) = lengths.find(|(_, n)| *n != n_rows) {
            return refused(format!("{n_rows} rows with {n} {what}, expected one each"));
        }
        match self.classes.iter().enumerate().find(|(_, class)| **class >= n_columns) {
            None => Ok(()),
            Some((row, class)) => refused(format!(
                "row {}: class {class}, expected below {n_columns}, the number of columns",
                row + 1
            )),
        }
    }

    /// The weight of each row, 1 where there are none.
    pub(super) fn row_weights(&self) -> Vec<f64> {
        self.weights.map_or_else(|| vec![1.0; self.classes.len()], <[f64]>::to_vec)
    }

    /// Stratified folds that keep groups together.
    pub(super) fn folds(&self, n_folds: usize, seed: u64) -> Result<Vec<Split>, Error> {
        match self.groups.filter(|groups| is_repeated(groups)) {
            Some(groups) => grouped_folds(self.classes, groups, n_folds, seed),
            None => stratified_folds(self.classes, n_folds, seed),
        }
    }

    /// The effective number of rows of the smallest class, and of all rows: of the weights of groups,
    /// which are the numbers of rows or of groups where weights are equal.
    pub(super) fn n_effective(&self) -> (f64, f64) {
        let weights = self.row_weights();
        let of = |class: Option<usize>| {
            let mut by_group: BTreeMap<(Option<&String>, usize), f64> = BTreeMap::new();
            for (row, (of_row, weight)) in self.classes.iter().zip(&weights).enumerate() {
                if class.is_none_or(|class| class == *of_row) {
                    let group = self.groups.and_then(|groups| groups.get(row));
                    // Rows without a group are one each.
                    let key = (group, if group.is_none() { row } else { 0 });
                    *by_group.entry(key).or_default() += weight;
                }
            }
            if by_group.is_empty() { 0.0 } else { effective_n(by_group.into_values()) }
        };
        let classes = 0..self.probabilities.ncols();
        (classes.map(|class| of(Some(class))).fold(f64::INFINITY, f64::min), of(None))
    }

    /// The rows at `indices`, in this order, as their own.
    pub(super) fn select(&self, indices: &[usize]) -> SelectedRows {
        let pick = |values: &[f64]| -> Vec<f64> {
            indices.iter().filter_map(|row| values.get(*row)).copied().collect()
        };
        let classes = indices.iter().filter_map(|row| self.classes.get(*row)).copied();
        SelectedRows {
            probabilities: self.probabilities.select(Axis(0), indices),
            classes: classes.collect(),
            weights: self.weights.map(pick),
        }
    }
}

/// Some rows, without their groups.
pub(super) struct SelectedRows {
    probabilities: Array2<f64>,
    classes: Vec<usize>,
    weights: Option<Vec<f64>>,
}

impl SelectedRows {
    pub(super) fn rows(&self) -> CalibrationRows<'_> {
        CalibrationRows {
            weights: self.weights.as_deref(),
            ..CalibrationRows::new(self.probabilities.view(), &self.classes)
        }
    }
}

fn is_repeated(groups: &[String]) -> bool {
    groups.iter().collect::<BTreeSet<_>>().len() < groups.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_of_a_row_are_on_one_side_and_count_once() {
        let classes: Vec<usize> = (0..120).map(|row| row / 3 % 2).collect();
        let groups: Vec<String> = (0..120).map(|row| format!("row {}", row / 3)).collect();
        let probabilities = Array2::from_elem((120, 2), 0.5);
        let rows = CalibrationRows::new(probabilities.view(), &classes);
        assert_eq!(rows.n_effective(), (60.0, 120.0));
        let rows = CalibrationRows { groups: Some(&groups), ..rows };
        assert_eq!(rows.n_effective(), (20.0, 40.0));
        for fold in rows.folds(10, 1).unwrap() {
            let of = |indices: &[usize]| -> BTreeSet<usize> {
                indices.iter().map(|row| row / 3).collect()
            };
            assert!(of(&fold.train).is_disjoint(&of(&fold.test)));
        }
        let weights: Vec<f64> = (0..120).map(|row| if row < 60 { 3.0 } else { 1.0 }).collect();
        let weighted = CalibrationRows { weights: Some(&weights), ..rows };
        assert!((weighted.n_effective().0 - 16.0).abs() < 1e-12, "{:?}", weighted.n_effective());
    }

    #[test]
    fn rows_without_copies_have_the_folds_of_independent_rows() {
        let classes: Vec<usize> = (0..60).map(|row| row % 2).collect();
        let names: Vec<String> = (0..60).map(|row| row.to_string()).collect();
        let probabilities = Array2::from_elem((60, 2), 0.5);
        let rows = CalibrationRows::new(probabilities.view(), &classes);
        let named = CalibrationRows { groups: Some(&names), ..rows };
        assert_eq!(named.folds(10, 3).unwrap(), rows.folds(10, 3).unwrap());
    }

    #[test]
    fn lists_of_other_lengths_are_refused() {
        let probabilities = Array2::from_elem((2, 2), 0.5);
        let rows = CalibrationRows::new(probabilities.view(), &[0, 1]);
        let error = CalibrationRows { weights: Some(&[1.0]), ..rows }.check().unwrap_err();
        let expected = "calibration: 2 rows with 1 weights, expected one each";
        assert_eq!(error.to_string(), expected);
    }
}
