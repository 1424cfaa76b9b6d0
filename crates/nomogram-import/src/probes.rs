//! Probes: rows at which a wrong comparison, rounding or missing direction would show.
//!
//! For splits spread evenly over all trees: a row that reaches the split, with the threshold and its
//! neighbours in double and in single precision. For every feature: 0, −0, missing, huge values, levels
//! known and unseen. For a linear model in single precision: fractions that it rounds. Rows that the
//! schema refuses are left out. The same model always gives the same rows.

use std::collections::{BTreeMap, BTreeSet};

use nomogram::{FeatureKind, Forest, Intake, Member, Node, Parts, Step, Value};

use crate::error::Error;

/// How many bounds are followed from the root to a node, so that the time is linear in the trees.
const MAX_BOUNDS: usize = 64;

/// What the splits above a node leave of an input.
#[derive(Clone, Debug, Default)]
struct Bounds {
    above: Option<f64>,
    up_to: Option<f64>,
    level: Option<u32>,
    not_levels: BTreeSet<u32>,
}

/// At most `max_rows` rows, with one value per feature; NaN is missing.
///
/// # Errors
///
/// `Model` when the schema contradicts itself.
pub(crate) fn rows(parts: &Parts, max_rows: usize) -> Result<Vec<Vec<f64>>, Error> {
    let mut rows = Rows::new(parts, max_rows)?;
    let forests: Vec<&Forest> = parts
        .members
        .iter()
        .filter(|member| reads_features(parts, member.branch as usize))
        .filter_map(|member| match &member.member {
            Member::Forest(forest) => Some(forest),
            Member::LinearForest(linear) => Some(linear.forest()),
            _ => None,
        })
        .collect();
    let typical = rows.typical(&forests);
    rows.add_values(&typical);
    if parts.members.iter().any(|member| matches!(member.member, Member::LinearSingle(_))) {
        rows.add_fractions(&typical);
    }
    let n_splits: usize = forests.iter().map(|forest| n_splits(forest)).sum();
    // About seven rows for each split.
    let stride = n_splits.div_ceil((max_rows / 8).max(1)).max(1);
    let mut nth = 0;
    for forest in forests {
        for tree in &forest.trees {
            rows.add_splits(&tree.nodes, &typical, &mut nth, stride);
        }
    }
    rows.add_mixtures(&typical);
    Ok(rows.rows)
}

/// Whether the values of a branch are the features themselves, at their positions.
fn reads_features(parts: &Parts, branch: usize) -> bool {
    let mut branch = parts.branches.get(branch);
    let mut n_left = parts.branches.len();
    while let Some(here) = branch {
        // Making a value missing leaves all others where they are.
        let keeps_values = here.steps.iter().all(|step| matches!(step, Step::MarkMissing(_)));
        if !keeps_values || n_left == 0 {
            return false;
        }
        n_left -= 1;
        match here.source {
            None => return true,
            Some(source) => branch = parts.branches.get(source as usize),
        }
    }
    false
}

fn n_splits(forest: &Forest) -> usize {
    let is_split = |node: &&Node| !matches!(node, Node::Leaf { .. });
    forest.trees.iter().map(|tree| tree.nodes.iter().filter(is_split).count()).sum()
}

/// Rows without repetition, that the schema takes.
struct Rows<'p> {
    parts: &'p Parts,
    intake: Intake,
    max_rows: usize,
    seen: BTreeSet<Vec<u64>>,
    rows: Vec<Vec<f64>>,
}

impl<'p> Rows<'p> {
    fn new(parts: &'p Parts, max_rows: usize) -> Result<Self, Error> {
        let intake = Intake::of_schema(&parts.schema)?;
        Ok(Self { parts, intake, max_rows, seen: BTreeSet::new(), rows: Vec::new() })
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

    /// A value of each feature in the middle of its thresholds, or of its range.
    fn typical(&self, forests: &[&Forest]) -> Vec<f64> {
        let mut thresholds: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        let nodes = forests.iter().flat_map(|forest| &forest.trees).flat_map(|tree| &tree.nodes);
        for node in nodes {
            if let Node::Split { input, threshold, .. } = node {
                thresholds.entry(*input as usize).or_default().push(*threshold);
            }
        }
        let features = self.parts.schema.features().iter().enumerate();
        features
            .map(|(index, feature)| {
                let of_range = feature.range.map(|range| range.low / 2.0 + range.high / 2.0);
                let of_splits = thresholds.get_mut(&index).and_then(|thresholds| {
                    thresholds.sort_by(f64::total_cmp);
                    thresholds.get(thresholds.len() / 2).copied()
                });
                let value = of_splits.or(of_range).unwrap_or(0.0);
                let value = self.of_kind(index, value);
                let candidates = [value, feature.range.map_or(0.0, |range| range.low), 0.0];
                candidates.into_iter().find(|value| self.takes(index, *value)).unwrap_or(0.0)
            })
            .collect()
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

    fn add_values(&mut self, typical: &[f64]) {
        self.add(typical.to_vec());
        self.add(vec![f64::NAN; typical.len()]);
        let parts = self.parts;
        for (index, feature) in parts.schema.features().iter().enumerate() {
            let of_range = feature.range.into_iter().flat_map(|range| [range.low, range.high]);
            let fixed = [f64::NAN, 0.0, -0.0, 1.0, -1.0, 1e30, -1e30, 1e-40, 1e90, -1e90];
            for value in of_range.chain(fixed) {
                self.with(typical, index, value);
            }
            #[allow(clippy::cast_precision_loss, reason = "levels are few")]
            for level in [feature.levels().len(), feature.levels().len() / 2] {
                self.with(typical, index, level as f64);
            }
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

    fn add_splits(&mut self, nodes: &[Node], typical: &[f64], nth: &mut usize, stride: usize) {
        let mut pending: Vec<(usize, BTreeMap<usize, Bounds>)> = vec![(0, BTreeMap::new())];
        while let Some((index, bounds)) = pending.pop() {
            if self.rows.len() >= self.max_rows {
                return;
            }
            let is_chosen = nth.is_multiple_of(stride);
            match nodes.get(index) {
                Some(Node::Split { input, threshold, left, right, .. }) => {
                    let feature = *input as usize;
                    *nth += 1;
                    if is_chosen {
                        let row = self.reaching(typical, &bounds);
                        for value in near(*threshold) {
                            self.with(&row, feature, self.of_kind(feature, value));
                        }
                        self.with(&row, feature, f64::NAN);
                    }
                    let (mut low, mut high) = (bounds.clone(), bounds);
                    if low.len() < MAX_BOUNDS {
                        low.entry(feature).or_default().up_to = Some(*threshold);
                        high.entry(feature).or_default().above = Some(*threshold);
                    }
                    pending.push((*right as usize, high));
                    pending.push((*left as usize, low));
                }
                Some(Node::SplitLevels { input, levels, left, right, .. }) => {
                    let feature = *input as usize;
                    *nth += 1;
                    if is_chosen {
                        let row = self.reaching(typical, &bounds);
                        let ends = [levels.first(), levels.last()].into_iter().flatten();
                        for level in ends.flat_map(|level| [*level, level.saturating_add(1)]) {
                            self.with(&row, feature, f64::from(level));
                        }
                        self.with(&row, feature, f64::NAN);
                    }
                    let (mut inside, mut outside) = (bounds.clone(), bounds);
                    if inside.len() < MAX_BOUNDS {
                        inside.entry(feature).or_default().level = levels.first().copied();
                        let outside = &mut outside.entry(feature).or_default().not_levels;
                        let n_free = MAX_BOUNDS.saturating_sub(outside.len());
                        outside.extend(levels.iter().take(n_free));
                    }
                    pending.push((*right as usize, outside));
                    pending.push((*left as usize, inside));
                }
                Some(_) | None => {}
            }
        }
    }

    /// A row that keeps the bounds, as far as its features allow it.
    fn reaching(&self, typical: &[f64], bounds: &BTreeMap<usize, Bounds>) -> Vec<f64> {
        let mut row = typical.to_vec();
        for (feature, bounds) in bounds {
            let value = match (bounds.above, bounds.up_to) {
                (Some(above), Some(up_to)) => Some(above / 2.0 + up_to / 2.0),
                (Some(above), None) => Some(above + above.abs().max(1.0) / 16.0),
                (None, Some(up_to)) => Some(up_to - up_to.abs().max(1.0) / 16.0),
                (None, None) => bounds.level.map(f64::from).or_else(|| {
                    let free = (0_u32..).find(|level| !bounds.not_levels.contains(level));
                    free.map(f64::from)
                }),
            };
            let value = value.map(|value| self.of_kind(*feature, value));
            if let (Some(cell), Some(value)) = (row.get_mut(*feature), value)
                && self.takes(*feature, value)
            {
                *cell = value;
            }
        }
        row
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
