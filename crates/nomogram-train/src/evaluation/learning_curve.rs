//! The loss of models that are fitted to fewer rows: how much more rows would help.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::count::number;
use crate::data::Dataset;
use crate::error::Error;
use crate::split::{Split, kept_together};
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
/// drawn class by class, and of whole patients where the data name them. A larger share contains the rows of a smaller one.
///
/// # Errors
///
/// As [`cross_validate`]; `Data` when a share is not above 0 and at most 1.
pub fn learning_curve(
    config: &TrainingConfig,
    dataset: &Dataset,
    shares: &[f64],
) -> Result<Vec<LearningPoint>, Error> {
    config.check()?;
    if let Some(share) = shares.iter().find(|share| !(**share > 0.0 && **share <= 1.0)) {
        return Err(Error::Data(format!("a share of {share}, expected above 0 and at most 1")));
    }
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

/// The share of the training rows of a split, class by class, in the order of rows. Rows of
/// one patient, and copies of a row, are kept together, and count as of the class of the first of them.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a count")]
#[allow(clippy::indexing_slicing, reason = "rows of the dataset, and groups that have a row")]
fn first_of_each_class(
    dataset: &Dataset,
    split: &Split,
    share: f64,
    seed: u64,
    fold: u64,
) -> Vec<usize> {
    let mut kept = Vec::new();
    let groups = kept_together(dataset).unwrap_or_else(|| (0..dataset.n_rows()).collect());
    // The rows of each group; a group is of the class of its first row.
    let mut rows_of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for row in &split.train {
        rows_of.entry(groups[*row]).or_default().push(*row);
    }
    let mut rows_of: Vec<Vec<usize>> = rows_of.into_values().collect();
    rows_of.sort_by_key(|rows| rows[0]);
    for class in 0..dataset.n_classes() {
        let of_class = |rows: &&Vec<usize>| dataset.classes()[rows[0]] == class;
        let mut drawn: Vec<&Vec<usize>> = rows_of.iter().filter(of_class).collect();
        Random::new(seed, SHARES ^ (fold << 32) ^ ((class as u64) << 48)).shuffle(&mut drawn);
        drawn.truncate((share * number(drawn.len())).ceil() as usize);
        kept.extend(drawn.into_iter().flatten());
    }
    kept.sort_unstable();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DataConfig;
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    #[test]
    fn shares_are_of_whole_patients_and_the_larger_contains_the_smaller() {
        let yaml = "data: { patient: p, target: { column: y, negative: a, positive: b }, \
                    features: [{ name: x }] }";
        let mut table = String::from("p,y,x\n");
        for row in 0..120 {
            writeln!(table, "{},{},{row}", row % 30, ["a", "b"][row % 30 % 2]).unwrap();
        }
        let config = DataConfig::from_yaml(yaml).unwrap();
        let dataset = Dataset::from_csv("t.csv", table.as_bytes(), &config).unwrap();
        let split = Split { train: (0..120).collect(), test: Vec::new() };
        let kept = |share| first_of_each_class(&dataset, &split, share, 3, 0);
        let half: BTreeSet<usize> = kept(0.5).into_iter().collect();
        assert_eq!(half.len(), 64);
        assert!((0..120).all(|row| half.contains(&row) == half.contains(&(row % 30))));
        assert!(kept(0.2).iter().all(|row| half.contains(row)));
        assert_eq!(kept(1.0), split.train);
    }
}
