//! Rules between features: bounds that every plausible row keeps.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::codec::{decode_enum, decode_struct};
use crate::error::{Error, ordinal};

/// A bound on a quantity that is computed from several features.
///
/// It is evaluated on the row that the model gets, after units were converted and values clamped. A
/// row in which one of its features is missing does not break it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The name, unique in its schema, for example `perimeter fits radius`.
    pub name: String,
    /// The bounded quantity.
    pub quantity: Quantity,
    /// The lowest value that does not break the rule.
    pub low: Option<f64>,
    /// The highest value that does not break the rule.
    pub high: Option<f64>,
    /// What happens to a row that breaks the rule.
    pub action: RuleAction,
}
decode_struct!(Rule { name, quantity, low, high, action });

/// A quantity that is computed from several features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Quantity {
    /// `Π factors / (constant · Π divisors)`, multiplied from the first to the last. A feature may
    /// appear several times, to form a power. Without divisors, a product.
    Ratio {
        /// Positions of the features above the line.
        factors: Vec<u32>,
        /// Positions of the features below the line.
        divisors: Vec<u32>,
        /// A factor below the line, for example π.
        constant: f64,
    },
    /// `minuend − subtrahend`. With a lower bound of 0, the subtrahend must not be larger.
    Difference {
        /// The position of the feature that is subtracted from.
        minuend: u32,
        /// The position of the feature that is subtracted.
        subtrahend: u32,
    },
}
decode_enum!(Quantity { Ratio { factors, divisors, constant }, Difference { minuend, subtrahend } });

/// What happens to a row that breaks a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RuleAction {
    /// The row is refused.
    Refuse,
    /// The row is predicted, and the prediction is flagged.
    Flag,
}
decode_enum!(RuleAction { Refuse, Flag });

impl Rule {
    /// The positions of the features that it reads.
    pub fn features(&self) -> impl Iterator<Item = usize> {
        let (first, second): (&[u32], &[u32]) = match &self.quantity {
            Quantity::Ratio { factors, divisors, .. } => (factors, divisors),
            Quantity::Difference { minuend, subtrahend } => {
                (core::slice::from_ref(minuend), core::slice::from_ref(subtrahend))
            }
        };
        first.iter().chain(second).map(|position| *position as usize)
    }

    /// Whether a row breaks it; a row without one of its features does not.
    #[allow(clippy::indexing_slicing, reason = "positions were checked when the model was opened")]
    pub(crate) fn is_broken_by(&self, row: &[f64]) -> bool {
        if self.features().any(|position| row[position].is_nan()) {
            return false;
        }
        let product = |start: f64, positions: &[u32]| {
            positions.iter().fold(start, |product, position| product * row[*position as usize])
        };
        let quantity = match &self.quantity {
            Quantity::Ratio { factors, divisors, constant } => {
                product(1.0, factors) / product(*constant, divisors)
            }
            Quantity::Difference { minuend, subtrahend } => {
                row[*minuend as usize] - row[*subtrahend as usize]
            }
        };
        // 0/0 is not a number, and then no bound holds.
        let is_kept = self.low.is_none_or(|low| quantity >= low)
            && self.high.is_none_or(|high| quantity <= high);
        !is_kept
    }

    /// Checks the rule for a schema of `n_features` features.
    ///
    /// # Errors
    ///
    /// `InvalidModel`.
    pub(super) fn check(&self, n_features: usize) -> Result<(), Error> {
        if let Some(stray) = self.features().find(|position| *position >= n_features) {
            let stray = ordinal(stray);
            let detail = format_args!("reads feature {stray}, expected 1 to {n_features}");
            return Err(Error::invalid_model(detail));
        }
        if self.features().next().is_none() {
            return Err(Error::invalid_model("reads no feature, expected at least 1"));
        }
        if let Quantity::Ratio { constant, .. } = self.quantity
            && !(constant.is_finite() && constant != 0.0)
        {
            return Err(Error::invalid_model(format_args!(
                "constant {constant}, expected a finite number other than 0"
            )));
        }
        let is_finite = |bound: Option<f64>| bound.is_none_or(f64::is_finite);
        let is_empty = matches!((self.low, self.high), (Some(low), Some(high)) if low > high);
        let is_idle = self.low.is_none() && self.high.is_none();
        if !is_finite(self.low) || !is_finite(self.high) || is_empty || is_idle {
            return Err(Error::invalid_model(
                "expected at least one finite bound, the lower one not above the higher one",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn perimeter_over_radius() -> Rule {
        Rule {
            name: "perimeter fits radius".into(),
            quantity: Quantity::Ratio {
                factors: vec![1],
                divisors: vec![0],
                constant: 2.0 * core::f64::consts::PI,
            },
            low: Some(0.9),
            high: Some(1.4),
            action: RuleAction::Refuse,
        }
    }

    #[test]
    fn a_ratio_is_bounded_from_both_sides() {
        let rule = perimeter_over_radius();
        assert!(!rule.is_broken_by(&[1.0, 6.5]));
        assert!(rule.is_broken_by(&[1.0, 5.0]));
        assert!(rule.is_broken_by(&[1.0, 65.0]));
        assert!(rule.is_broken_by(&[0.0, 0.0]), "0/0");
        assert!(rule.is_broken_by(&[0.0, 1.0]), "1/0");
        assert!(!rule.is_broken_by(&[f64::NAN, 1.0]), "missing");
    }

    #[test]
    fn an_order_is_a_difference_of_at_least_0() {
        let quantity = Quantity::Difference { minuend: 1, subtrahend: 0 };
        let rule = Rule { quantity, low: Some(0.0), high: None, ..perimeter_over_radius() };
        assert!(!rule.is_broken_by(&[2.0, 2.0]));
        assert!(rule.is_broken_by(&[2.0, 1.0]));
    }
}
