//! The best split of a node by one input, candidate by candidate.
//!
//! A split's gain is `Σr² / (Σc + l2)` of both children less that of the node, `r` residuals and `c`
//! curvatures: twice the decrease of the loss by a Newton step. Of equal gains the first candidate
//! wins.

use super::splits::{Bounds, Child, Rule, Searched, Split};
use super::sums::{Scale, Sum, Total};
use crate::learners::boosted_trees::histogram_spec::HistogramSpec;
use crate::learners::boosted_trees::spec::BoostedTreesSpec;

/// A gain that is a smaller share of the children's gain is the noise of rounding.
const NOISE: f64 = 1e-10;

/// Settings and scale of all searches of a tree.
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
    /// The gain of both children must be larger.
    bar: f64,
    parent: f64,
    pub(super) split: Option<Split>,
}

impl Search<'_> {
    /// The Newton step of a node, before the learning rate.
    pub(super) fn step(&self, sum: Sum, bounds: Bounds) -> f64 {
        bounds.clamp(newton(self.scale.total(sum), self.spec.l2))
    }
}

impl<'a> Best<'a> {
    pub(super) fn new(search: &'a Search<'a>, node: Searched, input: usize) -> Self {
        let parent = gain(search.scale.total(node.sum), search.spec.l2);
        Self {
            search,
            node,
            input,
            l2: search.spec.l2,
            monotone: search.spec.monotone.get(input).copied().unwrap_or(0),
            bar: parent + search.spec.min_gain,
            parent,
            split: None,
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
        let (total_left, total_right) = (scale.total(left), scale.total(right));
        let bounds = self.node.bounds;
        let is_free =
            self.monotone == 0 && bounds.low == f64::NEG_INFINITY && bounds.high == f64::INFINITY;
        let reached = if is_free {
            gain(total_left, self.l2) + gain(total_right, self.l2)
        } else {
            self.gain_within_bounds(total_left, total_right)
        };
        if reached > self.bar && reached - self.parent > NOISE * reached {
            self.bar = reached;
            let child = |sum, total| Child { sum, step: bounds.clamp(newton(total, self.l2)) };
            self.split = Some(Split {
                gain: reached - self.parent,
                input: self.input,
                rule: rule(),
                missing_left,
                left: child(left, total_left),
                right: child(right, total_right),
            });
        }
    }

    /// The gain of both children within the bounds; minus infinity where the order is wrong.
    fn gain_within_bounds(&self, left: Total, right: Total) -> f64 {
        let clamp = |total| self.node.bounds.clamp(newton(total, self.l2));
        let (step_left, step_right) = (clamp(left), clamp(right));
        let is_wrong = match self.monotone {
            1 => step_left > step_right,
            -1 => step_left < step_right,
            _ => false,
        };
        if is_wrong {
            return f64::NEG_INFINITY;
        }
        let gain = |total: Total, step: f64| {
            2.0 * total.residual * step - (total.curvature + self.l2) * (step * step)
        };
        gain(left, step_left) + gain(right, step_right)
    }
}

/// The step at which the quadratic approximation of the loss is lowest.
fn newton(total: Total, l2: f64) -> f64 {
    let curvature = total.curvature + l2;
    if curvature > 0.0 { total.residual / curvature } else { 0.0 }
}

/// The gain of that step.
#[inline]
fn gain(total: Total, l2: f64) -> f64 {
    let curvature = total.curvature + l2;
    if curvature > 0.0 { total.residual * total.residual / curvature } else { 0.0 }
}
