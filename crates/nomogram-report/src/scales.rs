//! The scales of a nomogram, from a linear member and the values of its features.

use ndarray::{Array2, ArrayView1};
use nomogram::{Branch, FeatureKind, Linear, Link, Member, Parts, Step, numeric};
use nomogram_train::Dataset;

use crate::charts::{Axis, NomogramChart, shortest};

/// The share of the rows that lies beyond each end of a feature's scale.
const TAIL: f64 = 0.01;
/// The most values of a scale.
const MAX_VALUES: usize = 32;
/// The part of a step by which a value may pass the end of a scale.
const NEARLY: f64 = 1e-9;
const PROBABILITIES: [f64; 15] =
    [0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999];

/// The nomogram of each logistic regression whose inputs come from one feature each, by steps without
/// bins.
///
/// The scale of a number covers the values of `dataset` from the 1st to the 99th percentile. Where its
/// contribution to the margin stops rising or falling, the scale ends and another one begins below it.
/// A feature that is constant in `dataset` has no scale.
#[must_use]
pub fn nomograms(parts: &Parts, dataset: &Dataset) -> Vec<(String, NomogramChart)> {
    let of_member = |member: &nomogram::EnsembleMember| {
        let Member::Linear(linear) = &member.member else { return None };
        let branches = parts.branches.get(..=member.branch as usize)?;
        let mut steps = branches.iter().flat_map(|branch| &branch.steps);
        if linear.link() != Link::Logit || !steps.all(Step::is_separable) {
            return None;
        }
        let curves = Curves { dataset, branches, linear };
        let features = 0..dataset.schema().n_features();
        let scales: Option<Vec<Scale>> = features.map(|feature| curves.scale(feature)).collect();
        Some((member.name.clone(), chart(&scales?, curves.base_margin()?)?))
    };
    parts.members.iter().filter_map(of_member).collect()
}

/// A member that is a sum of curves, one per feature.
struct Curves<'a> {
    dataset: &'a Dataset,
    branches: &'a [Branch],
    linear: &'a Linear,
}

/// What a feature adds to the margin, over its values, counted from where it adds least.
struct Scale {
    name: String,
    /// Labels, and what they add.
    ticks: Vec<(String, f64)>,
    /// Whether the values between two ticks have their places between them.
    has_order: bool,
    /// How much less the feature can add than in the base row.
    below_base: f64,
    width: f64,
}

impl Curves<'_> {
    /// A row that all others differ from by one feature: of each its first value in the table.
    fn base(&self) -> Vec<f64> {
        let columns = self.dataset.values().columns().into_iter();
        let first = columns.map(|column| column.iter().copied().find(|value| value.is_finite()));
        first.map(|value| value.unwrap_or(0.0)).collect()
    }

    fn base_margin(&self) -> Option<f64> {
        self.margins(vec![self.base()])?.first().copied()
    }

    /// The margins of rows of features.
    fn margins(&self, rows: Vec<Vec<f64>>) -> Option<Vec<f64>> {
        let n_rows = rows.len();
        let values: Vec<f64> = rows.into_iter().flatten().collect();
        let rows = Array2::from_shape_vec((n_rows, values.len() / n_rows.max(1)), values).ok()?;
        let encoded = encode(self.branches, rows)?;
        let intercept = *self.linear.intercepts().first()?;
        let margin = |row: ArrayView1<'_, f64>| {
            row.iter()
                .zip(self.linear.weights())
                .fold(intercept, |sum, (x, weight)| sum + x * weight)
        };
        Some(encoded.rows().into_iter().map(margin).collect())
    }

    fn scale(&self, feature: usize) -> Option<Scale> {
        let own = self.dataset.schema().features().get(feature)?;
        let (labels, values, has_order) = match &own.kind {
            FeatureKind::Category { levels } => {
                let codes = (0_u32..).take(levels.len()).map(f64::from).collect();
                (levels.clone(), codes, false)
            }
            FeatureKind::Boolean => (vec!["no".into(), "yes".into()], vec![0.0, 1.0], false),
            FeatureKind::Number | FeatureKind::Integer => {
                let values = values_of_scale(self.dataset, feature, &own.kind);
                (values.iter().map(|value| label(*value)).collect(), values, true)
            }
        };
        let base = self.base();
        let row = |value: &f64| {
            let mut row = base.clone();
            row.iter_mut().skip(feature).take(1).for_each(|own| *own = *value);
            row
        };
        let rows: Vec<Vec<f64>> =
            std::iter::once(base.clone()).chain(values.iter().map(row)).collect();
        let margins = self.margins(rows)?;
        let (base_margin, margins) = margins.split_first()?;
        let least = margins.iter().copied().fold(f64::INFINITY, f64::min).min(f64::MAX);
        let most = margins.iter().copied().fold(least, f64::max);
        let name = match own.unit.as_deref() {
            None | Some("1") => own.name.clone(),
            Some(unit) => format!("{} ({unit})", own.name),
        };
        let ticks = labels.into_iter().zip(margins).map(|(label, margin)| (label, margin - least));
        let is_empty = margins.is_empty();
        Some(Scale {
            name,
            ticks: ticks.collect(),
            has_order,
            below_base: if is_empty { 0.0 } else { base_margin - least },
            width: most - least,
        })
    }
}

/// The rows that the last of some branches makes of rows of features.
fn encode(branches: &[Branch], rows: Array2<f64>) -> Option<Array2<f64>> {
    let (branch, before) = branches.split_last()?;
    let rows = match branch.source {
        None => rows,
        Some(source) => encode(before.get(..=source as usize)?, rows)?,
    };
    branch.steps.iter().try_fold(rows, |rows, step| step.encode(rows.view()).ok())
}

/// Round values within those of the middle 98 % of the rows.
fn values_of_scale(dataset: &Dataset, feature: usize, kind: &FeatureKind) -> Vec<f64> {
    let column = dataset.values().column(feature);
    let mut values: Vec<f64> = column.iter().copied().filter(|v| v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let n = values.len();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below n")]
    #[allow(clippy::cast_precision_loss, reason = "a number of rows")]
    let beyond = (n as f64 * TAIL) as usize;
    let at = |place: usize| values.get(place).copied();
    let ends = at(beyond).zip(at(n.saturating_sub(1 + beyond)));
    let Some((low, high)) = ends else { return Vec::new() };
    if low == high {
        return vec![low];
    }
    if *kind == FeatureKind::Integer {
        return round_values(low, high, 0.99).map(f64::round).collect();
    }
    round_values(low, high, 0.0).collect()
}

fn chart(scales: &[Scale], base_margin: f64) -> Option<NomogramChart> {
    let widest = scales.iter().map(|scale| scale.width).fold(0.0, f64::max);
    if !(widest > 0.0 && widest.is_finite()) {
        return None;
    }
    let points = |margin: f64| 100.0 * margin / widest;
    let lowest = scales.iter().fold(base_margin, |sum, scale| sum - scale.below_base);
    let most_points = scales.iter().fold(0.0, |sum, scale| sum + points(scale.width));
    let features = scales.iter().filter(|scale| scale.width > 0.0).flat_map(|scale| {
        let runs = if scale.has_order { runs(&scale.ticks) } else { vec![scale.ticks.as_slice()] };
        runs.into_iter().map(|run| Axis {
            name: scale.name.clone(),
            ticks: run.iter().map(|(label, margin)| (label.clone(), points(*margin))).collect(),
        })
    });
    let tick = |p: &f64| {
        let at = points(numeric::ln(*p) - numeric::ln_1p(-p) - lowest);
        (0.0..=most_points).contains(&at).then(|| (format!("{p}"), at))
    };
    Some(NomogramChart {
        features: features.collect(),
        most_points,
        probabilities: Axis {
            name: "probability".into(),
            ticks: PROBABILITIES.iter().filter_map(tick).collect(),
        },
    })
}

/// Ticks, separated where their contribution changes direction; the turning point is in both runs.
fn runs(ticks: &[(String, f64)]) -> Vec<&[(String, f64)]> {
    let mut runs = Vec::new();
    let mut start = 0;
    let mut direction = 0.0;
    for (at, pair) in ticks.windows(2).enumerate() {
        let [(_, from), (_, to)] = pair else { continue };
        let change = to - from;
        if change * direction < 0.0 {
            runs.extend(ticks.get(start..=at));
            start = at;
        }
        if change.abs() > 0.0 {
            direction = change;
        }
    }
    runs.extend(ticks.get(start..));
    runs
}

/// Round numbers from low to high, about eight, at least a smallest step apart. Ends that are round
/// belong to them although the steps are rounded.
fn round_values(low: f64, high: f64, smallest: f64) -> impl Iterator<Item = f64> {
    let mut step = 1e-12;
    for digit in [2.0, 2.5, 2.0].into_iter().cycle().take(120) {
        if (high - low) / step <= 9.0 && step >= smallest {
            break;
        }
        step *= digit;
    }
    let first = (low / step - NEARLY).ceil();
    std::iter::successors(Some(first), |nth| Some(nth + 1.0))
        .map(move |nth| nth * step)
        .take_while(move |value| *value <= high + NEARLY * step)
        // Beyond 2^53 steps from 0, the next one is the same number.
        .take(MAX_VALUES)
}

/// A number with at most six decimals, without trailing zeros; a smaller one as a power of ten.
fn label(value: f64) -> String {
    shortest(value, 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_have_round_values() {
        let labels =
            |low, high| round_values(low, high, 0.0).map(label).collect::<Vec<_>>().join(" ");
        assert_eq!(labels(3.2, 47.0), "5 10 15 20 25 30 35 40 45");
        assert_eq!(labels(0.0011, 0.0049), "0.0015 0.002 0.0025 0.003 0.0035 0.004 0.0045");
        assert_eq!(labels(-2.0, 2.0), "-2 -1.5 -1 -0.5 0 0.5 1 1.5 2");
        let whole = |low, high| round_values(low, high, 0.99).map(f64::round).collect::<Vec<_>>();
        assert_eq!(whole(1.0, 2.0), [1.0, 2.0]);
        assert_eq!(whole(1.0, 4.0), [1.0, 2.0, 3.0, 4.0]);
        assert!(round_values(1e9, 1e9 + 1e-6, 0.0).count() <= MAX_VALUES);
        assert!(round_values(250_000.0, 250_000.0, 0.0).count() <= MAX_VALUES);
    }

    #[test]
    fn a_scale_is_split_where_it_changes_direction() {
        let run_lengths = |margins: &[f64]| {
            let ticks: Vec<_> = margins.iter().map(|margin| (String::new(), *margin)).collect();
            runs(&ticks).iter().map(|run| run.len()).collect::<Vec<_>>()
        };
        assert_eq!(run_lengths(&[0.0, 1.0, 1.0, 2.0]), [4]);
        assert_eq!(run_lengths(&[2.0, 1.0, 1.0, 3.0, 0.0]), [3, 2, 2]);
        assert_eq!(run_lengths(&[1.0]), [1]);
        assert_eq!(run_lengths(&[]), [0]);
    }
}
