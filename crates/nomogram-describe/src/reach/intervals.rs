//! Intervals of steps: what a clip, a bin, a spline or an impute step does with a value.

use nomogram::{Branch, Step};
use serde_json::Value;

use super::stages::Fact;
use super::target::{Target, is_next_to};
use crate::words::variant_and_content;

/// A step whose effect depends on the interval that a value lies in.
#[derive(Clone, Debug, PartialEq)]
pub struct Intervals {
    /// The branch.
    pub branch: usize,
    /// The step of the branch.
    pub step: usize,
    /// The input among those that the step reads.
    pub nth: usize,
    /// The position of the value in the row that enters the step.
    pub position: usize,
    /// What the step does.
    pub kind: IntervalKind,
    /// The bounds between the intervals, ascending; none where only missing values count.
    pub bounds: Vec<f64>,
}

/// Which steps have intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntervalKind {
    /// Values beyond two bounds are moved to them.
    Clip,
    /// The number of the bin; a value at an edge is above it.
    Bin,
    /// Between knots, or breaks of curves.
    Spline,
    /// A missing value is replaced.
    Impute,
}

/// The intervals of every step of the branches.
#[must_use]
pub fn intervals(branches: &[Branch]) -> Vec<Intervals> {
    let mut found = Vec::new();
    for (branch, steps) in branches.iter().enumerate() {
        for (step, parameters) in steps.steps.iter().enumerate() {
            let Some(kind) = kind(parameters) else { continue };
            let (_, parameters) = variant_and_content(parameters);
            for (nth, position) in numbers(&parameters, "inputs").into_iter().enumerate() {
                let bounds = match kind {
                    IntervalKind::Clip => ["lows", "highs"]
                        .iter()
                        .filter_map(|key| numbers(&parameters, key).get(nth).copied())
                        .collect(),
                    IntervalKind::Bin => nth_list(&parameters, "edges", nth),
                    IntervalKind::Spline => knots_or_breaks(&parameters, nth),
                    IntervalKind::Impute => Vec::new(),
                };
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "u32")]
                let position = position as usize;
                found.push(Intervals { branch, step, nth, position, kind, bounds });
            }
        }
    }
    found
}

fn kind(step: &Step) -> Option<IntervalKind> {
    match step {
        Step::Clip(_) => Some(IntervalKind::Clip),
        Step::Bin(_) => Some(IntervalKind::Bin),
        Step::Spline(_) | Step::Curves(_) => Some(IntervalKind::Spline),
        Step::Impute(_) => Some(IntervalKind::Impute),
        Step::StandardScale(_)
        | Step::Log1p(_)
        | Step::SignedPower(_)
        | Step::YeoJohnson(_)
        | Step::MinMaxScale(_)
        | Step::RobustScale(_)
        | Step::OneHot(_)
        | Step::EncodeLevels(_)
        | Step::Derive(_)
        | Step::Polynomial(_)
        | Step::Project(_)
        | Step::Select(_)
        | Step::MarkMissing(_) => None,
    }
}

/// The knots of a spline, or the breaks of all curves of an input.
fn knots_or_breaks(parameters: &Value, nth: usize) -> Vec<f64> {
    let curves = parameters.get("curves").and_then(|curves| curves.get(nth));
    let curves = curves.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let mut bounds = nth_list(parameters, "knots", nth);
    bounds.extend(curves.iter().flat_map(|curve| list(curve.get("breaks"))));
    bounds.sort_by(f64::total_cmp);
    bounds.dedup();
    bounds
}

fn numbers(parameters: &Value, key: &str) -> Vec<f64> {
    list(parameters.get(key))
}

fn nth_list(parameters: &Value, key: &str, nth: usize) -> Vec<f64> {
    list(parameters.get(key).and_then(|lists| lists.get(nth)))
}

fn list(value: Option<&Value>) -> Vec<f64> {
    let items = value.and_then(Value::as_array);
    items.map_or(Vec::new(), |items| items.iter().filter_map(Value::as_f64).collect())
}

impl Intervals {
    /// Everything that a value can reach here.
    pub(super) fn targets(&self, fact: Fact) -> Vec<Target> {
        let Self { branch, step, nth, .. } = *self;
        let interval = |interval| Target::Interval { branch, step, nth, interval };
        match self.kind {
            IntervalKind::Impute if fact.may_be_missing => vec![interval(0)],
            IntervalKind::Impute => Vec::new(),
            IntervalKind::Clip | IntervalKind::Spline => {
                (0..=self.bounds.len()).map(interval).collect()
            }
            IntervalKind::Bin => {
                let edges = (0..self.bounds.len())
                    .flat_map(|edge| [false, true].map(|is_above| self.edge(edge, is_above)));
                (0..=self.bounds.len()).map(interval).chain(edges).collect()
            }
        }
    }

    /// What a value reaches.
    pub(super) fn reached(&self, value: f64, fact: Fact) -> Vec<Target> {
        let Self { branch, step, nth, .. } = *self;
        let interval = |interval| Target::Interval { branch, step, nth, interval };
        match self.kind {
            IntervalKind::Impute if value.is_nan() => vec![interval(0)],
            IntervalKind::Impute => Vec::new(),
            _ if value.is_nan() => Vec::new(),
            IntervalKind::Clip => {
                let beyond_low = self.bounds.first().is_some_and(|low| value < *low);
                let beyond_high = self.bounds.last().is_some_and(|high| value > *high);
                vec![interval(if beyond_low { 0 } else { 1 + usize::from(beyond_high) })]
            }
            IntervalKind::Bin | IntervalKind::Spline => {
                let n_below = self.bounds.partition_point(|bound| *bound <= value);
                let mut reached = vec![interval(n_below)];
                if self.kind == IntervalKind::Bin {
                    let next =
                        |(_, bound): &(usize, &f64)| is_next_to(value, **bound, fact.is_whole);
                    let edges = self.bounds.iter().enumerate().filter(next);
                    reached.extend(edges.map(|(edge, bound)| self.edge(edge, value >= *bound)));
                }
                reached
            }
        }
    }

    fn edge(&self, edge: usize, is_above: bool) -> Target {
        let Self { branch, step, nth, .. } = *self;
        Target::BinEdge { branch, step, nth, edge, is_above }
    }
}
