//! The area under the ROC curve, computed by smartcore: the only formula of it.
//!
//! smartcore's AUC is the rank statistic with mean ranks for ties. Ranks and their sum are multiples
//! of one half, hence exact below 2⁵³; the only rounding is that of the last division. So it gives the
//! same bits on every platform and in any order of rows.

use smartcore::metrics::Metrics as _;
use smartcore::metrics::auc::AUC;

use crate::rows::{counts, indicator};

/// The area under the ROC curve of any numbers, probabilities or not: the share of pairs of a positive
/// and a negative row in which the positive one has the larger value; ties count one half.
///
/// `None` when all rows are of one class, when a value is NaN, or when the lengths differ.
#[must_use]
pub fn auc_of_values(outcomes: &[bool], values: &[f64]) -> Option<f64> {
    let (n_positive, n_negative) = counts(outcomes);
    let is_defined = n_positive > 0
        && n_negative > 0
        && outcomes.len() == values.len()
        && !values.iter().any(|value| value.is_nan());
    is_defined.then(|| {
        let targets: Vec<f64> = outcomes.iter().map(|outcome| indicator(*outcome)).collect();
        AUC::new().get_score(&targets, &values.to_vec())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::number;
    use crate::random::Random;

    /// The definition: every pair, counted twice so that ties are whole.
    fn by_pairs(outcomes: &[bool], values: &[f64]) -> f64 {
        let of = |class: bool| {
            let rows = outcomes.iter().zip(values);
            rows.filter(move |(outcome, _)| **outcome == class).map(|(_, value)| *value)
        };
        let twice = |positive: f64, negative: f64| match positive.partial_cmp(&negative).unwrap() {
            std::cmp::Ordering::Greater => 2,
            std::cmp::Ordering::Equal => 1,
            std::cmp::Ordering::Less => 0,
        };
        let pairs = of(true).flat_map(|p| of(false).map(move |n| twice(p, n)));
        let (n_positive, n_negative) = counts(outcomes);
        number(pairs.sum()) / (2.0 * number(n_positive) * number(n_negative))
    }

    #[test]
    fn smartcore_counts_pairs_exactly_with_many_ties_and_without() {
        let mut random = Random::new(1, 2);
        for n_values in [2, 5, 1_000_000] {
            for n_rows in 2..80 {
                let mut value = || f64::from(u32::try_from(random.below(n_values)).unwrap()) / 7.0;
                let values: Vec<f64> = (0..n_rows).map(|_| value()).collect();
                let outcomes: Vec<bool> = (0..n_rows).map(|row| row % 3 == 1).collect();
                let found = auc_of_values(&outcomes, &values).unwrap();
                assert_eq!(found.to_bits(), by_pairs(&outcomes, &values).to_bits(), "{values:?}");
            }
        }
    }

    #[test]
    fn negative_zero_ties_with_zero_and_infinities_have_a_rank() {
        assert_eq!(auc_of_values(&[true, false], &[-0.0, 0.0]), Some(0.5));
        let values = [f64::INFINITY, f64::NEG_INFINITY, 0.0];
        assert_eq!(auc_of_values(&[true, false, false], &values), Some(1.0));
    }

    #[test]
    fn undefined_areas_are_none() {
        assert_eq!(auc_of_values(&[true, true], &[0.1, 0.2]), None);
        assert_eq!(auc_of_values(&[true, false], &[0.1, f64::NAN]), None);
        assert_eq!(auc_of_values(&[true, false], &[0.1]), None);
        assert_eq!(auc_of_values(&[], &[]), None);
    }
}
