//! Checks of settings that several learners have.

use crate::invalid::Invalid;

pub(super) fn positive(value: f64, key: &str) -> Result<(), Invalid> {
    require(value > 0.0 && value.is_finite(), value, "a positive number", key)
}

pub(super) fn not_negative(value: f64, key: &str) -> Result<(), Invalid> {
    require(value >= 0.0 && value.is_finite(), value, "0 or more", key)
}

/// The largest number of trees of a forest: more would not fit a bundle.
const MAX_TREES: usize = 100_000;

pub(super) fn n_trees(count: usize) -> Result<(), Invalid> {
    let expected = format!("1 to {MAX_TREES}");
    require((1..=MAX_TREES).contains(&count), count, &expected, "n_trees")
}

pub(super) fn at_least_one(count: usize, key: &str) -> Result<(), Invalid> {
    require(count >= 1, count, "at least 1", key)
}

/// A share of something, of which nothing would be too little.
pub(super) fn share(value: f64, key: &str) -> Result<(), Invalid> {
    require(value > 0.0 && value <= 1.0, value, "more than 0 and at most 1", key)
}

pub(super) fn require(
    holds: bool,
    value: impl std::fmt::Display,
    expected: &str,
    key: &str,
) -> Result<(), Invalid> {
    if holds { Ok(()) } else { Err(Invalid::new(value, expected).at(key)) }
}
