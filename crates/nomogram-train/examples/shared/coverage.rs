//! How often prediction sets hold the class that comes true, on rows that were never seen.

use nomogram::{Session, Uncertainty, Verdict};
use nomogram_train::{Dataset, Error, TrainingConfig, train};

use crate::shuffled::shuffled;

/// Counts over the test rows of all splits.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    /// Test rows of all splits.
    pub(crate) n_rows: usize,
    /// For each level, how many sets hold the class, by class.
    pub(crate) n_covered: Vec<Vec<usize>>,
    /// How many test rows each class has.
    pub(crate) n_of_class: Vec<usize>,
    /// For each level, how many sets have one class.
    pub(crate) n_single: Vec<usize>,
    /// How many rows have a distance with a p-value of at most 0.05.
    pub(crate) n_far: usize,
    /// How many rows are predicted, and how many of them wrongly; the same of all rows.
    pub(crate) predicted: (usize, usize),
    pub(crate) n_wrong: usize,
}

/// Trains on a random share of the rows, and counts on the others, `n_splits` times.
pub(crate) fn measure(
    config: &TrainingConfig,
    dataset: &Dataset,
    n_splits: u64,
    training_share: (usize, usize),
) -> Result<Coverage, Error> {
    let mut coverage = Coverage::default();
    for split in 0..n_splits {
        let mut rows = shuffled(dataset.n_rows(), split);
        let test = rows.split_off(dataset.n_rows() * training_share.0 / training_share.1);
        let nobody = &mut |_: usize, _: usize, _: &str| {};
        let trained = train(config, &dataset.select(&rows), nobody)?;
        let test = dataset.select(&test);
        let mut session = Session::new(trained.model.clone());
        let levels = trained.model.uncertainty().map_or(&[][..], |u: &Uncertainty| &u.levels);
        coverage.grow(levels.len(), test.n_classes());
        session.predict_each(test.values().view(), |row, prediction| {
            let class = test.classes()[row];
            let Some(uncertain) = prediction.uncertain() else { return };
            for level in 0..uncertain.n_levels() {
                let set: Vec<bool> = uncertain.set(level).collect();
                coverage.n_covered[level][class] += usize::from(set[class]);
                coverage.n_single[level] += usize::from(set.iter().filter(|is| **is).count() == 1);
            }
            let is_wrong = usize::from(prediction.class() != Some(class));
            let is_predicted = usize::from(uncertain.verdict() == Verdict::Predicted);
            coverage.n_rows += 1;
            coverage.n_of_class[class] += 1;
            coverage.n_wrong += is_wrong;
            coverage.predicted.0 += is_predicted;
            coverage.predicted.1 += is_predicted * is_wrong;
            coverage.n_far += usize::from(uncertain.distance_p_value().is_some_and(|p| p <= 0.05));
        })?;
    }
    Ok(coverage)
}

impl Coverage {
    fn grow(&mut self, n_levels: usize, n_classes: usize) {
        self.n_covered.resize(n_levels, vec![0; n_classes]);
        self.n_single.resize(n_levels, 0);
        self.n_of_class.resize(n_classes, 0);
    }
}
