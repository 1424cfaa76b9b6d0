//! The loss of models that are fitted to fewer rows: how much more rows would help.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::count::number;
use crate::data::Dataset;
use crate::error::Error;
use crate::split::Split;
use crate::training::{TrainingConfig, cross_validate};
use nomogram_stats::metrics::log_loss;
use nomogram_stats::random::Random;

/// Stream of random numbers of this module.
const SHARES: u64 = 0x6c65_6172;

/// The loss of models that were fitted to a share of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LearningPoint {
    /// The number of rows that each was fitted to: the mean over the folds, rounded.
    pub n_rows: usize,
    /// The mean log loss on the held-out rows of all folds.
    pub log_loss: f64,
}

/// For each share, the loss of models that are fitted to that share of the training rows of each fold,
/// drawn class by class. A larger share contains the rows of a smaller one.
///
/// # Errors
///
/// As [`cross_validate`].
pub fn learning_curve(
    config: &TrainingConfig,
    dataset: &Dataset,
    shares: &[f64],
) -> Result<Vec<LearningPoint>, Error> {
    let folds = config.folds(dataset, config.seed)?;
    let point = |share: &f64| {
        let smaller = folds.iter().enumerate().map(|(fold, split)| {
            let train = first_of_each_class(dataset, split, *share, config.seed, fold as u64);
            Split { train, test: split.test.clone() }
        });
        let smaller: Vec<Split> = smaller.collect();
        let nobody = &mut |_: usize, _: usize, _: &str| {};
        let predictions = cross_validate(config, dataset, &smaller, nobody)?;
        let held_out: Vec<usize> = folds.iter().flat_map(|split| &split.test).copied().collect();
        let rows = dataset.select(&held_out);
        let n_rows: usize = smaller.iter().map(|split| split.train.len()).sum();
        Ok(LearningPoint {
            n_rows: (n_rows + folds.len() / 2) / folds.len(),
            log_loss: log_loss(
                &predictions.select(&held_out).ensemble,
                rows.classes(),
                rows.weights(),
            ),
        })
    };
    shares.iter().map(point).collect()
}

/// The share of the training rows of a split, class by class, in the order of rows. Where rows have
/// patients, a patient is kept with all of its rows, and belongs to the highest of their classes.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a count")]
fn first_of_each_class(
    dataset: &Dataset,
    split: &Split,
    share: f64,
    seed: u64,
    fold: u64,
) -> Vec<usize> {
    let units = units(dataset, &split.train);
    let class_of =
        |rows: &[usize]| rows.iter().filter_map(|row| dataset.classes().get(*row)).max().copied();
    let mut kept = Vec::new();
    for class in 0..dataset.n_classes() {
        let of_class = units.iter().filter(|rows| class_of(rows) == Some(class));
        let mut of_class: Vec<&Vec<usize>> = of_class.collect();
        Random::new(seed, SHARES ^ (fold << 32) ^ ((class as u64) << 48)).shuffle(&mut of_class);
        of_class.truncate((share * number(of_class.len())).ceil() as usize);
        kept.extend(of_class.into_iter().flatten().copied());
    }
    kept.sort_unstable();
    kept
}

/// The rows that are kept together: each row alone, or those of a patient, in the order in which
/// patients first appear.
fn units(dataset: &Dataset, rows: &[usize]) -> Vec<Vec<usize>> {
    let Some(patients) = dataset.patients() else {
        return rows.iter().map(|row| vec![*row]).collect();
    };
    let mut positions = BTreeMap::new();
    let mut units: Vec<Vec<usize>> = Vec::new();
    for row in rows {
        let position = *positions.entry(patients.get(*row)).or_insert(units.len());
        match units.get_mut(position) {
            Some(unit) => unit.push(*row),
            None => units.push(vec![*row]),
        }
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "
model: { name: m, version: '1' }
data:
  patient: p
  target: { column: y, negative: 'no', positive: 'yes' }
  features: [{ name: a }]
seed: 1
validation: { n_folds: 2, min_auc: 0.5 }
members: [{ name: m, input: scaled, weight: 1.0, learner: { naive_bayes: { var_smoothing: 1.0e-9 } } }]
combiner: soft_vote
";

    #[test]
    fn a_share_of_the_rows_has_whole_patients_of_each_class() {
        let config = TrainingConfig::from_yaml(CONFIG).unwrap();
        let row = |row: usize| {
            let class = if row.is_multiple_of(5) { "yes" } else { "no" };
            format!("{row},{class},p{}\n", row % 30)
        };
        let table: String = std::iter::once("a,y,p\n".into()).chain((0..90).map(row)).collect();
        let dataset = Dataset::from_csv("t", table.as_bytes(), &config.data).unwrap();
        let split = Split { train: (0..90).collect(), test: Vec::new() };
        let kept = first_of_each_class(&dataset, &split, 0.5, 1, 0);
        assert_eq!(kept.len(), 45, "3 of 6 and 12 of 24 patients, with 3 rows each");
        let of_patient = |patient: usize| kept.iter().filter(|row| **row % 30 == patient).count();
        assert!((0..30).all(|patient| of_patient(patient) % 3 == 0), "{kept:?}");
        assert_eq!(kept.iter().filter(|row| **row % 5 == 0).count(), 9);
        let smaller = first_of_each_class(&dataset, &split, 0.2, 1, 0);
        assert!(
            smaller.iter().all(|row| kept.contains(row)),
            "a larger share contains a smaller one"
        );
    }
}
