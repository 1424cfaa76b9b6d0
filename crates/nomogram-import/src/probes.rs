//! Probes: rows at which a wrong comparison, rounding or missing direction would show.
//!
//! For every split: rows that reach it with the last value that goes to one side and the first that goes
//! to the other, with the threshold and its neighbours in double and in single precision, and missing.
//! Likewise for edges of bins and thresholds of scores. For members that store rows: rows halfway between
//! two of them. For every feature: 0, −0, missing, huge values, levels known and unseen. For a linear model
//! in single precision: fractions that it rounds. Rows that the schema refuses are left out. Where there is
//! no room for all, splits are chosen evenly from all trees. The same model always gives the same rows.

mod test;

mod encoding;

mod splits;

use std::collections::BTreeSet;

use nomogram::{Comparison, FeatureKind, Forest, Intake, Member, Parts, Step, Value};

use crate::error::Error;
use encoding::{Crossing, Encoding};
pub(crate) use encoding::{encoded, steps};
use splits::{Plan, Splits};
use test::Test;

/// The most rows between stored ones of a member.
const MAX_BETWEEN: usize = 128;

/// At most `max_rows` rows, with one value per feature; NaN is missing.
///
/// # Errors
///
/// `Model` when the schema contradicts itself.
pub(crate) fn rows(parts: &Parts, max_rows: usize) -> Result<Vec<Vec<f64>>, Error> {
    let intake = Intake::of_schema(&parts.schema)?;
    let mut rows = Rows::new(parts, &intake, max_rows);
    let base = rows.middle();
    let forests: Vec<(usize, &Forest)> = parts
        .members
        .iter()
        .filter_map(|member| match &member.member {
            Member::Forest(forest) => Some((member.branch as usize, forest)),
            Member::LinearForest(linear) => Some((member.branch as usize, linear.forest())),
            Member::Linear(_)
            | Member::LinearSingle(_)
            | Member::NaiveBayes(_)
            | Member::Neighbours(_)
            | Member::Network(_)
            | Member::PointsScore(_)
            | Member::SupportVectors(_) => None,
        })
        .collect();
    let n_splits = forests.iter().map(|(_, forest)| splits::n_splits(forest)).sum();
    let mut plan = Plan::new(n_splits, max_rows);
    let forests: Vec<Splits<'_>> = forests
        .into_iter()
        .map(|(branch, forest)| {
            let encoding = Encoding::new(parts, &intake, branch, usize::MAX, &base);
            Splits::new(forest, encoding, &mut plan)
        })
        .collect();
    let typical = rows.typical(&forests, base);
    rows.add(typical.clone());
    rows.add(vec![f64::NAN; typical.len()]);
    rows.add_edges(&typical);
    for splits in &forests {
        splits.add_to(&mut rows, &typical);
    }
    if parts.members.iter().any(|member| matches!(member.member, Member::LinearSingle(_))) {
        rows.add_fractions(&typical);
    }
    rows.add_between_stored(&typical);
    rows.add_values(&typical);
    rows.add_mixtures(&typical);
    Ok(rows.rows)
}

/// Rows without repetition, that the schema takes.
struct Rows<'p> {
    parts: &'p Parts,
    intake: &'p Intake,
    max_rows: usize,
    seen: BTreeSet<Vec<u64>>,
    rows: Vec<Vec<f64>>,
}

impl<'p> Rows<'p> {
    fn new(parts: &'p Parts, intake: &'p Intake, max_rows: usize) -> Self {
        Self { parts, intake, max_rows, seen: BTreeSet::new(), rows: Vec::new() }
    }

    fn add(&mut self, row: Vec<f64>) {
        if self.rows.len() >= self.max_rows || !self.is_taken(&row) {
            return;
        }
        if self.seen.insert(row.iter().map(|value| value.to_bits()).collect()) {
            self.rows.push(row);
        }
    }

    fn is_taken(&self, row: &[f64]) -> bool {
        row.iter().enumerate().all(|(feature, value)| self.takes(feature, *value))
    }

    fn takes(&self, feature: usize, value: f64) -> bool {
        let value = if value.is_nan() { Value::Missing(None) } else { Value::Number(value) };
        self.intake.take(feature, value).is_ok()
    }

    fn with(&mut self, row: &[f64], feature: usize, value: f64) {
        if self.rows.len() >= self.max_rows || !self.takes(feature, value) {
            return;
        }
        let mut row = row.to_vec();
        if let Some(cell) = row.get_mut(feature) {
            *cell = value;
            self.add(row);
        }
    }

    /// A value of each feature in the middle of its range.
    fn middle(&self) -> Vec<f64> {
        let features = self.parts.schema.features().iter().enumerate();
        features
            .map(|(index, feature)| {
                let of_range = feature.range.map(|range| range.low / 2.0 + range.high / 2.0);
                let value = self.of_kind(index, of_range.unwrap_or(0.0));
                let candidates = [value, feature.range.map_or(0.0, |range| range.low), 0.0];
                candidates.into_iter().find(|value| self.takes(index, *value)).unwrap_or(0.0)
            })
            .collect()
    }

    /// A value of each feature in the middle of its splits, or as in `base`.
    fn typical(&self, forests: &[Splits<'_>], base: Vec<f64>) -> Vec<f64> {
        let mut of_splits: Vec<Vec<f64>> = vec![Vec::new(); base.len()];
        for (feature, value) in forests.iter().flat_map(Splits::values) {
            of_splits.get_mut(feature).into_iter().for_each(|values| values.push(value));
        }
        let usual = |((feature, mut values), base): ((usize, Vec<f64>), f64)| {
            values.sort_by(f64::total_cmp);
            let middle = values.get(values.len() / 2).map(|value| self.of_kind(feature, *value));
            middle.filter(|value| self.takes(feature, *value)).unwrap_or(base)
        };
        of_splits.into_iter().enumerate().zip(base).map(usual).collect()
    }

    /// The same value, whole where the feature needs it.
    fn of_kind(&self, feature: usize, value: f64) -> f64 {
        match self.parts.schema.features().get(feature).map(|feature| &feature.kind) {
            Some(FeatureKind::Integer) => value.floor(),
            Some(FeatureKind::Boolean) => value.floor().clamp(0.0, 1.0),
            Some(FeatureKind::Category { .. }) => value.floor().max(0.0),
            Some(_) | None => value,
        }
    }

    /// Rows halfway between two rows that a member stores, as near as its steps can be inverted.
    fn add_between_stored(&mut self, typical: &[f64]) {
        let parts = self.parts;
        for member in &parts.members {
            let Some(stored) = member.member.stored_rows() else { continue };
            let stored: Vec<&[f64]> = stored.iter().collect();
            let stride = stored.len().div_ceil(MAX_BETWEEN.min(self.max_rows).max(1)).max(1);
            let encoding =
                Encoding::new(parts, self.intake, member.branch as usize, usize::MAX, typical);
            for pair in stored.windows(2).step_by(stride) {
                let [first, second] = pair else { continue };
                let middles = first.iter().zip(*second).map(|(a, b)| a / 2.0 + b / 2.0);
                let tests: Vec<Test<'_>> = middles
                    .enumerate()
                    .map(|(column, middle)| Test::of_edge(column, middle, Comparison::AtMost))
                    .collect();
                let mut row = typical.to_vec();
                for (test, crossing) in tests.iter().zip(encoding.crossings(&tests)) {
                    let cell =
                        encoding.source(test.column).and_then(|feature| row.get_mut(feature));
                    if let (Some(cell), Some(Crossing::Between { left, .. })) = (cell, crossing) {
                        *cell = left;
                    }
                }
                self.add(row);
            }
        }
    }

    /// Every feature with unusual values, value after value, so that each feature gets some.
    fn add_values(&mut self, typical: &[f64]) {
        let parts = self.parts;
        let fixed = [f64::NAN, 0.0, -0.0, 1.0, -1.0, 1e30, -1e30, 1e-40, 1e90, -1e90];
        let features = || parts.schema.features().iter().enumerate();
        #[allow(clippy::cast_precision_loss, reason = "levels are few")]
        for (index, feature) in features() {
            let n_levels = feature.levels().len();
            self.with(typical, index, n_levels as f64);
            self.with(typical, index, (n_levels / 2) as f64);
        }
        for value in fixed {
            (0..typical.len()).for_each(|feature| self.with(typical, feature, value));
        }
        for (index, feature) in features() {
            let ends = feature.range.into_iter().flat_map(|range| [range.low, range.high]);
            ends.for_each(|value| self.with(typical, index, value));
        }
    }

    /// Rows in which every value, product and sum is rounded to single precision.
    fn add_fractions(&mut self, typical: &[f64]) {
        for nth in 0..2 * u32::try_from(nomogram::MIN_GOLDEN_CASES).unwrap_or_default() {
            let value = |(feature, usual): (usize, &f64)| {
                let step = u32::try_from(feature).unwrap_or_default();
                let numerator = nth.wrapping_mul(37).wrapping_add(step.wrapping_mul(11)) % 101;
                let value = (f64::from(numerator) - 50.0) / 7.0;
                if self.takes(feature, value) { value } else { *usual }
            };
            let row = typical.iter().enumerate().map(value).collect();
            self.add(row);
        }
    }

    /// Rows around the edges of bins and the breaks of curves, and around the thresholds of scores.
    fn add_edges(&mut self, typical: &[f64]) {
        let parts = self.parts;
        let mut seen = BTreeSet::new();
        for member in &parts.members {
            let branch = member.branch as usize;
            if let Member::PointsScore(score) = &member.member {
                let tests: Vec<Test<'_>> = score.items().iter().flat_map(Test::of_item).collect();
                self.add_crossings(typical, branch, usize::MAX, &tests);
            }
            if !seen.insert(branch) {
                continue;
            }
            for (nth, step) in steps(parts, branch).into_iter().enumerate() {
                let tests: Vec<Test<'_>> = edges_and_breaks(step)
                    .into_iter()
                    .map(|(column, edge)| Test::of_edge(column, edge, Comparison::Below))
                    .collect();
                self.add_crossings(typical, branch, nth, &tests);
            }
        }
    }

    /// Rows around the values at which tests change their side, of a row after so many steps.
    fn add_crossings(
        &mut self,
        typical: &[f64],
        branch: usize,
        n_steps: usize,
        tests: &[Test<'_>],
    ) {
        let encoding = Encoding::new(self.parts, self.intake, branch, n_steps, typical);
        // A quarter of the rows, each test several of them.
        let stride = (32 * tests.len()).div_ceil(self.max_rows.max(1)).max(1);
        let tests: Vec<Test<'_>> = tests.iter().step_by(stride).copied().collect();
        for (test, crossing) in tests.iter().zip(encoding.crossings(&tests)) {
            let (Some(feature), Some(crossing)) = (encoding.source(test.column), crossing) else {
                continue;
            };
            for value in around(crossing, test.threshold().filter(|_| encoding.is_plain())) {
                self.with(typical, feature, value);
            }
        }
    }

    /// Rows of values that earlier rows have, mixed: also enough for a model without trees.
    fn add_mixtures(&mut self, typical: &[f64]) {
        let pool = self.rows.clone();
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..self.max_rows.min(4 * nomogram::MIN_GOLDEN_CASES) {
            let row = typical.iter().enumerate().map(|(feature, usual)| {
                // Knuth's generator: the rows only have to be the same every time.
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let nth = usize::try_from(state >> 33).unwrap_or_default() % pool.len().max(1);
                pool.get(nth).and_then(|row| row.get(feature)).copied().unwrap_or(*usual)
            });
            let row = row.collect();
            self.add(row);
        }
        // A model of one feature that is rarely taken may still have too few rows.
        for nth in 0..(2 * nomogram::MIN_GOLDEN_CASES) {
            if self.rows.len() >= nomogram::MIN_GOLDEN_CASES {
                return;
            }
            #[allow(clippy::cast_precision_loss, reason = "a small count")]
            let share = nth as f64 / 64.0;
            for feature in 0..typical.len() {
                let range = self.parts.schema.features().get(feature).and_then(|f| f.range);
                let value = match range {
                    Some(range) => range.low + share * (range.high - range.low),
                    None => share * 64.0,
                };
                self.with(typical, feature, self.of_kind(feature, value));
            }
        }
    }
}

/// The values on both sides of a crossing, then the threshold with its neighbours in double and in single
/// precision; of a value that steps change, the neighbours of the crossing.
fn around(crossing: Crossing, threshold: Option<f64>) -> Vec<f64> {
    let Crossing::Between { left, right } = crossing else { return Vec::new() };
    let mut values = vec![left, right];
    values.extend(near(threshold.unwrap_or(left)));
    values
}

/// A threshold, its neighbours in double precision, and those in single precision.
#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn near(threshold: f64) -> [f64; 7] {
    let single = threshold as f32;
    [
        threshold,
        threshold.next_up(),
        threshold.next_down(),
        single.into(),
        single.next_up().into(),
        single.next_down().into(),
        // Between two numbers of single precision.
        f64::from(single) / 2.0 + f64::from(single.next_up()) / 2.0,
    ]
}
/// The edges of bins and the breaks of curves, each with its column; none of other steps.
fn edges_and_breaks(step: &Step) -> Vec<(usize, f64)> {
    match step {
        Step::Bin(binner) => {
            let edges = binner.edges();
            edges
                .flat_map(|(column, edges)| edges.iter().map(move |edge| (column, *edge)))
                .collect()
        }
        Step::Curves(curves) => {
            let breaks = curves.curves().map(|(column, curves)| {
                let breaks = curves.iter().flat_map(|curve| curve.breaks.iter());
                breaks.map(move |start| (column, *start))
            });
            let mut breaks: Vec<(usize, f64)> = breaks.flatten().collect();
            breaks.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            breaks.dedup();
            breaks
        }
        _ => Vec::new(),
    }
}
