//! Rows whose probability lies in a narrow interval, found between two rows on both sides of it.
//!
//! From the one row to the other, features change one after the other. Where a change passes the
//! interval, the value of that feature is bisected. A member that jumps, such as a tree, can pass the
//! interval without a value in it; other rows and another order then pass it elsewhere.

use nomogram_stats::random::Random;

use super::space::{Space, Values};

/// How often a feature is bisected.
const N_HALVINGS: usize = 60;

/// An interval of probabilities, without its upper end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Interval {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// On which side of an interval a probability lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Below,
    Inside,
    Above,
}

impl Interval {
    fn side(self, probability: f64) -> Side {
        if probability < self.low {
            Side::Below
        } else if probability < self.high {
            Side::Inside
        } else {
            Side::Above
        }
    }
}

/// A row between `from` and `to` with a probability in the interval, by features in a drawn order;
/// `None` where all of them jump over it, or where the model refuses a row on the way.
pub(super) fn between(
    (from, to): (&[f64], &[f64]),
    interval: Interval,
    spaces: &[Space],
    random: &mut Random,
    mut probability: impl FnMut(&[f64]) -> Option<f64>,
) -> Option<Vec<f64>> {
    let mut order: Vec<usize> = (0..from.len()).collect();
    random.shuffle(&mut order);
    let mut row = from.to_vec();
    let mut side = interval.side(probability(&row)?);
    for feature in order {
        let (before, after) = (*row.get(feature)?, *to.get(feature)?);
        if before.to_bits() == after.to_bits() {
            continue;
        }
        set(&mut row, feature, after);
        let next = interval.side(probability(&row)?);
        if next == Side::Inside {
            return Some(row);
        }
        if next != side {
            let space = spaces.get(feature)?;
            let mut at = |value: f64| {
                set(&mut row, feature, value);
                probability(&row).map(|p| interval.side(p))
            };
            if let Some(value) = bisect(space, before, after, side, &mut at) {
                set(&mut row, feature, value);
                return Some(row);
            }
            set(&mut row, feature, after);
        }
        side = next;
    }
    None
}

/// A value between two with a probability in the interval; at `low` it is on `side_of_low`, at `high`
/// on the other side.
fn bisect(
    space: &Space,
    mut low: f64,
    mut high: f64,
    side_of_low: Side,
    side_at: &mut impl FnMut(f64) -> Option<Side>,
) -> Option<f64> {
    let Values::Numbers { is_whole, .. } = space.values else { return None };
    if !low.is_finite() || !high.is_finite() {
        return None;
    }
    for _ in 0..N_HALVINGS {
        let middle = low + (high - low) / 2.0;
        let middle = if is_whole { middle.floor() } else { middle };
        if middle == low || middle == high {
            return None;
        }
        match side_at(middle)? {
            Side::Inside => return Some(middle),
            side if side == side_of_low => low = middle,
            Side::Below | Side::Above => high = middle,
        }
    }
    None
}

fn set(row: &mut [f64], feature: usize, value: f64) {
    row.iter_mut().skip(feature).take(1).for_each(|cell| *cell = value);
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use nomogram::{Feature, FeatureKind};

    use super::*;

    fn find(interval: Interval, probability: fn(&[f64]) -> f64) -> Option<Vec<f64>> {
        let features = [Feature::number("a"), Feature::of_kind("b", FeatureKind::Integer)];
        let spaces = Space::each(&features, array![[0.0, 0.0], [1.0, 100.0]].view());
        let mut random = Random::new(1, 1);
        let ends = ([0.0, 0.0], [1.0, 100.0]);
        between((&ends.0, &ends.1), interval, &spaces, &mut random, |row| Some(probability(row)))
    }

    #[test]
    fn a_value_in_a_narrow_interval_is_found() {
        let interval = Interval { low: 0.5, high: 0.5 + 1e-9 };
        let p = |row: &[f64]| 0.7 * row[0] + 0.003 * row[1];
        let row = find(interval, p).unwrap();
        assert!(interval.side(p(&row)) == Side::Inside && row[1].fract() == 0.0, "{row:?}");
    }

    #[test]
    fn nothing_is_found_in_a_jump() {
        let step = |row: &[f64]| if row[0] + row[1] > 30.0 { 0.9 } else { 0.1 };
        assert_eq!(find(Interval { low: 0.4, high: 0.6 }, step), None);
        assert_eq!(find(Interval { low: 0.95, high: 1.0 }, step), None, "beyond both ends");
    }
}
