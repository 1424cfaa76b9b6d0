//! The scales of a nomogram, from a linear member and the values of its features.

use nomogram::{Link, Member, Parts, Step, numeric};
use nomogram_train::Dataset;

use crate::charts::{Axis, NomogramChart};

/// The share of the rows that lies beyond each end of a feature's scale.
const TAIL: f64 = 0.01;
const PROBABILITIES: [f64; 15] =
    [0.001, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999];

/// The nomogram of each member that is linear in the features themselves: a logistic regression that
/// reads them as they are or standard-scaled. Scales go over the values of `dataset`, from the first
/// to the last hundredth; what no row varies has no scale.
#[must_use]
pub fn nomograms(parts: &Parts, dataset: &Dataset) -> Vec<(String, NomogramChart)> {
    let of_member = |member: &nomogram::EnsembleMember| {
        let Member::Linear(linear) = &member.member else { return None };
        let steps = &parts.branches.get(member.branch as usize)?.steps;
        let is_raw = parts.branches.get(member.branch as usize)?.source.is_none();
        let width = dataset.schema().n_features();
        let (means, scales) = match steps.as_slice() {
            [] => (vec![0.0; width], vec![1.0; width]),
            [Step::StandardScale(scaler)] => (scaler.means().to_vec(), scaler.std_devs().to_vec()),
            _ => return None,
        };
        let [intercept] = linear.intercepts() else { return None };
        let fits = is_raw && means.len() == width && linear.weights().len() == width;
        if !fits || linear.link() != Link::Logit {
            return None;
        }
        let weights = linear.weights().iter().zip(means.iter().zip(&scales));
        let lines: Vec<Line> = weights
            .zip(0..)
            .map(|((weight, (mean, scale)), feature)| {
                Line::new(dataset, feature, weight / scale, *mean)
            })
            .collect();
        Some((member.name.clone(), chart(&lines, *intercept, dataset)?))
    };
    parts.members.iter().filter_map(of_member).collect()
}

/// What a feature adds to the margin, over the range of its scale.
struct Line {
    feature: usize,
    slope: f64,
    /// Where it adds nothing.
    zero: f64,
    low: f64,
    high: f64,
}

impl Line {
    fn new(dataset: &Dataset, feature: usize, slope: f64, zero: f64) -> Self {
        let mut values: Vec<f64> =
            dataset.values().column(feature).iter().copied().filter(|v| v.is_finite()).collect();
        values.sort_by(f64::total_cmp);
        let n = values.len();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below n")]
        #[allow(clippy::cast_precision_loss, reason = "a number of rows")]
        let beyond = (n as f64 * TAIL) as usize;
        let at = |place: usize| values.get(place).copied().unwrap_or(zero);
        Self { feature, slope, zero, low: at(beyond), high: at(n.saturating_sub(1 + beyond)) }
    }

    /// How much the margin changes from one end of the scale to the other.
    fn width(&self) -> f64 {
        (self.slope * (self.high - self.low)).abs()
    }

    /// The end of the scale where the margin is lowest.
    fn start(&self) -> f64 {
        if self.slope > 0.0 { self.low } else { self.high }
    }
}

fn chart(lines: &[Line], intercept: f64, dataset: &Dataset) -> Option<NomogramChart> {
    let widest = lines.iter().map(Line::width).fold(0.0, f64::max);
    if !(widest > 0.0 && widest.is_finite()) {
        return None;
    }
    let points = |margin: f64| 100.0 * margin / widest;
    let lowest =
        lines.iter().fold(intercept, |sum, line| sum + line.slope * (line.start() - line.zero));
    let most_points = lines.iter().fold(0.0, |sum, line| sum + points(line.width()));
    let features = lines.iter().filter(|line| line.width() > 0.0).map(|line| {
        let feature = dataset.schema().features().get(line.feature);
        let name = feature.map_or(String::new(), |feature| match feature.unit.as_deref() {
            None | Some("1") => feature.name.clone(),
            Some(unit) => format!("{} ({unit})", feature.name),
        });
        let tick = |value: f64| (label(value), points(line.slope * (value - line.start())));
        Axis { name, ticks: round_values(line.low, line.high).map(tick).collect() }
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

/// Round numbers from low to high, about eight.
fn round_values(low: f64, high: f64) -> impl Iterator<Item = f64> {
    let mut step = 1e-12;
    for digit in [2.0, 2.5, 2.0].into_iter().cycle().take(120) {
        if (high - low) / step <= 9.0 {
            break;
        }
        step *= digit;
    }
    let first = (low / step).ceil();
    std::iter::successors(Some(first), |nth| Some(nth + 1.0))
        .map(move |nth| nth * step)
        .take_while(move |value| *value <= high)
}

/// At most six digits that say something.
fn label(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_have_round_values() {
        let labels = |low, high| round_values(low, high).map(label).collect::<Vec<_>>().join(" ");
        assert_eq!(labels(3.2, 47.0), "5 10 15 20 25 30 35 40 45");
        assert_eq!(labels(0.0011, 0.0049), "0.0015 0.002 0.0025 0.003 0.0035 0.004 0.0045");
        assert_eq!(labels(-2.0, 2.0), "-2 -1.5 -1 -0.5 0 0.5 1 1.5 2");
    }
}
