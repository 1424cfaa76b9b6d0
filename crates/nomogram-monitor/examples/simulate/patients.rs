//! Patients: drawn from normal distributions, or from the rows of a table with replacement.

use nomogram::numeric::{cos, ln, logistic, round, sqrt};
use nomogram_stats::random::Random;

/// How many features a patient has.
pub(crate) const N_FEATURES: usize = 30;

/// The features of a patient, NaN where missing, and whether the event came true.
pub(crate) type Patient = ([f64; N_FEATURES], bool);

/// What changes after the quiet patients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Change {
    None,
    /// One feature, by so many standard deviations.
    Shift(f64),
    /// Ten correlated features, by so many standard deviations.
    ShiftOfTen(f64),
    /// The standard deviation of one feature, by this factor.
    Spread(f64),
    /// One feature is missing in this share of rows.
    Missing(f64),
}

/// Where patients come from.
#[allow(clippy::large_enum_variant, reason = "there is one")]
pub(crate) enum Source {
    /// Three groups of ten normal features, each correlated .6, one of them rounded to half a standard
    /// deviation. The logit of the risk is a sum of five of them; a third of patients has the event.
    Normal,
    /// The rows of a table, with the mean and the standard deviation of each feature.
    Table { rows: Vec<Patient>, means: [f64; N_FEATURES], std_devs: [f64; N_FEATURES] },
}

impl Source {
    /// Reads a table whose last 30 columns are numbers. The column before them is the outcome, `event`
    /// where it came true.
    pub(crate) fn of_csv(text: &str, event: &str) -> Option<Self> {
        let row = |line: &str| -> Option<Patient> {
            let cells: Vec<&str> = line.split(',').collect();
            let (others, cells) = cells.split_at_checked(cells.len().checked_sub(N_FEATURES)?)?;
            let numbers: Option<Vec<f64>> =
                cells.iter().map(|cell| cell.trim().parse().ok()).collect();
            Some((numbers?.try_into().ok()?, *others.last()? == event))
        };
        let rows: Vec<_> = text.lines().skip(1).map(row).collect::<Option<_>>()?;
        let mean = |of: &dyn Fn(&[f64; N_FEATURES]) -> f64| {
            rows.iter().map(|(row, _)| of(row)).sum::<f64>() / rows.len() as f64
        };
        let means = std::array::from_fn(|at| mean(&|row| row[at]));
        let squared = |at: usize| mean(&|row| (row[at] - means[at]) * (row[at] - means[at]));
        let std_devs = std::array::from_fn(|at| sqrt(squared(at)));
        (!rows.is_empty()).then_some(Self::Table { rows, means, std_devs })
    }
}

/// Patients, one after the other.
pub(crate) struct Patients<'s> {
    pub random: Random,
    pub source: &'s Source,
}

impl Patients<'_> {
    pub(crate) fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.random.uniform(), self.random.uniform());
        sqrt(-2.0 * ln(u)) * cos(std::f64::consts::TAU * v)
    }

    pub(crate) fn next(&mut self, change: Change) -> Patient {
        match self.source {
            Source::Normal => {
                let groups = [self.normal(), self.normal(), self.normal()];
                let mut row = [0.0; N_FEATURES];
                for (index, value) in row.iter_mut().enumerate() {
                    *value = sqrt(0.6) * groups[index / 10] + sqrt(0.4) * self.normal();
                }
                let margin = -1.0 + 0.8 * (row[0] + row[1] + row[10] - row[20]) + 0.4 * row[29];
                let came_true = self.random.uniform() < logistic(margin);
                self.change(&mut row, change, &[0.0; N_FEATURES], &[1.0; N_FEATURES]);
                // Ten features are read off a coarse scale, so rows have equal values.
                row[10..20].iter_mut().for_each(|value| *value = round(2.0 * *value) / 2.0);
                (row, came_true)
            }
            Source::Table { rows, means, std_devs } => {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a row")]
                let (mut row, came_true) =
                    rows[(self.random.uniform() * rows.len() as f64) as usize];
                self.change(&mut row, change, means, std_devs);
                (row, came_true)
            }
        }
    }

    fn change(
        &mut self,
        row: &mut [f64; N_FEATURES],
        change: Change,
        means: &[f64; N_FEATURES],
        std_devs: &[f64; N_FEATURES],
    ) {
        match change {
            Change::None => {}
            Change::Shift(by) => row[0] += by * std_devs[0],
            Change::ShiftOfTen(by) => {
                let moved = row.iter_mut().zip(std_devs).take(10);
                moved.for_each(|(value, std_dev)| *value += by * std_dev);
            }
            Change::Spread(factor) => row[0] = means[0] + factor * (row[0] - means[0]),
            Change::Missing(share) => {
                if self.random.uniform() < share {
                    row[0] = f64::NAN;
                }
            }
        }
    }
}
