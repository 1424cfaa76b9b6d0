//! How far a row is from the training rows: the Mahalanobis distance, and its rank.

use alloc::vec::Vec;

use fearless_simd::Level;
use serde::{Deserialize, Serialize};

use super::ranks::Ranks;
use crate::codec::decode_struct;
use crate::domain::Domain;
use crate::error::{Error, Place};
use crate::lanes::{Lanes, N_LANES, dispatch};
use crate::numeric::sqrt;

/// The distance of an encoded row from the mean of the training rows, in units of their spread in that
/// direction (Mahalanobis 1936).
///
/// It is ranked among the distances of held-out rows: the distribution of distances is not known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distance {
    /// The branch whose encoded rows are compared.
    pub branch: u32,
    /// The mean of each encoded value.
    pub means: Vec<f64>,
    /// The inverse of the Cholesky factor of the covariance: a lower triangle, row by row.
    pub whitening: Vec<f64>,
    /// The distances of held-out rows.
    pub ranks: Ranks,
}
decode_struct!(Distance { branch, means, whitening, ranks });

impl Distance {
    /// The distance of an encoded row: the root of the sum, over the rows `w` of the triangle, of
    /// `(Σ_j w_j · (x_j − mean_j))²`, each sum from the first to the last.
    #[must_use]
    pub fn of(&self, encoded: &[f64]) -> f64 {
        let mut rest = self.whitening.as_slice();
        let mut sum_of_squares = 0.0;
        for n_weights in 1..=self.means.len() {
            let Some((weights, after)) = rest.split_at_checked(n_weights) else { break };
            rest = after;
            let mut sum = 0.0;
            for ((weight, mean), value) in weights.iter().zip(&self.means).zip(encoded) {
                sum += weight * (value - mean);
            }
            sum_of_squares += sum * sum;
        }
        sqrt(sum_of_squares)
    }

    /// The distance of each row of a block: as [`Self::of`], bit for bit.
    #[inline(never)]
    pub(crate) fn of_block(&self, level: Level, encoded: &[Lanes]) -> Lanes {
        dispatch!(level, _simd => self.of_lanes(encoded))
    }

    #[inline(always)]
    fn of_lanes(&self, encoded: &[Lanes]) -> Lanes {
        let mut rest = self.whitening.as_slice();
        let mut sums_of_squares = [0.0; N_LANES];
        for n_weights in 1..=self.means.len() {
            let Some((weights, after)) = rest.split_at_checked(n_weights) else { break };
            rest = after;
            let mut sums = [0.0; N_LANES];
            for ((weight, mean), values) in weights.iter().zip(&self.means).zip(encoded) {
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum += weight * (value - mean);
                }
            }
            for (sum_of_squares, sum) in sums_of_squares.iter_mut().zip(&sums) {
                *sum_of_squares += sum * sum;
            }
        }
        sums_of_squares.map(sqrt)
    }

    /// How many steps of computation [`Self::of`] has.
    pub(super) fn n_steps(&self) -> usize {
        self.whitening.len()
    }

    /// Checks it against the encoded rows of its branch.
    pub(super) fn check(&self, encoded: &[Domain]) -> Result<(), Error> {
        let n_values = encoded.len();
        if self.means.len() != n_values {
            let detail = format_args!("{} means, expected {n_values}", self.means.len());
            return Err(Error::invalid_model(detail));
        }
        let n_weights = n_values.saturating_mul(n_values + 1) / 2;
        if self.whitening.len() != n_weights {
            let detail = format_args!("{} weights, expected {n_weights}", self.whitening.len());
            return Err(Error::invalid_model(detail));
        }
        for (index, (domain, mean)) in encoded.iter().zip(&self.means).enumerate() {
            domain.check_present().map_err(|e| e.within(Place::Input(index)))?;
            if mean.abs() > 1e100 || mean.is_nan() {
                let detail = "a mean that is not finite or beyond 1e100";
                return Err(Error::invalid_model(detail).within(Place::Input(index)));
            }
        }
        let mut rest = self.whitening.as_slice();
        for n_weights in 1..=n_values {
            let Some((weights, after)) = rest.split_at_checked(n_weights) else { break };
            rest = after;
            let reach = |(domain, mean): (&Domain, &f64)| {
                (domain.high - mean).abs().max((domain.low - mean).abs())
            };
            let reaches = encoded.iter().zip(&self.means).map(reach);
            let largest: f64 = weights.iter().zip(reaches).map(|(w, reach)| w.abs() * reach).sum();
            if largest.is_nan() || largest > 1e300 {
                let detail = "its weights are so large that a result could pass 1e300";
                return Err(Error::invalid_model(detail).within(Place::Input(n_weights - 1)));
            }
        }
        self.ranks.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn plane() -> Distance {
        // The covariance [[4, 2], [2, 2]] has the factor [[2, 0], [1, 1]].
        Distance {
            branch: 0,
            means: vec![1.0, -1.0],
            whitening: vec![0.5, -0.5, 1.0],
            ranks: Ranks::of(vec![0.5, 1.0, 2.0]).unwrap(),
        }
    }

    #[test]
    fn a_distance_is_in_units_of_the_spread() {
        let distance = plane();
        assert_eq!(distance.of(&[1.0, -1.0]), 0.0);
        // (2, 1) is one spread from the mean along the first axis, and none across it.
        assert_eq!(distance.of(&[3.0, 0.0]), 1.0);
        assert_eq!(distance.of(&[1.0, 0.0]), 1.0);
        assert_eq!(distance.of(&[3.0, -1.0]), sqrt(2.0));
        assert_eq!(distance.ranks.p_value(distance.of(&[3.0, -1.0])), 0.5);
    }

    #[test]
    fn the_distances_of_a_block_are_those_of_its_rows_with_any_vector_instructions() {
        let n_values = 7;
        let number =
            |seed: usize| f64::from(u16::try_from((seed * 7919 + 13) % 1009).unwrap()) / 97.0 - 5.0;
        let distance = Distance {
            branch: 0,
            means: (0..n_values).map(number).collect(),
            whitening: (0..n_values * (n_values + 1) / 2).map(|at| number(at * 3 + 1)).collect(),
            ranks: Ranks::of(vec![0.5, 1.0, 2.0]).unwrap(),
        };
        let value = |position: usize, lane: usize| number(position * 31 + lane * 5);
        let block: Vec<Lanes> = (0..n_values)
            .map(|position| core::array::from_fn(|lane| value(position, lane)))
            .collect();
        for level in crate::lanes::levels() {
            for (lane, found) in distance.of_block(level, &block).into_iter().enumerate() {
                let row: Vec<f64> = (0..n_values).map(|position| value(position, lane)).collect();
                assert_eq!(found.to_bits(), distance.of(&row).to_bits(), "{level:?}, lane {lane}");
            }
        }
    }

    #[test]
    fn shapes_and_weights_that_do_not_fit_are_refused() {
        let domain = Domain::new(-10.0, 10.0);
        assert!(plane().check(&[domain; 2]).is_ok());
        assert!(plane().check(&[domain; 3]).is_err());
        let missing = Domain { may_be_missing: true, ..domain };
        assert!(plane().check(&[domain, missing]).is_err());
        for weight in [f64::NAN, f64::INFINITY, 1e300] {
            let distance = Distance { whitening: vec![0.5, weight, 1.0], ..plane() };
            assert!(distance.check(&[domain; 2]).is_err(), "{weight}");
        }
        let distance = Distance { means: vec![f64::NAN, 0.0], ..plane() };
        assert!(distance.check(&[domain; 2]).is_err());
    }
}
