//! How outcomes differ from the predicted probabilities: the size of a change, never the rule of an alarm.

#![allow(clippy::cast_precision_loss, reason = "counts of patients")]

use nomogram::numeric::{exp, logistic};
use serde::Serialize;

use crate::outcomes::{OutcomeBin, logit};

/// Steps of Newton's method; it converges in fewer than ten where there is an estimate.
const MAX_STEPS: usize = 50;
/// Beyond these the likelihood has no maximum that means anything: all or none of the events came true.
const MAX_INTERCEPT: f64 = 12.0;
const MAX_SLOPE: f64 = 20.0;

/// Outcomes in a window against their predicted probabilities `p` (Cox 1958, Biometrika 45:562).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Recalibration {
    /// How many outcomes are in the window.
    pub n_rows: u64,
    /// In how many of them the event came true.
    pub n_events: u64,
    /// The factor by which the odds differ: `e^a` of the most likely `expit(a + logit p)`. `None` when
    /// all or none of the events came true.
    pub odds_factor: Option<f64>,
    /// The most likely `b` of `expit(a + b · logit p)`: below 1 where the probabilities are too extreme.
    /// `None` where it cannot be estimated, for example with one probability only.
    pub slope: Option<f64>,
}

impl Recalibration {
    /// The fit to outcomes in bins; all rows of a bin are at its mean. `None` without outcomes.
    #[must_use]
    pub fn of(bins: &[OutcomeBin]) -> Option<Self> {
        let n_rows: u64 = bins.iter().map(|bin| bin.n_rows).sum();
        let n_events = bins.iter().map(|bin| bin.events).sum();
        if n_rows == 0 {
            return None;
        }
        let is_varied = n_events > 0 && n_events < n_rows;
        let odds_factor = if is_varied { intercept(bins).map(exp) } else { None };
        let slope =
            if is_varied { intercept_and_slope(bins).map(|(_, slope)| slope) } else { None };
        Some(Self { n_rows, n_events, odds_factor, slope })
    }
}

/// The Brier score of outcomes in bins; all rows of a bin are at its mean. `None` without outcomes.
#[must_use]
pub fn brier_score(bins: &[OutcomeBin]) -> Option<f64> {
    let n_rows: u64 = bins.iter().map(|bin| bin.n_rows).sum();
    let of = |bin: &OutcomeBin| {
        let (events, others) = (bin.events as f64, bin.n_rows.saturating_sub(bin.events) as f64);
        events * (1.0 - bin.mean) * (1.0 - bin.mean) + others * bin.mean * bin.mean
    };
    (n_rows > 0).then(|| bins.iter().map(of).sum::<f64>() / n_rows as f64)
}

/// The maximum of the likelihood over `a`, with a slope of 1.
fn intercept(bins: &[OutcomeBin]) -> Option<f64> {
    let mut a = 0.0;
    for _ in 0..MAX_STEPS {
        let (mut slope, mut curvature) = (0.0, 0.0);
        for bin in bins {
            let q = logistic(a + logit(bin.mean));
            slope += bin.events as f64 - bin.n_rows as f64 * q;
            curvature += bin.n_rows as f64 * q * (1.0 - q);
        }
        let step = slope / curvature;
        // A step of more than 1 may overshoot.
        a += step.clamp(-1.0, 1.0);
        if !a.is_finite() || a.abs() > MAX_INTERCEPT {
            return None;
        }
        if step.abs() < 1e-12 {
            return Some(a);
        }
    }
    None
}

/// The maximum of the likelihood over `a` and `b`.
fn intercept_and_slope(bins: &[OutcomeBin]) -> Option<(f64, f64)> {
    let (mut a, mut b) = (intercept(bins)?, 1.0);
    for _ in 0..MAX_STEPS {
        let (mut of_a, mut of_b, mut aa, mut ab, mut bb) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for bin in bins {
            let x = logit(bin.mean);
            let q = logistic(a + b * x);
            let (rest, weight) =
                (bin.events as f64 - bin.n_rows as f64 * q, bin.n_rows as f64 * q * (1.0 - q));
            of_a += rest;
            of_b += rest * x;
            aa += weight;
            ab += weight * x;
            bb += weight * x * x;
        }
        let determinant = aa * bb - ab * ab;
        // With one probability only, intercept and slope cannot be distinguished.
        if determinant <= 1e-9 * aa * bb {
            return None;
        }
        let step_a = (bb * of_a - ab * of_b) / determinant;
        let step_b = (aa * of_b - ab * of_a) / determinant;
        let longest = f64::max(step_a.abs(), step_b.abs());
        let shrink = if longest > 1.0 { 1.0 / longest } else { 1.0 };
        a += shrink * step_a;
        b += shrink * step_b;
        if !(a.is_finite() && b.is_finite()) || a.abs() > MAX_INTERCEPT || b.abs() > MAX_SLOPE {
            return None;
        }
        if longest < 1e-10 {
            return Some((a, b));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bin(n_rows: u64, events: u64, mean: f64) -> OutcomeBin {
        OutcomeBin { n_rows, events, mean }
    }

    #[test]
    fn what_cannot_be_estimated_is_none() {
        assert_eq!(Recalibration::of(&[bin(0, 0, 0.0)]), None);
        let all = Recalibration::of(&[bin(10, 10, 0.3), bin(5, 5, 0.5)]).unwrap();
        assert_eq!((all.odds_factor, all.slope), (None, None));
        let one = Recalibration::of(&[bin(10, 5, 0.2), bin(10, 5, 0.2)]).unwrap();
        // Odds of 1 instead of 1 to 4.
        assert!((one.odds_factor.unwrap() - 4.0).abs() < 1e-9 && one.slope.is_none(), "{one:?}");
        let separated = Recalibration::of(&[bin(10, 0, 0.2), bin(10, 10, 0.8)]).unwrap();
        assert_eq!(separated.slope, None);
        assert_eq!(brier_score(&[]), None);
    }

    #[test]
    fn risks_that_are_right_have_a_factor_and_a_slope_of_1() {
        let right = [bin(100, 10, 0.1), bin(100, 40, 0.4), bin(100, 80, 0.8)];
        let fit = Recalibration::of(&right).unwrap();
        assert!((fit.odds_factor.unwrap() - 1.0).abs() < 1e-12);
        assert!((fit.slope.unwrap() - 1.0).abs() < 1e-9);
        assert!((brier_score(&right).unwrap() - (0.09 + 0.24 + 0.16) / 3.0).abs() < 1e-12);
    }
}
