//! Checks and counts of outcomes and probabilities.

use crate::error::Error;

/// Refuses rows that do not belong together, or that no statistic can be made of.
pub(super) fn check(outcomes: &[bool], probabilities: &[f64]) -> Result<(), Error> {
    if outcomes.len() != probabilities.len() || outcomes.is_empty() {
        return Err(Error::Data(format!(
            "{} probabilities for {} outcomes, expected one each and at least 1",
            probabilities.len(),
            outcomes.len()
        )));
    }
    check_probabilities(probabilities)
}

/// Refuses numbers outside `[0, 1]`, NaN among them.
pub(super) fn check_probabilities(probabilities: &[f64]) -> Result<(), Error> {
    let is_probability = |value: &f64| (0.0..=1.0).contains(value);
    match probabilities.iter().position(|value| !is_probability(value)) {
        None => Ok(()),
        Some(row) => Err(Error::Data(format!(
            "row {row}: probability {}, expected a number in [0, 1]",
            probabilities.get(row).copied().unwrap_or(f64::NAN)
        ))),
    }
}

/// The numbers of positive and negative rows.
pub(super) fn counts(outcomes: &[bool]) -> (usize, usize) {
    let n_positive = outcomes.iter().filter(|outcome| **outcome).count();
    (n_positive, outcomes.len() - n_positive)
}

/// The numbers of positive and negative rows; refuses rows of one class.
pub(super) fn counts_of_both(outcomes: &[bool]) -> Result<(usize, usize), Error> {
    let (n_positive, n_negative) = counts(outcomes);
    if n_positive == 0 || n_negative == 0 {
        return Err(Error::Data(format!(
            "{n_positive} positive and {n_negative} negative rows, expected at least 1 of each"
        )));
    }
    Ok((n_positive, n_negative))
}

/// The share of `part` in `whole`; `None` when `whole` is 0.
pub(super) fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| number(part) / number(whole))
}

/// 1 for a row whose event came true, 0 for another.
pub(super) fn indicator(outcome: bool) -> f64 {
    if outcome { 1.0 } else { 0.0 }
}

/// The mean of at least one number.
pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / number(values.len())
}

/// The rows that `rows` names, in its order; a row that is not there is left out.
pub(super) fn select<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().filter_map(|row| values.get(*row).copied()).collect()
}

#[allow(clippy::cast_precision_loss, reason = "a table has far fewer than 2^53 rows")]
pub(super) fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_no_probabilities_are_refused_by_number() {
        assert!(check(&[true], &[1.0]).is_ok());
        assert!(check(&[], &[]).is_err());
        assert!(check(&[true], &[]).is_err());
        for wrong in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
            let error = check(&[true, false], &[0.5, wrong]).unwrap_err().to_string();
            assert!(error.starts_with("row 1: probability"), "{error}");
        }
    }
}
