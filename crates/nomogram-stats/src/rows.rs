//! The rows that a statistic of an event is computed from.
//!
//! Every statistic has one formula, in which a row counts with its weight. Rows without weights count
//! 1 each, which rounds nothing: their sums are counts.

use std::collections::BTreeMap;

use crate::checks::{check, check_length, check_probabilities, check_weights};
use crate::count::number;
use crate::error::Error;

/// Outcomes of an event, its probabilities, and how much each row counts.
///
/// Holding one is the proof that there is at least one row, that all lists have one entry per row, that
/// probabilities are in `[0, 1]`, and that weights are positive and finite.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    outcomes: &'a [bool],
    probabilities: &'a [f64],
    weights: Option<&'a [f64]>,
    ranking: Option<&'a [f64]>,
    patients: Option<&'a [usize]>,
}

impl<'a> Rows<'a> {
    /// Rows that count 1 each. `outcomes` is true where the event came true.
    ///
    /// # Errors
    ///
    /// `Data` when there is no row, when the lengths differ, and when a number is not a probability.
    pub fn new(outcomes: &'a [bool], probabilities: &'a [f64]) -> Result<Self, Error> {
        check(outcomes, probabilities)?;
        Ok(Self { outcomes, probabilities, weights: None, ranking: None, patients: None })
    }

    /// The same rows with a weight for each; `None`: each counts 1.
    ///
    /// # Errors
    ///
    /// `Data` when there is not one weight per row, or one is not positive and finite.
    pub fn weighted(self, weights: Option<&'a [f64]>) -> Result<Self, Error> {
        weights.map_or(Ok(()), |weights| check_weights(weights, self.n_rows()))?;
        Ok(Self { weights, ..self })
    }

    /// The same rows, ranked by other probabilities than those that are compared with outcomes: areas
    /// and curves read these. For out-of-fold predictions, whose folds have different calibrators.
    ///
    /// # Errors
    ///
    /// `Data` when there is not one number per row, or one is not a probability.
    pub fn ranked_by(self, ranking: Option<&'a [f64]>) -> Result<Self, Error> {
        if let Some(ranking) = ranking {
            check_length("ranked probabilities", ranking.len(), self.n_rows())?;
            check_probabilities(ranking)?;
        }
        Ok(Self { ranking, ..self })
    }

    /// The same rows with the number of the patient of each: a bootstrap then draws patients.
    ///
    /// # Errors
    ///
    /// `Data` when there is not one patient per row.
    pub fn of_patients(self, patients: Option<&'a [usize]>) -> Result<Self, Error> {
        let check = |patients: &[usize]| check_length("patients", patients.len(), self.n_rows());
        patients.map_or(Ok(()), check)?;
        Ok(Self { patients, ..self })
    }

    /// Rows whose lists were checked.
    pub(crate) fn of_checked(
        outcomes: &'a [bool],
        probabilities: &'a [f64],
        weights: Option<&'a [f64]>,
        ranking: Option<&'a [f64]>,
    ) -> Self {
        Self { outcomes, probabilities, weights, ranking, patients: None }
    }

    /// Whether the event came true, for each row.
    #[must_use]
    pub fn outcomes(&self) -> &'a [bool] {
        self.outcomes
    }

    /// The probability of the event, for each row.
    #[must_use]
    pub fn probabilities(&self) -> &'a [f64] {
        self.probabilities
    }

    /// The weight of each row; `None` where each counts 1.
    #[must_use]
    pub fn weights(&self) -> Option<&'a [f64]> {
        self.weights
    }

    /// The number of the patient of each row, where patients are known.
    #[must_use]
    pub fn patients(&self) -> Option<&'a [usize]> {
        self.patients
    }

    /// The number of rows.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.outcomes.len()
    }

    /// The numbers of positive and of negative rows.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let n_positive = self.outcomes.iter().filter(|outcome| **outcome).count();
        (n_positive, self.n_rows() - n_positive)
    }

    /// The numbers of positive and of negative rows; refuses rows of one class.
    pub(crate) fn counts_of_both(&self) -> Result<(usize, usize), Error> {
        let (n_positive, n_negative) = self.counts();
        if n_positive == 0 || n_negative == 0 {
            return Err(Error::Data(format!(
                "{n_positive} positive and {n_negative} negative rows, expected at least 1 of each"
            )));
        }
        Ok((n_positive, n_negative))
    }

    /// Whether rows are ranked by other probabilities than their own.
    pub(crate) fn is_ranked_apart(&self) -> bool {
        self.ranking.is_some()
    }

    /// The probabilities that rows are ranked by.
    pub(crate) fn ranking(&self) -> &'a [f64] {
        self.ranking.unwrap_or(self.probabilities)
    }

    /// The same rows with the probabilities that they are ranked by.
    pub(crate) fn ranked(self) -> Self {
        Self { probabilities: self.ranking(), ranking: None, ..self }
    }

    /// The same rows with other probabilities, which the caller has checked.
    pub(crate) fn with_probabilities<'b>(self, probabilities: &'b [f64]) -> Rows<'b>
    where
        'a: 'b,
    {
        Rows { probabilities, ..self }
    }

    /// The weight of each row, in their order.
    pub(crate) fn each_weight(self) -> impl Iterator<Item = f64> + Clone + 'a {
        (0..self.n_rows()).map(move |row| self.weight(row))
    }

    /// Outcome, probability and weight of each row, in their order.
    pub(crate) fn each(self) -> impl Iterator<Item = (bool, f64, f64)> + Clone + 'a {
        let rows = self.outcomes.iter().zip(self.probabilities).zip(self.each_weight());
        rows.map(|((outcome, probability), weight)| (*outcome, *probability, weight))
    }

    /// The sums of the weights of positive and of negative rows.
    pub(crate) fn sums(self) -> (f64, f64) {
        self.each().fold((0.0, 0.0), |(positive, negative), (outcome, _, weight)| {
            if outcome { (positive + weight, negative) } else { (positive, negative + weight) }
        })
    }

    /// The sum of all weights.
    pub(crate) fn total(self) -> f64 {
        self.each_weight().fold(0.0, |sum, weight| sum + weight)
    }

    /// The rows at `indices`, in this order; a row that does not exist is left out.
    pub(crate) fn select(&self, indices: &[usize]) -> SelectedRows {
        SelectedRows {
            outcomes: select(self.outcomes, indices),
            probabilities: select(self.probabilities, indices),
            weights: self.weights.map(|weights| select(weights, indices)),
            ranking: self.ranking.map(|ranking| select(ranking, indices)),
        }
    }

    fn weight(self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights.get(row).copied().unwrap_or(f64::NAN))
    }
}

/// Some of the rows, or all of them several times.
pub(crate) struct SelectedRows {
    outcomes: Vec<bool>,
    probabilities: Vec<f64>,
    weights: Option<Vec<f64>>,
    ranking: Option<Vec<f64>>,
}

impl SelectedRows {
    pub(crate) fn rows(&self) -> Rows<'_> {
        let Self { outcomes, probabilities, weights, ranking } = self;
        Rows::of_checked(outcomes, probabilities, weights.as_deref(), ranking.as_deref())
    }
}

/// The number of each row's patient, for [`Rows::of_patients`]: patients are numbered in the order in
/// which they first appear, so that their names decide nothing.
#[must_use]
pub fn numbered_patients(names: &[String]) -> Vec<usize> {
    let mut numbers = BTreeMap::new();
    let number = |name| {
        let next = numbers.len();
        *numbers.entry(name).or_insert(next)
    };
    names.iter().map(number).collect()
}

/// 1 for a positive row, 0 for a negative one.
pub(crate) fn indicator(outcome: bool) -> f64 {
    if outcome { 1.0 } else { 0.0 }
}

/// The mean of at least one number.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / number(values.len())
}

/// The values at `rows`, in this order; a row that does not exist is left out.
pub(crate) fn select<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().filter_map(|row| values.get(*row).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_do_not_have_one_entry_per_row_are_refused() {
        let rows = Rows::new(&[true, false], &[0.5, 0.1]).unwrap();
        let refused = |result: Result<Rows<'_>, Error>, expected: &str| {
            assert_eq!(result.unwrap_err().to_string(), expected);
        };
        refused(rows.weighted(Some(&[1.0])), "1 weights for 2 rows, expected one each");
        refused(rows.of_patients(Some(&[0])), "1 patients for 2 rows, expected one each");
        let ranked = "1 ranked probabilities for 2 rows, expected one each";
        refused(rows.ranked_by(Some(&[0.5])), ranked);
        assert!(rows.ranked_by(Some(&[0.5, 2.0])).is_err());
    }

    #[test]
    fn patients_are_numbered_as_they_appear() {
        let names = ["b", "a", "b", "c"].map(str::to_owned);
        assert_eq!(numbered_patients(&names), [0, 1, 0, 2]);
    }

    #[test]
    fn sums_of_weights_are_counts_where_there_are_none() {
        let rows = Rows::new(&[true, false, true], &[0.5, 0.1, 0.2]).unwrap();
        assert_eq!((rows.sums(), rows.total()), ((2.0, 1.0), 3.0));
        let rows = rows.weighted(Some(&[0.5, 4.0, 2.0])).unwrap();
        assert_eq!((rows.sums(), rows.total()), ((2.5, 4.0), 6.5));
        let selected = rows.select(&[1, 1, 2, 9]);
        assert_eq!((selected.rows().sums(), selected.rows().n_rows()), ((2.0, 8.0), 3));
    }
}
