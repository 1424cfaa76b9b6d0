//! A logistic regression of the simulated patients, with a penalty, fitted by steps down the gradient.

use nomogram::numeric::{logistic, sqrt};

use crate::patients::{N_FEATURES, Patient};

const N_STEPS: usize = 150;
const STEP: f64 = 0.25;
const PENALTY: f64 = 0.01;

/// A fitted regression.
pub(crate) struct Risk {
    means: [f64; N_FEATURES],
    std_devs: [f64; N_FEATURES],
    weights: [f64; N_FEATURES],
    intercept: f64,
}

impl Risk {
    /// Fits the outcomes of patients without missing values.
    pub(crate) fn fit<'p>(patients: impl Iterator<Item = &'p Patient> + Clone) -> Self {
        let n = patients.clone().count() as f64;
        let mean_of = |of: &dyn Fn(&[f64; N_FEATURES]) -> f64| {
            patients.clone().map(|(row, _)| of(row)).sum::<f64>() / n
        };
        let means: [f64; N_FEATURES] = std::array::from_fn(|at| mean_of(&|row| row[at]));
        let squares = |at: usize| mean_of(&|row| (row[at] - means[at]) * (row[at] - means[at]));
        let std_devs = std::array::from_fn(|at| sqrt(squares(at)));
        let mut risk = Self { means, std_devs, weights: [0.0; N_FEATURES], intercept: 0.0 };
        let rows: Vec<_> = patients.map(|(row, event)| (risk.scaled(row), *event)).collect();
        for _ in 0..N_STEPS {
            let (mut gradient, mut of_intercept) = ([0.0; N_FEATURES], 0.0);
            for (row, event) in &rows {
                let error = logistic(risk.margin(row)) - f64::from(u8::from(*event));
                of_intercept += error / n;
                for (sum, value) in gradient.iter_mut().zip(row) {
                    *sum += error * value / n;
                }
            }
            risk.intercept -= STEP * of_intercept;
            for (weight, slope) in risk.weights.iter_mut().zip(gradient) {
                *weight -= STEP * (slope + PENALTY * *weight);
            }
        }
        risk
    }

    /// The predicted risk of a patient; a missing value counts as the mean.
    pub(crate) fn of(&self, row: &[f64; N_FEATURES]) -> f64 {
        logistic(self.margin(&self.scaled(row)))
    }

    fn scaled(&self, row: &[f64; N_FEATURES]) -> [f64; N_FEATURES] {
        std::array::from_fn(|at| {
            let scaled = (row[at] - self.means[at]) / self.std_devs[at];
            if scaled.is_nan() { 0.0 } else { scaled }
        })
    }

    fn margin(&self, scaled: &[f64; N_FEATURES]) -> f64 {
        self.weights.iter().zip(scaled).fold(self.intercept, |sum, (w, x)| sum + w * x)
    }
}
