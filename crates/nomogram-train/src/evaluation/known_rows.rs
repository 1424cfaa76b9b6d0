//! Rows of an evaluation that a model has learned from.
//!
//! A trained bundle keeps no rows and no hashes of rows, since a row of few values can be found from its hash:
//! only the digest of all training rows together. So single rows are compared with a table that the
//! caller names.

use std::collections::BTreeSet;

use nomogram::Manifest;

use super::warnings::Warning;
use crate::data::Dataset;
use crate::training::{RECALIBRATION_DATA, TrainingConfig};

/// Of rows that a bundle was recalibrated on.
pub(super) const FITTED_TO_THESE_ROWS: &str =
    "the calibrator or the uncertainty of the bundle was fitted to these rows";

/// What rows that a model is evaluated on have to do with the rows that it was fitted to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownRows {
    /// The number of rows that are training rows by the digest of the bundle.
    pub n_by_digest: usize,
    /// The number of rows with the same values of all features as a row of the training table, where
    /// one was named.
    pub n_by_values: Option<usize>,
    /// What a reader should know about it.
    pub warnings: Vec<Warning>,
}

/// A table, and which of its rows are evaluated.
#[derive(Clone, Copy, Debug)]
pub struct EvaluatedRows<'a> {
    /// All rows of the table.
    pub dataset: &'a Dataset,
    /// The positions of those that are evaluated.
    pub rows: &'a [usize],
    /// How the table is split into training and test rows.
    pub config: &'a TrainingConfig,
}

impl KnownRows {
    /// Compares the rows with the digests of a manifest and, where it is given, with the table that the
    /// model was trained on, by its name and its rows.
    #[must_use]
    pub fn new(
        evaluated: EvaluatedRows<'_>,
        manifest: &Manifest,
        training: Option<(&str, &Dataset)>,
    ) -> Self {
        let EvaluatedRows { dataset, rows, config } = evaluated;
        let mut known = Self::default();
        let n_rows = rows.len();
        let evaluated = dataset.select(rows);
        let all: Vec<usize> = (0..dataset.n_rows()).collect();
        if let Some(training_rows) = training_rows(config, dataset, &all, manifest) {
            let training_rows: BTreeSet<usize> = training_rows.into_iter().collect();
            known.n_by_digest = rows.iter().filter(|row| training_rows.contains(row)).count();
        } else if evaluated.digest() == manifest.training_data_digest {
            known.n_by_digest = n_rows;
        }
        match known.n_by_digest {
            0 => {}
            n if n == n_rows => known.warn(
                "these are the training rows of the bundle (the digests are equal), so the metrics \
                 are optimistic; evaluate other rows"
                    .into(),
            ),
            n => known.warn(format!(
                "{n} of {n_rows} rows are the training rows of the bundle (the digests are equal), so \
                 the metrics are optimistic; use --test to evaluate the test rows alone"
            )),
        }
        let recalibrated = manifest.notes.get(RECALIBRATION_DATA);
        if recalibrated.is_some_and(|digest| *digest == evaluated.digest().to_string()) {
            known.warn(FITTED_TO_THESE_ROWS.into());
        }
        if let Some((name, training)) = training {
            known.compare(&evaluated, name, training);
            let all: Vec<usize> = (0..training.n_rows()).collect();
            if training_rows(config, training, &all, manifest).is_none() {
                known.warn(format!(
                    "`{name}` is not the training data of the bundle: the digests differ"
                ));
            }
        }
        known
    }

    fn compare(&mut self, evaluated: &Dataset, name: &str, training: &Dataset) {
        let n = evaluated.n_rows_in(training);
        self.n_by_values = Some(n);
        if n > 0 && self.n_by_digest == 0 {
            let n_rows = evaluated.n_rows();
            self.warn(format!(
                "{n} of {n_rows} rows have the same values of all features as a row of `{name}`; with few \
                 features, rows of different patients can be equal"
            ));
        }
    }

    fn warn(&mut self, text: String) {
        self.warnings.push(Warning { about: "rows".into(), text });
    }

    /// Whether some rows were used to fit the model.
    #[must_use]
    pub fn has_training_rows(&self) -> bool {
        self.n_by_digest > 0
    }
}

/// The training rows of a bundle in a table: all rows, or those that the configuration trains on.
fn training_rows(
    config: &TrainingConfig,
    dataset: &Dataset,
    all: &[usize],
    manifest: &Manifest,
) -> Option<Vec<usize>> {
    let is_trained_on = |rows: &Dataset| rows.digest() == manifest.training_data_digest;
    if is_trained_on(dataset) {
        return Some(all.to_vec());
    }
    // Rows that cannot be split are not those that were.
    let train = config.partitions(dataset).ok()?.train;
    is_trained_on(&dataset.select(&train)).then_some(train)
}
