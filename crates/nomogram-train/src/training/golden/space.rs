//! Spaces: which values a constructed row can have, feature by feature.

use std::collections::BTreeMap;

use ndarray::ArrayView2;
use nomogram::{Action, Feature, FeatureKind, Range};
use nomogram_stats::random::Random;

use crate::count::number;

/// The values of one feature that a constructed row can have.
#[derive(Clone, Debug)]
pub(super) struct Space {
    pub(super) values: Values,
    /// Whether the policy accepts a missing value.
    pub(super) may_be_missing: bool,
    /// Where values lie that nothing else determines.
    pub(super) usual: Range,
    /// The spread of the training values, the unit of distances; above 0.
    pub(super) spread: f64,
    /// A value below the plausible range and one above it, where the policy accepts them.
    pub(super) beyond: Option<[f64; 2]>,
}

/// Numbers or levels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Values {
    /// Numbers of a range.
    Numbers { range: Range, is_whole: bool },
    /// The numbers of this many levels, an unseen one among them where the policy takes it.
    Levels(usize),
}

/// Some of the values of a feature.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Allowed {
    Numbers(Range),
    /// Whether each level is among them.
    Levels(Vec<bool>),
    Missing,
}

/// What a row needs of some of its features.
pub(super) type Needs = BTreeMap<usize, Allowed>;

impl Space {
    /// The spaces of the features, by the training rows.
    pub(super) fn each(features: &[Feature], rows: ArrayView2<'_, f64>) -> Vec<Self> {
        let columns = rows.columns().into_iter();
        features.iter().zip(columns).map(|(one, column)| Self::new(one, &column.to_vec())).collect()
    }

    fn new(feature: &Feature, column: &[f64]) -> Self {
        let policy = feature.policy;
        let n_levels = match &feature.kind {
            FeatureKind::Boolean => Some(2),
            FeatureKind::Category { levels } => {
                Some(levels.len() + usize::from(policy.unseen_level == Action::Take))
            }
            FeatureKind::Number | FeatureKind::Integer => None,
        };
        let may_be_missing = policy.missing == Action::Impute;
        if let Some(n_levels) = n_levels {
            return Self {
                values: Values::Levels(n_levels),
                may_be_missing,
                usual: Range { low: 0.0, high: number(n_levels) - 1.0 },
                spread: 1.0,
                beyond: None,
            };
        }
        let is_whole = feature.kind == FeatureKind::Integer;
        let known = || column.iter().copied().filter(|value| value.is_finite());
        let low = known().reduce(f64::min).unwrap_or(0.0);
        let high = known().reduce(f64::max).unwrap_or(1.0);
        let spread = if high > low { high - low } else { low.abs().max(1.0) };
        let usual = rounded(Range { low, high }, spread, is_whole);
        let wide = Range { low: usual.low - spread.ceil(), high: usual.high + spread.ceil() };
        let range = feature.range.unwrap_or(wide);
        let usual = common(usual, range, is_whole).unwrap_or(range);
        let accepts = feature.range.is_some() && policy.out_of_range != Action::Refuse;
        let step = (spread / 4.0).max(1.0).ceil();
        let beyond = accepts.then_some([range.low - step, range.high + step]);
        Self { values: Values::Numbers { range, is_whole }, may_be_missing, usual, spread, beyond }
    }

    /// A number among the allowed ones, or NaN; anywhere among the usual ones as far as possible.
    pub(super) fn draw(&self, allowed: Option<&Allowed>, random: &mut Random) -> f64 {
        match (self.values, allowed) {
            (_, Some(Allowed::Missing)) => f64::NAN,
            (Values::Numbers { is_whole, .. }, allowed) => {
                let Range { low, high } = match allowed {
                    Some(Allowed::Numbers(range)) => {
                        common(self.usual, *range, is_whole).unwrap_or(*range)
                    }
                    _ => self.usual,
                };
                let drawn = low + (high - low) * random.uniform();
                let drawn = if is_whole { drawn.round() } else { drawn };
                drawn.clamp(low, high)
            }
            (Values::Levels(n_levels), allowed) => {
                let may_be = |level: &usize| match allowed {
                    Some(Allowed::Levels(levels)) => levels.get(*level).is_some_and(|may| *may),
                    _ => true,
                };
                let levels: Vec<usize> = (0..n_levels).filter(may_be).collect();
                let drawn = random.below(levels.len().max(1) as u64);
                let drawn = usize::try_from(drawn).ok().and_then(|nth| levels.get(nth));
                drawn.map_or(0.0, |level| number(*level))
            }
        }
    }

    /// A value at a share of the way from the low to the high end, moved by up to a twentieth.
    pub(super) fn at(&self, share: f64, random: &mut Random) -> f64 {
        let Range { low, high } = self.usual;
        let moved = share + (random.uniform() - 0.5) / 10.0;
        let value = low + (high - low) * moved.clamp(0.0, 1.0);
        match self.values {
            Values::Numbers { is_whole: false, .. } => value,
            Values::Numbers { is_whole: true, .. } | Values::Levels(_) => value.round(),
        }
    }

    /// The values that are in both.
    pub(super) fn both(&self, a: &Allowed, b: &Allowed) -> Option<Allowed> {
        match (a, b) {
            (Allowed::Missing, Allowed::Missing) => Some(Allowed::Missing),
            (Allowed::Numbers(a), Allowed::Numbers(b)) => {
                let is_whole = matches!(self.values, Values::Numbers { is_whole: true, .. });
                common(*a, *b, is_whole).map(Allowed::Numbers)
            }
            (Allowed::Levels(a), Allowed::Levels(b)) => {
                let both: Vec<bool> = a.iter().zip(b).map(|(a, b)| *a && *b).collect();
                both.contains(&true).then_some(Allowed::Levels(both))
            }
            (Allowed::Missing | Allowed::Numbers(_) | Allowed::Levels(_), _) => None,
        }
    }
}

/// Adds what is needed of a feature; `None` where that contradicts what was needed before.
pub(super) fn add(
    spaces: &[Space],
    needs: &mut Needs,
    feature: usize,
    allowed: &Allowed,
) -> Option<()> {
    let both = match needs.get(&feature) {
        Some(before) => spaces.get(feature)?.both(before, allowed)?,
        None => allowed.clone(),
    };
    needs.insert(feature, both);
    Some(())
}

/// [`add`] of several at once; nothing is added where one contradicts.
pub(super) fn add_all(spaces: &[Space], needs: &mut Needs, more: &Needs) -> Option<()> {
    // Most goals contradict: find that out before anything is copied.
    for (feature, allowed) in more {
        if let Some(before) = needs.get(feature) {
            spaces.get(*feature)?.both(before, allowed)?;
        }
    }
    more.iter().try_for_each(|(feature, allowed)| add(spaces, needs, *feature, allowed))
}

/// The numbers that are in both ranges; `None` without one, or without a whole one.
fn common(a: Range, b: Range, is_whole: bool) -> Option<Range> {
    let (mut low, mut high) = (a.low.max(b.low), a.high.min(b.high));
    if is_whole {
        (low, high) = (low.ceil(), high.floor());
    }
    (low <= high).then_some(Range { low, high })
}

/// The range, rounded outwards to two digits of its width, so that no end is a training value.
fn rounded(range: Range, width: f64, is_whole: bool) -> Range {
    let mut step = 1.0;
    while step * 100.0 <= width && step < 1e90 {
        step *= 10.0;
    }
    while step * 10.0 > width && step > 1e-90 && !(is_whole && step <= 1.0) {
        step /= 10.0;
    }
    Range { low: (range.low / step).floor() * step, high: (range.high / step).ceil() * step }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_ranges_are_rounded_outwards() {
        let range = |low, high| {
            let Range { low, high } = rounded(Range { low, high }, high - low, false);
            [low, high]
        };
        assert_eq!(range(3.7, 96.2), [3.0, 97.0]);
        assert_eq!(range(-1234.0, 777.0), [-1300.0, 800.0]);
        let [low, high] = range(0.0123, 0.0567);
        assert!((low - 0.012).abs() < 1e-12 && (high - 0.057).abs() < 1e-12);
    }

    #[test]
    fn needs_that_contradict_add_nothing() {
        let column = ndarray::array![[1.0], [9.0]];
        let spaces = Space::each(&[Feature::of_kind("n", FeatureKind::Integer)], column.view());
        let numbers = |low, high| Allowed::Numbers(Range { low, high });
        let mut needs = Needs::new();
        assert!(add(&spaces, &mut needs, 0, &numbers(2.5, 4.5)).is_some());
        assert!(add(&spaces, &mut needs, 0, &numbers(4.1, 9.0)).is_none(), "no whole number");
        assert!(add(&spaces, &mut needs, 0, &Allowed::Missing).is_none());
        assert_eq!(needs[&0], numbers(2.5, 4.5));
    }
}
