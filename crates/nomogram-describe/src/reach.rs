//! What rows reach in a model: leaves, thresholds, bounds, levels, rules, cutoffs.
//!
//! Golden cases prove what they reach, and nothing else. [`Reach`] lists what there is to reach and
//! evaluates rows; it walks the parts of the bundle itself, and lets a session predict.

mod stages;
mod target;

mod intervals;
mod members;

use std::collections::BTreeSet;
use std::sync::Arc;

use ndarray::{Array2, ArrayView2};
use nomogram::{
    Action, CalibrationMap, Calibrator, Error, FeatureKind, Flags, Intake, Model, Parts,
    RuleAction, Session, Value, seal,
};

pub use intervals::{IntervalKind, Intervals, intervals};
pub use members::{goes_left, is_above};
pub use stages::{Fact, Stages, encode, varied_rows};
pub use target::{NEXT_TO, Target, is_next_to};

/// A model with everything that rows can reach in it.
#[derive(Debug)]
pub struct Reach<'a> {
    parts: &'a Parts,
    intake: Intake,
    session: Session,
    /// The model without its calibrator, where an isotonic map needs the probabilities before it.
    uncalibrated: Option<Session>,
    intervals: Vec<Intervals>,
    facts: Vec<Vec<Vec<Fact>>>,
    targets: BTreeSet<Target>,
}

/// Two neighbouring points of an isotonic map between which the calibrated probability rises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RisingInterval {
    /// The interval.
    pub target: Target,
    /// The class whose probability is mapped.
    pub class: usize,
    /// The lower point.
    pub low: f64,
    /// The upper point.
    pub high: f64,
}

impl<'a> Reach<'a> {
    /// What rows can reach in an opened model of these parts. `rows` are as many as a bundle needs,
    /// and the model accepts them.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when the parts are not those of the model or there are too few rows.
    pub fn new(
        model: &Arc<Model>,
        parts: &'a Parts,
        rows: ArrayView2<'_, f64>,
    ) -> Result<Self, Error> {
        let intake = Intake::of_schema(&parts.schema)?;
        let base = rows.rows().into_iter().next().map_or(Vec::new(), |row| row.to_vec());
        let varied = varied_rows(&parts.schema, &intake, &base);
        let varied = matrix(varied.iter().map(|(_, row)| row.as_slice()), base.len());
        let facts = stages::facts(&encode(&parts.branches, varied.view())?);
        let uncalibrated = match isotonic_maps(parts).is_empty() {
            true => None,
            false => {
                let bare = Parts { calibrator: None, cutoffs: Vec::new(), ..parts.clone() };
                Some(Session::new(Arc::new(Model::open(&seal(&bare, rows)?)?)))
            }
        };
        let session = Session::new(Arc::clone(model));
        let intervals = intervals(&parts.branches);
        let targets = BTreeSet::new();
        let mut reach = Self { parts, intake, session, uncalibrated, intervals, facts, targets };
        reach.targets = reach.all_targets();
        Ok(reach)
    }

    /// Everything that rows can reach.
    #[must_use]
    pub fn targets(&self) -> &BTreeSet<Target> {
        &self.targets
    }

    /// The facts of each value, by branch, by the number of steps before it, and by its position.
    #[must_use]
    pub fn facts(&self) -> &[Vec<Vec<Fact>>] {
        &self.facts
    }

    /// The steps with intervals.
    #[must_use]
    pub fn intervals(&self) -> &[Intervals] {
        &self.intervals
    }

    /// What each row reaches; `None` for a row that the model refuses.
    ///
    /// # Errors
    ///
    /// `InvalidModel` when a step does not accept the rows.
    pub fn of_rows(
        &mut self,
        rows: ArrayView2<'_, f64>,
    ) -> Result<Vec<Option<BTreeSet<Target>>>, Error> {
        let mut reached = Vec::with_capacity(rows.nrows());
        let mut taken = Vec::new();
        for row in rows.rows() {
            let row = row.to_vec();
            let of_row = self.of_prediction(&row);
            if of_row.is_some() {
                taken.push(self.taken(&row));
            }
            reached.push(of_row);
        }
        if taken.is_empty() {
            return Ok(reached);
        }
        let taken = matrix(taken.iter().map(Vec::as_slice), rows.ncols());
        let stages = encode(&self.parts.branches, taken.view())?;
        let admitted = reached.iter_mut().filter_map(Option::as_mut);
        for (index, of_row) in admitted.enumerate() {
            self.add_encoded(&stages, index, of_row);
            of_row.retain(|target| self.targets.contains(target));
        }
        Ok(reached)
    }

    /// The probability of each class before an isotonic calibrator; `None` for a row that the model
    /// refuses, and without such a calibrator.
    pub fn probabilities_before_calibration(&mut self, row: &[f64]) -> Option<Vec<f64>> {
        let session = self.uncalibrated.as_mut()?;
        Some(session.predict_row(row).ok()?.probabilities().to_vec())
    }

    /// The intervals of isotonic maps in which the calibrated probability rises, so that a row there
    /// proves the points at both ends.
    #[must_use]
    pub fn rising_intervals(&self) -> Vec<RisingInterval> {
        let rising = |(map, class, points, calibrated): (usize, usize, &[f64], &[f64])| {
            let ends = points.windows(2).zip(calibrated.windows(2)).enumerate();
            let rising = ends.filter_map(move |(nth, (points, calibrated))| {
                let ([low, high], [from, to]) = (points, calibrated) else { return None };
                let target = Target::CalibrationInterval { map, interval: nth + 1 };
                (from < to).then_some(RisingInterval { target, class, low: *low, high: *high })
            });
            rising.collect::<Vec<_>>()
        };
        isotonic_maps(self.parts).into_iter().flat_map(rising).collect()
    }

    /// The row as the model gets it.
    fn taken(&self, row: &[f64]) -> Vec<f64> {
        let taken = |(feature, number): (usize, &f64)| {
            let value = if number.is_nan() { Value::Missing(None) } else { Value::Number(*number) };
            self.intake.take(feature, value).map_or(*number, |(number, _)| number)
        };
        row.iter().enumerate().map(taken).collect()
    }

    /// What the values, the flags and the prediction of a row reach.
    fn of_prediction(&mut self, row: &[f64]) -> Option<BTreeSet<Target>> {
        let taken = self.taken(row);
        let prediction = self.session.predict_row(row).ok()?;
        let mut reached = BTreeSet::new();
        for (feature, (number, flags)) in taken.iter().zip(prediction.feature_flags()).enumerate() {
            if number.is_nan() {
                reached.insert(Target::Missing { feature });
            } else {
                #[allow(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "saturates"
                )]
                reached.insert(Target::Level { feature, level: *number as usize });
            }
            if flags.contains(Flags::OUT_OF_RANGE) {
                let range = self.parts.schema.features().get(feature).and_then(|f| f.range);
                let is_above =
                    range.zip(row.get(feature)).is_some_and(|(r, value)| *value > r.high);
                reached.insert(Target::OutOfRange { feature, is_above });
            }
        }
        for (rule, is_broken) in prediction.broken_rules().iter().enumerate() {
            reached.insert(Target::Rule { rule, is_broken: *is_broken });
        }
        for (index, cutoff) in self.parts.cutoffs.iter().enumerate() {
            let is_reached = cutoff.is_reached_by(prediction.probabilities());
            reached.insert(Target::Cutoff { cutoff: index, is_reached });
        }
        let probabilities = match self.uncalibrated {
            Some(_) => self.probabilities_before_calibration(row)?,
            None => Vec::new(),
        };
        for (map, class, points, _) in isotonic_maps(self.parts) {
            let probability = probabilities.get(class).copied().unwrap_or(0.0);
            let interval = points.partition_point(|point| *point <= probability);
            reached.insert(Target::CalibrationInterval { map, interval });
        }
        Some(reached)
    }

    /// Adds what the encoded values of a row reach in steps and members.
    fn add_encoded(&self, stages: &Stages, index: usize, reached: &mut BTreeSet<Target>) {
        for intervals in &self.intervals {
            let stage = stages.get(intervals.branch).and_then(|stages| stages.get(intervals.step));
            let value = stage.and_then(|rows| rows.get([index, intervals.position]));
            if let (Some(value), Some(fact)) = (value, self.fact_of(intervals)) {
                reached.extend(intervals.reached(*value, fact));
            }
        }
        for (member, placed) in self.parts.members.iter().enumerate() {
            let branch = placed.branch as usize;
            let Some(rows) = stages.get(branch).and_then(|stages| stages.last()) else { continue };
            let row = rows.row(index).to_vec();
            let facts = self.member_facts(branch);
            reached.extend(members::reached(member, &placed.member, &row, facts));
        }
    }

    fn fact_of(&self, intervals: &Intervals) -> Option<Fact> {
        let stage = self.facts.get(intervals.branch)?.get(intervals.step)?;
        stage.get(intervals.position).copied()
    }

    fn member_facts(&self, branch: usize) -> &[Fact] {
        let stages = self.facts.get(branch);
        stages.and_then(|stages| stages.last()).map_or(&[], Vec::as_slice)
    }

    fn all_targets(&self) -> BTreeSet<Target> {
        let mut targets = BTreeSet::new();
        for (feature, described) in self.parts.schema.features().iter().enumerate() {
            let policy = described.policy;
            let n_levels = match &described.kind {
                FeatureKind::Boolean => 2,
                FeatureKind::Category { levels } => {
                    levels.len() + usize::from(policy.unseen_level == Action::Take)
                }
                FeatureKind::Number | FeatureKind::Integer => 0,
            };
            targets.extend((0..n_levels).map(|level| Target::Level { feature, level }));
            if policy.missing == Action::Impute {
                targets.insert(Target::Missing { feature });
            }
            if described.range.is_some() && policy.out_of_range != Action::Refuse {
                let sides = [false, true].map(|is_above| Target::OutOfRange { feature, is_above });
                targets.extend(sides);
            }
        }
        for (rule, described) in self.parts.schema.rules().iter().enumerate() {
            targets.insert(Target::Rule { rule, is_broken: false });
            if described.action == RuleAction::Flag {
                targets.insert(Target::Rule { rule, is_broken: true });
            }
        }
        for intervals in &self.intervals {
            targets
                .extend(self.fact_of(intervals).map_or(Vec::new(), |fact| intervals.targets(fact)));
        }
        for (member, placed) in self.parts.members.iter().enumerate() {
            let facts = self.member_facts(placed.branch as usize);
            targets.extend(members::targets(member, &placed.member, facts));
        }
        for (map, _, points, _) in isotonic_maps(self.parts) {
            let intervals = 0..=points.len();
            targets.extend(intervals.map(|interval| Target::CalibrationInterval { map, interval }));
        }
        for cutoff in 0..self.parts.cutoffs.len() {
            targets.extend([false, true].map(|is_reached| Target::Cutoff { cutoff, is_reached }));
        }
        targets
    }
}

/// The isotonic maps of the calibrator: the number, the class that it maps, its points and their
/// calibrated probabilities.
fn isotonic_maps(parts: &Parts) -> Vec<(usize, usize, &[f64], &[f64])> {
    fn points(map: &CalibrationMap) -> Option<(&[f64], &[f64])> {
        match map {
            CalibrationMap::Isotonic { probabilities, calibrated } => {
                Some((probabilities, calibrated))
            }
            CalibrationMap::Platt { .. }
            | CalibrationMap::Beta { .. }
            | CalibrationMap::Sigmoid { .. } => None,
        }
    }
    let of_class = |map, class, own| points(own).map(|(p, calibrated)| (map, class, p, calibrated));
    match &parts.calibrator {
        Some(Calibrator::Binary(map)) => of_class(0, 1, map).into_iter().collect(),
        Some(Calibrator::PerClass(maps)) => {
            let maps = maps.iter().enumerate();
            maps.filter_map(|(class, map)| of_class(class, class, map)).collect()
        }
        Some(Calibrator::Temperature { .. }) | None => Vec::new(),
    }
}

/// Rows of equal width, one below the other.
fn matrix<'r>(rows: impl Iterator<Item = &'r [f64]>, n_features: usize) -> Array2<f64> {
    let values: Vec<f64> = rows.flatten().copied().collect();
    let n_rows = values.len() / n_features.max(1);
    Array2::from_shape_vec((n_rows, n_features), values).unwrap_or_default()
}
