//! Newton's method.
//!
//! With an L2 part the objective is strictly convex, but for a number added to all intercepts, which
//! are kept at a sum of 0; so the result does not depend on the start. With an L1 part each Newton
//! step minimises its quadratic model by coordinate descent.

use nomogram::{Linear, Member};

use super::objective::{Point, Problem};
use super::separation::{moves_without_end, separating_input};
use super::spec::LogisticRegressionSpec;
use super::step::Steps;
use super::tolerance::{Furthest, Tolerance};
use crate::error::Error;
use crate::invalid::Checked;
use crate::learners::fit_member::FitMember;
use crate::learners::training_rows::TrainingRows;

/// Newton needs about ten; more means that it cannot get closer.
const MAX_ITERATIONS: usize = 200;
const MAX_HALVINGS: usize = 60;
/// The share of the objective that counts as its rounding error.
const ROUNDING: f64 = 64.0 * f64::EPSILON;
/// The number of iterations without a smaller gradient after which rounding keeps it where it is.
const MAX_STALLED: usize = 5;

impl Checked<LogisticRegressionSpec> {
    /// Fits until each entry of the gradient is at most 1e-8, and at most 1e-7 of the factor of the L2
    /// penalty, but neither less than 1e-12 nor more than 1e-10 of the sum of the magnitudes of its
    /// input; or until rounding hides every further decrease of the objective. So neither many rows nor
    /// the unit of an input keep a fit from converging.
    ///
    /// # Errors
    ///
    /// `Data` when a value is missing or the rows are not as [`TrainingRows`] promises; `NotConverged` with
    /// the gradient that was reached.
    pub fn fit(&self, rows: TrainingRows<'_>) -> Result<Linear, Error> {
        newton(Some(&**self), rows)
    }
}

/// [`Checked<LogisticRegressionSpec>::fit`] without a penalty, for which a spec has no setting.
///
/// # Errors
///
/// As with a penalty; `NotConverged` too when the inputs separate the classes, as a steeper fit is
/// better then, whatever the fit.
pub(crate) fn fit_unpenalised(rows: TrainingRows<'_>) -> Result<Linear, Error> {
    newton(None, rows)
}

impl FitMember for Checked<LogisticRegressionSpec> {
    fn fit_member(&self, rows: TrainingRows<'_>, _seed: u64) -> Result<Member, Error> {
        self.fit(rows).map(Member::Linear)
    }
}

fn newton(spec: Option<&LogisticRegressionSpec>, rows: TrainingRows<'_>) -> Result<Linear, Error> {
    rows.check()?;
    rows.refuse_missing("logistic regression")?;
    let problem = Problem::new(spec, rows);
    let tolerance = Tolerance::of(&problem);
    let mut steps = Steps::new(&problem);
    let mut point = problem.at(vec![0.0; problem.n_coefficients()]);
    let mut is_endless = false;
    let (mut least, mut n_stalled) = (f64::INFINITY, 0);
    let mut furthest = tolerance.furthest([].into_iter());
    for _ in 0..MAX_ITERATIONS {
        let (gradient, slopes) = problem.gradient(&point);
        furthest = tolerance.furthest(problem.stationarity(&point.coefficients, &gradient));
        if furthest.factor <= 1.0 {
            return if is_endless {
                Err(separated(rows))
            } else {
                problem.linear(&point.coefficients)
            };
        }
        n_stalled = if furthest.factor < 0.5 * least { 0 } else { n_stalled + 1 };
        least = least.min(furthest.factor);
        let derivatives = (gradient.as_slice(), &slopes);
        let Some(step) = steps.next(&problem, &point, derivatives, furthest.factor) else {
            return Err(not_converged("the Hessian is singular", furthest, rows));
        };
        let decrease = problem.decrease(&point, &gradient, &step);
        if n_stalled >= MAX_STALLED && decrease <= f64::EPSILON * point.value {
            return problem.linear(&point.coefficients);
        }
        let Some(next) = descend(&problem, &point, decrease, &step) else {
            return Err(not_converged("no step lowers the objective", furthest, rows));
        };
        if !problem.is_penalised() {
            if problem.separates(&next) {
                return Err(separated(rows));
            }
            is_endless = moves_without_end(&point, &next);
        }
        point = next;
    }
    let reason = format!("no convergence in {MAX_ITERATIONS} iterations");
    Err(not_converged(&reason, furthest, rows))
}

impl Problem<'_> {
    /// How much a step lowers the objective per length, at its start.
    fn decrease(&self, point: &Point, gradient: &[f64], step: &[f64]) -> f64 {
        let slope = gradient.iter().zip(step).fold(0.0, |sum, (g, s)| sum + g * s);
        if self.l1 == 0.0 {
            return slope;
        }
        // The decrease of the L1 penalty by the step counts too (Tseng and Yun 2009).
        let moved = moved(&point.coefficients, step, 1.0);
        slope + self.l1 * (self.magnitudes(&point.coefficients) - self.magnitudes(&moved))
    }
}

fn moved(coefficients: &[f64], step: &[f64], length: f64) -> Vec<f64> {
    coefficients.iter().zip(step).map(|(from, by)| from - length * by).collect()
}

/// Goes along the Newton step, halved until the objective falls (Armijo's rule).
fn descend(problem: &Problem<'_>, from: &Point, decrease: f64, step: &[f64]) -> Option<Point> {
    let mut length = 1.0;
    for _ in 0..MAX_HALVINGS {
        let next = problem.at(moved(&from.coefficients, step, length));
        // Close to the minimum the objective is flat to its last bits: a step that leaves it
        // where it was within rounding is a Newton step that still lowers the gradient.
        let rounding = ROUNDING * from.value.abs();
        if next.value <= from.value - 1e-4 * length * decrease + rounding {
            return Some(next);
        }
        length *= 0.5;
    }
    None
}

fn separated(rows: TrainingRows<'_>) -> Error {
    let by = match separating_input(rows) {
        Some((input, class)) => format!("{input} separates class {class} from the others"),
        None => "a combination of the inputs separates the classes".into(),
    };
    Error::NotConverged(format!(
        "logistic regression: {by}, so that without a penalty no coefficients are best"
    ))
}

fn not_converged(reason: &str, furthest: Furthest, rows: TrainingRows<'_>) -> Error {
    let Furthest { magnitude, tolerance, .. } = furthest;
    let hint = match separating_input(rows) {
        Some((input, class)) => format!("; {input} separates class {class} from the others"),
        None => String::new(),
    };
    Error::NotConverged(format!(
        "logistic regression: {reason}; an entry of the gradient is {magnitude:e}, expected at most \
         {tolerance:e}{hint}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::number;
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

    #[test]
    fn a_penalty_fits_separated_classes_and_without_one_they_are_refused_by_name() {
        let values = array![[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]];
        let message = |classes: &[usize]| {
            let rows = TrainingRows::binary(values.view(), classes);
            for c in [1e-3, 1.0, 1e6, 1e12] {
                let linear = LogisticRegressionSpec::ridge(c).check().unwrap().fit(rows).unwrap();
                assert!(linear.weights().iter().all(|weight| weight.is_finite()), "{c}");
            }
            fit_unpenalised(rows).unwrap_err().to_string()
        };
        let expected =
            "logistic regression: input 1 separates class 1 from the others, so that without";
        assert!(message(&[0, 0, 1, 1]).starts_with(expected), "{}", message(&[0, 0, 1, 1]));
        let expected = "logistic regression: a combination of the inputs separates the classes, so";
        assert!(message(&[0, 1, 1, 1]).starts_with("logistic regression: input 1 separates"));
        let both = array![[0.0, 0.0], [1.0, 2.0], [2.0, 1.0], [3.0, 3.0], [1.1, 1.0], [1.0, 1.1]];
        let rows = TrainingRows::binary(both.view(), &[0, 1, 1, 1, 0, 0]);
        let message = fit_unpenalised(rows).unwrap_err().to_string();
        assert!(message.starts_with(expected), "{message}");
    }

    /// Rows of equal values on both sides: no line separates all rows, yet a steeper one is better.
    #[test]
    fn classes_that_touch_are_separated_too() {
        let values = array![[0.0], [1.0], [1.0], [2.0]];
        let rows = TrainingRows::binary(values.view(), &[0, 0, 1, 1]);
        let message = fit_unpenalised(rows).unwrap_err().to_string();
        assert!(message.contains("input 1 separates class 1"), "{message}");
    }

    #[test]
    fn the_unit_of_an_input_does_not_matter() {
        let fit = |unit: f64| {
            let value = |(row, input)| unit * (number(row * (input + 7) % 31) + 100.0);
            let values = ndarray::Array2::from_shape_fn((400, 2), value);
            let classes: Vec<usize> = (0..400).map(|row| usize::from(row * 13 % 31 < 11)).collect();
            let rows = TrainingRows::binary(values.view(), &classes);
            let linear = fit_unpenalised(rows).unwrap();
            [unit * linear.weights()[0], unit * linear.weights()[1], linear.intercepts()[0]]
        };
        let expected = fit(1.0);
        for unit in [1e-9, 1e-3, 1e4, 1e9] {
            for (found, expected) in fit(unit).iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6 * expected.abs(), "{unit}: {found}");
            }
        }
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
