//! How often prediction sets hold the class that comes true, on rows that were never seen.

use nomogram::{Ranks, Session, Uncertainty, Verdict};
use nomogram_train::{Dataset, Error, Predictions, TrainingConfig, train};

use crate::shuffled::shuffled;

/// Scores are multiples of one part in so many, rounded up.
const SCORE_STEPS: f64 = 512.0;

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
    /// For each level, the shares that are expected and found.
    pub(crate) shares: Vec<Shares>,
}

/// Shares of test rows whose set holds their class, one per split.
#[derive(Debug, Default)]
pub(crate) struct Shares {
    /// Expected of rows that the scores were not fitted to, given how many rows each class has.
    pub(crate) expected: Vec<f64>,
    /// Found, as sealed: scores of the models of folds, rounded.
    pub(crate) sealed: Vec<f64>,
    /// Found with the same scores, not rounded.
    pub(crate) exact: Vec<f64>,
    /// Expected, and found, of a third of the test rows, with rounded scores that the sealed model gives
    /// the other two thirds.
    pub(crate) expected_held_out: Vec<f64>,
    pub(crate) held_out: Vec<f64>,
}

/// The probability that the set of a level holds the class of a new row, when `n_rows` scores of the
/// class come from where its own comes from, and none are equal: its rank is uniform.
pub(crate) fn expected_coverage(level: f64, n_rows: usize) -> f64 {
    let n_ranks = (n_rows + 1) as f64;
    let is_held = |rank: &usize| 1.0 - *rank as f64 / n_ranks < level;
    (1..=n_rows + 1).filter(is_held).count() as f64 / n_ranks
}

/// The scores of rows, by class: 1 less the probability of their class, rounded up if `steps` are given.
fn ranks(predictions: &Predictions, rows: &Dataset, steps: Option<f64>) -> Vec<Option<Ranks>> {
    let of_class = |class: usize| {
        let of_rows = predictions.ensemble.rows().into_iter().zip(rows.classes());
        let scores = of_rows.filter(|(_, own)| **own == class).map(|(row, _)| {
            let score = 1.0 - row[class];
            steps.map_or(score, |steps| (score * steps).ceil() / steps)
        });
        Ranks::of(scores.collect()).ok()
    };
    (0..rows.n_classes()).map(of_class).collect()
}

/// The share of rows whose class is in the set of a level, and the share that is expected.
fn share(
    level: f64,
    ranks: &[Option<Ranks>],
    predictions: &Predictions,
    rows: &Dataset,
) -> [f64; 2] {
    let (mut n_covered, mut expected) = (0.0, 0.0);
    for (row, class) in predictions.ensemble.rows().into_iter().zip(rows.classes()) {
        // Without a row of the class, no p-value is too small.
        let Some(ranks) = &ranks[*class] else {
            (n_covered, expected) = (n_covered + 1.0, expected + 1.0);
            continue;
        };
        n_covered += f64::from(u8::from(1.0 - ranks.p_value(1.0 - row[*class]) < level));
        expected += expected_coverage(level, ranks.n_rows() as usize);
    }
    let n_rows = rows.n_rows() as f64;
    [n_covered / n_rows, expected / n_rows]
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
        let held_out = dataset.select(&rows).select(&trained.held_out);
        let (fitted, others) = test.split_at(test.len() * 2 / 3);
        let test = dataset.select(&test);
        let (fitted, others) = (dataset.select(fitted), dataset.select(others));
        let levels = trained.model.uncertainty().map_or(Vec::new(), |u| u.levels.clone());
        coverage.shares.resize_with(levels.len(), Shares::default);
        let of = |rows: &Dataset| Predictions::of(&trained.model, rows);
        let (of_test, of_fitted, of_others) = (of(&test)?, of(&fitted)?, of(&others)?);
        let sealed = ranks(&trained.out_of_fold, &held_out, Some(SCORE_STEPS));
        let exact = ranks(&trained.out_of_fold, &held_out, None);
        let of_held_out = ranks(&of_fitted, &fitted, Some(SCORE_STEPS));
        for (level, shares) in levels.iter().zip(&mut coverage.shares) {
            let [found, expected] = share(*level, &sealed, &of_test, &test);
            shares.sealed.push(found);
            shares.expected.push(expected);
            shares.exact.push(share(*level, &exact, &of_test, &test)[0]);
            let [found, expected] = share(*level, &of_held_out, &of_others, &others);
            shares.held_out.push(found);
            shares.expected_held_out.push(expected);
        }
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
