//! Newton's method.
//!
//! With an L2 part the objective is strictly convex, but for a number added to all intercepts, which
//! are kept at a sum of 0; so the result does not depend on the start. With an L1 part each Newton
//! step minimises its quadratic model by coordinate descent.

use nomogram::{Linear, Member};

use super::cholesky::solve_cholesky;
use super::coordinate_descent::coordinate_descent;
use super::objective::Problem;
use super::spec::LogisticRegressionSpec;
use crate::count::number;
use crate::error::Error;
use crate::invalid::Checked;
use crate::learners::fit_member::FitMember;
use crate::learners::training_rows::TrainingRows;

/// Converged when no entry of the gradient is larger, for up to [`ROWS_OF_TOLERANCE`] rows.
const TOLERANCE: f64 = 1e-8;
/// With more rows the tolerance grows in proportion, as the rounding error of the sums does.
const ROWS_OF_TOLERANCE: f64 = 10_000.0;
/// Newton needs about ten; more means that it cannot get closer.
const MAX_ITERATIONS: usize = 200;
const MAX_HALVINGS: usize = 60;

impl Checked<LogisticRegressionSpec> {
    /// Fits until the largest entry of the gradient is at most 1e-8, or 1e-12 per row with more than
    /// 10,000 rows. Inputs of ordinary size are needed for that, such as scaled ones: with values in the thousands rounding alone may be larger.
    ///
    /// # Errors
    ///
    /// `Data` when a value is missing; `NotConverged` with the gradient that was reached.
    pub fn fit(&self, rows: TrainingRows<'_>) -> Result<Linear, Error> {
        newton(Some(&**self), rows)
    }
}

/// [`Checked<LogisticRegressionSpec>::fit`] without a penalty, for which a spec has no setting.
///
/// # Errors
///
/// As with a penalty; `NotConverged` too when a line separates the classes.
pub(crate) fn fit_unpenalised(rows: TrainingRows<'_>) -> Result<Linear, Error> {
    newton(None, rows)
}

impl FitMember for Checked<LogisticRegressionSpec> {
    fn fit_member(&self, rows: TrainingRows<'_>, _seed: u64) -> Result<Member, Error> {
        self.fit(rows).map(Member::Linear)
    }
}

fn newton(spec: Option<&LogisticRegressionSpec>, rows: TrainingRows<'_>) -> Result<Linear, Error> {
    rows.refuse_missing("logistic regression")?;
    let tolerance = TOLERANCE * (number(rows.n_rows()) / ROWS_OF_TOLERANCE).max(1.0);
    let problem = Problem::new(spec, rows);
    let mut coefficients = vec![0.0; problem.n_coefficients()];
    let mut value = problem.objective(&coefficients);
    for _ in 0..MAX_ITERATIONS {
        let (gradient, hessian) = problem.derivatives(&coefficients);
        let largest = problem.stationarity(&coefficients, &gradient);
        if largest <= tolerance {
            return problem.linear(&coefficients);
        }
        let step = if problem.l1 > 0.0 {
            coordinate_descent(&problem, &coefficients, &gradient, &hessian)
        } else {
            solve_cholesky(hessian, &gradient)
        };
        let Some(step) = step else {
            return Err(not_converged("the Hessian is singular", largest, tolerance));
        };
        let Some(next) = descend(&problem, &coefficients, value, &gradient, &step) else {
            return Err(not_converged("no step lowers the objective", largest, tolerance));
        };
        (coefficients, value) = next;
    }
    let (gradient, _) = problem.derivatives(&coefficients);
    Err(not_converged(
        &format!("{MAX_ITERATIONS} iterations were not enough"),
        problem.stationarity(&coefficients, &gradient),
        tolerance,
    ))
}

/// Goes along the Newton step, halved until the objective falls (Armijo's rule).
fn descend(
    problem: &Problem<'_>,
    coefficients: &[f64],
    value: f64,
    gradient: &[f64],
    step: &[f64],
) -> Option<(Vec<f64>, f64)> {
    let moved = |length: f64| -> Vec<f64> {
        coefficients.iter().zip(step).map(|(from, by)| from - length * by).collect()
    };
    let slope = gradient.iter().zip(step).fold(0.0, |sum, (g, s)| sum + g * s);
    // The decrease of the L1 penalty by the step counts too (Tseng and Yun 2009).
    let slope = if problem.l1 > 0.0 {
        slope + problem.l1 * (problem.magnitudes(coefficients) - problem.magnitudes(&moved(1.0)))
    } else {
        slope
    };
    let mut length = 1.0;
    for _ in 0..MAX_HALVINGS {
        let next = moved(length);
        let next_value = problem.objective(&next);
        // Close to the minimum the objective is flat to its last bits: a step that leaves it
        // where it was within rounding is a Newton step that still lowers the gradient.
        let rounding = 4.0 * f64::EPSILON * value.abs();
        if next_value <= value - 1e-4 * length * slope + rounding {
            return Some((next, next_value));
        }
        length *= 0.5;
    }
    None
}

fn not_converged(reason: &str, largest: f64, tolerance: f64) -> Error {
    Error::NotConverged(format!(
        "logistic regression did not converge: {reason}; the largest entry of the gradient is \
         {largest:e}, expected at most {tolerance:e}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invalid::Spec;
    use crate::learners::class_weight::ClassWeight;
    use ndarray::array;
    use nomogram::numeric;

    #[test]
    fn without_a_penalty_the_log_odds_are_met() {
        let values = array![[0.0], [0.0], [0.0], [0.0], [1.0], [1.0], [1.0], [1.0]];
        let linear =
            fit_unpenalised(TrainingRows::binary(values.view(), &[0, 0, 0, 1, 0, 1, 1, 1]));
        let linear = linear.unwrap();
        assert!((linear.weights()[0] - 2.0 * numeric::ln(3.0)).abs() < 1e-7, "{linear:?}");
    }

    #[test]
    fn many_rows_converge() {
        let n_rows = 60_000_usize;
        let input = |row: usize| numeric::ln(1.0 + number(row % 997)) - 5.0;
        let values = ndarray::Array2::from_shape_fn((n_rows, 1), |(row, _)| input(row));
        let classes: Vec<usize> =
            (0..n_rows).map(|row| usize::from(row * 31 % 101 < 10 + row % 997 / 12)).collect();
        let spec = LogisticRegressionSpec::ridge(1e-6).check().unwrap();
        let weight = spec.fit(TrainingRows::binary(values.view(), &classes)).unwrap().weights()[0];
        assert!(weight > 0.0 && weight < 0.1, "{weight}");
        let rows = TrainingRows::binary(values.view(), &classes);
        assert!(fit_unpenalised(rows).unwrap().weights()[0] > 0.5);
    }

    /// With uninformative inputs, only the intercept is left: the log odds of the classes.
    #[test]
    fn the_intercept_is_not_penalised() {
        let values = array![[0.0], [0.0], [0.0], [0.0]];
        let rows = TrainingRows::binary(values.view(), &[0, 0, 0, 1]);
        let intercept =
            |spec: LogisticRegressionSpec| spec.check().unwrap().fit(rows).unwrap().intercepts()[0];
        let spec = LogisticRegressionSpec::ridge(1e-3);
        let balanced =
            LogisticRegressionSpec { class_weight: ClassWeight::Balanced, ..spec.clone() };
        assert!((intercept(spec) - numeric::ln(1.0 / 3.0)).abs() < 1e-8);
        assert!(intercept(balanced).abs() < 1e-8);
    }
}
