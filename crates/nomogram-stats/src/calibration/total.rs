//! Observed against expected events, and Spiegelhalter's test.

use nomogram::numeric::{exp, ln, sqrt};
use serde::Serialize;

use crate::distributions::two_sided_normal;
use crate::effective::Share;
use crate::error::Error;
use crate::interval::{Confidence, Interval};
use crate::rows::{Rows, indicator};
use crate::whole;

/// Observed events per expected event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ObservedExpected {
    /// The number of events that came true; of weighted rows, the sum of their weights.
    #[serde(serialize_with = "whole::sum")]
    pub observed: f64,
    /// The sum of probabilities, each times its weight.
    pub expected: f64,
    /// `observed / expected`: 1 when calibrated in the large, above 1 when risks are too low.
    pub ratio: f64,
    /// The interval on the log scale; `None` when no event came true.
    pub interval: Option<Interval>,
}

/// Whether outcomes differ from probabilities by more than chance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpiegelhalterTest {
    /// Standard normal when calibrated.
    pub z: f64,
    /// The two-sided p-value.
    pub p_value: f64,
}

/// The ratio of observed to expected events.
///
/// Interval: `exp(ln(ratio) ± z · sqrt((1 − observed / n_rows) / observed))`, the expected number
/// taken as known (Debray et al. 2017, BMJ 356:i6460). Of weighted rows, `observed` and `n_rows` in
/// this formula are those of the effective number of rows, as for a
/// [`Proportion`](crate::classification::Proportion).
///
/// # Errors
///
/// `Data` when all probabilities are 0.
pub fn observed_expected(
    rows: Rows<'_>,
    confidence: Confidence,
) -> Result<ObservedExpected, Error> {
    let (observed, _) = rows.sums();
    let expected: f64 = rows.each().map(|(_, p, weight)| weight * p).sum();
    if expected <= 0.0 {
        return Err(Error::Data("all probabilities are 0, expected at least 1 above 0".into()));
    }
    let ratio = observed / expected;
    let interval = (observed > 0.0).then(|| {
        let total = rows.total();
        let share = Share::of(rows.each().map(|(outcome, _, weight)| (outcome, weight)));
        let scale = rows.weights().map_or(1.0, |_| share.n_effective() / total);
        let variance = (1.0 - observed / total) / (observed * scale);
        Interval::wald(ln(ratio), sqrt(variance), confidence).map(exp)
    });
    Ok(ObservedExpected { observed, expected, ratio, interval })
}

/// Spiegelhalter's test of calibration (1986, Statistics in Medicine 5:421):
/// `z = Σ w (y − p)(1 − 2p) / sqrt(Σ w² (1 − 2p)² p (1 − p))`, where every weight `w` is 1 without
/// weights.
///
/// # Errors
///
/// `Data` when every probability is 0, one half or 1 (the variance is 0).
pub fn spiegelhalter(rows: Rows<'_>) -> Result<SpiegelhalterTest, Error> {
    let (mut sum, mut variance) = (0.0, 0.0);
    for (outcome, p, weight) in rows.each() {
        let slope = 1.0 - 2.0 * p;
        sum += weight * ((indicator(outcome) - p) * slope);
        variance += weight * weight * (slope * slope * p * (1.0 - p));
    }
    if variance <= 0.0 {
        return Err(Error::Data(
            "every probability is 0, 0.5 or 1, expected at least 1 other for Spiegelhalter's z"
                .into(),
        ));
    }
    let z = sum / sqrt(variance);
    Ok(SpiegelhalterTest { z, p_value: two_sided_normal(z) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_events_there_is_a_ratio_but_no_interval() {
        let of = |outcomes: &[bool], probabilities: &[f64]| {
            let rows = Rows::new(outcomes, probabilities).unwrap();
            observed_expected(rows, Confidence::PERCENT_95)
        };
        let none = of(&[false], &[0.5]).unwrap();
        assert_eq!((none.ratio, none.interval), (0.0, None));
        let all = of(&[true], &[1.0]).unwrap();
        assert_eq!(all.interval, Some(Interval { lower: 1.0, upper: 1.0 }));
        assert!(of(&[true], &[0.0]).is_err());
    }

    #[test]
    fn probabilities_of_0_half_and_1_have_no_z() {
        assert!(spiegelhalter(Rows::new(&[true, false, true], &[1.0, 0.0, 0.5]).unwrap()).is_err());
        assert!(spiegelhalter(Rows::new(&[true], &[0.25]).unwrap()).unwrap().z > 0.0);
    }
}
