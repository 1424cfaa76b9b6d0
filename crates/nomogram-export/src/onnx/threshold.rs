//! Thresholds of values that are rounded to single precision.

/// 2^104, the distance between the largest numbers of single precision.
const STEP: f64 = 20_282_409_603_651_670_423_947_251_286_016.0;

/// Whether a number is one of single precision.
pub(super) fn is_single(value: f64) -> bool {
    f64::from(single_at_most(value)) == value
}

/// The largest number of single precision that is at most `bound`, or the smallest of all.
pub(super) fn single_at_most(bound: f64) -> f32 {
    #[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    let nearest = bound.clamp(-f64::from(f32::MAX), f64::from(f32::MAX)) as f32;
    if f64::from(nearest) > bound { nearest.next_down().max(-f32::MAX) } else { nearest }
}

/// The largest number that is at most `bound` once it is rounded to single precision, ties to even.
pub(super) fn of_unrounded(bound: f64) -> f64 {
    let low = single_at_most(bound);
    let high = f64::from(low.next_up());
    // As if the numbers went on: the largest one is 2^128 less 2^104.
    let high = if high.is_finite() { high } else { f64::from(f32::MAX) + STEP };
    // Both have 24 bits, so half of their sum is exact.
    let middle = f64::midpoint(f64::from(low), high);
    let goes_down = low.to_bits() & 1 == 0;
    if goes_down { middle } else { middle.next_down() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    fn unrounded_values_split_as_rounded_ones() {
        let tiny = f64::from(f32::from_bits(1));
        let bounds =
            [0.1, -0.1, 0.0, -0.0, 1.0, 1.5, 16_777_217.0, 0.299_999_99, tiny, -tiny, 1e-46];
        for bound in bounds.into_iter().flat_map(|b| [b, b.next_up(), b.next_down()]) {
            let threshold = of_unrounded(bound);
            let is_left = |value: f64| f64::from(value as f32) <= bound;
            assert!(is_left(threshold), "{bound:e}: {threshold:e}");
            assert!(!is_left(threshold.next_up()), "{bound:e}: {threshold:e}");
        }
        assert_eq!(of_unrounded(f64::MAX), of_unrounded(f64::from(f32::MAX)));
        assert!((of_unrounded(f64::MAX) as f32).is_finite());
    }

    #[test]
    fn singles_are_at_most_their_bound() {
        assert_eq!(single_at_most(0.1), 0.1_f32.next_down());
        assert_eq!(single_at_most(f64::from(0.1_f32)), 0.1);
        assert_eq!(single_at_most(f64::MAX), f32::MAX);
        assert_eq!(single_at_most(f64::MIN), f32::MIN);
        assert!(is_single(0.5) && !is_single(0.1) && !is_single(1e300));
    }
}
