//! Sizes of a change, beside an alarm and never as its rule: they exceed any cutoff by chance in a
//! small period.

use nomogram::numeric::ln;

/// The shares of parameters or counts, with ½ added to each so that none is 0.
fn shares(counts: &[f64]) -> Vec<f64> {
    let total: f64 = counts.iter().map(|count| count + 0.5).sum();
    counts.iter().map(|count| (count + 0.5) / total).collect()
}

/// The population stability index: `Σ (p − q) ln(p / q)` over bins.
#[must_use]
pub fn psi(reference: &[f64], counts: &[f64]) -> f64 {
    let (q, p) = (shares(reference), shares(counts));
    p.iter().zip(&q).map(|(p, q)| (p - q) * ln(p / q)).sum()
}

/// The Wasserstein distance (mean distance that values moved) between the first and the last edge, in
/// units of the feature; what moved beyond them does not count.
#[must_use]
pub fn wasserstein(edges: &[f64], reference: &[f64], counts: &[f64]) -> f64 {
    let total = |counts: &[f64]| counts.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let (all, all_reference) = (total(counts), total(reference));
    let (mut below, mut below_reference, mut distance) = (0.0, 0.0, 0.0);
    let widths = edges.windows(2).map(|pair| match pair {
        [low, high] => high - low,
        _ => 0.0,
    });
    for ((count, of_reference), width) in counts.iter().zip(reference).zip(widths) {
        below += count / all;
        below_reference += of_reference / all_reference;
        distance += f64::abs(below - below_reference) * width;
    }
    distance
}
