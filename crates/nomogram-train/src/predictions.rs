//! Probabilities of the positive class for many rows, member by member and for the vote.

use std::sync::Arc;

use nomogram::{Model, Session};

use crate::dataset::Dataset;
use crate::error::Error;

/// Probabilities of class 1, of each member and of the vote.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// The names of the members.
    pub names: Vec<String>,
    /// Of each member, one probability per row.
    pub members: Vec<Vec<f64>>,
    /// Of the vote, one probability per row.
    pub vote: Vec<f64>,
}

impl Predictions {
    /// Predicts every row of `dataset`.
    ///
    /// # Errors
    ///
    /// `Model` when a row does not fit the model; `Data` when the model has not two classes.
    #[allow(clippy::indexing_slicing, reason = "the model has two classes")]
    pub fn of(model: &Arc<Model>, dataset: &Dataset) -> Result<Self, Error> {
        let n_classes = model.schema().target().classes().len();
        if n_classes != 2 {
            return Err(Error::Data(format!("the model has {n_classes} classes, expected 2")));
        }
        let names = model.member_names().map(str::to_owned).collect();
        let mut predictions = Self::empty(names, dataset.n_rows());
        let mut session = Session::new(model.clone());
        session.predict_each(dataset.values().view(), |row, prediction| {
            for (member, probabilities) in predictions.members.iter_mut().zip(prediction.members())
            {
                member[row] = probabilities[1];
            }
            predictions.vote[row] = prediction.probabilities()[1];
        })?;
        Ok(predictions)
    }

    /// Room for `n_rows` rows that are not yet predicted (NaN).
    pub(crate) fn empty(names: Vec<String>, n_rows: usize) -> Self {
        let members = vec![vec![f64::NAN; n_rows]; names.len()];
        Self { names, members, vote: vec![f64::NAN; n_rows] }
    }

    /// Puts the predictions of some rows in their places.
    #[allow(clippy::indexing_slicing, reason = "rows are below the number of rows")]
    pub(crate) fn place(&mut self, rows: &[usize], of_rows: &Self) {
        let own = self.members.iter_mut().chain([&mut self.vote]);
        for (own, of_rows) in own.zip(of_rows.members.iter().chain([&of_rows.vote])) {
            for (row, probability) in rows.iter().zip(of_rows) {
                own[*row] = *probability;
            }
        }
    }
}
