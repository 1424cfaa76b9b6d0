//! Counts as numbers, and the ratio of two counts.

/// A count as a number: exact up to 2⁵³, and tables have far fewer rows.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "a table has far fewer than 2^53 rows")]
pub fn number(count: usize) -> f64 {
    count as f64
}

/// `numerator / denominator`; `None` when the denominator is 0.
#[must_use]
pub fn ratio(numerator: usize, denominator: usize) -> Option<f64> {
    (denominator > 0).then(|| number(numerator) / number(denominator))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_of_no_rows_is_undefined() {
        assert_eq!((ratio(1, 4), ratio(0, 3), ratio(0, 0)), (Some(0.25), Some(0.0), None));
    }
}
