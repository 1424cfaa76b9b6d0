//! Quantiles of a list of numbers.

use crate::count::number;

/// The value below which a `share` of the sorted numbers lies, none of them NaN; `None` for an
/// empty list.
///
/// Between two numbers the value is interpolated linearly (type 7 of Hyndman and Fan 1996, the
/// default of NumPy and R).
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place between 0 and the length"
)]
#[must_use]
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * number(last);
    // Truncation is the floor, because `place` is not negative.
    let below = place as usize;
    let low = *sorted.get(below)?;
    let high = *sorted.get(below + 1).unwrap_or(&low);
    Some(interpolate(low, high, place - number(below)))
}

/// The quantile at the share `numerator / denominator`, whose place is computed without rounding.
pub(crate) fn quantile_at_ratio(
    sorted: &[f64],
    numerator: usize,
    denominator: usize,
) -> Option<f64> {
    let place = sorted.len().checked_sub(1)? * numerator;
    let low = *sorted.get(place / denominator)?;
    let high = *sorted.get(place / denominator + 1).unwrap_or(&low);
    Some(interpolate(low, high, number(place % denominator) / number(denominator)))
}

/// [`quantile`] of pairs of number and weight, sorted. The number `k` is at the share of the weight
/// before it in the weight of all others, so that the ends are the smallest and the largest number, and
/// equal weights change nothing but rounding.
pub(crate) fn weighted_quantile(sorted: &[(f64, f64)], share: f64) -> Option<f64> {
    let total = sorted.iter().fold(0.0, |sum, (_, weight)| sum + weight);
    let mut before = 0.0;
    let places = sorted.iter().map(|(value, weight)| {
        let place = if total > *weight { before / (total - weight) } else { 0.0 };
        before += weight;
        (place, *value)
    });
    let places: Vec<(f64, f64)> = places.collect();
    let above = places.partition_point(|(place, _)| *place < share);
    let (to, high) = *places.get(above).or(places.last())?;
    let (from, low) = *places.get(above.saturating_sub(1))?;
    let within = if to > from { ((share - from) / (to - from)).clamp(0.0, 1.0) } else { 1.0 };
    Some(interpolate(low, high, within))
}

/// From the nearer end, as NumPy does: both ends are met exactly.
fn interpolate(low: f64, high: f64, share: f64) -> f64 {
    if share < 0.5 { low + (high - low) * share } else { high - (high - low) * (1.0 - share) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_interpolated() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(quantile(&sorted, 0.0), Some(1.0));
        assert_eq!(quantile(&sorted, 0.5), Some(3.0));
        assert_eq!(quantile(&sorted, 1.0), Some(8.0));
        assert_eq!(quantile_at_ratio(&sorted, 1, 2), Some(3.0));
        assert_eq!(quantile_at_ratio(&sorted, 3, 3), Some(8.0));
        assert_eq!(quantile(&[5.0], 0.3), Some(5.0));
        assert_eq!(quantile(&[], 0.3), None);
    }

    #[test]
    fn equal_weights_do_not_move_a_quantile_and_a_heavy_number_attracts_it() {
        let (values, mut weighted) = ([1.0, 2.0, 4.0, 8.0], [(1.0, 2.0); 4]);
        weighted.iter_mut().zip(values).for_each(|(pair, value)| pair.0 = value);
        for share in [0.0, 0.1, 0.5, 0.9, 1.0] {
            let found = weighted_quantile(&weighted, share).unwrap();
            assert!((found - quantile(&values, share).unwrap()).abs() < 1e-14, "{share}: {found}");
        }
        weighted[3].1 = 20.0;
        // The places are 0, 2 / 24, 4 / 24 and 1.
        let half = weighted_quantile(&weighted, 0.5).unwrap();
        assert!(
            (half - (4.0 + 4.0 * (0.5 - 1.0 / 6.0) / (1.0 - 1.0 / 6.0))).abs() < 1e-14,
            "{half}"
        );
        assert_eq!(weighted_quantile(&weighted, 1.0), Some(8.0));
        assert_eq!(weighted_quantile(&weighted, 0.0), Some(1.0));
        assert_eq!(weighted_quantile(&[], 0.5), None);
    }
}
