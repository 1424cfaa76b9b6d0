//! Splits of a forest: rows that reach them.

use std::collections::BTreeMap;

use nomogram::{Forest, Node, Side};

use super::encoding::{Crossing, Encoding, Wanted};
use super::test::{Kind, Test};
use super::{Rows, around};

/// Rows for a split with all neighbours of its threshold, and missing.
const N_FULL: usize = 8;

/// How many splits are followed from a node towards the root, so that the time is linear in the trees.
const MAX_DEPTH: usize = 256;

/// Which splits get rows, of all forests.
pub(super) struct Plan {
    nth: usize,
    /// Every so many splits get the values on both sides.
    of_pairs: usize,
    /// Every so many splits get all values.
    of_full: usize,
}

impl Plan {
    /// A plan for so many splits.
    pub(super) fn new(n_splits: usize, max_rows: usize) -> Self {
        // Other rows take a quarter, and both sides of as many splits as possible most of the rest.
        let room = (max_rows / 4 * 3).max(1);
        if n_splits.saturating_mul(N_FULL) <= room {
            return Self { nth: 0, of_pairs: 1, of_full: 1 };
        }
        let room_of_pairs = (room / 4 * 3).max(1);
        let n_of_pairs = n_splits.saturating_mul(2);
        let of_pairs = n_of_pairs.div_ceil(room_of_pairs).max(1);
        let room_of_full = room.saturating_sub(n_of_pairs.min(room_of_pairs)).max(1);
        let of_full = n_splits.saturating_mul(N_FULL).div_ceil(room_of_full).max(1);
        Self { nth: 0, of_pairs, of_full }
    }

    /// Whether the next split gets rows, and all of them.
    fn next(&mut self) -> Option<bool> {
        let is_full = self.nth.is_multiple_of(self.of_full);
        let has_rows = is_full || self.nth.is_multiple_of(self.of_pairs);
        self.nth += 1;
        has_rows.then_some(is_full)
    }
}

/// How many splits a forest has.
pub(super) fn n_splits(forest: &Forest) -> usize {
    let is_split = |node: &&Node| !matches!(node, Node::Leaf { .. });
    forest.trees.iter().map(|tree| tree.nodes.iter().filter(is_split).count()).sum()
}

/// A split that gets rows.
struct Chosen<'p> {
    test: Test<'p>,
    is_full: bool,
    /// The splits above it and the sides to which they must send a row, from the split upwards.
    above: Vec<(usize, Side)>,
    /// The position of its own test.
    own: usize,
}

/// The chosen splits of a forest.
pub(super) struct Splits<'p> {
    encoding: Encoding<'p>,
    /// Those of chosen splits, and of the splits above them.
    tests: Vec<Test<'p>>,
    crossings: Vec<Option<Crossing>>,
    chosen: Vec<Chosen<'p>>,
}

impl<'p> Splits<'p> {
    /// Chooses splits.
    pub(super) fn new(forest: &'p Forest, encoding: Encoding<'p>, plan: &mut Plan) -> Self {
        let (mut tests, mut chosen) = (Vec::new(), Vec::new());
        for tree in &forest.trees {
            let parents = parents(&tree.nodes);
            // The position of the test of each node that is needed.
            let mut known: BTreeMap<usize, usize> = BTreeMap::new();
            for (index, node) in tree.nodes.iter().enumerate() {
                let Some(test) = Test::of_node(forest, node) else { continue };
                let Some(is_full) = plan.next() else { continue };
                let mut position = |index: usize, test: Test<'p>| {
                    *known.entry(index).or_insert_with(|| {
                        tests.push(test);
                        tests.len() - 1
                    })
                };
                let own = position(index, test);
                let mut above = Vec::new();
                let mut here = index;
                while let Some((parent, side)) = parents.get(here).copied().flatten() {
                    let of_parent = tree.nodes.get(parent);
                    let test = of_parent.and_then(|node| Test::of_node(forest, node));
                    let Some(test) = test.filter(|_| above.len() < MAX_DEPTH) else { break };
                    above.push((position(parent, test), side));
                    here = parent;
                }
                chosen.push(Chosen { test, is_full, above, own });
            }
        }
        let crossings = encoding.crossings(&tests);
        Self { encoding, tests, crossings, chosen }
    }

    /// Values of features at which splits change their side.
    pub(super) fn values(&self) -> impl Iterator<Item = (usize, f64)> {
        self.tests.iter().zip(&self.crossings).filter_map(|(test, crossing)| {
            let Some(Crossing::Between { left, .. }) = crossing else { return None };
            Some((self.encoding.source(test.column)?, *left))
        })
    }

    /// Adds rows that reach the chosen splits.
    pub(super) fn add_to(&self, rows: &mut Rows<'_>, typical: &[f64]) {
        for chosen in &self.chosen {
            let mut wanted: BTreeMap<usize, Vec<Wanted<'_, 'p>>> = BTreeMap::new();
            for (position, side) in &chosen.above {
                let Some((test, crossing)) = self.test(*position) else { continue };
                if let Some(feature) = self.encoding.source(test.column) {
                    wanted.entry(feature).or_default().push((test, crossing, *side));
                }
            }
            let mut row = typical.to_vec();
            for (feature, wanted) in &wanted {
                let usual = typical.get(*feature).copied().unwrap_or_default();
                let value = self.encoding.value(*feature, wanted, usual);
                if let (Some(cell), Some(value)) = (row.get_mut(*feature), value) {
                    *cell = value;
                }
            }
            let Some(feature) = self.encoding.source(chosen.test.column) else {
                rows.add(row);
                continue;
            };
            for value in self.values_of(chosen, feature, &mut wanted) {
                rows.with(&row, feature, value);
            }
        }
    }

    fn test(&self, position: usize) -> Option<(&Test<'p>, Option<Crossing>)> {
        Some((self.tests.get(position)?, self.crossings.get(position).copied().flatten()))
    }

    /// The values of the feature of a split: on both sides, near its threshold, missing.
    fn values_of(
        &self,
        chosen: &Chosen<'p>,
        feature: usize,
        wanted: &mut BTreeMap<usize, Vec<Wanted<'_, 'p>>>,
    ) -> Vec<f64> {
        let mut values = match self.test(chosen.own) {
            Some((test, Some(crossing))) => {
                around(crossing, test.threshold().filter(|_| self.encoding.is_plain()))
            }
            _ => {
                let wanted = wanted.remove(&feature).unwrap_or_default();
                let on = |side| {
                    let more = (&chosen.test, None, side);
                    let wanted: Vec<_> = wanted.iter().copied().chain([more]).collect();
                    self.encoding.value(feature, &wanted, f64::NAN)
                };
                let sides = [on(Side::Left), on(Side::Right)].into_iter().flatten();
                let levels = match chosen.test.kind {
                    Kind::Levels(levels) if self.encoding.is_plain() => levels,
                    Kind::Levels(_) | Kind::Threshold { .. } => &[],
                };
                let ends = [levels.first(), levels.last()].into_iter().flatten();
                let levels = ends.flat_map(|level| [*level, level.saturating_add(1)]);
                sides.chain(levels.map(f64::from)).collect()
            }
        };
        if !chosen.is_full {
            values.truncate(2);
            return values;
        }
        values.push(f64::NAN);
        values
    }
}

/// The parent of each node, and the side of it; none of the root.
fn parents(nodes: &[Node]) -> Vec<Option<(usize, Side)>> {
    let mut parents = vec![None; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        if let Node::Split { left, right, .. } | Node::SplitLevels { left, right, .. } = node {
            for (child, side) in [(left, Side::Left), (right, Side::Right)] {
                if let Some(parent) = parents.get_mut(*child as usize) {
                    *parent = Some((index, side));
                }
            }
        }
    }
    parents
}
