//! Nearest neighbours: the mean target of the stored rows that are closest.

use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};

use super::{MemberKind, StoredRows, check_finite, check_inputs};
use crate::budget::times;
use crate::codec::{decode_enum, decode_struct};
use crate::domain::Domain;
use crate::error::{Error, Place};
use crate::link::Link;
use crate::memory;
use crate::numeric::sqrt;

/// The weighted mean target of the `n_neighbours` stored rows that are closest to a row.
///
/// Of rows that are equally far, those stored first are neighbours. Targets are added from the closest
/// neighbour to the furthest. The formulas are those of scikit-learn's `KNeighborsClassifier` and
/// `KNeighborsRegressor`, which break ties differently. No input may be missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbours {
    /// The distance of a row.
    pub metric: Metric,
    /// How much a neighbour counts.
    pub weight: NeighbourWeight,
    /// How many of the closest rows count: at least 1, and no more than there are.
    pub n_neighbours: u32,
    /// The rows among which neighbours are found.
    pub rows: StoredRows,
    /// What is known of each of them.
    pub targets: NeighbourTargets,
}
decode_struct!(Neighbours { metric, weight, n_neighbours, rows, targets });

/// How far rows are from each other. Sums run from the first input to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Metric {
    /// The root of the sum of squared differences.
    Euclidean,
    /// The sum of the absolute differences.
    Manhattan,
    /// The largest absolute difference.
    Chebyshev,
}
decode_enum!(Metric { Euclidean, Manhattan, Chebyshev });

/// How much a neighbour counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NeighbourWeight {
    /// All the same.
    Uniform,
    /// In inverse proportion to its distance: the smallest distance, divided by its own. If any stored row is
    /// at distance 0, only such rows count.
    InverseDistance,
}
decode_enum!(NeighbourWeight { Uniform, InverseDistance });

/// What is known of each stored row. `Debug` leaves it out: it may be data of patients.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub enum NeighbourTargets {
    /// The index of its class. The margins are the shares of the classes: their probabilities.
    Classes {
        /// How many classes there are.
        n_classes: u32,
        /// The class of each row.
        of_rows: Vec<u32>,
    },
    /// A number. The margin is their mean.
    Numbers(Vec<f64>),
}
decode_enum!(NeighbourTargets { Classes { n_classes, of_rows }, Numbers(Vec<f64>) });

impl NeighbourTargets {
    fn n_rows(&self) -> usize {
        match self {
            Self::Classes { of_rows, .. } => of_rows.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    /// What is known of a row, to be compared.
    fn bits(&self, position: usize) -> Option<u64> {
        match self {
            Self::Classes { of_rows, .. } => of_rows.get(position).map(|class| u64::from(*class)),
            Self::Numbers(numbers) => numbers.get(position).map(|number| number.to_bits()),
        }
    }
}

impl fmt::Debug for NeighbourTargets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "targets of {} rows", self.n_rows())
    }
}

impl Neighbours {
    fn n_neighbours(&self) -> usize {
        self.n_neighbours as usize
    }

    /// Whether a tie decides the answer: stored rows whose distances from `encoded` (squared for the Euclidean
    /// metric) differ from that of its last neighbour by at most `share` of it are neighbours in part, and have
    /// different targets. `encoded` has one number per input, none of them NaN.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub fn has_tie(&self, encoded: &[f64], share: f64) -> Result<bool, Error> {
        let mut distances = memory::list(self.rows.n_rows())?;
        distances.extend(self.rows.iter().map(|stored| self.distance(stored, encoded)));
        let mut sorted = memory::copy(&distances)?;
        sorted.sort_unstable_by(f64::total_cmp);
        let n = self.n_neighbours();
        let border = n.checked_sub(1).and_then(|last| sorted.get(last).zip(sorted.get(n)));
        let Some((last, next)) = border else { return Ok(false) };
        let (low, high) = (last - share * last, last + share * last);
        if *next > high {
            return Ok(false);
        }
        let mut tied = distances
            .iter()
            .enumerate()
            .filter(|(_, distance)| (low..=high).contains(distance))
            .map(|(position, _)| self.targets.bits(position));
        let first = tied.next();
        Ok(tied.any(|target| Some(target) != first))
    }

    /// The distance of a stored row, squared for the Euclidean metric.
    fn distance(&self, stored: &[f64], encoded: &[f64]) -> f64 {
        let terms = stored.iter().zip(encoded).map(|(stored, value)| (value - stored).abs());
        match self.metric {
            Metric::Euclidean => terms.fold(0.0, |sum, term| sum + term * term),
            Metric::Manhattan => terms.fold(0.0, |sum, term| sum + term),
            Metric::Chebyshev => terms.fold(0.0, f64::max),
        }
    }

    pub(super) fn n_margins(&self) -> usize {
        match &self.targets {
            NeighbourTargets::Classes { n_classes, .. } => *n_classes as usize,
            NeighbourTargets::Numbers(_) => 1,
        }
    }

    fn check_parameters(&self) -> Result<(), Error> {
        self.rows.check()?;
        let (n_rows, n_targets) = (self.rows.n_rows(), self.targets.n_rows());
        if n_targets != n_rows {
            let detail = format_args!("{n_targets} targets, expected {n_rows}");
            return Err(Error::invalid_model(detail));
        }
        if !(1..=n_rows).contains(&self.n_neighbours()) {
            return Err(Error::invalid_model(format_args!(
                "{} neighbours, expected 1 to {n_rows}",
                self.n_neighbours
            )));
        }
        match &self.targets {
            NeighbourTargets::Classes { n_classes, of_rows } => {
                match of_rows.iter().position(|class| class >= n_classes) {
                    None => Ok(()),
                    Some(row) => Err(Error::invalid_model(format_args!(
                        "a class beyond the last one, expected 1 to {n_classes}"
                    ))
                    .within(Place::StoredRow(row))),
                }
            }
            NeighbourTargets::Numbers(numbers) => check_finite(numbers, "target"),
        }
    }

    /// How many temporary numbers each row of a block needs: for its neighbours, its values and its margins.
    pub(super) fn n_temporary(&self) -> usize {
        2 * self.n_neighbours() + self.rows.n_inputs() + self.n_margins()
    }

    /// What [`Self::margins`] computes, in steps of about a nanosecond.
    pub(super) fn work(&self) -> u64 {
        // In the worst order, every row is closer than all before: two lists are moved, eight numbers a step.
        let to_insert = u64::from(self.n_neighbours) / 4 + 16;
        let of_rows = to_insert.saturating_mul(self.rows.n_rows() as u64);
        times(self.rows.values.len(), 2).saturating_add(of_rows)
    }

    #[allow(clippy::indexing_slicing, reason = "lengths were checked when the model was opened")]
    #[inline(never)]
    pub(super) fn margins(&self, encoded: &[f64], temporary: &mut [f64], out: &mut [f64]) {
        let n = self.n_neighbours();
        let (distances, rest) = temporary.split_at_mut(n);
        let positions = &mut rest[..n];
        distances.fill(f64::INFINITY);
        for (stored, position) in self.rows.iter().zip(0_u32..) {
            let distance = self.distance(stored, encoded);
            let at = distances.partition_point(|known| *known <= distance);
            if at < n {
                distances.copy_within(at..n - 1, at + 1);
                positions.copy_within(at..n - 1, at + 1);
                (distances[at], positions[at]) = (distance, position.into());
            }
        }
        let mut total = 0.0;
        out.fill(0.0);
        for (distance, position) in distances.iter().zip(&*positions) {
            let weight = self.weight_of(*distance, distances[0]);
            self.add(*position, weight, out);
            total += weight;
        }
        out.iter_mut().for_each(|margin| *margin /= total);
    }

    /// The weight of a neighbour at `distance`; `closest` is the smallest distance.
    fn weight_of(&self, distance: f64, closest: f64) -> f64 {
        match self.weight {
            NeighbourWeight::InverseDistance if distance > closest => match self.metric {
                Metric::Euclidean => sqrt(closest) / sqrt(distance),
                Metric::Manhattan | Metric::Chebyshev => closest / distance,
            },
            NeighbourWeight::InverseDistance | NeighbourWeight::Uniform => 1.0,
        }
    }

    /// Adds the target of a row with a weight.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position")]
    fn add(&self, position: f64, weight: f64, out: &mut [f64]) {
        match &self.targets {
            NeighbourTargets::Classes { of_rows, .. } => {
                out[of_rows[position as usize] as usize] += weight;
            }
            NeighbourTargets::Numbers(numbers) => out[0] += weight * numbers[position as usize],
        }
    }
}

impl MemberKind for Neighbours {
    fn link(&self) -> Link {
        match self.targets {
            NeighbourTargets::Classes { .. } => Link::Probability,
            NeighbourTargets::Numbers(_) => Link::Identity,
        }
    }

    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        check_inputs(inputs, self.rows.n_inputs())?;
        for (index, stored) in self.rows.iter().enumerate() {
            // The distance of the furthest row of these inputs.
            let furthest = inputs.iter().zip(stored).fold(0.0, |sum, (input, number)| {
                let term = f64::max((input.low - number).abs(), (input.high - number).abs());
                sum + f64::max(term, term * term)
            });
            Domain::new(0.0, furthest).check().map_err(|e| e.within(Place::StoredRow(index)))?;
        }
        let domain = match &self.targets {
            NeighbourTargets::Classes { .. } => Domain::new(0.0, 1.0),
            NeighbourTargets::Numbers(numbers) => {
                let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
                let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                // A weighted mean of n numbers takes about 2n roundings, so it can pass its ends by n · 2⁻⁵² of
                // the largest; 4 more to be safe, and the smallest normal number for subnormal targets.
                let largest = f64::max(low.abs(), high.abs());
                let n = f64::from(self.n_neighbours);
                Domain::new(0.0, n * largest).check()?;
                let beyond = largest * (n + 4.0) * f64::EPSILON + f64::MIN_POSITIVE;
                Domain::new(low - beyond, high + beyond).check()?
            }
        };
        memory::filled(domain, self.n_margins())
    }
}

#[cfg(test)]
pub(super) mod tests;
