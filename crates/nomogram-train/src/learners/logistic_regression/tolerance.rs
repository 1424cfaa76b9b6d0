//! When a gradient is as near to 0 as its rounding allows.

use super::objective::Problem;

/// The largest magnitude of an entry, within the two shares below of the terms that it is the sum of.
const TOLERANCE: f64 = 1e-8;
/// The curvature of the penalty bounds how far the optimum is from a gradient: less than this.
const SHARE_OF_PENALTY: f64 = 1e-7;
/// Rounding errors are far below this share.
const SMALLEST_SHARE: f64 = 1e-12;
/// A gradient above this share may leave coefficients that are wrong in the sixth digit.
const LARGEST_SHARE: f64 = 1e-10;

/// The largest magnitude of each entry of a gradient that counts as 0.
pub(super) struct Tolerance {
    /// For each coefficient of a margin.
    limits: Vec<f64>,
}

/// The entry of a gradient that is furthest above its tolerance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Furthest {
    pub(super) magnitude: f64,
    pub(super) tolerance: f64,
    /// The magnitude over the tolerance.
    pub(super) factor: f64,
}

impl Tolerance {
    pub(super) fn of(problem: &Problem<'_>) -> Self {
        let wanted = if problem.penalty > 0.0 {
            TOLERANCE.min(SHARE_OF_PENALTY * problem.penalty)
        } else {
            TOLERANCE
        };
        let limit = |sum: f64| wanted.clamp(SMALLEST_SHARE * sum, LARGEST_SHARE * sum);
        Self { limits: problem.magnitudes_of_terms().into_iter().map(limit).collect() }
    }

    /// Compares a gradient entry by entry.
    pub(super) fn furthest(&self, magnitudes: impl Iterator<Item = f64>) -> Furthest {
        let start = Furthest { magnitude: 0.0, tolerance: TOLERANCE, factor: 0.0 };
        let mut furthest = start;
        for (magnitude, tolerance) in magnitudes.zip(self.limits.iter().cycle()) {
            let factor = if magnitude == 0.0 { 0.0 } else { magnitude / tolerance };
            // Not a number is further than any.
            if factor > furthest.factor || factor.is_nan() {
                furthest = Furthest { magnitude, tolerance: *tolerance, factor };
            }
        }
        furthest
    }
}
