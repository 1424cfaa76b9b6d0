//! The sign of a number.

/// −1, 0 or 1.
pub(super) fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}
