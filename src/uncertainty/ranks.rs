//! Calibration scores, and the rank of a new score among them as a p-value.

use alloc::vec::Vec;
use core::cmp::Ordering::Equal;

use serde::{Deserialize, Serialize};

use crate::codec::decode_struct;
use crate::error::Error;

/// No score of a bundle may be larger.
const MAX_SCORE: f64 = 1e100;

/// The scores of held-out rows: each distinct one, and how many rows have it or a larger one.
///
/// Only the order counts. A larger score is stranger. Scores that were rounded up to a grid give
/// p-values that are never too small.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranks {
    /// Distinct scores, ascending.
    scores: Vec<f64>,
    /// For each score, how many rows have at least that score; the first is the number of rows.
    at_least: Vec<u32>,
}
decode_struct!(Ranks { scores, at_least });

/// Whether something with this p-value is within a level of coverage: whether its p-value is above what
/// the level leaves. `1 - p < level`, since `1 - 0.8` is not the number 0.2.
pub(super) fn is_within(p_value: f64, level: f64) -> bool {
    1.0 - p_value < level
}

impl Ranks {
    /// Counts scores.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when there is none, or one is not finite or beyond 10¹⁰⁰.
    pub fn of(mut scores: Vec<f64>) -> Result<Self, Error> {
        scores.sort_unstable_by(f64::total_cmp);
        let (mut distinct, mut at_least) = (Vec::new(), Vec::new());
        for (index, score) in scores.iter().enumerate() {
            // Zero has two signs. NaN is equal to nothing, and is refused below.
            if distinct.last().is_none_or(|last: &f64| last.partial_cmp(score) != Some(Equal)) {
                distinct.push(*score);
                at_least.push(u32::try_from(scores.len() - index).unwrap_or(u32::MAX));
            }
        }
        let ranks = Self { scores: distinct, at_least };
        ranks.check()?;
        Ok(ranks)
    }

    /// How many rows were scored.
    #[must_use]
    pub fn n_rows(&self) -> u32 {
        self.at_least.first().copied().unwrap_or(0)
    }

    /// How many distinct scores there are.
    #[must_use]
    pub fn n_distinct(&self) -> usize {
        self.scores.len()
    }

    /// `(#{a ≥ score} + 1) / (n + 1)` over the scores `a` of the `n` rows.
    #[must_use]
    pub fn p_value(&self, score: f64) -> f64 {
        let first = self.scores.partition_point(|a| *a < score);
        self.of_count(self.at_least.get(first).copied().unwrap_or(0))
    }

    /// The largest score that is within a level of coverage; infinite when every score is.
    #[must_use]
    pub fn largest_within(&self, level: f64) -> f64 {
        // The p-value of anything above all scores.
        if is_within(self.of_count(0), level) {
            return f64::INFINITY;
        }
        let n_within = self.at_least.partition_point(|n| is_within(self.of_count(*n), level));
        // Without any, not even the smallest score is in the set: an interval of no width.
        n_within.checked_sub(1).and_then(|last| self.scores.get(last)).copied().unwrap_or(0.0)
    }

    fn of_count(&self, n_at_least: u32) -> f64 {
        (f64::from(n_at_least) + 1.0) / (f64::from(self.n_rows()) + 1.0)
    }

    /// Refuses scores that are not finite, and lists that are not strictly monotone.
    pub(super) fn check(&self) -> Result<(), Error> {
        let Self { scores, at_least } = self;
        if scores.is_empty() || scores.len() != at_least.len() {
            return Err(Error::invalid_model(format_args!(
                "{} scores and {} counts, expected equally many, and at least 1",
                scores.len(),
                at_least.len()
            )));
        }
        if !scores.iter().all(|score| score.abs() <= MAX_SCORE) {
            return Err(Error::invalid_model("a score is not finite or beyond 1e100"));
        }
        let are_counts = at_least.is_sorted_by(|a, b| a > b) && at_least.last() > Some(&0);
        if !scores.is_sorted_by(|a, b| a < b) || !are_counts {
            let detail = "its scores do not ascend, or their counts do not descend to at least 1";
            return Err(Error::invalid_model(detail));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_p_value_is_the_share_of_scores_that_are_at_least_as_large() {
        let ranks = Ranks::of(vec![0.3, 0.1, 0.3, 0.2]).unwrap();
        assert_eq!((ranks.n_rows(), ranks.n_distinct()), (4, 3));
        for (score, expected) in
            [(0.0, 1.0), (0.1, 1.0), (0.15, 0.8), (0.2, 0.8), (0.3, 0.6), (0.31, 0.2)]
        {
            assert_eq!(ranks.p_value(score), expected, "{score}");
        }
    }

    #[test]
    fn the_largest_score_within_a_level_is_the_bound_of_its_interval() {
        let ranks = Ranks::of((1..=19).map(f64::from).collect()).unwrap();
        for (level, bound) in [(0.95, 19.0), (0.9, 18.0), (0.85, 17.0), (0.8, 16.0), (0.5, 10.0)] {
            assert_eq!(ranks.largest_within(level), bound, "{level}");
            assert!(is_within(ranks.p_value(bound), level), "{level}");
            assert!(!is_within(ranks.p_value(bound + 0.5), level), "{level}");
        }
        assert_eq!(ranks.largest_within(0.951), f64::INFINITY);
    }

    #[test]
    fn scores_that_are_not_finite_are_refused() {
        for score in [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Ranks::of(vec![1.0, score, 2.0]).is_err(), "{score}");
        }
        let zeros = Ranks::of(vec![0.0, -0.0]).unwrap();
        assert_eq!((zeros.n_rows(), zeros.n_distinct()), (2, 1));
    }

    #[test]
    fn lists_that_are_not_monotone_are_refused() {
        let ranks = |scores: &[f64], at_least: &[u32]| {
            Ranks { scores: scores.to_vec(), at_least: at_least.to_vec() }.check()
        };
        assert!(ranks(&[0.1, 0.2], &[3, 1]).is_ok());
        for (scores, at_least) in [
            (&[][..], &[][..]),
            (&[0.1], &[2, 1]),
            (&[0.1, 0.1], &[2, 1]),
            (&[0.1, f64::NAN], &[2, 1]),
            (&[0.1, f64::INFINITY], &[2, 1]),
            (&[0.1, 0.2], &[2, 2]),
            (&[0.1, 0.2], &[2, 0]),
        ] {
            assert!(ranks(scores, at_least).is_err(), "{scores:?} {at_least:?}");
        }
    }
}
