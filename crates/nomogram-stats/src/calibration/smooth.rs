//! A smooth calibration curve, and its distance from the diagonal.

use nomogram::numeric::powi;
use serde::Serialize;

use crate::count::number;
use crate::error::Error;
use crate::quantile::{quantile, weighted_quantile};
use crate::rows::{Rows, indicator};

/// The share of rows in each local regression: the default of statsmodels and R.
const FRACTION: f64 = 2.0 / 3.0;

/// Weights below this do not count, and squared deviations are at least this: as in statsmodels.
const SMALL: f64 = 1e-12;

/// Observed risk as a smooth function of the probability.
///
/// The distances are those of Austin and Steyerberg (2019, Statistics in Medicine 38:4051), with
/// [`lowess`] as the smoother; the smoothed risk may leave `[0, 1]` a little.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SmoothCalibration {
    /// The probabilities of all rows, from the lowest up.
    pub probabilities: Vec<f64>,
    /// The smoothed observed risk at each of them.
    pub observed: Vec<f64>,
    /// Integrated calibration index: the weighted mean of |observed − probability| over rows.
    pub ici: f64,
    /// The weighted median of |observed − probability|.
    pub e50: f64,
    /// The weighted 90th percentile of |observed − probability|, linearly interpolated.
    pub e90: f64,
    /// The largest |observed − probability|.
    pub e_max: f64,
}

impl SmoothCalibration {
    /// Smooths outcomes over probabilities. The order of rows does not matter.
    ///
    /// In a local regression a row counts with its weight times the tricube of its distance. How many
    /// rows are near does not depend on weights.
    ///
    /// Time grows with the square of the number of rows with distinct probabilities.
    ///
    /// # Errors
    ///
    /// None for rows that are checked; `Data` as [`lowess`].
    pub fn new(rows: Rows<'_>) -> Result<Self, Error> {
        let mut sorted: Vec<(f64, f64, f64)> =
            rows.each().map(|(outcome, p, weight)| (p + 0.0, indicator(outcome), weight)).collect();
        // By outcome and weight within equal probabilities, so that sums have one order.
        sorted.sort_unstable_by(|a, b| {
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.total_cmp(&b.2))
        });
        let probabilities: Vec<f64> = sorted.iter().map(|row| row.0).collect();
        let outcomes: Vec<f64> = sorted.iter().map(|row| row.1).collect();
        let weights: Vec<f64> = sorted.iter().map(|row| row.2).collect();
        let observed = lowess_of(&probabilities, &outcomes, &weights, FRACTION)?;
        let distances = observed.iter().zip(&probabilities).map(|(o, p)| (o - p).abs());
        let mut distances: Vec<(f64, f64)> = distances.zip(weights).collect();
        distances.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let sizes: Vec<f64> = distances.iter().map(|(distance, _)| *distance).collect();
        let has_weights = rows.weights().is_some();
        let at = |share| {
            let weighted = || weighted_quantile(&distances, share);
            let found = if has_weights { weighted() } else { quantile(&sizes, share) };
            found.unwrap_or(f64::NAN)
        };
        Ok(Self {
            ici: distances.iter().map(|(d, weight)| weight * d).sum::<f64>() / rows.total(),
            e50: at(0.5),
            e90: at(0.9),
            e_max: at(1.0),
            probabilities,
            observed,
        })
    }
}

/// Locally weighted linear regression of `y` on `x`, at each `x` (Cleveland 1979), without
/// robustifying iterations: statsmodels' `lowess(frac=fraction, it=0, delta=0)`.
///
/// Each regression uses the nearest `fraction` of all points, weighted by the tricube of their
/// distance over the largest. Where all of these have the same `x`, the value is the mean of all `y`
/// at that `x` (statsmodels gives the first `y`).
///
/// # Errors
///
/// `Data` when `x` and `y` are not equally long, are empty or not finite, when `x` falls, or when
/// `fraction` is not above 0 and at most 1.
pub fn lowess(x: &[f64], y: &[f64], fraction: f64) -> Result<Vec<f64>, Error> {
    lowess_of(x, y, &vec![1.0; x.len()], fraction)
}

/// [`lowess`] of points with weights, as many as places.
fn lowess_of(x: &[f64], y: &[f64], weights: &[f64], fraction: f64) -> Result<Vec<f64>, Error> {
    let n = x.len();
    let is_finite = x.iter().chain(y).all(|value| value.is_finite());
    if n != y.len() || n == 0 || !is_finite || !x.is_sorted() {
        return Err(Error::Data(format!(
            "{n} places and {} values, expected as many, at least 1, finite, in rising order",
            y.len()
        )));
    }
    if !(fraction > 0.0 && fraction <= 1.0) {
        return Err(Error::Data(format!("fraction {fraction}, expected above 0 and at most 1")));
    }
    let n_near = n_near(n, fraction);
    let mut fitted: Vec<f64> = Vec::with_capacity(n);
    let (mut left, mut at_before) = (0, f64::NAN);
    for at in x {
        // Ties have been fitted already.
        if let (Some(before), true) = (fitted.last().copied(), *at == at_before) {
            fitted.push(before);
            continue;
        }
        at_before = *at;
        // Both ends move up until the next point on the right is not nearer than the leftmost.
        while let (Some(low), Some(high)) = (x.get(left), x.get(left + n_near)) {
            if *at <= (low + high) / 2.0 {
                break;
            }
            left += 1;
        }
        let near = left..left + n_near;
        let x_near = x.get(near.clone()).unwrap_or_default();
        let y_near = y.get(near.clone()).unwrap_or_default();
        let weights_near = weights.get(near).unwrap_or_default();
        fitted.push(match regression(*at, x_near, y_near, weights_near) {
            Some(value) => value,
            None => mean_at(*at, x, y, weights),
        });
    }
    Ok(fitted)
}

/// The share of `n`, rounded down unless it is nearly whole; between 2 and `n`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a number of rows"
)]
fn n_near(n: usize, fraction: f64) -> usize {
    ((fraction * number(n) + 1e-10) as usize).max(2).min(n)
}

/// The value at `at` of the weighted line through sorted points; `None` when fewer than two count.
fn regression(at: f64, x: &[f64], y: &[f64], row_weights: &[f64]) -> Option<f64> {
    let radius = (at - x.first()?).max(x.last()? - at);
    if radius <= 0.0 {
        return None;
    }
    let tricube = |x: &f64| powi(1.0 - powi((x - at).abs() / radius, 3), 3);
    let mut weights: Vec<f64> = x.iter().map(tricube).collect();
    if weights.iter().filter(|weight| **weight > SMALL).count() < 2 {
        return None;
    }
    weights.iter_mut().zip(row_weights).for_each(|(weight, of_row)| *weight *= of_row);
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|weight| *weight /= sum);
    let centre: f64 = weights.iter().zip(x).map(|(w, x)| w * x).sum();
    let deviation = |(w, x): (&f64, &f64)| w * (x - centre) * (x - centre);
    let spread = weights.iter().zip(x).map(deviation).sum::<f64>().max(SMALL);
    let share = |x: &f64| 1.0 + (at - centre) * (x - centre) / spread;
    Some(weights.iter().zip(x).zip(y).map(|((w, x), y)| w * share(x) * y).sum())
}

fn mean_at(at: f64, x: &[f64], y: &[f64], weights: &[f64]) -> f64 {
    let tied = x.iter().zip(y).zip(weights).filter(|((x, _), _)| **x == at);
    let add = |(sum, total): (f64, f64), ((_, y), weight): ((&f64, &f64), &f64)| {
        (sum + weight * y, total + weight)
    };
    let (sum, total) = tied.fold((0.0, 0.0), add);
    sum / total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_probabilities_have_their_mean_outcome() {
        let of = |outcomes: &[bool], probabilities: &[f64]| {
            SmoothCalibration::new(Rows::new(outcomes, probabilities).unwrap()).unwrap()
        };
        let smooth = of(&[true, false, false, true], &[0.25; 4]);
        assert_eq!(smooth.observed, [0.5; 4]);
        assert_eq!((smooth.ici, smooth.e50, smooth.e90, smooth.e_max), (0.25, 0.25, 0.25, 0.25));
        let one = of(&[true], &[0.0]);
        assert_eq!((one.observed, one.ici), (vec![1.0], 1.0));
    }

    #[test]
    fn the_order_of_rows_does_not_matter() {
        let outcomes = [true, false, false, true, false, true];
        let probabilities = [0.1, 0.1, 0.1, 0.1, 0.1, 0.9];
        let reversed = |values: &[bool]| values.iter().rev().copied().collect::<Vec<_>>();
        let of = |outcomes: &[bool], probabilities: &[f64]| {
            SmoothCalibration::new(Rows::new(outcomes, probabilities).unwrap()).unwrap()
        };
        let forwards = of(&outcomes, &probabilities);
        let mut probabilities = probabilities;
        probabilities.reverse();
        let backwards = of(&reversed(&outcomes), &probabilities);
        assert_eq!(forwards, backwards);
        assert_eq!(forwards.observed[0], 0.4);
    }

    #[test]
    fn a_straight_line_stays_one() {
        let x = [0.0, 0.1, 0.25, 0.5, 0.6, 1.0];
        let y = x.map(|x| 2.0 * x - 1.0);
        for (found, expected) in lowess(&x, &y, 0.8).unwrap().iter().zip(y) {
            assert!((found - expected).abs() < 1e-14, "{found}, {expected}");
        }
    }

    #[test]
    fn points_out_of_order_are_refused() {
        assert!(lowess(&[1.0, 0.0], &[0.0, 0.0], 0.5).is_err());
        assert!(lowess(&[0.0, 1.0], &[0.0], 0.5).is_err());
        assert!(lowess(&[0.0, f64::NAN], &[0.0, 0.0], 0.5).is_err());
        assert!(lowess(&[0.0, 1.0], &[0.0, 0.0], 0.0).is_err());
    }
}
