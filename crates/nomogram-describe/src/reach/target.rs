//! Targets: what golden cases can reach in a model.

/// One thing in a model that a row reaches or does not. Numbers are positions, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// A feature has this level, or is false (0) or true (1). The number after the last level is an
    /// unseen one.
    Level {
        /// The feature.
        feature: usize,
        /// The level.
        level: usize,
    },
    /// A value is missing, and the policy accepts that.
    Missing {
        /// The feature.
        feature: usize,
    },
    /// A value is beyond an end of the plausible range, and the policy accepts that.
    OutOfRange {
        /// The feature.
        feature: usize,
        /// Whether it is above the range.
        is_above: bool,
    },
    /// A rule that flags is broken, or any rule is kept.
    Rule {
        /// The rule.
        rule: usize,
        /// Whether the row breaks it.
        is_broken: bool,
    },
    /// A value lies in an interval of a step: below, within or above the bounds of a clip; a bin; an
    /// interval between knots; or it is missing and imputed.
    Interval {
        /// The branch.
        branch: usize,
        /// The step of the branch.
        step: usize,
        /// The input among those that the step reads.
        nth: usize,
        /// The interval.
        interval: usize,
    },
    /// A value lies next to an edge of a bin.
    BinEdge {
        /// The branch.
        branch: usize,
        /// The step of the branch.
        step: usize,
        /// The input among those that the step reads.
        nth: usize,
        /// The edge.
        edge: usize,
        /// Whether the value is in the bin above.
        is_above: bool,
    },
    /// A walk through a tree ends at a leaf, named by its node.
    Leaf {
        /// The member.
        member: usize,
        /// The tree.
        tree: usize,
        /// The node.
        node: usize,
    },
    /// A value at a split lies next to the threshold.
    Threshold {
        /// The member.
        member: usize,
        /// The tree.
        tree: usize,
        /// The node.
        node: usize,
        /// Whether the walk goes to the right.
        is_right: bool,
    },
    /// The input beside the one that a split reads would send the walk to another leaf.
    SplitInput {
        /// The member.
        member: usize,
        /// The tree.
        tree: usize,
        /// The node.
        node: usize,
        /// Whether it is the next input, or the one before.
        is_next: bool,
    },
    /// A level at a split.
    SplitLevel {
        /// The member.
        member: usize,
        /// The tree.
        tree: usize,
        /// The node.
        node: usize,
        /// The level.
        level: usize,
    },
    /// A missing value at a split.
    DefaultChild {
        /// The member.
        member: usize,
        /// The tree.
        tree: usize,
        /// The node.
        node: usize,
    },
    /// A value has the points of a level or bin; the number after the last one is a missing value.
    Points {
        /// The member.
        member: usize,
        /// The item.
        item: usize,
        /// The level or bin.
        bin: usize,
    },
    /// A value lies next to a threshold between points.
    PointsThreshold {
        /// The member.
        member: usize,
        /// The item.
        item: usize,
        /// The threshold.
        threshold: usize,
        /// Whether the value is in the bin above.
        is_above: bool,
    },
    /// A total of points that a table lists.
    Total {
        /// The member.
        member: usize,
        /// The entry of the table.
        entry: usize,
    },
    /// A probability lies between two points of an isotonic map, or outside of them.
    CalibrationInterval {
        /// The map.
        map: usize,
        /// The interval.
        interval: usize,
    },
    /// A probability reaches a cutoff, or does not.
    Cutoff {
        /// The cutoff.
        cutoff: usize,
        /// Whether it is reached.
        is_reached: bool,
    },
}

/// How near a value must lie to a threshold to be next to it, relative to the threshold: a millionth.
/// A threshold that moves by more passes the value.
pub const NEXT_TO: f64 = 1.0 / 1_048_576.0;

/// Whether a value is next to a threshold: within [`NEXT_TO`], or the nearest whole number on its side
/// where values are whole.
#[must_use]
pub fn is_next_to(value: f64, threshold: f64, is_whole: bool) -> bool {
    if is_whole {
        return (value - threshold).abs() <= 1.0;
    }
    let scale = if threshold.abs() > 0.0 { threshold.abs() } else { 1.0 };
    (value - threshold).abs() <= NEXT_TO * scale
}
