//! Which value of a row is the furthest from what was seen in training.

use serde::{Deserialize, Serialize};

use crate::codec::decode_struct;
use crate::error::Error;

/// The middle of a feature among the training rows, and how far it usually lies from it.
///
/// The trainer takes the median and the distances of two quantiles from it, rounded. Both distances are
/// 0 for a feature that is not compared: a boolean or a category.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The middle, in the feature's unit.
    pub middle: f64,
    /// The usual distance below the middle.
    pub below: f64,
    /// The usual distance above the middle.
    pub above: f64,
}
decode_struct!(Spread { middle, below, above });

/// The feature whose value is the furthest from what was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Furthest {
    /// Its index in the schema.
    pub feature: usize,
    /// How many times as far from the middle as the usual distance.
    pub times: f64,
}

impl Spread {
    /// How many times as far from the middle as usual; 0 for a missing value.
    fn times(&self, value: f64) -> f64 {
        let (distance, usual) = if value < self.middle {
            (self.middle - value, self.below)
        } else {
            (value - self.middle, self.above)
        };
        if usual > 0.0 && distance > 0.0 { distance / usual } else { 0.0 }
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let Self { middle, below, above } = self;
        let is_compared = [below, above].iter().all(|usual| (1e-100..=1e100).contains(*usual));
        let is_not_compared = *below == 0.0 && *above == 0.0;
        if middle.abs() <= 1e100 && (is_compared || is_not_compared) {
            return Ok(());
        }
        let detail =
            "a middle that is not finite, or distances that are neither 0 nor 1e-100 to 1e100";
        Err(Error::invalid_model(detail))
    }
}

/// The furthest of the values of a row; of equally far ones, the first. Nothing where no feature is
/// compared.
pub(super) fn furthest(spreads: &[Spread], row: &[f64]) -> Option<Furthest> {
    let mut furthest: Option<Furthest> = None;
    for (feature, (spread, value)) in spreads.iter().zip(row).enumerate() {
        if spread.above > 0.0 {
            let times = spread.times(*value);
            if furthest.is_none_or(|so_far| times > so_far.times) {
                furthest = Some(Furthest { feature, times });
            }
        }
    }
    furthest
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPREADS: [Spread; 3] = [
        Spread { middle: 0.0, below: 0.0, above: 0.0 },
        Spread { middle: 10.0, below: 2.0, above: 4.0 },
        Spread { middle: -1.0, below: 1.0, above: 1.0 },
    ];

    #[test]
    fn each_side_has_its_usual_distance_and_the_first_of_equals_wins() {
        let of = |row: [f64; 3]| furthest(&SPREADS, &row).map(|f| (f.feature, f.times));
        assert_eq!(of([99.0, 4.0, -1.0]), Some((1, 3.0)));
        assert_eq!(of([99.0, 22.0, 2.5]), Some((2, 3.5)));
        assert_eq!(of([99.0, 14.0, 0.0]), Some((1, 1.0)));
        assert_eq!(of([f64::NAN, f64::NAN, f64::NAN]), Some((1, 0.0)));
        assert_eq!(furthest(&SPREADS[..1], &[99.0]), None);
    }

    #[test]
    fn distances_that_are_not_positive_are_refused() {
        assert!(SPREADS.iter().all(|spread| spread.check().is_ok()));
        for spread in [
            Spread { middle: f64::NAN, ..SPREADS[1] },
            Spread { below: 0.0, ..SPREADS[1] },
            Spread { above: -1.0, ..SPREADS[1] },
            Spread { above: f64::INFINITY, ..SPREADS[1] },
        ] {
            assert!(spread.check().is_err(), "{spread:?}");
        }
    }
}
