//! Probabilities of the classes for many rows, member by member and for the vote.

use std::sync::Arc;

use ndarray::Array2;
use nomogram::{Model, Session};
use nomogram_describe::check_same_schema;

use crate::data::Dataset;
use crate::error::Error;

/// What each member and the vote say of many rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// The names of the members.
    pub names: Vec<String>,
    /// Of each member the probability of each class, shape `(n_rows, n_classes)`.
    pub members: Vec<Array2<f64>>,
    /// The margins of all members, one member after the other, shape `(n_rows, n_margins)`.
    pub margins: Array2<f64>,
    /// Of the ensemble the probability of each class, calibrated, shape `(n_rows, n_classes)`.
    pub vote: Array2<f64>,
}

impl Predictions {
    /// Predicts every row of `dataset`.
    ///
    /// # Errors
    ///
    /// `Model` when a row does not fit the model; `Data` when the model does not predict
    /// classes, or when the table has another schema: values go to the model by position.
    pub fn of(model: &Arc<Model>, dataset: &Dataset) -> Result<Self, Error> {
        let n_classes = model.schema().target().classes().len();
        if n_classes < 2 {
            return Err(Error::Data("the model predicts a number, expected classes".into()));
        }
        check_same_schema(model.schema(), dataset.schema())
            .map_err(|mismatch| Error::Data(mismatch.to_string()))?;
        let names: Vec<String> = model.member_names().map(str::to_owned).collect();
        let mut own = Self::empty(names, dataset.n_rows(), n_classes, model.n_margins());
        let mut session = Session::new(model.clone());
        let fill = |mut row: ndarray::ArrayViewMut1<'_, f64>, values: &[f64]| {
            row.iter_mut().zip(values).for_each(|(own, value)| *own = *value);
        };
        session.predict_each(dataset.values().view(), |row, prediction| {
            for (member, probabilities) in own.members.iter_mut().zip(prediction.members()) {
                fill(member.row_mut(row), probabilities);
            }
            fill(own.margins.row_mut(row), prediction.margins());
            fill(own.vote.row_mut(row), prediction.probabilities());
        })?;
        Ok(own)
    }

    /// The probability of class 1 of each row, by the vote.
    #[must_use]
    pub fn positive(&self) -> Vec<f64> {
        self.vote.column(1).to_vec()
    }

    /// Room for rows that are not yet predicted (NaN).
    fn empty(names: Vec<String>, n_rows: usize, n_classes: usize, n_margins: usize) -> Self {
        let room = |n_columns| Array2::from_elem((n_rows, n_columns), f64::NAN);
        let members = vec![room(n_classes); names.len()];
        Self { names, members, margins: room(n_margins), vote: room(n_classes) }
    }

    /// Those of all rows, from those of parts of them: the rows of each part, and what was
    /// predicted of them.
    pub(crate) fn gather(parts: &[(&[usize], Self)], n_rows: usize) -> Result<Self, Error> {
        let Some((_, first)) = parts.first() else {
            return Err(Error::Data("no part of the rows was predicted".into()));
        };
        let (n_classes, n_margins) = (first.vote.ncols(), first.margins.ncols());
        let mut all = Self::empty(first.names.clone(), n_rows, n_classes, n_margins);
        for (rows, part) in parts {
            let own = all.members.iter_mut().chain([&mut all.margins, &mut all.vote]);
            let of_part = part.members.iter().chain([&part.margins, &part.vote]);
            for (own, of_part) in own.zip(of_part) {
                if own.ncols() != of_part.ncols() {
                    return Err(Error::Data("members have other margins in other folds".into()));
                }
                for (row, values) in rows.iter().zip(of_part.rows()) {
                    own.row_mut(*row).assign(&values);
                }
            }
        }
        Ok(all)
    }

    /// Those of the rows at `indices`, in this order. Indices are below the number of rows.
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        let pick = |values: &Array2<f64>| values.select(ndarray::Axis(0), indices);
        Self {
            names: self.names.clone(),
            members: self.members.iter().map(pick).collect(),
            margins: pick(&self.margins),
            vote: pick(&self.vote),
        }
    }
}
