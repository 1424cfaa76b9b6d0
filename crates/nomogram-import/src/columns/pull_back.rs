//! Thresholds of a column, as thresholds of its feature.
//!
//! A split compares a scaled value. Rounding may put the scaled value of this library on another side than
//! that of the source, so the split is moved before the scaling: scaling never reverses an order twice, so
//! bisection over the numbers of the source's precision finds the last feature value on each side.

use super::Map;

/// The precision in which a source computes its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Single,
    Double,
}

/// A split of a column, as a split of its feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pulled {
    /// The column is at most its threshold where the feature is at most this number.
    AtMost(f64),
    /// The column is at most its threshold where the feature is above this number.
    Above(f64),
    /// The column always is.
    Always,
    /// The column never is.
    Never,
}

/// The feature's split for `column <= threshold`, of scaled values. `None` when the maps are not all scalings.
pub(crate) fn pull_back(maps: &[Map], threshold: f64, arithmetic: Arithmetic) -> Option<Pulled> {
    if maps.is_empty() {
        return Some(Pulled::AtMost(threshold));
    }
    let mut rises = true;
    for map in maps {
        match map {
            Map::Standardize { .. } | Map::Single => {}
            Map::Affine { factor, .. } if *factor < 0.0 => rises = !rises,
            Map::Affine { .. } => {}
            _ => return None,
        }
    }
    let holds = |key: i64| value_of(maps, number_of(key, arithmetic), arithmetic) <= threshold;
    let last = key_of_largest(arithmetic);
    let (holds_low, holds_high) = (holds(-last - 1), holds(last));
    match (holds_low, holds_high) {
        (true, true) => return Some(Pulled::Always),
        (false, false) => return Some(Pulled::Never),
        // A factor of 0 leaves a constant; otherwise the order decides.
        _ if holds_low != rises => return None,
        _ => {}
    }
    let (mut low, mut high) = (-last - 1, last);
    while low + 1 < high {
        let middle = i64::midpoint(low, high);
        if holds(middle) == holds_low {
            low = middle;
        } else {
            high = middle;
        }
    }
    let bound = number_of(low, arithmetic);
    Some(if holds_low { Pulled::AtMost(bound) } else { Pulled::Above(bound) })
}

/// The value of a column, as the source computes it.
#[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn value_of(maps: &[Map], value: f64, arithmetic: Arithmetic) -> f64 {
    let round = |value: f64| match arithmetic {
        Arithmetic::Single => f64::from(value as f32),
        Arithmetic::Double => value,
    };
    // Sums, products and quotients of two singles are rounded once when they are computed in double precision
    // first: it has more than twice their digits.
    maps.iter().fold(value, |value, map| match map {
        Map::Standardize { subtract, divide } => round(round(value - subtract) / divide),
        Map::Affine { factor, addend } => round(round(value * factor) + addend),
        Map::Single => f64::from(value as f32),
        _ => value,
    })
}

/// The finite numbers of a precision have consecutive keys in their order: −1 is −0, 0 is 0.
fn number_of(key: i64, arithmetic: Arithmetic) -> f64 {
    let magnitude = if key < 0 { -(key + 1) } else { key };
    let positive = match arithmetic {
        Arithmetic::Single => {
            f64::from(f32::from_bits(u32::try_from(magnitude).unwrap_or_default()))
        }
        Arithmetic::Double => f64::from_bits(u64::try_from(magnitude).unwrap_or_default()),
    };
    if key < 0 { -positive } else { positive }
}

fn key_of_largest(arithmetic: Arithmetic) -> i64 {
    match arithmetic {
        Arithmetic::Single => i64::from(f32::MAX.to_bits()),
        Arithmetic::Double => i64::try_from(f64::MAX.to_bits()).unwrap_or(i64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_the_last_number_on_its_side() {
        let maps = [
            Map::Standardize { subtract: f64::from(14.127_292_f32), divide: 1.0 },
            Map::Affine { factor: f64::from(0.284_014_2_f32), addend: 0.0 },
        ];
        let threshold = f64::from(0.1_f32);
        let Some(Pulled::AtMost(bound)) = pull_back(&maps, threshold, Arithmetic::Single) else {
            panic!("no bound");
        };
        #[allow(clippy::cast_possible_truncation, reason = "the bound is a single")]
        let next = f64::from((bound as f32).next_up());
        assert!(value_of(&maps, bound, Arithmetic::Single) <= threshold);
        assert!(value_of(&maps, next, Arithmetic::Single) > threshold);
        let falling = [Map::Affine { factor: -2.0, addend: 1.0 }];
        assert_eq!(
            pull_back(&falling, 0.0, Arithmetic::Double),
            Some(Pulled::Above(0.5_f64.next_down()))
        );
        let constant = [Map::Affine { factor: 0.0, addend: 1.0 }];
        assert_eq!(pull_back(&constant, 2.0, Arithmetic::Double), Some(Pulled::Always));
        assert_eq!(pull_back(&constant, 0.5, Arithmetic::Double), Some(Pulled::Never));
        let single = [Map::Single];
        let bound = pull_back(&single, f64::from(0.7_f32), Arithmetic::Double);
        let Some(Pulled::AtMost(bound)) = bound else { panic!("no bound") };
        assert!(bound > 0.7 && value_of(&single, bound.next_up(), Arithmetic::Double) > 0.7);
        assert_eq!(pull_back(&[Map::Square], 0.5, Arithmetic::Double), None);
    }
}
