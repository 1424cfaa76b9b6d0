//! One temperature for all classes.

use nomogram::numeric;

use super::SMALLEST;
use crate::ensemble::CalibrationRows;
use crate::error::Error;

/// A temperature above this, or below its inverse, did not converge: the probabilities separate the
/// classes, or do not depend on them.
const LARGEST_TEMPERATURE: f64 = 100.0;
const MAX_ITERATIONS: usize = 200;

/// Newton's method on the inverse of the temperature, of which the log loss is a convex function.
#[allow(clippy::indexing_slicing, reason = "classes are below the number of columns")]
pub(super) fn temperature(rows: CalibrationRows<'_>) -> Result<f64, Error> {
    let weights = rows.row_weights();
    let logarithms = rows.probabilities.mapv(|p| numeric::ln(p.max(SMALLEST)));
    // First and second derivative of the log loss by the inverse temperature.
    let derivatives = |inverse: f64| {
        let (mut first, mut second) = (0.0, 0.0);
        let rows = logarithms.rows().into_iter().zip(rows.classes).zip(&weights);
        for ((row, class), weight) in rows {
            let largest = row.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
            let shares = row.iter().map(|ln_p| numeric::exp(inverse * (ln_p - largest)));
            let total = shares.clone().fold(0.0, |sum, share| sum + share);
            let moment = |power: u32| {
                let terms = shares.clone().zip(row.iter());
                terms.fold(0.0, |sum, (share, ln_p)| {
                    sum + share * numeric::powi(ln_p - largest, power)
                }) / total
            };
            let mean = moment(1);
            first += weight * (mean - (row[*class] - largest));
            second += weight * (moment(2) - mean * mean);
        }
        (first, second)
    };
    let mut inverse = 1.0;
    for _ in 0..MAX_ITERATIONS {
        let (first, second) = derivatives(inverse);
        let step = if second > 0.0 { first / second } else { 0.0 };
        // Never below half or above twice: far from the optimum, steps of the derivative are too long.
        let next = (inverse - step).clamp(0.5 * inverse, 2.0 * inverse);
        if (next - inverse).abs() <= 1e-14 * inverse {
            inverse = next;
            break;
        }
        inverse = next;
    }
    let temperature = 1.0 / inverse;
    if (1.0 / LARGEST_TEMPERATURE..=LARGEST_TEMPERATURE).contains(&temperature) {
        return Ok(temperature);
    }
    Err(Error::NotConverged(format!(
        "calibration: a temperature of {temperature:e}; the probabilities separate the classes, or do \
         not depend on them"
    )))
}
