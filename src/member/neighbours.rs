//! Nearest neighbours: the mean answer of the stored rows that are closest.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{MemberKind, by_row, check_finite, check_inputs};
use crate::budget::times;
use crate::codec::{decode_enum, decode_struct};
use crate::domain::Domain;
use crate::error::{Error, Place, ordinal};
use crate::lanes::Lanes;
use crate::link::Link;
use crate::memory;
use crate::numeric::sqrt;

/// The mean answer of the `n_neighbours` stored rows that are closest to a row, each with its weight.
///
/// Neighbours are those with the smallest distances; of rows that are equally far, those that are stored
/// first. Their answers are added from the closest to the furthest. Formulas are those of scikit-learn's
/// `KNeighborsClassifier` and `KNeighborsRegressor`, which choose among equally far rows in another way.
/// The stored rows are encoded rows of the training data: a bundle with this member holds them. A row of
/// which a value is missing has no distance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Neighbours {
    metric: Metric,
    weight: NeighbourWeight,
    n_neighbours: u32,
    n_inputs: u32,
    rows: Vec<f64>,
    answers: NeighbourAnswers,
}
decode_struct!(Neighbours { metric, weight, n_neighbours, n_inputs, rows, answers });

/// How far rows are from each other. Sums run from the first input to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Metric {
    /// The root of the sum of squared differences.
    Euclidean,
    /// The sum of the differences, without their signs.
    Manhattan,
    /// The largest difference, without its sign.
    Chebyshev,
}
decode_enum!(Metric { Euclidean, Manhattan, Chebyshev });

/// How much a neighbour counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NeighbourWeight {
    /// All the same.
    Uniform,
    /// In inverse proportion to its distance: the distance of the closest one, divided by its own. If rows
    /// are at no distance, only these count.
    InverseDistance,
}
decode_enum!(NeighbourWeight { Uniform, InverseDistance });

/// What is known of each stored row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum NeighbourAnswers {
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
decode_enum!(NeighbourAnswers { Classes { n_classes, of_rows }, Numbers(Vec<f64>) });

impl Neighbours {
    /// `rows` has shape `(n_rows, n_inputs)`, row-major, and `answers` one item for each row.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when shapes do not fit, there are fewer rows than neighbours, or a number is not finite.
    pub fn new(
        metric: Metric,
        weight: NeighbourWeight,
        n_neighbours: u32,
        n_inputs: u32,
        rows: Vec<f64>,
        answers: NeighbourAnswers,
    ) -> Result<Self, Error> {
        let neighbours = Self { metric, weight, n_neighbours, n_inputs, rows, answers };
        neighbours.check_parameters()?;
        Ok(neighbours)
    }

    fn n_inputs(&self) -> usize {
        self.n_inputs as usize
    }

    /// How many of the closest rows count.
    #[must_use]
    pub fn n_neighbours(&self) -> usize {
        self.n_neighbours as usize
    }

    /// How many rows it stores.
    #[must_use]
    pub fn n_rows(&self) -> usize {
        self.rows.len() / self.n_inputs().max(1)
    }

    /// The stored rows, and how many numbers each has.
    pub(super) fn stored(&self) -> (&[f64], usize) {
        (&self.rows, self.n_inputs().max(1))
    }

    fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.rows.chunks_exact(self.n_inputs().max(1))
    }

    /// The distance of the furthest neighbour of an encoded row and of the next row beyond it, squared for
    /// the Euclidean metric; none where all rows are neighbours. The closer they are, the more the answer
    /// depends on how distances are rounded.
    #[must_use]
    pub fn furthest(&self, encoded: &[f64]) -> Option<(f64, f64)> {
        let mut distances: Vec<f64> = self.rows().map(|row| self.distance(row, encoded)).collect();
        distances.sort_unstable_by(f64::total_cmp);
        let at = self.n_neighbours();
        Some((*distances.get(at.checked_sub(1)?)?, *distances.get(at)?))
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
        match &self.answers {
            NeighbourAnswers::Classes { n_classes, .. } => *n_classes as usize,
            NeighbourAnswers::Numbers(_) => 1,
        }
    }

    fn check_parameters(&self) -> Result<(), Error> {
        let (n_rows, n_inputs) = (self.n_rows(), self.n_inputs());
        let n_answers = match &self.answers {
            NeighbourAnswers::Classes { of_rows, .. } => of_rows.len(),
            NeighbourAnswers::Numbers(numbers) => numbers.len(),
        };
        if n_inputs == 0
            || n_rows.checked_mul(n_inputs) != Some(self.rows.len())
            || n_answers != n_rows
        {
            return Err(Error::invalid_model(format_args!(
                "{} numbers of rows and {n_answers} answers, expected rows of {n_inputs} inputs, and one \
                 answer of each",
                self.rows.len()
            )));
        }
        if !(1..=n_rows).contains(&self.n_neighbours()) {
            return Err(Error::invalid_model(format_args!(
                "{} neighbours, expected 1 to {n_rows}",
                self.n_neighbours
            )));
        }
        check_finite(&self.rows, "number of the rows")?;
        match &self.answers {
            NeighbourAnswers::Classes { n_classes, of_rows } => {
                match of_rows.iter().position(|class| class >= n_classes) {
                    None => Ok(()),
                    Some(row) => Err(Error::invalid_model(format_args!(
                        "the class of row {} is not one of {n_classes}",
                        ordinal(row)
                    ))),
                }
            }
            NeighbourAnswers::Numbers(numbers) => check_finite(numbers, "answer"),
        }
    }

    /// How many temporary numbers [`Self::margins`] needs, and more for a block of rows.
    pub(super) fn n_temporary(&self) -> usize {
        2 * self.n_neighbours() + self.n_inputs() + self.n_margins()
    }

    /// What [`Self::margins`] computes, in steps of about a nanosecond.
    pub(super) fn work(&self) -> u64 {
        // In the worst order, every row is closer than all before.
        let to_insert = times(self.n_rows(), 2).saturating_mul(self.n_neighbours.into());
        times(self.rows.len(), 2).saturating_add(to_insert)
    }

    #[allow(clippy::indexing_slicing, reason = "lengths were checked when the model was opened")]
    pub(super) fn margins(&self, encoded: &[f64], temporary: &mut [f64], out: &mut [f64]) {
        let n = self.n_neighbours();
        let (distances, rest) = temporary.split_at_mut(n);
        let positions = &mut rest[..n];
        distances.fill(f64::INFINITY);
        for (stored, position) in self.rows().zip(0_u32..) {
            let distance = self.distance(stored, encoded);
            let mut at = n;
            while at > 0 && distance < distances[at - 1] {
                at -= 1;
            }
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

    /// The weight of a neighbour whose distance is this one.
    fn weight_of(&self, distance: f64, closest: f64) -> f64 {
        match self.weight {
            NeighbourWeight::InverseDistance if distance > closest => match self.metric {
                Metric::Euclidean => sqrt(closest) / sqrt(distance),
                Metric::Manhattan | Metric::Chebyshev => closest / distance,
            },
            NeighbourWeight::InverseDistance | NeighbourWeight::Uniform => 1.0,
        }
    }

    /// Adds the answer of a row with a weight.
    #[allow(clippy::indexing_slicing, reason = "every index was checked when the model was opened")]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a position")]
    fn add(&self, position: f64, weight: f64, out: &mut [f64]) {
        match &self.answers {
            NeighbourAnswers::Classes { of_rows, .. } => {
                out[of_rows[position as usize] as usize] += weight;
            }
            NeighbourAnswers::Numbers(numbers) => out[0] += weight * numbers[position as usize],
        }
    }

    /// As [`Self::margins`], for a block of rows, one after the other.
    pub(super) fn block_margins(
        &self,
        encoded: &[Lanes],
        temporary: &mut [Lanes],
        out: &mut [Lanes],
    ) {
        by_row(encoded, temporary, out, &|row, temporary, margins| {
            self.margins(row, temporary, margins);
        });
    }
}

impl MemberKind for Neighbours {
    fn link(&self) -> Link {
        match self.answers {
            NeighbourAnswers::Classes { .. } => Link::Probability,
            NeighbourAnswers::Numbers(_) => Link::Identity,
        }
    }

    fn check(&self, inputs: &[Domain]) -> Result<Vec<Domain>, Error> {
        self.check_parameters()?;
        check_inputs(inputs, self.n_inputs())?;
        for (index, stored) in self.rows().enumerate() {
            // The distance of the furthest row of these inputs.
            let furthest = inputs.iter().zip(stored).fold(0.0, |sum, (input, number)| {
                let term = f64::max((input.low - number).abs(), (input.high - number).abs());
                sum + f64::max(term, term * term)
            });
            Domain::new(0.0, furthest).check().map_err(|e| e.within(Place::Row(index)))?;
        }
        let domain = match &self.answers {
            NeighbourAnswers::Classes { .. } => Domain::new(0.0, 1.0),
            NeighbourAnswers::Numbers(numbers) => {
                let low = numbers.iter().copied().fold(f64::INFINITY, f64::min);
                let high = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                // Rounding can take a mean of n numbers over their ends by n parts of 2⁵² at most.
                let largest = f64::max(low.abs(), high.abs());
                let n = f64::from(self.n_neighbours);
                Domain::new(0.0, n * largest).check()?;
                let beyond = largest * (n + 4.0) * f64::EPSILON;
                Domain::new(low - beyond, high + beyond).check()?
            }
        };
        memory::filled(domain, self.n_margins())
    }
}

#[cfg(test)]
pub(super) mod tests;
