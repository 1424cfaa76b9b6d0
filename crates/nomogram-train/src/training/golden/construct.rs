//! Construction: rows that together reach as much of a model as few rows can.
//!
//! Each row is put together from goals that do not contradict each other: one that no row has reached,
//! then all others that still fit. What a row reaches is then evaluated, not assumed. Whatever has no
//! goal is searched among drawn rows. Every choice follows from the seed.

mod calibrator;
mod search;

use std::collections::BTreeSet;

use ndarray::{Array2, ArrayView2};
use nomogram::{Error, Intake, Parts};
use nomogram_describe::reach::{Reach, Target, varied_rows};
use nomogram_stats::random::Random;

use super::answers::Encoder;
use super::goals::{DecidedBy, Goal, goals};
use super::nearness::{NEAR, nearest};
use super::rules;
use super::space::{Needs, Space, add_all};
use crate::count::number;
use search::is_searched;

/// The stream of random numbers.
const PURPOSE: u64 = 0x676f_6c64;
/// How many rows are put together for each that is kept: the one that reaches the most.
const N_TRIED: usize = 4;
/// How many other targets a leaf is worth: a row shows every change of the leaf's value.
const LEAF_WORTH: usize = 4;
/// How often values that nothing needs are drawn again because the row is near a training row.
const N_DRAWN: usize = 6;
/// How many rows are drawn for a goal that rows for several goals did not reach: a change of a split
/// shows only where the leaves on both sides differ.
const N_DRAWN_ALONE: usize = 128;
/// Rows between the low and the high end of every feature.
const N_SPREAD: usize = 12;
/// How often levels, missing values and intervals of steps are reached again, since a network may be
/// blind to a value in one row.
const N_AGAIN: usize = 6;

/// Constructs at most `n_max` rows, and at least `n_min`, that the model accepts.
pub(super) struct Construction<'a> {
    parts: &'a Parts,
    reach: Reach<'a>,
    intake: Intake,
    training: ArrayView2<'a, f64>,
    spaces: Vec<Space>,
    random: Random,
    rows: Vec<Vec<f64>>,
    reached: BTreeSet<Target>,
}

impl<'a> Construction<'a> {
    pub(super) fn new(
        parts: &'a Parts,
        reach: Reach<'a>,
        training: ArrayView2<'a, f64>,
        seed: u64,
    ) -> Result<Self, Error> {
        Ok(Self {
            parts,
            reach,
            intake: Intake::of_schema(&parts.schema)?,
            training,
            spaces: Space::each(parts.schema.features(), training),
            random: Random::new(seed, PURPOSE),
            rows: Vec::new(),
            reached: BTreeSet::new(),
        })
    }

    /// The rows, in the order in which they were found.
    pub(super) fn rows(mut self, n_min: usize, n_max: usize) -> Result<Array2<f64>, Error> {
        self.spread(n_max)?;
        let mut goals = self.goals()?;
        self.vary(&goals, n_max)?;
        goals.retain(|goal| !self.reached.contains(&goal.target));
        // Leaves first; last what almost every row shows of some splits.
        goals.sort_by_key(|goal| {
            let is_input = matches!(goal.target, Target::SplitInput { .. });
            (!is_leaf(&goal.target), is_input)
        });
        // Leave room for what has no goal.
        let room = self.reach.targets().iter().filter(|target| is_searched(target)).count();
        let room = room.min(n_max / 8);
        let mut left = Vec::new();
        while !goals.is_empty() && self.rows.len() + room < n_max {
            left.extend(self.add_best(&mut goals)?);
        }
        for goal in left {
            if self.rows.len() + room < n_max && !self.reached.contains(&goal.target) {
                self.add_alone(&goal)?;
            }
        }
        self.search(n_max)?;
        self.bisect(n_max)?;
        while self.rows.len() < n_min {
            let needs = Needs::new();
            let Some(row) = self.row(&needs, None) else { break };
            self.rows.push(row);
        }
        Ok(self.matrix())
    }

    /// These rows, and more, at most `n_more`, for what rows, totals, calibrators and cutoffs need and
    /// these do not reach.
    pub(super) fn extend(
        mut self,
        rows: ArrayView2<'_, f64>,
        n_more: usize,
    ) -> Result<Array2<f64>, Error> {
        for row in rows.rows() {
            let row = row.to_vec();
            let reached = self.evaluate(&row)?.unwrap_or_default();
            self.keep(row, reached);
        }
        let n_max = self.rows.len() + n_more;
        self.search(n_max)?;
        self.bisect(n_max)?;
        Ok(self.matrix())
    }

    fn matrix(&self) -> Array2<f64> {
        let values: Vec<f64> = self.rows.iter().flatten().copied().collect();
        Array2::from_shape_vec((self.rows.len(), self.spaces.len()), values).unwrap_or_default()
    }

    fn goals(&self) -> Result<Vec<Goal>, Error> {
        let base: Vec<f64> =
            self.rows.first().cloned().unwrap_or_else(|| vec![0.0; self.spaces.len()]);
        let varied = varied_rows(&self.parts.schema, &self.intake, &base);
        let encoder = Encoder::new(&self.parts.branches, &self.spaces, &varied)?;
        goals(self.parts, &self.reach, &self.spaces, &encoder)
    }

    /// Rows between the ends: whatever the margins of members are, some are near their middle.
    fn spread(&mut self, n_max: usize) -> Result<(), Error> {
        for nth in 0..N_SPREAD.min(n_max) {
            let share = (number(nth) + 0.5) / number(N_SPREAD);
            let Some(row) = self.row(&Needs::new(), Some(share)) else { continue };
            if let Some(reached) = self.evaluate(&row)? {
                self.keep(row, reached);
            }
        }
        Ok(())
    }

    /// Puts rows together, keeps the one that reaches the most, and removes the goals that it reaches.
    /// Removes and returns the first goal when no way to it is left.
    fn add_best(&mut self, goals: &mut Vec<Goal>) -> Result<Option<Goal>, Error> {
        let mut best: Option<(usize, Vec<f64>, BTreeSet<Target>)> = None;
        for tried in 0..N_TRIED {
            let needs = self.needs(goals, tried);
            let Some(row) = self.row(&needs, None) else { continue };
            let Some(reached) = self.evaluate(&row)? else { continue };
            let new = reached.difference(&self.reached);
            let worth: usize = new.map(|target| if is_leaf(target) { LEAF_WORTH } else { 1 }).sum();
            if worth > best.as_ref().map_or(0, |(worth, ..)| *worth) {
                best = Some((worth, row, reached));
            }
        }
        let first = goals.first().map(|goal| goal.target);
        if let Some((_, row, reached)) = best {
            self.keep(row, reached);
            goals.retain(|goal| !self.reached.contains(&goal.target));
        }
        // The next way to a goal that the rows did not reach.
        let Some(goal) = goals.first_mut().filter(|goal| Some(goal.target) == first) else {
            return Ok(None);
        };
        goal.ways.rotate_left(1);
        goal.n_ways_tried += 1;
        let is_left = goal.n_ways_tried == goal.ways.len();
        Ok(is_left.then(|| goals.remove(0)))
    }

    /// Draws rows that have what the goal needs and nothing else, and keeps the first that reaches it.
    fn add_alone(&mut self, goal: &Goal) -> Result<(), Error> {
        for needs in goal.ways.iter().cycle().take(N_DRAWN_ALONE) {
            let Some(row) = self.row(needs, None) else { continue };
            let Some(reached) = self.evaluate(&row)? else { continue };
            if reached.contains(&goal.target) {
                self.keep(row, reached);
                break;
            }
        }
        Ok(())
    }

    /// What the first goal needs, and all others that fit, in a drawn order: leaves first in every
    /// other try. The last try has the first goal alone where rules may refuse the others.
    fn needs(&mut self, goals: &[Goal], tried: usize) -> Needs {
        let mut needs =
            goals.first().and_then(|goal| goal.ways.first()).cloned().unwrap_or_default();
        if tried + 1 == N_TRIED && !self.parts.schema.rules().is_empty() {
            return needs;
        }
        let mut order: Vec<&Goal> = goals.iter().skip(1).collect();
        self.random.shuffle(&mut order);
        if tried.is_multiple_of(2) {
            order.sort_by_key(|goal| !is_leaf(&goal.target));
        }
        for goal in order {
            let _fits =
                goal.ways.iter().any(|way| add_all(&self.spaces, &mut needs, way).is_some());
        }
        needs
    }

    /// Draws a row that has what is needed, far from training rows as far as that is possible.
    /// `share` of the way from the low to the high end of all features, or anywhere.
    fn row(&mut self, needs: &Needs, share: Option<f64>) -> Option<Vec<f64>> {
        let mut best: Option<(f64, Vec<f64>)> = None;
        for _ in 0..N_DRAWN {
            let mut row = Vec::with_capacity(self.spaces.len());
            for (feature, space) in self.spaces.iter().enumerate() {
                let allowed = needs.get(&feature);
                row.push(match share {
                    Some(share) => space.at(share, &mut self.random),
                    None => space.draw(allowed, &mut self.random),
                });
            }
            let (schema, random) = (&self.parts.schema, &mut self.random);
            let keeps = rules::keep(schema, &self.intake, &self.spaces, needs, &mut row, random);
            if !keeps || self.rows.iter().any(|other| is_same(other, &row)) {
                continue;
            }
            let distance = nearest(&self.spaces, self.training, &row);
            if best.as_ref().is_none_or(|(farthest, _)| distance > *farthest) {
                best = Some((distance, row));
            }
            if distance >= 2.0 * NEAR {
                break;
            }
        }
        best.map(|(_, row)| row)
    }

    /// Rows that have half of all levels, missing values and intervals that fit each other.
    fn vary(&mut self, goals: &[Goal], n_max: usize) -> Result<(), Error> {
        let is_of_one_feature = |goal: &&Goal| DecidedBy::of(&goal.target) == DecidedBy::OneFeature;
        let mut some: Vec<&Goal> = goals.iter().filter(is_of_one_feature).collect();
        for _ in 0..if some.is_empty() { 0 } else { N_AGAIN.min(n_max / 4) } {
            self.random.shuffle(&mut some);
            let mut needs = Needs::new();
            for goal in some.iter().take(some.len().div_ceil(2)) {
                let fits = |way| add_all(&self.spaces, &mut needs, way).is_some();
                let _fits = goal.ways.iter().any(fits);
            }
            let Some(row) = self.row(&needs, None) else { continue };
            if let Some(reached) = self.evaluate(&row)? {
                self.keep(row, reached);
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, row: &[f64]) -> Result<Option<BTreeSet<Target>>, Error> {
        let rows = ArrayView2::from_shape((1, row.len()), row);
        let Ok(rows) = rows else { return Ok(None) };
        Ok(self.reach.of_rows(rows)?.into_iter().next().flatten())
    }

    fn keep(&mut self, row: Vec<f64>, reached: BTreeSet<Target>) {
        self.rows.push(row);
        self.reached.extend(reached);
    }
}

fn is_leaf(target: &Target) -> bool {
    matches!(target, Target::Leaf { .. })
}

fn is_same(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits())
}
