//! Calibration slope and intercept, and calibration in the large.

use nomogram::numeric::{ln, ln_1p, logistic_pair, softplus, sqrt};
use serde::Serialize;

use crate::error::Error;
use crate::interval::{Confidence, Estimate};
use crate::rows::Rows;
use crate::sum::CompensatedSum;

/// A Newton step this small is the last: the next would be below the last bit.
const LAST_STEP: f64 = 1e-9;
const MAX_STEPS: usize = 100;

/// Probabilities of 0 and 1 are moved this far inside by [`clipped`].
const LOGIT_CLIP: f64 = 1e-6;

/// The probabilities, moved from 0 and 1 to 10⁻⁶ inside, so that every logit is finite.
#[must_use]
pub fn clipped(probabilities: &[f64]) -> Vec<f64> {
    probabilities.iter().map(|p| p.clamp(LOGIT_CLIP, 1.0 - LOGIT_CLIP)).collect()
}

/// The logistic regression of outcomes on the logits of the probabilities (Cox 1958).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalibrationLine {
    /// 0 when calibrated.
    pub intercept: Estimate,
    /// 1 when calibrated; below 1, probabilities are too extreme.
    pub slope: Estimate,
}

/// Calibration slope with its intercept, both fitted: `logit(outcome) = intercept + slope · logit(p)`.
///
/// Maximum likelihood by Newton's method to about 1e-12; Wald intervals from the information at the
/// maximum. Of weighted rows, the maximum of the weighted likelihood, and the linearised variance
/// (Binder 1983; the sandwich HC0): it does not change when all weights are multiplied by a number.
///
/// # Errors
///
/// `Data` when a probability is 0 or 1 (its logit is infinite: [`clipped`], if that is meant), when all
/// rows are of one class, when one cutoff separates the classes (the likelihood has no maximum);
/// `NotConverged` when the steps do not converge.
pub fn calibration_line(rows: Rows<'_>, confidence: Confidence) -> Result<CalibrationLine, Error> {
    let rows = LogitRows::new(rows)?;
    rows.refuse_separated()?;
    let (line, sums) = rows.climb([0.0, 1.0], |sums| {
        let ([g0, g1], [h00, h01, h11]) = (sums.gradient, sums.information);
        let determinant = h00 * h11 - h01 * h01;
        [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant]
    })?;
    let [h00, h01, h11] = sums.information;
    let determinant = h00 * h11 - h01 * h01;
    // The rows of the inverse information.
    let inverse =
        [[h11 / determinant, -h01 / determinant], [-h01 / determinant, h00 / determinant]];
    let estimate = |value: f64, row: [f64; 2], of_model: f64| {
        let variance = if rows.has_weights { quadratic(row, sums.scores) } else { of_model };
        Estimate::wald(value, sqrt(variance), confidence)
    };
    let ([intercept, slope], [of_intercept, of_slope]) = (line, inverse);
    Ok(CalibrationLine {
        intercept: estimate(intercept, of_intercept, h11 / determinant),
        slope: estimate(slope, of_slope, h00 / determinant),
    })
}

/// Calibration in the large: the intercept with the slope kept at 1 (`logit(p)` as offset). 0 when as
/// many events came true as expected, above 0 when more did. Intervals as those of
/// [`calibration_line`].
///
/// # Errors
///
/// `Data` when a probability is 0 or 1, or when all rows are of one class; `NotConverged` when the
/// steps do not converge.
pub fn calibration_in_the_large(rows: Rows<'_>, confidence: Confidence) -> Result<Estimate, Error> {
    let rows = LogitRows::new(rows)?;
    let ([intercept, _], sums) =
        rows.climb([0.0, 1.0], |sums| [sums.gradient[0] / sums.information[0], 0.0])?;
    let inverse = 1.0 / sums.information[0];
    let variance = if rows.has_weights { quadratic([inverse, 0.0], sums.scores) } else { inverse };
    Ok(Estimate::wald(intercept, sqrt(variance), confidence))
}

/// `v · m · v`, of a symmetric matrix by its entries 00, 01 and 11.
fn quadratic([v0, v1]: [f64; 2], [m00, m01, m11]: [f64; 3]) -> f64 {
    v0 * v0 * m00 + 2.0 * v0 * v1 * m01 + v1 * v1 * m11
}

/// Outcomes of both classes, finite logits of their probabilities, and weights.
struct LogitRows {
    rows: Vec<(bool, f64, f64)>,
    has_weights: bool,
}

/// Sums over rows at one line.
struct Sums {
    /// The negative log-likelihood.
    loss: f64,
    /// Of the log-likelihood, by intercept and slope.
    gradient: [f64; 2],
    /// Minus the second derivatives: by intercept twice, by both, by slope twice.
    information: [f64; 3],
    /// The products of the rows' gradients, in the same order.
    scores: [f64; 3],
}

impl LogitRows {
    fn new(rows: Rows<'_>) -> Result<Self, Error> {
        rows.counts_of_both()?;
        let is_extreme = |p: &&f64| **p == 0.0 || **p == 1.0;
        let n_extreme = rows.probabilities().iter().filter(is_extreme).count();
        if n_extreme > 0 {
            return Err(Error::Data(format!(
                "{n_extreme} probabilities are 0 or 1, expected none: their logits are infinite"
            )));
        }
        let logit = |(outcome, p, weight): (bool, f64, f64)| (outcome, ln(p) - ln_1p(-p), weight);
        let has_weights = rows.weights().is_some();
        Ok(Self { rows: rows.each().map(logit).collect(), has_weights })
    }

    /// With one covariate, a maximum exists exactly when the classes overlap (Albert and Anderson
    /// 1984).
    fn refuse_separated(&self) -> Result<(), Error> {
        let range = |class: bool| {
            let rows = self.rows.iter().filter(|(outcome, ..)| *outcome == class);
            rows.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (_, logit, _)| {
                (low.min(*logit), high.max(*logit))
            })
        };
        let (negative, positive) = (range(false), range(true));
        if negative.1 > positive.0 && positive.1 > negative.0 {
            return Ok(());
        }
        Err(Error::Data(
            "one cutoff separates the classes, expected overlapping classes: the calibration slope \
             has no estimate"
                .into(),
        ))
    }

    /// Newton's method from `start`, with halved steps where the loss would grow.
    fn climb(
        &self,
        start: [f64; 2],
        newton_step: impl Fn(&Sums) -> [f64; 2],
    ) -> Result<([f64; 2], Sums), Error> {
        let (mut line, mut sums) = (start, self.sums(start));
        for _ in 0..MAX_STEPS {
            let mut step = newton_step(&sums);
            let size = step[0].abs().max(step[1].abs());
            loop {
                let next = [line[0] + step[0], line[1] + step[1]];
                let next_sums = self.sums(next);
                // Near the maximum the loss is flat and its rounding must not stop the step.
                if size <= LAST_STEP || next_sums.loss <= sums.loss * (1.0 + 1e-13) {
                    (line, sums) = (next, next_sums);
                    break;
                }
                step = step.map(|component| component / 2.0);
                if step == [0.0; 2] {
                    break;
                }
            }
            if size <= LAST_STEP {
                return Ok((line, sums));
            }
        }
        Err(Error::NotConverged(format!(
            "the calibration line has not converged after {MAX_STEPS} Newton steps"
        )))
    }

    fn sums(&self, [intercept, slope]: [f64; 2]) -> Sums {
        let (gradient, information, scores) = ([0.0; 2], [0.0; 3], [0.0; 3]);
        let mut sums = Sums { loss: 0.0, gradient, information, scores };
        // Steps are compared by the loss, so its rounding must not grow with the number of rows.
        let mut loss = CompensatedSum::default();
        for (outcome, logit, row_weight) in &self.rows {
            let margin = intercept + slope * logit;
            let (of_negative, of_positive) = logistic_pair(margin);
            // Outcome minus probability, without cancellation.
            let residual = row_weight * if *outcome { of_negative } else { -of_positive };
            let weight = row_weight * (of_negative * of_positive);
            loss.add(row_weight * softplus(if *outcome { -margin } else { margin }));
            sums.gradient[0] += residual;
            sums.gradient[1] += residual * logit;
            sums.information[0] += weight;
            sums.information[1] += weight * logit;
            sums.information[2] += weight * logit * logit;
            sums.scores[0] += residual * residual;
            sums.scores[1] += residual * residual * logit;
            sums.scores[2] += residual * residual * logit * logit;
        }
        sums.loss = loss.value();
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIDENCE: Confidence = Confidence::PERCENT_95;

    #[test]
    fn calibrated_groups_have_slope_1_and_intercept_0() {
        let (mut outcomes, mut probabilities) = (Vec::new(), Vec::new());
        for (p, n_positive) in [(0.2, 2), (0.5, 5), (0.9, 9)] {
            outcomes.extend((0..10).map(|row| row < n_positive));
            probabilities.extend([p; 10]);
        }
        let rows = Rows::new(&outcomes, &probabilities).unwrap();
        let line = calibration_line(rows, CONFIDENCE).unwrap();
        assert!((line.slope.value - 1.0).abs() < 1e-12);
        assert!(line.intercept.value.abs() < 1e-12);
        let large = calibration_in_the_large(rows, CONFIDENCE).unwrap();
        assert!(large.value.abs() < 1e-12);
    }

    #[test]
    fn the_fit_converges_from_far_away() {
        // Probabilities in the wrong direction, and far too extreme.
        let outcomes = [true, true, false, true, false, false, true, false];
        let probabilities = [1e-12, 1e-11, 1e-9, 0.5, 0.5, 1.0 - 1e-9, 1.0 - 1e-10, 1.0 - 1e-12];
        let rows = Rows::new(&outcomes, &probabilities).unwrap();
        let line = calibration_line(rows, CONFIDENCE).unwrap();
        assert!(line.slope.value < 0.0 && line.slope.value > -1.0, "{line:?}");
    }

    /// Added one after the other, a million terms would round by more than a step is compared with.
    #[test]
    fn the_loss_of_a_million_rows_hardly_rounds() {
        let n_rows = 1_000_000_u32;
        let outcomes: Vec<bool> = (0..n_rows).map(|row| row % 3 == 0).collect();
        let probabilities = vec![0.3; outcomes.len()];
        let rows = LogitRows::new(Rows::new(&outcomes, &probabilities).unwrap()).unwrap();
        let few = (&outcomes[..3], &probabilities[..3]);
        let few = LogitRows::new(Rows::new(few.0, few.1).unwrap()).unwrap();
        let line = [0.1, 1.1];
        let last = softplus(line[0] + line[1] * (ln(0.3) - ln_1p(-0.3)) * 1.0);
        let last = last - (line[0] + line[1] * (ln(0.3) - ln_1p(-0.3)));
        let expected = few.sums(line).loss * f64::from(n_rows / 3) + last;
        let error = (rows.sums(line).loss / expected - 1.0).abs();
        assert!(error < 1e-14, "{error:e}");
    }

    #[test]
    fn rows_without_a_maximum_likelihood_are_refused() {
        let refused = |outcomes: &[bool], probabilities: &[f64], expected: &str| {
            let rows = Rows::new(outcomes, probabilities).unwrap();
            let error = calibration_line(rows, CONFIDENCE).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        };
        refused(&[true, false], &[0.8, 0.2], "one cutoff");
        refused(&[true, false], &[0.2, 0.8], "one cutoff");
        refused(&[true, false, true], &[0.5, 0.5, 0.8], "one cutoff");
        refused(&[true, false], &[0.5, 0.5], "one cutoff");
        refused(&[true, true], &[0.5, 0.2], "0 negative");
        refused(&[true, false, true], &[0.0, 1.0, 0.5], "2 probabilities are 0 or 1");
    }
}
