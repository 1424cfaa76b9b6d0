//! Structural components of the AUC, and their covariance.
//!
//! DeLong, DeLong and Clarke-Pearson 1988, by the midranks of Sun and Xu 2014 (their algorithm 2).
//! They need the rank of every row, which smartcore's AUC does not return; the area itself is computed
//! by `area` alone. Of weighted rows, shares are those of weights, and the variance is the linearised one:
//! that of a weighted mean of the contributions (Binder 1983), which is DeLong's at equal weights.

use super::below::weights_below;
use crate::count::number;
use crate::error::Error;
use crate::rows::Rows;

/// The contribution of each row to the area under the ROC curve.
#[derive(Debug)]
pub(crate) struct Components {
    /// Per positive row: the share of negative rows with a smaller probability.
    positive: Vec<Component>,
    /// Per negative row: the share of positive rows with a larger probability.
    negative: Vec<Component>,
}

/// What one row contributes, and its weight over the mean weight of its class: 1 without weights.
#[derive(Clone, Copy, Debug)]
struct Component {
    value: f64,
    weight: f64,
}

impl Components {
    /// The components of rows that are checked.
    ///
    /// # Errors
    ///
    /// `Data` when all rows are of one class.
    pub(crate) fn new(rows: Rows<'_>) -> Result<Self, Error> {
        let (n_positive, n_negative) = rows.counts_of_both()?;
        let (all_positive, all_negative) = rows.sums();
        let (mut positive, mut negative) = (Vec::new(), Vec::new());
        for ((outcome, _, weight), below) in rows.each().zip(weights_below(rows)) {
            if outcome {
                let weight = weight * number(n_positive) / all_positive;
                positive.push(Component { value: below / all_negative, weight });
            } else {
                let weight = weight * number(n_negative) / all_negative;
                negative.push(Component { value: 1.0 - below / all_positive, weight });
            }
        }
        Ok(Self { positive, negative })
    }

    /// The contribution of each row to the difference of two areas. The variance of differences is
    /// never negative; two variances minus two covariances can be, after rounding.
    pub(crate) fn contrast(&self, other: &Self) -> Self {
        let minus = |first: &[Component], second: &[Component]| -> Vec<Component> {
            let pairs = first.iter().zip(second);
            let minus = |(first, second): (&Component, &Component)| Component {
                value: first.value - second.value,
                weight: first.weight,
            };
            pairs.map(minus).collect()
        };
        Self {
            positive: minus(&self.positive, &other.positive),
            negative: minus(&self.negative, &other.negative),
        }
    }

    /// The covariance of two areas on the same rows; `None` when a class has only one row.
    pub(crate) fn covariance(&self, other: &Self) -> Option<f64> {
        let of_positive = covariance(&self.positive, &other.positive)?;
        let of_negative = covariance(&self.negative, &other.negative)?;
        Some(of_positive / number(self.positive.len()) + of_negative / number(self.negative.len()))
    }
}

/// With `n − 1` in the denominator. A deviation from the weighted mean counts with its weight, in both
/// factors.
fn covariance(first: &[Component], second: &[Component]) -> Option<f64> {
    let n = number(first.len());
    if first.len() < 2 {
        return None;
    }
    let mean = |components: &[Component]| {
        components.iter().map(|component| component.weight * component.value).sum::<f64>() / n
    };
    let means = (mean(first), mean(second));
    let product = |(a, b): (&Component, &Component)| {
        a.weight * (a.value - means.0) * (b.weight * (b.value - means.1))
    };
    Some(first.iter().zip(second).map(product).sum::<f64>() / (n - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discrimination::area::area;

    #[test]
    fn the_mean_contribution_of_either_class_is_the_area() {
        let outcomes: Vec<bool> = (0..90).map(|row| row % 4 == 0).collect();
        let probabilities: Vec<f64> = (0..90).map(|row| f64::from(row * 37 % 23) / 23.0).collect();
        let weights: Vec<f64> = (0..90).map(|row| f64::from(1 + row % 7)).collect();
        for weights in [None, Some(&weights[..])] {
            let rows = Rows::new(&outcomes, &probabilities).unwrap().weighted(weights).unwrap();
            let components = Components::new(rows).unwrap();
            let area = area(rows).unwrap();
            for contributions in [components.positive, components.negative] {
                let sum: f64 = contributions.iter().map(|c| c.weight * c.value).sum();
                assert!((sum / number(contributions.len()) - area).abs() < 1e-14, "{area}");
            }
        }
    }

    #[test]
    fn weights_that_are_multiplied_by_a_number_have_the_same_variance() {
        let outcomes: Vec<bool> = (0..40).map(|row| row % 3 == 0).collect();
        let probabilities: Vec<f64> = (0..40).map(|row| f64::from(row * 17 % 13) / 13.0).collect();
        let rows = Rows::new(&outcomes, &probabilities).unwrap();
        let variance = |weights: Option<&[f64]>| {
            let components = Components::new(rows.weighted(weights).unwrap()).unwrap();
            components.covariance(&components).unwrap()
        };
        let plain = variance(None);
        assert!((variance(Some(&[7.0; 40])) - plain).abs() < 1e-15 * plain);
        let unequal: Vec<f64> = (0..40).map(|row| if row % 2 == 0 { 1.0 } else { 9.0 }).collect();
        assert!(variance(Some(&unequal)) > plain);
    }

    #[test]
    fn one_row_of_a_class_has_no_covariance() {
        let rows = Rows::new(&[true, false, false], &[0.5, 0.5, 0.1]).unwrap();
        let one = Components::new(rows).unwrap();
        assert_eq!(one.covariance(&one), None);
        assert!(Components::new(Rows::new(&[true, true], &[0.5, 0.5]).unwrap()).is_err());
    }
}
