//! Tests: comparisons that a model makes with a value of an encoded row.

use nomogram::{Comparison, Forest, Node, Points, PointsItem, Precision, Side, Tie};

/// A comparison with a value of an encoded row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Test<'p> {
    /// The position of the value.
    pub(super) column: usize,
    pub(super) kind: Kind<'p>,
    /// Where a missing value goes.
    missing: Side,
}

/// What a value is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind<'p> {
    /// Left up to the threshold, with it or without it.
    Threshold { threshold: f64, comparison: Comparison, is_single: bool },
    /// Left if the value is one of these levels.
    Levels(&'p [u32]),
}

impl<'p> Test<'p> {
    /// The comparison of a node; none of a leaf.
    pub(super) fn of_node(forest: &Forest, node: &'p Node) -> Option<Self> {
        let is_single = forest.precision != Precision::Double;
        match node {
            Node::Split { input, threshold, default_child, .. } => Some(Self {
                column: *input as usize,
                kind: Kind::Threshold {
                    threshold: *threshold,
                    comparison: forest.comparison,
                    is_single,
                },
                missing: *default_child,
            }),
            Node::SplitLevels { input, levels, default_child, .. } => Some(Self {
                column: *input as usize,
                kind: Kind::Levels(levels),
                missing: *default_child,
            }),
            Node::Leaf { .. } => None,
        }
    }

    /// The comparisons of an item of a score.
    pub(super) fn of_item(item: &'p PointsItem) -> impl Iterator<Item = Self> {
        let (thresholds, tie) = match &item.points {
            Points::Bins { thresholds, tie, .. } => (thresholds.as_slice(), *tie),
            _ => (&[][..], Tie::Above),
        };
        let comparison = if tie == Tie::Below { Comparison::AtMost } else { Comparison::Below };
        let test =
            move |threshold: &f64| Self::of_edge(item.input as usize, *threshold, comparison);
        thresholds.iter().map(test)
    }

    /// The comparison with an edge between bins.
    pub(super) fn of_edge(column: usize, threshold: f64, comparison: Comparison) -> Self {
        let kind = Kind::Threshold { threshold, comparison, is_single: false };
        Self { column, kind, missing: Side::Left }
    }

    /// The threshold; none of a set of levels.
    pub(super) fn threshold(&self) -> Option<f64> {
        match self.kind {
            Kind::Threshold { threshold, .. } => Some(threshold),
            Kind::Levels(_) => None,
        }
    }

    /// Where a value goes.
    #[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    pub(super) fn side(&self, value: f64) -> Side {
        let goes_left = match self.kind {
            _ if value.is_nan() => return self.missing,
            Kind::Threshold { threshold, comparison, is_single } => {
                let value = if is_single { f64::from(value as f32) } else { value };
                match comparison {
                    Comparison::Below => value < threshold,
                    _ => value <= threshold,
                }
            }
            Kind::Levels(levels) => levels.iter().any(|level| f64::from(*level) == value),
        };
        if goes_left { Side::Left } else { Side::Right }
    }
}
