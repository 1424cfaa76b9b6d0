//! The area under the ROC curve: of rows without weights by smartcore, of weighted ones from the weights
//! below each row.
//!
//! smartcore's AUC is the rank statistic with mean ranks for ties. Ranks and their sum are multiples
//! of one half, hence exact below 2⁵³; the only rounding is that of the last division. So it gives the
//! same bits on every platform and in any order of rows. It does not take weights; a test compares both
//! forms, bit for bit, at equal weights.

use smartcore::metrics::Metrics as _;
use smartcore::metrics::auc::AUC;

use super::below::weights_below;
use crate::rows::{Rows, indicator};

/// The area under the ROC curve of any numbers, probabilities or not: the share of pairs of a positive
/// and a negative row in which the positive one has the larger value; ties count one half.
///
/// `None` when all rows are of one class, when a value is NaN, or when the lengths differ.
#[must_use]
pub fn auc_of_values(outcomes: &[bool], values: &[f64]) -> Option<f64> {
    let is_defined = outcomes.contains(&true)
        && outcomes.contains(&false)
        && outcomes.len() == values.len()
        && !values.iter().any(|value| value.is_nan());
    is_defined.then(|| {
        let targets: Vec<f64> = outcomes.iter().map(|outcome| indicator(*outcome)).collect();
        AUC::new().get_score(&targets, &values.to_vec())
    })
}

/// The area of rows of both classes: the share of pairs as in [`auc_of_values`], each with the product
/// of the weights of its rows; `None` for rows of one class.
pub(crate) fn area(rows: Rows<'_>) -> Option<f64> {
    if rows.weights().is_none() {
        return auc_of_values(rows.outcomes(), rows.ranking());
    }
    rows.counts_of_both().ok()?;
    let (positive, negative) = rows.sums();
    let below = weights_below(rows).into_iter().zip(rows.each());
    let pairs = below.filter(|(_, (outcome, ..))| *outcome);
    let won = pairs.fold(0.0, |sum, (below, (.., weight))| sum + weight * below);
    Some(won / (positive * negative))
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
        let n_positive = outcomes.iter().filter(|outcome| **outcome).count();
        let n_negative = outcomes.len() - n_positive;
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
                let shares: Vec<f64> = values.iter().map(|value| value / 1e6).collect();
                let ones = vec![1.0; values.len()];
                let rows = Rows::new(&outcomes, &shares).unwrap().weighted(Some(&ones)).unwrap();
                assert_eq!(area(rows).unwrap().to_bits(), found.to_bits(), "{values:?}");
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

    #[test]
    fn a_row_of_weight_three_is_three_rows() {
        let rows = Rows::new(&[true, false, true, false], &[0.4, 0.4, 0.9, 0.6]).unwrap();
        let weighted = area(rows.weighted(Some(&[3.0, 1.0, 1.0, 2.0])).unwrap()).unwrap();
        let outcomes = [true, true, true, false, true, false, false];
        let copies = auc_of_values(&outcomes, &[0.4, 0.4, 0.4, 0.4, 0.9, 0.6, 0.6]).unwrap();
        assert_eq!(weighted, copies);
        assert_eq!(area(Rows::new(&[true], &[0.5]).unwrap().weighted(Some(&[2.0])).unwrap()), None);
    }
}
