//! How the values of an encoded row follow from the features.
//!
//! Steps are not inverted by formulas: they are computed, and the place at which a comparison changes
//! its side is found by bisection. So a crossing is exact for any step that reads one feature.

use std::collections::{BTreeMap, BTreeSet};

use ndarray::Array2;
use nomogram::{Feature, FeatureKind, Intake, Parts, Side, Step, Value};

use super::test::Test;
use crate::error::{Error, ErrorKind};

/// The most numbers of encoded rows that are computed to learn which columns follow which feature.
const MAX_NUMBERS: usize = 1 << 24;

/// How many levels of a category are tried.
const MAX_LEVELS: usize = 64;

/// The largest magnitudes that a schema without ranges takes.
const LARGEST: f64 = 1e100;
const LARGEST_WHOLE: i64 = 1_000_000_000_000_000;

/// The columns of a row after some steps.
pub(super) struct Encoding<'p> {
    steps: Vec<&'p Step>,
    intake: &'p Intake,
    features: &'p [Feature],
    /// A row that the schema takes.
    usual: Vec<f64>,
    /// For each column, the feature that it follows alone.
    sources: Vec<Option<usize>>,
    /// For each feature, values that are tried one by one.
    tried: Vec<Vec<Tried>>,
}

/// A value of a feature, and the columns that follow the feature then.
struct Tried {
    value: f64,
    columns: BTreeMap<usize, f64>,
}

/// What a test does with the numbers of a feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Crossing {
    /// Neighbouring numbers, of which one goes left and the other right.
    Between { left: f64, right: f64 },
    /// All numbers go to this side.
    Never(Side),
}

/// A test, where it changes its side, and the side to which it must send a row.
pub(super) type Wanted<'t, 'p> = (&'t Test<'p>, Option<Crossing>, Side);

impl<'p> Encoding<'p> {
    /// The rows that a branch makes with its first steps, at most `n_steps`.
    pub(super) fn new(
        parts: &'p Parts,
        intake: &'p Intake,
        branch: usize,
        n_steps: usize,
        usual: &[f64],
    ) -> Self {
        let mut steps = steps(parts, branch);
        steps.truncate(n_steps);
        let features = parts.schema.features();
        let mut encoding = Self {
            steps,
            intake,
            features,
            usual: usual.to_vec(),
            sources: Vec::new(),
            tried: Vec::new(),
        };
        encoding.learn();
        encoding
    }

    /// The feature that a column follows alone.
    pub(super) fn source(&self, column: usize) -> Option<usize> {
        self.sources.get(column).copied().flatten()
    }

    /// Whether columns are the features themselves.
    pub(super) fn is_plain(&self) -> bool {
        self.steps.is_empty()
    }

    /// The value as the steps get it; none if the schema refuses it.
    fn taken(&self, feature: usize, value: f64) -> Option<f64> {
        let value = if value.is_nan() { Value::Missing(None) } else { Value::Number(value) };
        self.intake.take(feature, value).ok().map(|(value, _)| value)
    }

    /// Learns which columns follow which feature: what changes when the feature changes.
    fn learn(&mut self) {
        let values: Vec<Vec<f64>> = (0..self.features.len()).map(|at| self.values(at)).collect();
        if self.is_plain() {
            self.sources = (0..values.len()).map(Some).collect();
            let tried = values.into_iter().enumerate().map(|(feature, values)| {
                let columns = |value| self.taken(feature, value).map(|taken| (feature, taken));
                let tried = |value| Tried { value, columns: columns(value).into_iter().collect() };
                values.into_iter().map(tried).collect()
            });
            self.tried = tried.collect();
            return;
        }
        let Some(usual) = self.encode(vec![self.usual.clone()]) else { return };
        let width = usual.ncols();
        let n_rows: usize = values.iter().map(Vec::len).sum();
        if n_rows.saturating_mul(width.max(self.features.len())) > MAX_NUMBERS {
            return;
        }
        let usual: Vec<f64> = usual.into_iter().collect();
        let mut followed: Vec<Vec<usize>> = vec![Vec::new(); width];
        let mut encoded = Vec::new();
        for (feature, values) in values.into_iter().enumerate() {
            let rows = values.iter().map(|value| with(&self.usual, feature, *value)).collect();
            let Some(rows) = self.encode(rows) else {
                encoded.push((Vec::new(), Array2::zeros((0, width))));
                continue;
            };
            for (column, features) in followed.iter_mut().enumerate() {
                let same = usual.get(column).copied().unwrap_or_default();
                if rows.column(column).iter().any(|value| !is_same(*value, same)) {
                    features.push(feature);
                }
            }
            encoded.push((values, rows));
        }
        let alone = |features: &Vec<usize>| match features.as_slice() {
            [feature] => Some(*feature),
            _ => None,
        };
        self.sources = followed.iter().map(alone).collect();
        let tried = encoded.into_iter().enumerate().map(|(feature, (values, rows))| {
            let follows = |column: &usize| self.source(*column) == Some(feature);
            let columns: Vec<usize> = (0..width).filter(follows).collect();
            let of_row = |(value, row): (f64, ndarray::ArrayView1<'_, f64>)| Tried {
                value,
                columns: columns.iter().filter_map(|at| Some((*at, *row.get(*at)?))).collect(),
            };
            values.into_iter().zip(rows.rows()).map(of_row).collect()
        });
        self.tried = tried.collect();
    }

    /// Values that show what a feature changes: every level, missing, the ends of a range.
    fn values(&self, feature: usize) -> Vec<f64> {
        let Some(here) = self.features.get(feature) else { return Vec::new() };
        let mut values = match &here.kind {
            FeatureKind::Boolean => vec![0.0, 1.0],
            FeatureKind::Category { levels } => {
                let end = u32::try_from(levels.len().min(MAX_LEVELS)).unwrap_or_default();
                (0..=end).map(f64::from).collect()
            }
            _ => {
                let (low, high) = ends(here);
                vec![low, 0.0, 1.0, low / 2.0 + high / 2.0, high]
            }
        };
        values.push(f64::NAN);
        values.retain(|value| self.taken(feature, *value).is_some());
        values
    }

    /// The rows after the steps; none if the schema or a step refuses one.
    fn encode(&self, rows: Vec<Vec<f64>>) -> Option<Array2<f64>> {
        let (n_rows, n_features) = (rows.len(), self.features.len());
        let mut values = Vec::with_capacity(n_rows * n_features);
        for row in rows {
            for (feature, value) in row.into_iter().enumerate() {
                values.push(self.taken(feature, value)?);
            }
        }
        let mut rows = Array2::from_shape_vec((n_rows, n_features), values).ok()?;
        for step in &self.steps {
            rows = step.encode(rows.view()).ok()?;
        }
        Some(rows)
    }

    /// The sides to which tests send values of their features. Tests of several features share rows.
    fn sides(&self, questions: &[(&Test<'p>, usize, f64)]) -> Option<Vec<Side>> {
        if self.is_plain() {
            let side = |(test, feature, value): &(&Test<'p>, usize, f64)| {
                Some(test.side(self.taken(*feature, *value)?))
            };
            return questions.iter().map(side).collect();
        }
        let mut n_asked = vec![0; self.features.len()];
        let mut rows: Vec<Vec<f64>> = Vec::new();
        let mut positions = Vec::with_capacity(questions.len());
        for (_, feature, value) in questions {
            let nth = n_asked.get_mut(*feature)?;
            if *nth == rows.len() {
                rows.push(self.usual.clone());
            }
            *rows.get_mut(*nth)?.get_mut(*feature)? = *value;
            positions.push(*nth);
            *nth += 1;
        }
        let encoded = self.encode(rows)?;
        let answer = |((test, _, _), row): (&(&Test<'p>, usize, f64), usize)| {
            encoded.get((row, test.column)).map(|value| test.side(*value))
        };
        questions.iter().zip(positions).map(answer).collect()
    }

    /// Where tests change their side; none of a category, and of a column that follows several features.
    pub(super) fn crossings(&self, tests: &[Test<'p>]) -> Vec<Option<Crossing>> {
        let mut crossings = vec![None; tests.len()];
        let mut searches: Vec<Search<'_, 'p>> = tests
            .iter()
            .enumerate()
            .filter_map(|(nth, test)| {
                let feature = self.source(test.column)?;
                let (scale, low, high) = Scale::of(self.features.get(feature)?)?;
                Some(Search { nth, test, feature, scale, low, high, at_low: Side::Left })
            })
            .collect();
        let low = searches.iter().map(Search::at_low).collect::<Vec<_>>();
        let high = searches.iter().map(Search::at_high).collect::<Vec<_>>();
        let (Some(low), Some(high)) = (self.sides(&low), self.sides(&high)) else {
            return crossings;
        };
        // A step may make missing what lies between two numbers: look near the threshold first.
        let near: Vec<(i64, i64)> = searches.iter().map(Search::near_threshold).collect();
        let pairs = || searches.iter().zip(&near);
        let below: Vec<_> = pairs().map(|(search, near)| search.ask(near.0)).collect();
        let above: Vec<_> = pairs().map(|(search, near)| search.ask(near.1)).collect();
        // Squares go to the same side at both ends, and to the other one at 0.
        let zero: Vec<_> = searches.iter().map(|search| search.ask(search.zero())).collect();
        let sides = [self.sides(&below), self.sides(&above), self.sides(&zero)];
        let [Some(below), Some(above), Some(zero)] = sides else { return crossings };
        let ends = low.into_iter().zip(high).zip(below.into_iter().zip(above)).zip(zero);
        for ((search, near), (((low, high), (below, above)), zero)) in
            searches.iter_mut().zip(near).zip(ends)
        {
            search.at_low = low;
            if below != above {
                (search.low, search.high, search.at_low) = (near.0, near.1, below);
            } else if low == high && zero != high {
                (search.low, search.at_low) = (search.zero(), zero);
            } else if low == high {
                set(&mut crossings, search.nth, Crossing::Never(low));
            }
        }
        searches.retain(|search| !matches!(crossings.get(search.nth), Some(Some(_))));
        while searches.iter().any(Search::is_open) {
            let middles: Vec<_> = searches.iter().map(Search::at_middle).collect();
            let Some(sides) = self.sides(&middles) else { return crossings };
            for (search, side) in searches.iter_mut().zip(sides) {
                let middle = search.middle();
                *(if side == search.at_low { &mut search.low } else { &mut search.high }) = middle;
            }
        }
        for search in searches {
            let (low, high) = (search.scale.number(search.low), search.scale.number(search.high));
            let (left, right) = if search.at_low == Side::Left { (low, high) } else { (high, low) };
            set(&mut crossings, search.nth, Crossing::Between { left, right });
        }
        crossings
    }

    /// A value of a feature that the tests send to the wanted sides; `usual` if it is one.
    pub(super) fn value(
        &self,
        feature: usize,
        wanted: &[Wanted<'_, 'p>],
        usual: f64,
    ) -> Option<f64> {
        let (scale, mut low, mut high) = match Scale::of(self.features.get(feature)?) {
            Some((scale, low, high)) => (scale, low, high),
            None => return self.tried_value(feature, wanted, |_| true),
        };
        for (_, crossing, side) in wanted {
            match *crossing {
                Some(Crossing::Between { left, right }) => {
                    let (here, there) = match side {
                        Side::Left => (scale.key(left), scale.key(right)),
                        Side::Right => (scale.key(right), scale.key(left)),
                    };
                    if here < there {
                        high = high.min(here);
                    } else {
                        low = low.max(here);
                    }
                }
                Some(Crossing::Never(only)) if only != *side => low = i64::MAX,
                Some(Crossing::Never(_)) | None => {}
            }
        }
        if low > high {
            return self.tried_value(feature, wanted, f64::is_nan);
        }
        let usual = scale.key(usual);
        if (low..=high).contains(&usual) {
            return Some(scale.number(usual));
        }
        // Away from the bounds where that is between them: steps may not be monotone.
        let (low_number, high_number) = (scale.number(low), scale.number(high));
        let middle = scale.key(low_number / 2.0 + high_number / 2.0).clamp(low, high);
        let is_open = low_number.abs() > 1e30 || high_number.abs() > 1e30;
        let nearest = usual.clamp(low, high);
        Some(scale.number(if is_open { nearest } else { middle }))
    }

    /// The first of the tried values that the tests send to the wanted sides.
    fn tried_value(
        &self,
        feature: usize,
        wanted: &[Wanted<'_, 'p>],
        is_candidate: impl Fn(f64) -> bool,
    ) -> Option<f64> {
        let goes = |tried: &&Tried| {
            is_candidate(tried.value)
                && wanted.iter().all(|(test, _, side)| {
                    tried.columns.get(&test.column).is_some_and(|value| test.side(*value) == *side)
                })
        };
        self.tried.get(feature)?.iter().find(goes).map(|tried| tried.value)
    }
}

/// The steps of a branch, from the features on.
pub(crate) fn steps(parts: &Parts, branch: usize) -> Vec<&Step> {
    let mut branches = Vec::new();
    let mut seen = BTreeSet::new();
    let mut next = Some(branch);
    while let Some(index) = next.filter(|index| seen.insert(*index)) {
        let Some(branch) = parts.branches.get(index) else { break };
        branches.push(branch);
        next = branch.source.map(|source| source as usize);
    }
    branches.iter().rev().flat_map(|branch| &branch.steps).collect()
}

/// A row after steps.
///
/// # Errors
///
/// `Model` when a step refuses it.
pub(crate) fn encoded(steps: &[&Step], mut row: Vec<f64>) -> Result<Vec<f64>, Error> {
    for step in steps {
        let rows = Array2::from_shape_vec((1, row.len()), row)
            .map_err(|error| Error::new(ErrorKind::Model, error.to_string()))?;
        row = step.encode(rows.view())?.into_iter().collect();
    }
    Ok(row)
}

/// The bisection for one test.
struct Search<'t, 'p> {
    nth: usize,
    test: &'t Test<'p>,
    feature: usize,
    scale: Scale,
    low: i64,
    high: i64,
    at_low: Side,
}

impl<'t, 'p> Search<'t, 'p> {
    fn ask(&self, key: i64) -> (&'t Test<'p>, usize, f64) {
        (self.test, self.feature, self.scale.number(key))
    }

    fn at_low(&self) -> (&'t Test<'p>, usize, f64) {
        self.ask(self.low)
    }

    fn at_high(&self) -> (&'t Test<'p>, usize, f64) {
        self.ask(self.high)
    }

    fn at_middle(&self) -> (&'t Test<'p>, usize, f64) {
        self.ask(self.middle())
    }

    /// The keys of numbers just below and above the threshold, if the feature has them.
    #[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    fn near_threshold(&self) -> (i64, i64) {
        let single = self.test.threshold().unwrap_or_default() as f32;
        let key = |number: f32| self.scale.key(f64::from(number)).clamp(self.low, self.high);
        match self.scale {
            Scale::Double => (key(single.next_down()), key(single.next_up())),
            Scale::Whole => (key(single - 1.0), key(single + 1.0)),
        }
    }

    /// The key of 0, or of the end that is nearest to it.
    fn zero(&self) -> i64 {
        self.scale.key(0.0).clamp(self.low, self.high)
    }

    fn is_open(&self) -> bool {
        self.low + 1 < self.high
    }

    fn middle(&self) -> i64 {
        i64::midpoint(self.low, self.high)
    }
}

/// The numbers of a feature in their order, each with a key; keys are consecutive.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scale {
    Double,
    Whole,
}

impl Scale {
    /// The scale of a feature, and the keys of its ends; none of a category.
    fn of(feature: &Feature) -> Option<(Self, i64, i64)> {
        let scale = match feature.kind {
            FeatureKind::Boolean | FeatureKind::Category { .. } => return None,
            FeatureKind::Integer => Self::Whole,
            _ => Self::Double,
        };
        let (low, high) = ends(feature);
        Some((scale, scale.key(low), scale.key(high)))
    }

    #[allow(clippy::cast_possible_truncation, reason = "whole numbers below 2^53")]
    fn key(self, number: f64) -> i64 {
        match self {
            Self::Double => {
                let bits = number.to_bits().cast_signed();
                // Larger magnitudes of negative numbers come first.
                if bits < 0 { !(bits & i64::MAX) } else { bits }
            }
            Self::Whole => (number.floor() as i64).clamp(-LARGEST_WHOLE, LARGEST_WHOLE),
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "whole numbers below 2^53")]
    fn number(self, key: i64) -> f64 {
        match self {
            Self::Double if key < 0 => -f64::from_bits((!key).cast_unsigned()),
            Self::Double => f64::from_bits(key.cast_unsigned()),
            Self::Whole => key as f64,
        }
    }
}

/// The smallest and the largest number of a feature.
fn ends(feature: &Feature) -> (f64, f64) {
    let (low, high) = feature.range.map_or((-LARGEST, LARGEST), |range| (range.low, range.high));
    if feature.kind == FeatureKind::Integer { (low.ceil(), high.floor()) } else { (low, high) }
}

fn set(crossings: &mut [Option<Crossing>], nth: usize, crossing: Crossing) {
    if let Some(slot) = crossings.get_mut(nth) {
        *slot = Some(crossing);
    }
}

fn with(row: &[f64], feature: usize, value: f64) -> Vec<f64> {
    let mut row = row.to_vec();
    if let Some(cell) = row.get_mut(feature) {
        *cell = value;
    }
    row
}

fn is_same(first: f64, second: f64) -> bool {
    first == second || (first.is_nan() && second.is_nan())
}
