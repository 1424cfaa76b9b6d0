//! Splits and their two children.

use super::sums::Sum;

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

/// The range of a node's steps, bounded by the monotone splits above it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// A node whose best split is searched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Searched {
    pub(super) sum: Sum,
    pub(super) bounds: Bounds,
}

impl Bounds {
    pub(super) const NONE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    /// The bounds of both children: a monotone split bounds them by the middle of their steps.
    pub(super) fn children(self, split: &Split, monotone: &[i8]) -> [Self; 2] {
        let middle = split.left.step / 2.0 + split.right.step / 2.0;
        match monotone.get(split.input) {
            Some(1) => [Self { high: middle, ..self }, Self { low: middle, ..self }],
            Some(-1) => [Self { low: middle, ..self }, Self { high: middle, ..self }],
            _ => [self, self],
        }
    }

    /// The nearest step within the bounds.
    pub(super) fn clamp(self, step: f64) -> f64 {
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
