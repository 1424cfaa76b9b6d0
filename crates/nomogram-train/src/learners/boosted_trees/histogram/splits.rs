//! The best split of a node, input by input, from its histograms.
//!
//! A split's gain is `Σr² / (Σc + l2)` of both children less that of the node, `r` residuals and `c`
//! curvatures: twice the loss that a Newton step takes away. Of equal gains the lowest input wins,
//! then the lowest threshold, then missing values on the right.

use super::bins::Bins;
use super::levels;
use super::sums::{Scale, Sum, Total, add, subtract};
use crate::config::{BoostedTreesSpec, HistogramSpec};

/// A gain that is a smaller share of what the children reach is the noise of rounding.
const NOISE: f64 = 1e-10;

/// Which bins go to the left, by bin.
pub(super) type Sides = [bool; 256];

/// A split that can be made.
#[derive(Clone, Debug)]
pub(super) struct Split {
    pub(super) gain: f64,
    pub(super) input: usize,
    pub(super) rule: Rule,
    /// Whether missing values go to the left.
    pub(super) missing_left: bool,
    pub(super) left: Child,
    pub(super) right: Child,
}

/// Which values go to the left.
#[derive(Clone, Debug)]
pub(super) enum Rule {
    /// Those of the bins up to this one.
    UpTo(usize),
    /// Those of these bins.
    Within(Vec<usize>),
}

/// A side of a split.
#[derive(Clone, Copy, Debug)]
pub(super) struct Child {
    pub(super) sum: Sum,
    /// The Newton step within the node's bounds, before the learning rate.
    pub(super) step: f64,
}

/// What a node's steps may be: monotone splits above it bound them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// A node whose best split is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Searched {
    pub(super) sum: Sum,
    pub(super) bounds: Bounds,
}

/// What all searches of a tree share.
pub(super) struct Search<'a> {
    pub(super) spec: &'a BoostedTreesSpec,
    pub(super) histogram: &'a HistogramSpec,
    pub(super) scale: Scale,
    pub(super) min_rows: i64,
}

/// The best split of an input so far.
pub(super) struct Best<'a> {
    pub(super) search: &'a Search<'a>,
    pub(super) node: Searched,
    pub(super) input: usize,
    /// The strength of the penalty on the children.
    pub(super) l2: f64,
    monotone: i8,
    /// What the gain of both children must exceed.
    bar: f64,
    parent: f64,
    pub(super) split: Option<Split>,
}

impl Bounds {
    pub(super) const NONE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// The bounds of both children: a monotone split parts them in the middle of their steps.
    pub(super) fn parted(self, split: &Split, search: &Search<'_>) -> [Self; 2] {
        let middle = split.left.step / 2.0 + split.right.step / 2.0;
        match search.spec.monotone.get(split.input) {
            Some(1) => [Self { high: middle, ..self }, Self { low: middle, ..self }],
            Some(-1) => [Self { low: middle, ..self }, Self { high: middle, ..self }],
            _ => [self, self],
        }
    }

    fn hold(self, step: f64) -> f64 {
        if step < self.low {
            self.low
        } else if step > self.high {
            self.high
        } else {
            step
        }
    }
}

impl Rule {
    /// The side of each bin; `missing` is the bin of missing values.
    pub(super) fn sides(&self, missing: usize, missing_left: bool) -> Sides {
        let mut sides = [false; 256];
        for (bin, side) in sides.iter_mut().enumerate() {
            *side = match self {
                _ if bin == missing => missing_left,
                Self::UpTo(last) => bin <= *last,
                Self::Within(bins) => bins.contains(&bin),
            };
        }
        sides
    }
}

impl<'a> Search<'a> {
    /// A Newton step for a node of its own, before the learning rate.
    pub(super) fn step(&self, sum: Sum, bounds: Bounds) -> f64 {
        bounds.hold(newton(self.scale.total(sum), self.spec.l2))
    }

    /// The best split of a node by one input; `bins` are its sums by bin, missing values last.
    pub(super) fn best(
        &'a self,
        node: Searched,
        input: usize,
        kind: &Bins,
        bins: &[Sum],
    ) -> Option<Split> {
        let parent = gain(self.scale.total(node.sum), self.spec.l2);
        let mut best = Best {
            search: self,
            node,
            input,
            l2: self.spec.l2,
            monotone: self.spec.monotone.get(input).copied().unwrap_or(0),
            bar: parent + self.spec.min_gain,
            parent,
            split: None,
        };
        match kind {
            Bins::Numbers { .. } => best.scan(bins),
            Bins::Levels { levels, .. } => levels::scan(&mut best, levels.len(), bins),
        }
        best.split
    }
}

impl Best<'_> {
    /// Tries every threshold, with missing values on either side.
    #[allow(clippy::indexing_slicing, reason = "the last bin is that of missing values")]
    fn scan(&mut self, bins: &[Sum]) {
        let (present, missing) = bins.split_at(bins.len() - 1);
        let missing = missing[0];
        let n_missing = self.search.scale.count(missing);
        let n_rows = self.search.scale.count(self.node.sum);
        let mut left = [0; 2];
        for (bin, sum) in present.iter().enumerate() {
            if self.search.scale.count(*sum) == 0 {
                continue;
            }
            left = add(left, *sum);
            let n_left = self.search.scale.count(left);
            let right = subtract(self.node.sum, left);
            if n_missing == 0 {
                if n_rows - n_left < self.search.min_rows {
                    break;
                }
                // Where none is missing, those to come go with most of the rows.
                self.consider(left, right, n_left > n_rows - n_left, || Rule::UpTo(bin));
            } else {
                self.consider(left, right, false, || Rule::UpTo(bin));
                let (left, right) = (add(left, missing), subtract(right, missing));
                self.consider(left, right, true, || Rule::UpTo(bin));
            }
        }
    }

    /// Whether both sides have enough rows and curvature.
    #[inline]
    pub(super) fn is_allowed(&self, left: Sum, right: Sum) -> bool {
        let scale = &self.search.scale;
        if scale.count(left).min(scale.count(right)) < self.search.min_rows {
            return false;
        }
        let lowest = scale.total(left).curvature.min(scale.total(right).curvature);
        // Without curvature there is no Newton step.
        lowest > 0.0 && lowest >= self.search.spec.min_child_weight
    }

    /// Keeps a split if it is allowed and the best so far.
    #[inline]
    pub(super) fn consider(
        &mut self,
        left: Sum,
        right: Sum,
        missing_left: bool,
        rule: impl FnOnce() -> Rule,
    ) {
        if !self.is_allowed(left, right) {
            return;
        }
        let scale = &self.search.scale;
        let (of_left, of_right) = (scale.total(left), scale.total(right));
        let bounds = self.node.bounds;
        let is_free =
            self.monotone == 0 && bounds.low == f64::NEG_INFINITY && bounds.high == f64::INFINITY;
        let reached = if is_free {
            gain(of_left, self.l2) + gain(of_right, self.l2)
        } else {
            self.gain_within_bounds(of_left, of_right)
        };
        if reached > self.bar && reached - self.parent > NOISE * reached {
            self.bar = reached;
            let child = |sum, total| Child { sum, step: bounds.hold(newton(total, self.l2)) };
            self.split = Some(Split {
                gain: reached - self.parent,
                input: self.input,
                rule: rule(),
                missing_left,
                left: child(left, of_left),
                right: child(right, of_right),
            });
        }
    }

    /// The gain of both children when their steps are held; nothing where the order is wrong.
    fn gain_within_bounds(&self, left: Total, right: Total) -> f64 {
        let hold = |total| self.node.bounds.hold(newton(total, self.l2));
        let (of_left, of_right) = (hold(left), hold(right));
        let is_wrong = match self.monotone {
            1 => of_left > of_right,
            -1 => of_left < of_right,
            _ => false,
        };
        if is_wrong {
            return f64::NEG_INFINITY;
        }
        let gain = |total: Total, step: f64| {
            2.0 * total.residual * step - (total.curvature + self.l2) * (step * step)
        };
        gain(left, of_left) + gain(right, of_right)
    }
}

/// The step at which the quadratic approximation of the loss is lowest.
fn newton(total: Total, l2: f64) -> f64 {
    let curvature = total.curvature + l2;
    if curvature > 0.0 { total.residual / curvature } else { 0.0 }
}

/// What that step gains.
#[inline]
fn gain(total: Total, l2: f64) -> f64 {
    let curvature = total.curvature + l2;
    if curvature > 0.0 { total.residual * total.residual / curvature } else { 0.0 }
}
