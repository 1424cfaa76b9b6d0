//! Numbers that single precision holds, and those that round to one.

/// Whether a single holds the number exactly.
#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
pub(super) fn is_single(number: f64) -> bool {
    f64::from(number as f32).to_bits() == number.to_bits()
}

/// The first and the last number that round to the same single as this one.
#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
pub(super) fn singles(number: f64) -> (f64, f64) {
    let single = number as f32;
    let end = |next: f32, inwards: fn(f64) -> f64| {
        // The sum of two neighbours is exact in double precision.
        let middle = f64::midpoint(f64::from(single), f64::from(next));
        if middle as f32 == single { middle } else { inwards(middle) }
    };
    (end(single.next_down(), f64::next_up), end(single.next_up(), f64::next_down))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    fn the_ends_round_to_the_marker_and_their_neighbours_do_not() {
        for marker in [-999.0, -1.0, 0.1, 9.0, 1e30] {
            let (low, high) = singles(marker);
            assert!(low as f32 == marker as f32 && high as f32 == marker as f32);
            assert!((low.next_down() as f32) < marker as f32, "{marker}");
            assert!((high.next_up() as f32) > marker as f32, "{marker}");
        }
        assert!(is_single(0.5) && !is_single(0.1));
    }
}
