//! Coverage: how much of a model its golden cases reach.
//!
//! It is computed from the bundle alone: what can be reached follows from the parts, what is reached
//! from the golden rows. Nothing that the bundle says about itself is used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use nomogram::{Error, Model, Parts, unseal};
use serde::Serialize;

use crate::reach::{IntervalKind, Intervals, Reach, Target};

/// What the golden cases of a bundle reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// How many golden cases there are.
    pub n_cases: usize,
    /// Whether the bundle has golden answers: they show unit conversions, refusals and names.
    pub has_golden_answers: bool,
    /// One line for each kind of thing that can be reached, as far as the model has it.
    pub lines: Vec<CoverageLine>,
}

/// How many things of a kind are reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CoverageLine {
    /// The member or branch that has them; none for the schema and the ensemble.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What they are, in the plural, for example `leaves`.
    pub what: &'static str,
    /// How many are reached.
    pub n_reached: usize,
    /// How many there are.
    pub n: usize,
}

impl Coverage {
    /// The coverage of a bundle.
    ///
    /// # Errors
    ///
    /// As [`Model::open`].
    ///
    /// ```
    /// use nomogram_describe::Coverage;
    ///
    /// let coverage = Coverage::of_bundle(&nomogram_testkit::bundle_of_three_members())?;
    /// let leaves = coverage.lines.iter().find(|line| line.what == "leaves").unwrap();
    /// assert_eq!((leaves.n_reached, leaves.n), (5, 5));
    /// # Ok::<(), nomogram::Error>(())
    /// ```
    pub fn of_bundle(bytes: &[u8]) -> Result<Self, Error> {
        let model = Arc::new(Model::open(bytes)?);
        let (parts, rows) = unseal(bytes)?;
        let mut reach = Reach::new(&model, &parts, rows.view())?;
        let reached: BTreeSet<Target> =
            reach.of_rows(rows.view())?.into_iter().flatten().flatten().collect();
        let mut lines: BTreeMap<(usize, usize), CoverageLine> = BTreeMap::new();
        for target in reach.targets() {
            let (order, place, what) = kind(target, &parts, reach.intervals());
            let line = lines.entry((order, position(target))).or_insert_with(|| CoverageLine {
                place,
                what,
                n_reached: 0,
                n: 0,
            });
            line.n += 1;
            line.n_reached += usize::from(reached.contains(target));
        }
        let has_golden_answers = model.has_golden_answers();
        let mut lines: Vec<CoverageLine> = lines.into_values().collect();
        let n_units = parts.schema.features().iter().map(|f| f.alternative_units.len()).sum();
        let answered =
            [("unit conversions", n_units), ("policies of features", parts.schema.n_features())];
        for (what, n) in answered.into_iter().filter(|(_, n)| *n > 0) {
            let n_reached = if has_golden_answers { n } else { 0 };
            lines.push(CoverageLine { place: None, what, n_reached, n });
        }
        Ok(Self { n_cases: rows.nrows(), has_golden_answers, lines })
    }

    /// How many things of all kinds are reached, and how many there are.
    #[must_use]
    pub fn total(&self) -> (usize, usize) {
        let sum = |count: fn(&CoverageLine) -> usize| self.lines.iter().map(count).sum();
        (sum(|line| line.n_reached), sum(|line| line.n))
    }
}

impl CoverageLine {
    /// The place and the kind, for example `trees: leaves`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.place {
            Some(place) => format!("{place}: {}", self.what),
            None => self.what.to_owned(),
        }
    }

    /// The count, for example `58 of 60`.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{} of {}", self.n_reached, self.n)
    }
}

/// The line of a target: its order, its place and the name of its kind.
fn kind(
    target: &Target,
    parts: &Parts,
    intervals: &[Intervals],
) -> (usize, Option<String>, &'static str) {
    let member = |member: usize| parts.members.get(member).map(|placed| placed.name.clone());
    let branch = |branch: usize| parts.branches.get(branch).map(|branch| branch.name.clone());
    match *target {
        Target::Level { .. } => (0, None, "levels"),
        Target::Missing { .. } => (1, None, "missing values"),
        Target::OutOfRange { .. } => (2, None, "values beyond a plausible range, both sides"),
        Target::Rule { .. } => (3, None, "rules kept, or broken and flagged"),
        Target::Interval { branch: at, step, .. } => {
            let of_step = |one: &&Intervals| (one.branch, one.step) == (at, step);
            match intervals.iter().find(of_step).map(|found| found.kind) {
                Some(IntervalKind::Clip) => (4, branch(at), "clip bounds, below, within and above"),
                Some(IntervalKind::Spline) => (5, branch(at), "intervals between knots or breaks"),
                Some(IntervalKind::Impute) => (6, branch(at), "imputed values"),
                Some(IntervalKind::Bin) | None => (7, branch(at), "bins"),
            }
        }
        Target::BinEdge { branch: at, .. } => (8, branch(at), "edges of bins, both sides"),
        Target::Leaf { member: at, .. } => (9, member(at), "leaves"),
        Target::Threshold { member: at, .. } => (10, member(at), "thresholds, both sides"),
        Target::SplitInput { member: at, .. } => (11, member(at), "inputs beside those of splits"),
        Target::SplitLevel { member: at, .. } => (12, member(at), "levels at splits"),
        Target::DefaultChild { member: at, .. } => (13, member(at), "default children"),
        Target::Points { member: at, .. } => (14, member(at), "points of levels and bins"),
        Target::PointsThreshold { member: at, .. } => {
            (15, member(at), "thresholds of points, both sides")
        }
        Target::Total { member: at, .. } => (16, member(at), "listed totals"),
        Target::CalibrationInterval { .. } => (17, None, "intervals of the calibrator"),
        Target::Cutoff { .. } => (18, None, "cutoffs, both sides"),
    }
}

/// The member or branch that a target belongs to.
fn position(target: &Target) -> usize {
    match *target {
        Target::Interval { branch, .. } | Target::BinEdge { branch, .. } => branch,
        Target::Leaf { member, .. }
        | Target::Threshold { member, .. }
        | Target::SplitInput { member, .. }
        | Target::SplitLevel { member, .. }
        | Target::DefaultChild { member, .. }
        | Target::Points { member, .. }
        | Target::PointsThreshold { member, .. }
        | Target::Total { member, .. } => member,
        Target::Level { .. }
        | Target::Missing { .. }
        | Target::OutOfRange { .. }
        | Target::Rule { .. }
        | Target::CalibrationInterval { .. }
        | Target::Cutoff { .. } => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(coverage: &Coverage, name: &str) -> String {
        let found = coverage.lines.iter().find(|line| line.name() == name);
        found.map_or("absent".into(), CoverageLine::text)
    }

    #[test]
    fn every_kind_of_bundle_has_a_coverage() {
        let bundles = nomogram_testkit::bundles();
        let opening = bundles.iter().filter(|(_, bytes)| Model::open(bytes).is_ok());
        let mut n = 0;
        for (name, bytes) in opening {
            let coverage = Coverage::of_bundle(bytes).map_err(|e| format!("{name}: {e}")).unwrap();
            assert!(coverage.n_cases >= 16, "{name}");
            n += 1;
        }
        assert!(n >= 5);
    }

    /// Nobody chose the golden cases of this bundle to reach much.
    #[test]
    fn what_is_not_reached_is_counted() {
        let coverage = Coverage::of_bundle(&nomogram_testkit::bundle_of_table()).unwrap();
        assert_eq!(line(&coverage, "levels"), "3 of 9");
        assert_eq!(line(&coverage, "missing values"), "0 of 5");
        assert_eq!(line(&coverage, "unit conversions"), "3 of 3");
        assert_eq!(line(&coverage, "rules kept, or broken and flagged"), "2 of 3");
        assert_eq!(line(&coverage, "bagged: leaves"), "3 of 4");
        let (n_reached, n) = coverage.total();
        assert!(0 < n_reached && n_reached < n);
    }
}
