//! Checks and counts of outcomes and probabilities.

use crate::count::number;
use crate::error::Error;

/// Whether each row is of `class`: outcomes of one class against all others.
#[must_use]
pub fn outcomes_of(class: usize, classes: &[usize]) -> Vec<bool> {
    classes.iter().map(|class_of_row| *class_of_row == class).collect()
}

/// Refuses no rows, different lengths, and numbers that are not probabilities.
pub(crate) fn check(outcomes: &[bool], probabilities: &[f64]) -> Result<(), Error> {
    if outcomes.len() != probabilities.len() || outcomes.is_empty() {
        return Err(Error::Data(format!(
            "{} probabilities for {} outcomes, expected one each and at least 1",
            probabilities.len(),
            outcomes.len()
        )));
    }
    check_probabilities(probabilities)
}

/// Refuses numbers outside `[0, 1]` and NaN.
pub(crate) fn check_probabilities(probabilities: &[f64]) -> Result<(), Error> {
    let is_probability = |value: &f64| (0.0..=1.0).contains(value);
    match (1..).zip(probabilities).find(|(_, value)| !is_probability(value)) {
        None => Ok(()),
        Some((row, value)) => {
            Err(Error::Data(format!("row {row}: probability {value}, expected a number in [0, 1]")))
        }
    }
}

/// Refuses a class that has no column of probabilities.
pub(crate) fn check_classes(classes: &[usize], n_classes: usize) -> Result<(), Error> {
    match (1..).zip(classes).find(|(_, class)| **class >= n_classes) {
        None => Ok(()),
        Some((row, class)) => Err(Error::Data(format!(
            "row {row}: class {class}, expected less than {n_classes}, the number of classes"
        ))),
    }
}

/// The numbers of positive and negative rows.
pub(crate) fn counts(outcomes: &[bool]) -> (usize, usize) {
    let n_positive = outcomes.iter().filter(|outcome| **outcome).count();
    (n_positive, outcomes.len() - n_positive)
}

/// The numbers of positive and negative rows; refuses rows of one class.
pub(crate) fn counts_of_both(outcomes: &[bool]) -> Result<(usize, usize), Error> {
    let (n_positive, n_negative) = counts(outcomes);
    if n_positive == 0 || n_negative == 0 {
        return Err(Error::Data(format!(
            "{n_positive} positive and {n_negative} negative rows, expected at least 1 of each"
        )));
    }
    Ok((n_positive, n_negative))
}

/// 1 for a positive row, 0 for a negative one.
pub(crate) fn indicator(outcome: bool) -> f64 {
    if outcome { 1.0 } else { 0.0 }
}

/// The mean of at least one number.
pub(crate) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / number(values.len())
}

/// The values at `rows`, in this order; a row that does not exist is left out.
pub(crate) fn select<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().filter_map(|row| values.get(*row).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_not_a_probability_is_refused_with_its_row_counted_from_1() {
        assert!(check(&[true], &[1.0]).is_ok());
        assert!(check(&[], &[]).is_err());
        assert!(check(&[true], &[]).is_err());
        for wrong in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
            let error = check(&[true, false], &[0.5, wrong]).unwrap_err().to_string();
            let expected = format!("row 2: probability {wrong}, expected a number in [0, 1]");
            assert_eq!(error, expected);
        }
    }
}
