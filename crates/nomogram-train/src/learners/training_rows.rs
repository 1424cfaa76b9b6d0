//! The rows that a member learns from.

use std::collections::BTreeSet;

use ndarray::ArrayView2;

use super::class_weight::ClassWeight;
use crate::count::number;
use crate::error::Error;
use crate::steps::Column;

/// What a member learns from.
#[derive(Clone, Copy, Debug)]
pub struct TrainingRows<'a> {
    /// The encoded rows, shape `(n_rows, n_inputs)`, finite; NaN is missing, for learners that
    /// document that they take it.
    pub values: ArrayView2<'a, f64>,
    /// The class of each row, below `n_classes`; each class has a row.
    pub classes: &'a [usize],
    /// How many classes there are, 2 or more.
    pub n_classes: usize,
    /// How much each row counts, positive; nothing where all count 1.
    pub weights: Option<&'a [f64]>,
    /// The number of the group of each row: rows of a group, such as those of a patient or the copies of
    /// one row, are on the same side of every split that a learner makes. Nothing where each row is on
    /// its own.
    pub groups: Option<&'a [usize]>,
    /// The feature that each input comes from, for settings and messages that name features; empty
    /// where inputs have no names.
    pub columns: &'a [Column],
}

impl<'a> TrainingRows<'a> {
    /// Rows of two classes, each of which counts 1, whose inputs have no names.
    #[must_use]
    pub fn binary(values: ArrayView2<'a, f64>, classes: &'a [usize]) -> Self {
        Self { values, classes, n_classes: 2, weights: None, groups: None, columns: &[] }
    }

    /// Refuses rows that no learner can fit to, so that a fit relies on what each field promises.
    pub(super) fn check(&self) -> Result<(), Error> {
        let n_rows = self.classes.len();
        let lens = [
            ("rows of values", self.values.nrows()),
            ("weights", self.weights.map_or(n_rows, <[f64]>::len)),
            ("groups", self.groups.map_or(n_rows, <[usize]>::len)),
        ];
        if let Some((what, len)) = lens.into_iter().find(|(_, len)| *len != n_rows) {
            let detail = format!("{len} {what} for {n_rows} class labels, expected one for each");
            return Err(Error::Data(detail));
        }
        let n_inputs = self.n_inputs();
        if n_inputs == 0 || !(self.columns.is_empty() || self.columns.len() == n_inputs) {
            let n_columns = self.columns.len();
            return Err(Error::Data(format!(
                "{n_inputs} inputs and {n_columns} columns, expected at least 1 input, and a column for each \
                 or none"
            )));
        }
        let largest = self.classes.iter().max().map_or(0, |class| class + 1);
        let n_present = self.classes.iter().collect::<BTreeSet<_>>().len();
        if self.n_classes < 2 || largest > self.n_classes || n_present < self.n_classes {
            return Err(Error::Data(format!(
                "rows of {n_present} classes, expected at least 1 row of each of {} classes, and at least \
                 2 classes",
                self.n_classes
            )));
        }
        let is_weight = |weight: &f64| *weight > 0.0 && weight.is_finite();
        let weights = self.weights.unwrap_or_default();
        if let Some(row) = weights.iter().position(|weight| !is_weight(weight)) {
            return Err(Error::Data(format!("row {}: a weight that is not positive", row + 1)));
        }
        match self.values.indexed_iter().find(|(_, value)| value.is_infinite()) {
            None => Ok(()),
            Some(((row, input), _)) => Err(Error::Data(format!(
                "row {}: {} is infinite, expected a finite number",
                row + 1,
                self.input_name(input)
            ))),
        }
    }

    /// The name of an input in messages: that of its feature, or its number, counted from 1.
    pub(super) fn input_name(&self, input: usize) -> String {
        match self.columns.get(input) {
            Some(column) => format!("`{}`", column.feature),
            None => format!("input {}", input + 1),
        }
    }

    pub(super) fn refuse_missing(&self, learner: &str) -> Result<(), Error> {
        match self.values.indexed_iter().find(|(_, value)| value.is_nan()) {
            None => Ok(()),
            Some(((row, input), _)) => {
                let input = self.input_name(input);
                let detail =
                    format!("{learner}: {input} is missing; an input such as `scaled` imputes it");
                Err(Error::Row { row, detail })
            }
        }
    }

    /// The values row by row, each row contiguous.
    pub(super) fn row_major(&self) -> Vec<f64> {
        self.values.iter().copied().collect()
    }

    pub(super) fn n_rows(&self) -> usize {
        self.classes.len()
    }

    pub(super) fn n_inputs(&self) -> usize {
        self.values.ncols()
    }

    /// The number of margins: one for two classes, else one for each class.
    pub(super) fn n_margins(&self) -> usize {
        if self.n_classes == 2 { 1 } else { self.n_classes }
    }

    /// The weight of each row, 1 where there are none.
    pub(super) fn row_weights(&self) -> Vec<f64> {
        self.weights.map_or_else(|| vec![1.0; self.n_rows()], <[f64]>::to_vec)
    }

    /// How much each row counts, by its weight and by its class.
    #[allow(clippy::indexing_slicing, reason = "classes are below `n_classes`")]
    pub(super) fn weights_by(&self, class_weight: ClassWeight) -> Vec<f64> {
        let mut weights = self.row_weights();
        match class_weight {
            ClassWeight::Equal => {}
            ClassWeight::Balanced => {
                let mut by_class = vec![0.0; self.n_classes];
                for (class, weight) in self.classes.iter().zip(&weights) {
                    by_class[*class] += weight;
                }
                let total = by_class.iter().fold(0.0, |sum, weight| sum + weight);
                for (class, weight) in self.classes.iter().zip(&mut weights) {
                    *weight *= total / (number(self.n_classes) * by_class[*class]);
                }
            }
        }
        weights
    }

    /// The class of each row of two classes as the number that log loss compares with.
    pub(super) fn targets(&self) -> Vec<f64> {
        self.classes.iter().map(|class| if *class == 1 { 1.0 } else { 0.0 }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::ColumnKind;
    use ndarray::array;

    #[test]
    fn a_missing_value_is_named_by_its_feature_or_its_number() {
        let values = array![[0.0, 1.0], [1.0, f64::NAN]];
        let rows = TrainingRows::binary(values.view(), &[0, 1]);
        let message =
            |rows: TrainingRows<'_>| rows.refuse_missing("network").unwrap_err().to_string();
        assert!(message(rows).starts_with("row 2: network: input 2 is missing; "));
        let column = |feature: &str| Column { feature: feature.into(), kind: ColumnKind::Number };
        let columns = [column("age"), column("dose")];
        let named = TrainingRows { columns: &columns, ..rows };
        assert!(message(named).starts_with("row 2: network: `dose` is missing; "));
    }

    #[test]
    fn rows_that_break_a_promise_are_refused() {
        let values = array![[0.0, 1.0], [1.0, 2.0], [2.0, 1.0]];
        let rows = TrainingRows::binary(values.view(), &[0, 1, 1]);
        assert!(rows.check().is_ok());
        let infinite = array![[0.0, 1.0], [1.0, 2.0], [2.0, f64::INFINITY]];
        let none = ndarray::Array2::zeros((3, 0));
        let cases = [
            (
                TrainingRows { classes: &[0, 1], ..rows },
                "3 rows of values for 2 class labels, expected one",
            ),
            (
                TrainingRows { weights: Some(&[1.0]), ..rows },
                "1 weights for 3 class labels, expected one",
            ),
            (
                TrainingRows { groups: Some(&[]), ..rows },
                "0 groups for 3 class labels, expected one",
            ),
            (
                TrainingRows { values: none.view(), ..rows },
                "0 inputs and 0 columns, expected at least",
            ),
            (
                TrainingRows { n_classes: 3, ..rows },
                "rows of 2 classes, expected at least 1 row of each",
            ),
            (
                TrainingRows { classes: &[0, 2, 1], ..rows },
                "rows of 3 classes, expected at least 1 row",
            ),
            (
                TrainingRows { classes: &[0, 0, 0], n_classes: 1, ..rows },
                "rows of 1 classes, expected",
            ),
            (
                TrainingRows { weights: Some(&[1.0, 0.0, 1.0]), ..rows },
                "row 2: a weight that is not",
            ),
            (
                TrainingRows { values: infinite.view(), ..rows },
                "row 3: input 2 is infinite, expected",
            ),
        ];
        for (rows, message) in cases {
            let error = rows.check().unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn balanced_classes_have_equal_sums_of_weights() {
        let values = array![[0.0], [0.0], [0.0], [0.0]];
        let rows = TrainingRows::binary(values.view(), &[0, 0, 0, 1]);
        assert_eq!(rows.weights_by(ClassWeight::Equal), [1.0; 4]);
        let weights = rows.weights_by(ClassWeight::Balanced);
        assert!((weights[0] - 2.0 / 3.0).abs() < 1e-15 && weights[3] == 2.0, "{weights:?}");
    }
}
