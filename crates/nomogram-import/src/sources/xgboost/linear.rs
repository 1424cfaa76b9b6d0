//! Booster `gblinear`: weights and biases, to a linear member in single precision.
//!
//! A margin starts with the bias plus the base; products are added in the order of the features. A missing
//! value adds nothing.

use nomogram::{Feature, LinearSingle, Link};

use crate::document::Cursor;
use crate::error::Error;
use crate::options::Rounds;

/// The largest margin of a link that is no exponential; the core allows 10³⁸.
const MAX_MARGIN: f64 = 9e37;
/// The largest margin whose exponential single precision has, rounded down.
const MAX_EXPONENT: f64 = 88.0;

/// Ranges that end below are noted: no measurement comes near it.
const NOTED: f64 = 1e30;

/// What a person must know where [`limit_ranges`] narrows a range.
pub(super) const LIMITED: &str =
    "values are refused that could let a sum, or its exponential, overflow in single precision";

/// The member of a booster whose margins begin with `bases`.
///
/// # Errors
///
/// `Malformed` or `Unsupported`, with the place.
pub(super) fn member(
    booster: &Cursor<'_>,
    link: Link,
    bases: &[f32],
    n_features: usize,
    rounds: Rounds,
) -> Result<LinearSingle, Error> {
    let model = booster.key("model")?;
    if let (Rounds::First(n_rounds), Some(boosted)) = (rounds, model.find("boosted_rounds"))
        && n_rounds < boosted.whole()?
    {
        return Err(boosted.unsupported(format!("the first {n_rounds} rounds of `gblinear`")));
    }
    let weights = model.key("weights")?;
    let n_groups = bases.len();
    let n_expected = (n_features + 1).saturating_mul(n_groups);
    let singles: Vec<f32> = weights.numbers()?.into_iter().map(|weight| weight.single).collect();
    if singles.len() != n_expected {
        let detail = format!("{} numbers, expected {n_expected}", singles.len());
        return Err(weights.malformed(detail));
    }
    // One row of weights for each feature, and a row of biases.
    let (of_features, biases) = singles.split_at(n_features * n_groups);
    // XGBoost 3.1 and 3.2 have a base for each class, but add the first one to all of them.
    let base = bases.first().copied().unwrap_or_default();
    let intercepts = biases.iter().map(|bias| f64::from(bias + base)).collect();
    let of_group = |group: usize| of_features.iter().skip(group).step_by(n_groups);
    let by_group = (0..n_groups).flat_map(|group| of_group(group).map(|weight| f64::from(*weight)));
    LinearSingle::new(link, intercepts, by_group.collect())
        .map_err(|error| model.locate(error.into()))
}

/// Gives each number a range within which no sum can overflow. Returns whether it is so narrow that a
/// person should know.
///
/// # Errors
///
/// `Unsupported` for a category: its number is no quantity.
pub(super) fn limit_ranges(
    features: &mut [Feature],
    member: &LinearSingle,
    link: Link,
) -> Result<bool, Error> {
    if let Some(category) = features.iter().find(|feature| !feature.levels().is_empty()) {
        let what = format!("category `{}` in `gblinear`", category.name);
        return Err(Error::unsupported(what));
    }
    let linear = member.linear();
    let highest = match link {
        Link::Log | Link::LogSingle => MAX_EXPONENT,
        _ => MAX_MARGIN,
    };
    let mut is_narrower = false;
    for (intercept, weights) in
        linear.intercepts().iter().zip(linear.weights().chunks(features.len().max(1)))
    {
        let n_weights = weights.iter().filter(|weight| **weight != 0.0).count();
        #[allow(clippy::cast_precision_loss, reason = "a count of features")]
        let share = |room: f64| room.max(0.0) / n_weights as f64;
        let (up, down) = (share(highest - intercept), share(MAX_MARGIN + intercept));
        for (feature, weight) in features.iter_mut().zip(weights) {
            let Some(range) = feature.range.as_mut().filter(|_| *weight != 0.0) else { continue };
            let (above, below) = if *weight > 0.0 { (up, down) } else { (down, up) };
            let (high, low) = (rounded(above / weight.abs()), 0.0 - rounded(below / weight.abs()));
            is_narrower |= low > -NOTED || high < NOTED;
            (range.low, range.high) = (range.low.max(low), range.high.min(high));
        }
    }
    Ok(is_narrower)
}

/// Three digits of a number that is up to 2.5 % below, which leaves room for the rounding of sums.
fn rounded(end: f64) -> f64 {
    format!("{:.2e}", end * 0.98).parse().unwrap_or_default()
}
