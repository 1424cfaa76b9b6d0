//! Pairs of a permutation and its reverse: estimates that sum exactly, with standard errors.
//!
//! The permutations are drawn once and for all: they depend on the index of the background row and of
//! the pair only. A pair is one observation, so its two halves may depend on each other.

use alloc::vec::Vec;

use super::task::{Task, times_players};
use crate::error::Error;
use crate::memory;
use crate::numeric::sqrt;
use crate::scratch::Scratch;

/// Memory for the permutations of one background row.
#[derive(Debug)]
pub(super) struct Permutations {
    n_pairs: u32,
    order: Vec<u32>,
    /// The explained numbers before the last feature was replaced, and after.
    before: Vec<f64>,
    after: Vec<f64>,
    /// The estimates of one pair; the mean of those of the background row so far, and the sum of their
    /// squared distances from it.
    of_pair: Vec<f64>,
    mean: Vec<f64>,
    squares: Vec<f64>,
    std_errors: Vec<f64>,
}

impl Permutations {
    pub(super) fn new(n_pairs: u32, n_features: usize, n_explained: usize) -> Result<Self, Error> {
        let n_values = times_players(n_features, n_explained)?;
        Ok(Self {
            n_pairs,
            order: memory::filled(0, n_features)?,
            before: memory::filled(0.0, n_explained)?,
            after: memory::filled(0.0, n_explained)?,
            of_pair: memory::filled(0.0, n_values)?,
            mean: memory::filled(0.0, n_values)?,
            squares: memory::filled(0.0, n_values)?,
            std_errors: memory::filled(0.0, n_values)?,
        })
    }

    /// The standard errors of the values of the last row.
    pub(super) fn std_errors(&self) -> &[f64] {
        &self.std_errors
    }

    pub(super) fn explain(
        &mut self,
        task: &Task<'_>,
        scratch: &mut Scratch<'_>,
        hybrid: &mut [f64],
        values: &mut [f64],
    ) {
        values.fill(0.0);
        self.std_errors.fill(0.0);
        for (index, weight) in task.background.weights.iter().enumerate() {
            self.mean.fill(0.0);
            self.squares.fill(0.0);
            for pair in 0..self.n_pairs {
                shuffle(&mut self.order, (index as u64) << 32 | u64::from(pair));
                self.add_pair(task, index, scratch, hybrid);
                let n = f64::from(pair + 1);
                let sums = self.mean.iter_mut().zip(&mut self.squares);
                for ((mean, square), estimate) in sums.zip(&self.of_pair) {
                    let distance = estimate - *mean;
                    *mean += distance / n;
                    *square += distance * (estimate - *mean);
                }
            }
            let n_pairs = f64::from(self.n_pairs);
            let sums = self.mean.iter().zip(&self.squares);
            let outputs = values.iter_mut().zip(&mut self.std_errors);
            for ((value, variance), (mean, squares)) in outputs.zip(sums) {
                *value += weight * mean;
                *variance += weight * weight * (squares / (n_pairs * (n_pairs - 1.0)));
            }
        }
        self.std_errors.iter_mut().for_each(|variance| *variance = sqrt(*variance));
    }

    /// Replaces the features of a background row one by one, in the order and in its reverse.
    #[allow(clippy::indexing_slicing, reason = "an order has the features of a row")]
    fn add_pair(
        &mut self,
        task: &Task<'_>,
        index: usize,
        scratch: &mut Scratch<'_>,
        hybrid: &mut [f64],
    ) {
        let Self { order, before, after, of_pair, .. } = self;
        let (n_features, n_explained) = (order.len(), before.len());
        let background = task.background.row(index);
        let at_background = &task.at_background[index * n_explained..][..n_explained];
        of_pair.fill(0.0);
        // The last feature of an order turns the row into the one that is explained.
        let n_steps = n_features - 1;
        let feature = |step: usize, is_reverse: bool| {
            order[if is_reverse { n_steps - step } else { step }] as usize
        };
        let mut add = |feature: usize, before: &[f64], after: &[f64]| {
            for (nth, (before, after)) in before.iter().zip(after).enumerate() {
                of_pair[nth * n_features + feature] += 0.5 * (after - before);
            }
        };
        before.copy_from_slice(at_background);
        task.model.evaluate_rows(
            scratch,
            2 * n_steps,
            hybrid,
            &mut |row, hybrid| {
                if row % n_steps == 0 {
                    hybrid.copy_from_slice(background);
                }
                let feature = feature(row % n_steps, row >= n_steps);
                hybrid[feature] = task.row[feature];
            },
            &mut |row, prediction| {
                let (step, is_reverse) = (row % n_steps, row >= n_steps);
                task.readout.write(prediction, after);
                add(feature(step, is_reverse), before, after);
                before.copy_from_slice(after);
                if step + 1 == n_steps {
                    add(feature(n_steps, is_reverse), before, task.explained);
                    before.copy_from_slice(at_background);
                }
            },
        );
        if n_steps == 0 {
            add(0, at_background, task.explained);
            add(0, at_background, task.explained);
        }
    }
}

/// A permutation that depends on the seed only: Fisher and Yates's shuffle with Steele's SplitMix64.
fn shuffle(order: &mut [u32], seed: u64) {
    for (index, place) in (0..).zip(order.iter_mut()) {
        *place = index;
    }
    let mut state = seed;
    for last in (1..order.len()).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = state;
        bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        // A schema has far fewer than 2^32 features, so the product fits.
        let other = ((bits >> 32) * (last as u64 + 1)) >> 32;
        order.swap(last, usize::try_from(other).unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_is_a_permutation_that_depends_on_the_seed() {
        let shuffled = |seed| {
            let mut order = [0; 8];
            shuffle(&mut order, seed);
            order
        };
        let mut sorted = shuffled(1);
        sorted.sort_unstable();
        assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(shuffled(1), shuffled(1));
        assert_ne!(shuffled(1), shuffled(2));
    }

    #[test]
    fn every_order_of_three_is_as_frequent_as_the_others() {
        let mut counts = [0_u32; 27];
        for seed in 0..6000 {
            let mut order = [0; 3];
            shuffle(&mut order, seed);
            counts[(order[0] * 9 + order[1] * 3 + order[2]) as usize] += 1;
        }
        let seen: Vec<u32> = counts.into_iter().filter(|n| *n > 0).collect();
        assert_eq!(seen.len(), 6);
        assert!(seen.iter().all(|n| (850..1150).contains(n)), "{seen:?}");
    }
}
