//! The rows that a member learns from.

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
    /// The feature that each input comes from, for settings and messages that name features; empty
    /// where inputs have no names.
    pub columns: &'a [Column],
}

impl<'a> TrainingRows<'a> {
    /// Rows of two classes, each of which counts 1, whose inputs have no names.
    #[must_use]
    pub fn binary(values: ArrayView2<'a, f64>, classes: &'a [usize]) -> Self {
        Self { values, classes, n_classes: 2, weights: None, columns: &[] }
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
        assert!(message(rows).starts_with("network: row 2: input 2 is missing; "));
        let column = |feature: &str| Column { feature: feature.into(), kind: ColumnKind::Number };
        let columns = [column("age"), column("dose")];
        let named = TrainingRows { columns: &columns, ..rows };
        assert!(message(named).starts_with("network: row 2: `dose` is missing; "));
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
