//! Log loss of margins.

use nomogram::numeric;

/// The negative logarithm of the probability that margins give a class: one margin of two classes,
/// else one of each.
#[allow(clippy::indexing_slicing, reason = "one margin, or one of each class")]
pub(super) fn log_loss(margins: &[f64], class: usize) -> f64 {
    if let [margin] = margins {
        return numeric::softplus(if class == 1 { -margin } else { *margin });
    }
    let largest = margins.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
    let total = margins.iter().fold(0.0, |sum, margin| sum + numeric::exp(margin - largest));
    numeric::ln(total) + (largest - margins[class])
}
