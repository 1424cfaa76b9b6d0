//! Errors of predicted numbers, and how often their intervals hold the number that came true.

use nomogram::numeric::sqrt;
use serde::Serialize;

use crate::classification::Proportion;
use crate::count::number;
use crate::error::Error;
use crate::interval::Confidence;

/// The errors of predicted numbers, as scikit-learn's `mean_absolute_error`, `root_mean_squared_error` and
/// `r2_score`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct NumberErrors {
    /// The number of rows.
    pub n_rows: usize,
    /// The mean of `|number − prediction|`.
    pub mean_absolute_error: f64,
    /// The root of the mean of `(number − prediction)²`.
    pub root_mean_squared_error: f64,
    /// 1 minus the sum of squared errors over that of squared differences from the mean of the numbers;
    /// `None` when all numbers are the same.
    pub r_squared: Option<f64>,
}

/// How often the intervals of a level hold the number that came true.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct IntervalCoverage {
    /// The level.
    pub level: f64,
    /// The share of the rows whose interval holds the number; its ends belong to it.
    pub coverage: Proportion,
    /// The mean difference of the ends; infinite when an interval has no end, which is null in JSON.
    pub mean_width: f64,
}

impl NumberErrors {
    /// Of rows with these numbers.
    ///
    /// # Errors
    ///
    /// `Data` without rows, for another number of predictions, and when a number is not finite.
    pub fn new(numbers: &[f64], predicted: &[f64]) -> Result<Self, Error> {
        check(numbers, predicted.len())?;
        check(predicted, numbers.len())?;
        let n = number(numbers.len());
        let errors = || numbers.iter().zip(predicted).map(|(number, value)| number - value);
        let mean = numbers.iter().sum::<f64>() / n;
        let squared_errors: f64 = errors().map(|error| error * error).sum();
        let squares: f64 = numbers.iter().map(|number| (number - mean) * (number - mean)).sum();
        Ok(Self {
            n_rows: numbers.len(),
            mean_absolute_error: errors().map(f64::abs).sum::<f64>() / n,
            root_mean_squared_error: sqrt(squared_errors / n),
            r_squared: (squares > 0.0).then(|| 1.0 - squared_errors / squares),
        })
    }
}

impl IntervalCoverage {
    /// Of rows with these numbers and intervals of a level, each with its lower and its upper end.
    ///
    /// # Errors
    ///
    /// As [`NumberErrors::new`].
    pub fn new(
        level: f64,
        numbers: &[f64],
        intervals: &[[f64; 2]],
        confidence: Confidence,
    ) -> Result<Self, Error> {
        check(numbers, intervals.len())?;
        let rows = numbers.iter().zip(intervals);
        let held = rows.filter(|(number, [low, high])| (low..=high).contains(number)).count();
        let widths = intervals.iter().map(|[low, high]| high - low);
        Ok(Self {
            level,
            coverage: Proportion::new(held, numbers.len(), confidence)?,
            mean_width: widths.sum::<f64>() / number(intervals.len()),
        })
    }
}

fn check(numbers: &[f64], n_others: usize) -> Result<(), Error> {
    if numbers.is_empty() || numbers.len() != n_others {
        let detail = format!("{} and {n_others} rows, expected equally many", numbers.len());
        return Err(Error::Data(format!("{detail}, and at least 1")));
    }
    match numbers.iter().position(|number| !number.is_finite()) {
        None => Ok(()),
        Some(row) => Err(Error::Data(format!("row {}: expected a finite number", row + 1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_that_can_be_worked_out_by_hand() {
        let errors = NumberErrors::new(&[1.0, 2.0, 6.0], &[2.0, 2.0, 4.0]).unwrap();
        assert_eq!(errors.mean_absolute_error, 1.0);
        assert_eq!(errors.root_mean_squared_error, sqrt(5.0 / 3.0));
        assert_eq!(errors.r_squared, Some(1.0 - 5.0 / 14.0));
        assert_eq!(NumberErrors::new(&[3.0], &[1.0]).unwrap().r_squared, None);
        for (numbers, predicted) in [
            (&[][..], &[][..]),
            (&[1.0], &[1.0, 2.0]),
            (&[f64::NAN], &[1.0]),
            (&[1.0], &[f64::NAN]),
        ] {
            assert!(NumberErrors::new(numbers, predicted).is_err());
        }
    }

    #[test]
    fn ends_belong_to_an_interval_and_one_without_ends_is_infinitely_wide() {
        let of = |intervals: &[[f64; 2]]| {
            IntervalCoverage::new(0.9, &[1.0, 2.0], intervals, Confidence::PERCENT_95).unwrap()
        };
        let finite = of(&[[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!((finite.coverage.n_with, finite.mean_width), (1, 1.0));
        let infinite = of(&[[0.0, 1.0], [f64::NEG_INFINITY, f64::INFINITY]]);
        assert_eq!((infinite.coverage.value, infinite.mean_width), (1.0, f64::INFINITY));
        assert!(serde_json::to_string(&infinite).unwrap().ends_with("\"mean_width\":null}"));
        assert!(IntervalCoverage::new(0.9, &[1.0], &[], Confidence::PERCENT_95).is_err());
    }
}
