//! The class that a model predicts.

use ndarray::ArrayView1;

/// The column of the largest probability; of equal ones, the first, as in `nomogram::Prediction::class`.
///
/// Of two classes with equal probabilities it is class 0, although class 1 is then positive at the
/// cutoff 0.5: a cutoff is reached, a class must win.
#[must_use]
pub fn most_probable(probabilities: ArrayView1<'_, f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (class, probability) in probabilities.iter().enumerate() {
        if *probability > best.1 {
            best = (class, *probability);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;
    use crate::confusion::is_positive;

    #[test]
    fn of_equal_probabilities_the_first_class_is_predicted() {
        assert_eq!(most_probable(array![0.2, 0.4, 0.4].view()), 1);
        assert_eq!(most_probable(array![0.5, 0.5].view()), 0);
    }

    #[test]
    fn predicted_class_and_cutoff_one_half_differ_at_one_half_alone() {
        for probability in [0.0, 0.5_f64.next_down(), 0.5_f64.next_up(), 1.0] {
            let predicted = most_probable(array![1.0 - probability, probability].view());
            assert_eq!(predicted == 1, is_positive(probability, 0.5), "{probability}");
        }
        assert!(is_positive(0.5, 0.5) && most_probable(array![0.5, 0.5].view()) == 0);
    }
}
