//! Checks of outcomes, probabilities, weights and classes.

use crate::error::Error;

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

/// Refuses weights that are not one positive and finite number per row.
pub(crate) fn check_weights(weights: &[f64], n_rows: usize) -> Result<(), Error> {
    check_length("weights", weights.len(), n_rows)?;
    let is_weight = |value: &f64| *value > 0.0 && value.is_finite();
    match (1..).zip(weights).find(|(_, value)| !is_weight(value)) {
        None => Ok(()),
        Some((row, value)) => Err(Error::Data(format!(
            "row {row}: weight {value}, expected a positive and finite number"
        ))),
    }
}

/// Refuses lists that do not have one entry per row.
pub(crate) fn check_length(what: &str, len: usize, n_rows: usize) -> Result<(), Error> {
    if len == n_rows {
        return Ok(());
    }
    Err(Error::Data(format!("{len} {what} for {n_rows} rows, expected one each")))
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

    #[test]
    fn a_weight_that_is_not_positive_is_refused_with_its_row_counted_from_1() {
        assert!(check_weights(&[0.5, 3.0], 2).is_ok());
        assert!(check_weights(&[1.0], 2).is_err());
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let error = check_weights(&[1.0, wrong], 2).unwrap_err().to_string();
            let expected = format!("row 2: weight {wrong}, expected a positive and finite number");
            assert_eq!(error, expected);
        }
    }
}
