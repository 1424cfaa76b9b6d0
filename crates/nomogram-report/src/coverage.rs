//! How often prediction sets hold the class, on rows that the uncertainty was not fitted to.

use std::sync::Arc;

use nomogram::{Model, Session, Verdict};
use nomogram_train::PredictedRows;
use serde::Serialize;

use crate::error::Error;

/// The prediction sets and verdicts of a set of rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SetCoverage {
    /// The name of the rows.
    pub rows: String,
    /// How many there are.
    pub n_rows: usize,
    /// One item per level of the bundle.
    pub levels: Vec<LevelCoverage>,
    /// How many rows have the verdict *predicted*.
    pub n_predicted: usize,
    /// How many of these have another class than the predicted one.
    pub n_wrong: usize,
    /// How many rows are referred as ambiguous.
    pub n_ambiguous: usize,
    /// How many rows are referred as unlike the training rows.
    pub n_unlike: usize,
}

/// The prediction sets of a level.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LevelCoverage {
    /// The share of sets that should hold the class at least.
    pub level: f64,
    /// How many sets have one class.
    pub n_single: usize,
    /// For each class, how many rows have it.
    pub n_of_class: Vec<usize>,
    /// For each class, how many of its rows have it in their set.
    pub n_covered: Vec<usize>,
}

impl SetCoverage {
    /// That of a set of rows; `None` for a bundle without prediction sets.
    ///
    /// # Errors
    ///
    /// `Training` when a row cannot be predicted.
    pub fn new(model: &Arc<Model>, rows: &PredictedRows<'_>) -> Result<Option<Self>, Error> {
        let Some(uncertainty) = model.uncertainty().filter(|u| u.n_p_values() > 0) else {
            return Ok(None);
        };
        let n_classes = uncertainty.n_p_values();
        let level = |level: &f64| LevelCoverage {
            level: *level,
            n_single: 0,
            n_of_class: vec![0; n_classes],
            n_covered: vec![0; n_classes],
        };
        let mut coverage = Self {
            rows: rows.name.to_owned(),
            n_rows: rows.dataset.n_rows(),
            levels: uncertainty.levels.iter().map(level).collect(),
            n_predicted: 0,
            n_wrong: 0,
            n_ambiguous: 0,
            n_unlike: 0,
        };
        let classes = rows.dataset.classes();
        let mut session = Session::new(Arc::clone(model));
        let predicted = session.predict_each(rows.dataset.values().view(), |row, prediction| {
            let Some((uncertain, class)) = prediction.uncertain().zip(classes.get(row)) else {
                return;
            };
            match uncertain.verdict() {
                Verdict::Predicted => {
                    coverage.n_predicted += 1;
                    coverage.n_wrong += usize::from(prediction.class() != Some(*class));
                }
                Verdict::Ambiguous => coverage.n_ambiguous += 1,
                Verdict::Unlike => coverage.n_unlike += 1,
            }
            for (position, of_level) in coverage.levels.iter_mut().enumerate() {
                of_level.add(uncertain.set(position), *class);
            }
        });
        predicted.map_err(|error| Error::Training(error.into()))?;
        Ok(Some(coverage))
    }
}

impl LevelCoverage {
    /// Counts a row of this class, of which `set` states whether each class is in its set.
    fn add(&mut self, set: impl Iterator<Item = bool>, class: usize) {
        let (mut n_in_set, mut is_covered) = (0, false);
        for (index, is_in_set) in set.enumerate() {
            n_in_set += usize::from(is_in_set);
            is_covered |= is_in_set && index == class;
        }
        self.n_single += usize::from(n_in_set == 1);
        if let Some(n) = self.n_of_class.get_mut(class) {
            *n += 1;
        }
        if let Some(n) = self.n_covered.get_mut(class) {
            *n += usize::from(is_covered);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_covers_a_row_if_it_holds_the_class() {
        let mut level =
            LevelCoverage { n_of_class: vec![0; 2], n_covered: vec![0; 2], ..Default::default() };
        level.add([true, false].into_iter(), 0);
        level.add([true, false].into_iter(), 1);
        level.add([true, true].into_iter(), 1);
        level.add([false, false].into_iter(), 0);
        assert_eq!(
            (level.n_single, level.n_of_class, level.n_covered),
            (2, vec![2, 2], vec![1, 1])
        );
    }
}
