//! The rows to assess: classes, probabilities, cutoffs and levels, as plain data.

use ndarray::ArrayView2;

use crate::error::Error;

/// Predictions of one set of rows, and what came true.
#[derive(Clone, Debug)]
pub struct EvaluatedRows<'a> {
    /// The name of this set of rows, for example `test rows`.
    pub name: &'a str,
    /// The class of each row.
    pub classes: &'a [usize],
    /// The name of each class.
    pub class_names: &'a [String],
    /// The predictions of each member.
    pub members: Vec<NamedProbabilities<'a>>,
    /// The probabilities of the ensemble, calibrated, of shape `(n_rows, n_classes)`.
    pub ensemble: ArrayView2<'a, f64>,
    /// The cutoffs of the model.
    pub cutoffs: Vec<NamedCutoff<'a>>,
    /// The features whose levels are assessed one by one.
    pub subgroups: Vec<FeatureLevels>,
}

/// The predictions of one member.
#[derive(Clone, Copy, Debug)]
pub struct NamedProbabilities<'a> {
    /// The name of the member.
    pub name: &'a str,
    /// Its probabilities, of shape `(n_rows, n_classes)`.
    pub probabilities: ArrayView2<'a, f64>,
}

/// A cutoff of the model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NamedCutoff<'a> {
    /// The name of the cutoff.
    pub name: &'a str,
    /// The class whose probability is compared.
    pub class: usize,
    /// Rows with at least this probability are positive.
    pub probability: f64,
}

/// The level of one feature in each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureLevels {
    /// The name of the feature.
    pub feature: String,
    /// One level per row.
    pub levels: Vec<String>,
}

impl EvaluatedRows<'_> {
    /// Refuses predictions that do not have one row per class and one column per class name.
    ///
    /// # Errors
    ///
    /// `Data`, with the name of the member.
    pub(super) fn check(&self) -> Result<(), Error> {
        let expected = (self.classes.len(), self.class_names.len());
        let members = self.members.iter().map(|member| (member.name, member.probabilities.dim()));
        for (name, (n_rows, n_classes)) in members.chain([("ensemble", self.ensemble.dim())]) {
            if (n_rows, n_classes) != expected || n_rows == 0 {
                return Err(Error::Data(format!(
                    "`{name}`: predictions of {n_rows} rows and {n_classes} classes, expected {} rows \
                     (at least 1) and {} classes",
                    expected.0, expected.1
                )));
            }
        }
        Ok(())
    }

    /// The probability of `class` in each row, by the ensemble; the class has a column.
    pub(super) fn probabilities_of(&self, class: usize) -> Vec<f64> {
        self.ensemble.column(class).to_vec()
    }
}
