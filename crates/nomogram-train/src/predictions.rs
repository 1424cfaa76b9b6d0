//! Class probabilities of many rows, or numbers, for each member and for the ensemble.

use std::sync::Arc;

use ndarray::Array2;
use nomogram::{Model, Session};
use nomogram_describe::check_same_schema;

use crate::data::{Dataset, NumberRows};
use crate::error::Error;

/// Class probabilities of each member and of the ensemble, one row per input row.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    /// The names of the members.
    pub names: Vec<String>,
    /// The probability of each class by each member, each of shape `(n_rows, n_classes)`.
    pub members: Vec<Array2<f64>>,
    /// The margins of all members, member by member, shape `(n_rows, n_margins)`.
    pub margins: Array2<f64>,
    /// The probability of each class by the ensemble, calibrated, shape `(n_rows, n_classes)`.
    pub ensemble: Array2<f64>,
    /// The same before calibration, of predictions by several models that were calibrated apart, those
    /// of the folds: areas and curves rank rows by these, because different calibrators move rows of
    /// different folds past each other.
    pub uncalibrated: Option<Array2<f64>>,
}

impl Predictions {
    /// Predicts every row of `dataset`.
    ///
    /// # Errors
    ///
    /// `Model` when a row does not fit the model; `Data` when the model does not predict classes, or when
    /// a feature has another name, kind, levels or unit: values go to the model by position.
    pub fn of(model: &Arc<Model>, dataset: &Dataset) -> Result<Self, Error> {
        let n_classes = model.schema().target().classes().len();
        if n_classes < 2 {
            return Err(Error::Data("the model predicts a number, expected classes".into()));
        }
        check_same_schema(model.schema(), dataset.schema())
            .map_err(|mismatch| Error::Data(mismatch.to_string()))?;
        let names: Vec<String> = model.member_names().map(str::to_owned).collect();
        let mut predictions = Self::empty(names, dataset.n_rows(), n_classes, model.n_margins());
        let mut session = Session::new(model.clone());
        let fill = |mut row: ndarray::ArrayViewMut1<'_, f64>, values: &[f64]| {
            row.iter_mut().zip(values).for_each(|(to, from)| *to = *from);
        };
        let predicted = session.predict_each(dataset.values().view(), |row, prediction| {
            for (member, probabilities) in predictions.members.iter_mut().zip(prediction.members())
            {
                fill(member.row_mut(row), probabilities);
            }
            fill(predictions.margins.row_mut(row), prediction.margins());
            fill(predictions.ensemble.row_mut(row), prediction.probabilities());
        });
        predicted.map_err(|error| dataset.located(error.into(), model.schema()))?;
        Ok(predictions)
    }

    /// The probability of class 1 of each row, by the ensemble.
    #[must_use]
    pub fn positive(&self) -> Vec<f64> {
        self.ensemble.column(1).to_vec()
    }

    /// Refuses predictions that are not one row of one probability per class for each of these rows.
    pub(crate) fn check(&self, classes: &[usize], n_classes: usize) -> Result<(), Error> {
        let shape = (classes.len(), n_classes);
        let all = self.members.iter().chain([&self.ensemble]).chain(&self.uncalibrated);
        if let Some(other) = all.map(|values| values.dim()).find(|dim| *dim != shape) {
            return Err(Error::Data(format!(
                "predictions of {} rows and {} classes, expected {} rows and {n_classes} classes",
                other.0,
                other.1,
                classes.len()
            )));
        }
        match classes.iter().enumerate().find(|(_, class)| **class >= n_classes) {
            None => Ok(()),
            Some((row, class)) => {
                let detail = format!("class {class}, expected one below {n_classes}");
                Err(Error::Row { row, detail })
            }
        }
    }

    /// Rows that are not predicted yet: NaN.
    fn empty(names: Vec<String>, n_rows: usize, n_classes: usize, n_margins: usize) -> Self {
        let room = |n_columns| Array2::from_elem((n_rows, n_columns), f64::NAN);
        let members = vec![room(n_classes); names.len()];
        let (margins, ensemble) = (room(n_margins), room(n_classes));
        Self { names, members, margins, ensemble, uncalibrated: None }
    }

    /// Those of all `n_rows` rows, from those of folds: the rows of each fold, and their
    /// predictions. Rows in no fold are NaN; of a row in several, the last prediction is kept.
    pub(crate) fn gather(folds: &[(&[usize], Self)], n_rows: usize) -> Result<Self, Error> {
        let Some((_, first)) = folds.first() else {
            return Err(Error::Data("no folds to predict, expected at least 1".into()));
        };
        let (n_classes, n_margins) = (first.ensemble.ncols(), first.margins.ncols());
        let mut all = Self::empty(first.names.clone(), n_rows, n_classes, n_margins);
        if folds.iter().all(|(_, fold)| fold.uncalibrated.is_some()) {
            all.uncalibrated = Some(all.ensemble.clone());
        }
        for (rows, fold) in folds {
            let targets = all.members.iter_mut().chain([&mut all.margins, &mut all.ensemble]);
            let targets = targets.chain(&mut all.uncalibrated);
            let sources = fold.members.iter().chain([&fold.margins, &fold.ensemble]);
            let sources = sources.chain(&fold.uncalibrated);
            for (to, from) in targets.zip(sources) {
                if to.ncols() != from.ncols() {
                    return Err(Error::Data("members have other margins in other folds".into()));
                }
                for (row, values) in rows.iter().zip(from.rows()) {
                    to.row_mut(*row).assign(&values);
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
            ensemble: pick(&self.ensemble),
            uncalibrated: self.uncalibrated.as_ref().map(pick),
        }
    }
}

/// The numbers that a model predicts, one row per input row.
#[derive(Clone, Debug, PartialEq)]
pub struct NumberPredictions {
    /// The number of each member, shape `(n_rows, n_members)`.
    pub members: Array2<f64>,
    /// The number of the ensemble.
    pub ensemble: Vec<f64>,
}

impl NumberPredictions {
    /// Predicts every row.
    ///
    /// # Errors
    ///
    /// `Model` when a row does not fit the model.
    pub(crate) fn of(model: &Arc<Model>, rows: &NumberRows) -> Result<Self, Error> {
        let shape = (rows.n_rows(), model.member_names().len());
        let (mut members, mut ensemble) = (Array2::zeros(shape), vec![0.0; rows.n_rows()]);
        let mut session = Session::new(model.clone());
        let predicted = session.predict_each(rows.values().view(), |row, prediction| {
            let of_members = prediction.members().filter_map(|outputs| outputs.first());
            members.row_mut(row).iter_mut().zip(of_members).for_each(|(to, from)| *to = *from);
            if let (Some(to), Some(from)) = (ensemble.get_mut(row), prediction.outputs().first()) {
                *to = *from;
            }
        });
        predicted.map_err(|error| rows.feature_rows().located(error.into(), model.schema()))?;
        Ok(Self { members, ensemble })
    }
}
