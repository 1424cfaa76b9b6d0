//! A statistic over replicates, and its intervals.

use nomogram::numeric::sqrt;
use serde::Serialize;

use crate::count::number;
use crate::distributions::{normal_cdf, normal_quantile};
use crate::error::Error;
use crate::interval::{Confidence, Interval};
use crate::quantile::quantile;
use crate::rows::mean;

/// A statistic on all rows and on replicates of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BootstrapDistribution {
    /// The statistic on all rows.
    pub estimate: f64,
    /// The number of replicates on which the statistic is undefined.
    pub n_undefined: usize,
    /// The statistic on the other replicates, from the smallest up.
    sorted: Vec<f64>,
}

impl BootstrapDistribution {
    /// The distribution of given replicates; `None` and numbers that are not finite are undefined.
    ///
    /// # Errors
    ///
    /// `Data` when the estimate is not finite, or fewer than two replicates are.
    pub fn new(estimate: f64, replicates: &[Option<f64>]) -> Result<Self, Error> {
        let mut sorted: Vec<f64> =
            replicates.iter().flatten().copied().filter(|value| value.is_finite()).collect();
        if !estimate.is_finite() || sorted.len() < 2 {
            return Err(Error::Data(format!(
                "estimate {estimate} with {} defined replicates of {}, expected at least 2",
                sorted.len(),
                replicates.len()
            )));
        }
        sorted.sort_unstable_by(f64::total_cmp);
        Ok(Self { estimate, n_undefined: replicates.len() - sorted.len(), sorted })
    }

    /// The statistic on the replicates where it is defined, from the smallest up.
    #[must_use]
    pub fn replicates(&self) -> &[f64] {
        &self.sorted
    }

    /// The standard deviation of replicates, with `n − 1` in the denominator.
    #[must_use]
    pub fn standard_error(&self) -> f64 {
        let centre = mean(&self.sorted);
        let squares = self.sorted.iter().map(|value| (value - centre) * (value - centre));
        sqrt(squares.sum::<f64>() / (number(self.sorted.len()) - 1.0))
    }

    /// The percentile interval: quantiles of replicates, linearly interpolated.
    #[must_use]
    pub fn percentile(&self, confidence: Confidence) -> Interval {
        let tail = confidence.tail();
        self.between(tail, 1.0 - tail)
    }

    /// The bias-corrected and accelerated interval (Efron 1987): `SciPy`'s `bootstrap(method="BCa")`.
    ///
    /// `jackknife` is the statistic without each row in turn, from
    /// [`jackknife`](super::jackknife()).
    ///
    /// # Errors
    ///
    /// `Data` when the interval is undefined: all replicates on one side of the estimate, an undefined
    /// jackknife value, or all of them equal.
    pub fn bca(
        &self,
        jackknife: &[Option<f64>],
        confidence: Confidence,
    ) -> Result<Interval, Error> {
        let n_below = self.sorted.partition_point(|value| *value < self.estimate);
        let n_up_to = self.sorted.partition_point(|value| *value <= self.estimate);
        let share = number(n_below + n_up_to) / (2.0 * number(self.sorted.len()));
        let bias = normal_quantile(share);
        if !bias.is_finite() {
            return Err(Error::Data(
                "all replicates are on one side of the estimate, expected both: BCa is undefined"
                    .into(),
            ));
        }
        let acceleration = acceleration(jackknife)?;
        let share_at = |tail: f64| {
            let from_bias = bias + normal_quantile(tail);
            normal_cdf(bias + from_bias / (1.0 - acceleration * from_bias))
        };
        let tail = confidence.tail();
        Ok(self.between(share_at(tail), share_at(1.0 - tail)))
    }

    fn between(&self, lower: f64, upper: f64) -> Interval {
        // At least two replicates: the quantile is there.
        let at = |share| quantile(&self.sorted, share).unwrap_or(f64::NAN);
        Interval { lower: at(lower), upper: at(upper) }
    }
}

/// One sixth of the skewness of jackknife values.
fn acceleration(jackknife: &[Option<f64>]) -> Result<f64, Error> {
    let values: Vec<f64> = jackknife.iter().copied().flatten().collect();
    let n_undefined = jackknife.len() - values.len();
    if n_undefined > 0 || values.is_empty() {
        return Err(Error::Data(format!(
            "{n_undefined} of {} jackknife values are undefined, expected none",
            jackknife.len()
        )));
    }
    let centre = mean(&values);
    let (squares, cubes) = values.iter().fold((0.0, 0.0), |(squares, cubes), value| {
        let deviation = centre - value;
        (squares + deviation * deviation, cubes + deviation * deviation * deviation)
    });
    if squares <= 0.0 {
        return Err(Error::Data("all jackknife values are equal: BCa is undefined".into()));
    }
    Ok(cubes / (6.0 * squares * sqrt(squares)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn undefined_replicates_are_counted_and_left_out() {
        let replicates = [Some(1.0), None, Some(3.0), Some(f64::NAN)];
        let distribution = BootstrapDistribution::new(2.0, &replicates).unwrap();
        assert_eq!((distribution.n_undefined, distribution.replicates()), (2, &[1.0, 3.0][..]));
        assert!(BootstrapDistribution::new(2.0, &replicates[..2]).is_err());
        assert!(BootstrapDistribution::new(f64::NAN, &[Some(1.0); 3]).is_err());
    }

    #[test]
    fn undefined_bca_is_refused() {
        let distribution = BootstrapDistribution::new(0.0, &[Some(1.0), Some(2.0)]).unwrap();
        assert!(distribution.bca(&[Some(1.0), Some(2.0)], Confidence::PERCENT_95).is_err());
        let distribution = BootstrapDistribution::new(1.5, &[Some(1.0), Some(2.0)]).unwrap();
        assert!(distribution.bca(&[Some(1.0), Some(2.0)], Confidence::PERCENT_95).is_ok());
        assert!(distribution.bca(&[Some(1.0), None], Confidence::PERCENT_95).is_err());
        assert!(distribution.bca(&[Some(1.0), Some(1.0)], Confidence::PERCENT_95).is_err());
        assert!(distribution.bca(&[], Confidence::PERCENT_95).is_err());
    }
}
