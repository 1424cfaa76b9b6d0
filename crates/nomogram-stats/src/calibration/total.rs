//! Observed against expected events, and Spiegelhalter's test.

use nomogram::numeric::{exp, ln, sqrt};
use serde::Serialize;

use crate::count::number;
use crate::distributions::two_sided_normal;
use crate::error::Error;
use crate::interval::{Confidence, Interval};
use crate::rows::{check, counts, indicator};

/// Observed events per expected event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ObservedExpected {
    /// The number of events that came true.
    pub observed: usize,
    /// The sum of probabilities.
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
/// taken as known (Debray et al. 2017, BMJ 356:i6460).
///
/// # Errors
///
/// `Data` when all probabilities are 0, and as in [the crate's conventions](crate).
pub fn observed_expected(
    outcomes: &[bool],
    probabilities: &[f64],
    confidence: Confidence,
) -> Result<ObservedExpected, Error> {
    check(outcomes, probabilities)?;
    let (observed, _) = counts(outcomes);
    let expected: f64 = probabilities.iter().sum();
    if expected <= 0.0 {
        return Err(Error::Data("all probabilities are 0, expected at least 1 above 0".into()));
    }
    let ratio = number(observed) / expected;
    let interval = (observed > 0).then(|| {
        let variance = (1.0 - number(observed) / number(outcomes.len())) / number(observed);
        Interval::wald(ln(ratio), sqrt(variance), confidence).map(exp)
    });
    Ok(ObservedExpected { observed, expected, ratio, interval })
}

/// Spiegelhalter's test of calibration (1986, Statistics in Medicine 5:421):
/// `z = Σ (y − p)(1 − 2p) / sqrt(Σ (1 − 2p)² p (1 − p))`.
///
/// # Errors
///
/// `Data` when every probability is 0, one half or 1 (the variance is 0), and as in
/// [the crate's conventions](crate).
pub fn spiegelhalter(outcomes: &[bool], probabilities: &[f64]) -> Result<SpiegelhalterTest, Error> {
    check(outcomes, probabilities)?;
    let (mut sum, mut variance) = (0.0, 0.0);
    for (outcome, p) in outcomes.iter().zip(probabilities) {
        let slope = 1.0 - 2.0 * p;
        sum += (indicator(*outcome) - p) * slope;
        variance += slope * slope * p * (1.0 - p);
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
        let none = observed_expected(&[false], &[0.5], Confidence::PERCENT_95).unwrap();
        assert_eq!((none.ratio, none.interval), (0.0, None));
        let all = observed_expected(&[true], &[1.0], Confidence::PERCENT_95).unwrap();
        assert_eq!(all.interval, Some(Interval { lower: 1.0, upper: 1.0 }));
        assert!(observed_expected(&[true], &[0.0], Confidence::PERCENT_95).is_err());
    }

    #[test]
    fn probabilities_of_0_half_and_1_have_no_z() {
        assert!(spiegelhalter(&[true, false, true], &[1.0, 0.0, 0.5]).is_err());
        assert!(spiegelhalter(&[true], &[0.25]).unwrap().z > 0.0);
    }
}
