//! The rows of a table for training, for calibration and for testing.

use std::collections::BTreeMap;

use super::Split;
use super::checks::require_classes;
use crate::data::{Dataset, Partition};
use crate::error::Error;

/// The rows of each partition of a table, in the order of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Partitions {
    /// To train on.
    pub train: Vec<usize>,
    /// To fit calibrators and to choose cutoffs; empty unless the table names them.
    pub calibration: Vec<usize>,
    /// For the final evaluation alone.
    pub test: Vec<usize>,
}

impl Partitions {
    /// All rows to train on.
    #[must_use]
    pub fn without_test(n_rows: usize) -> Self {
        Self { train: (0..n_rows).collect(), ..Self::default() }
    }

    /// The partitions that the column `split` of the data names.
    ///
    /// # Errors
    ///
    /// `Data` when there is no such column, when the training or the test partition has no row of a
    /// class, or when several partitions have rows of one patient.
    pub fn of_column(dataset: &Dataset) -> Result<Self, Error> {
        let named = require_column(dataset.partitions(), "split", "a given split")?;
        let mut partitions = Self::default();
        for (row, partition) in named.iter().enumerate() {
            match partition {
                Partition::Train => partitions.train.push(row),
                Partition::Calibration => partitions.calibration.push(row),
                Partition::Test => partitions.test.push(row),
            }
        }
        require_classes(&partitions.train, dataset.classes(), "the training partition")?;
        require_classes(&partitions.test, dataset.classes(), "the test partition")?;
        partitions.refuse_shared_patients(dataset)?;
        Ok(partitions)
    }

    pub(super) fn refuse_shared_patients(&self, dataset: &Dataset) -> Result<(), Error> {
        let partitions = [
            ("the training partition", self.train.as_slice()),
            ("the calibration partition", self.calibration.as_slice()),
            ("the test partition", self.test.as_slice()),
        ];
        refuse_shared(&partitions, dataset)
    }
}

/// Refuses folds that hold out a row of a patient and fit to another.
pub(super) fn refuse_shared_patients(folds: &[Split], dataset: &Dataset) -> Result<(), Error> {
    folds.iter().try_for_each(|Split { train, test }| {
        let sets = [("the training rows", train.as_slice()), ("the held-out rows", test)];
        refuse_shared(&sets, dataset)
    })
}

/// Refuses patients, where the data name them, with rows in several of these sets.
fn refuse_shared(sets: &[(&str, &[usize])], dataset: &Dataset) -> Result<(), Error> {
    let Some(patients) = dataset.patients() else { return Ok(()) };
    let mut set_of = BTreeMap::new();
    for (set, rows) in sets {
        for patient in rows.iter().filter_map(|row| patients.get(*row)) {
            let earlier = *set_of.entry(patient).or_insert(*set);
            if earlier != *set {
                return Err(Error::Data(format!(
                    "patient `{patient}` would have rows both in {earlier} and in {set}; split by \
                     patient"
                )));
            }
        }
    }
    Ok(())
}

/// A column of the data that `purpose` needs, and the key that names it.
pub(super) fn require_column<'a, T: ?Sized>(
    column: Option<&'a T>,
    key: &str,
    purpose: &str,
) -> Result<&'a T, Error> {
    column.ok_or_else(|| {
        Error::Data(format!("{purpose} needs a column, name it as `{key}` under `data`"))
    })
}
