//! The rows to assess: classes, probabilities, cutoffs and levels, as plain data.

use ndarray::ArrayView2;

use crate::checks::check_length;
use crate::class_rows::ClassRows;
use crate::error::Error;
use crate::rows::numbered_patients;

/// Predictions of one set of rows, and what came true.
#[derive(Clone, Debug)]
pub struct EvaluatedRows<'a> {
    /// The name of this set of rows, for example `test rows`.
    pub name: &'a str,
    /// The class of each row.
    pub classes: &'a [usize],
    /// How much each row counts, positive; `None`: each counts 1.
    pub weights: Option<&'a [f64]>,
    /// The patient of each row, where rows of one patient are not independent.
    pub patients: Option<&'a [String]>,
    /// The name of each class.
    pub class_names: &'a [String],
    /// The predictions of each member.
    pub members: Vec<NamedProbabilities<'a>>,
    /// The probabilities of the ensemble, calibrated, of shape `(n_rows, n_classes)`.
    pub ensemble: ArrayView2<'a, f64>,
    /// The probabilities of the ensemble before calibration, where different rows were calibrated by
    /// different calibrators, as those of different folds: areas and curves rank rows by these.
    pub uncalibrated: Option<ArrayView2<'a, f64>>,
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
    /// The names of its levels, in the order of the results.
    pub names: Vec<String>,
    /// The place of each row's level among the names; `None` where the row has no value.
    pub level_of_row: Vec<Option<usize>>,
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
        self.patients
            .map_or(Ok(()), |patients| check_length("patients", patients.len(), self.classes.len()))
    }

    /// The rows with the probabilities of the ensemble.
    pub(super) fn of_ensemble(&self) -> Result<ClassRows<'_>, Error> {
        let rows = ClassRows::new(self.classes, self.ensemble)?;
        rows.weighted(self.weights)?.ranked_by(self.uncalibrated)
    }

    /// The number of the patient of each row.
    pub(super) fn numbered_patients(&self) -> Option<Vec<usize>> {
        self.patients.map(numbered_patients)
    }
}
