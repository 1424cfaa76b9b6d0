//! The rows that a statistic of two or more classes is computed from.

use ndarray::{ArrayView1, ArrayView2};

use crate::checks::{check_classes, check_weights};
use crate::error::Error;
use crate::rows::Rows;

/// The class of each row, the probability of each class, and how much each row counts.
///
/// Holding one is the proof that there is at least one row and two classes, that classes, probabilities
/// and weights have one entry per row, that each class has a column, that probabilities are in
/// `[0, 1]`, and that weights are positive and finite. Rows of probabilities need not sum to 1.
#[derive(Clone, Copy, Debug)]
pub struct ClassRows<'a> {
    classes: &'a [usize],
    probabilities: ArrayView2<'a, f64>,
    weights: Option<&'a [f64]>,
    ranking: Option<ArrayView2<'a, f64>>,
}

impl<'a> ClassRows<'a> {
    /// Rows that count 1 each; `probabilities` has the shape `(n_rows, n_classes)`.
    ///
    /// # Errors
    ///
    /// `Data` when there is no row, not one class per row, fewer than two classes, a class without a
    /// column, or a number that is not a probability.
    pub fn new(classes: &'a [usize], probabilities: ArrayView2<'a, f64>) -> Result<Self, Error> {
        let (n_rows, n_classes) = probabilities.dim();
        if n_rows != classes.len() || n_rows == 0 || n_classes < 2 {
            return Err(Error::Data(format!(
                "probabilities of {n_classes} classes for {n_rows} rows, classes of {} rows, \
                 expected at least 2 classes and as many rows of both, at least 1",
                classes.len()
            )));
        }
        check_classes(classes, n_classes)?;
        check_matrix(probabilities)?;
        Ok(Self { classes, probabilities, weights: None, ranking: None })
    }

    /// The same rows with a weight for each; `None`: each counts 1.
    ///
    /// # Errors
    ///
    /// `Data` when there is not one weight per row, or one is not positive and finite.
    pub fn weighted(self, weights: Option<&'a [f64]>) -> Result<Self, Error> {
        weights.map_or(Ok(()), |weights| check_weights(weights, self.classes.len()))?;
        Ok(Self { weights, ..self })
    }

    /// The same rows, ranked by other probabilities: see [`Rows::ranked_by`].
    ///
    /// # Errors
    ///
    /// `Data` when the shape is another one, or a number is not a probability.
    pub fn ranked_by(self, ranking: Option<ArrayView2<'a, f64>>) -> Result<Self, Error> {
        if let Some(ranking) = ranking {
            let (found, expected) = (ranking.dim(), self.probabilities.dim());
            if found != expected {
                return Err(Error::Data(format!(
                    "ranked probabilities of {} rows and {} classes, expected {} and {}",
                    found.0, found.1, expected.0, expected.1
                )));
            }
            check_matrix(ranking)?;
        }
        Ok(Self { ranking, ..self })
    }

    /// The class of each row.
    #[must_use]
    pub fn classes(&self) -> &'a [usize] {
        self.classes
    }

    /// The probability of each class in each row.
    #[must_use]
    pub fn probabilities(&self) -> ArrayView2<'a, f64> {
        self.probabilities
    }

    /// The weight of each row; `None` where each counts 1.
    #[must_use]
    pub fn weights(&self) -> Option<&'a [f64]> {
        self.weights
    }

    /// One class against all others; the class has a column.
    #[must_use]
    pub fn one_class(&self, class: usize) -> OneClass<'a> {
        let column = |values: ArrayView2<'_, f64>| values.column(class).to_vec();
        OneClass {
            outcomes: outcomes_of(class, self.classes),
            probabilities: column(self.probabilities),
            ranking: self.ranking.map(column),
            weights: self.weights,
        }
    }

    /// Class, probabilities and weight of each row, in their order.
    pub(crate) fn each(&self) -> impl Iterator<Item = (usize, ArrayView1<'_, f64>, f64)> + Clone {
        let rows = self.classes.iter().zip(self.probabilities.rows()).enumerate();
        rows.map(|(row, (class, probabilities))| {
            let weight =
                self.weights.map_or(1.0, |weights| weights.get(row).copied().unwrap_or(1.0));
            (*class, probabilities, weight)
        })
    }
}

/// One class against all others: [`OneClass::rows`] are the rows of this event.
#[derive(Clone, Debug)]
pub struct OneClass<'a> {
    outcomes: Vec<bool>,
    probabilities: Vec<f64>,
    ranking: Option<Vec<f64>>,
    weights: Option<&'a [f64]>,
}

impl OneClass<'_> {
    /// The rows of the event that a row is of this class.
    #[must_use]
    pub fn rows(&self) -> Rows<'_> {
        let Self { outcomes, probabilities, ranking, weights } = self;
        Rows::of_checked(outcomes, probabilities, *weights, ranking.as_deref())
    }
}

/// Whether each row is of `class`: outcomes of one class against all others.
#[must_use]
pub fn outcomes_of(class: usize, classes: &[usize]) -> Vec<bool> {
    classes.iter().map(|class_of_row| *class_of_row == class).collect()
}

fn check_matrix(probabilities: ArrayView2<'_, f64>) -> Result<(), Error> {
    let is_probability = |value: &f64| (0.0..=1.0).contains(value);
    let wrong = probabilities.indexed_iter().find(|(_, value)| !is_probability(value));
    match wrong {
        None => Ok(()),
        Some(((row, _), value)) => Err(Error::Data(format!(
            "row {}: probability {value}, expected a number in [0, 1]",
            row + 1
        ))),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn rows_of_one_class_keep_weights_and_ranking() {
        let (p, ranking) = (array![[0.75, 0.25], [0.5, 0.5]], array![[0.5, 0.5], [1.0, 0.0]]);
        let rows = ClassRows::new(&[0, 1], p.view()).unwrap();
        let rows = rows.weighted(Some(&[2.0, 3.0])).unwrap().ranked_by(Some(ranking.view()));
        let of_class = rows.unwrap().one_class(1);
        let rows = of_class.rows();
        assert_eq!((rows.outcomes(), rows.probabilities()), (&[false, true][..], &[0.25, 0.5][..]));
        assert_eq!((rows.sums(), rows.ranking()), ((3.0, 2.0), &[0.5, 0.0][..]));
    }

    #[test]
    fn rows_that_do_not_fit_are_refused() {
        let p = array![[0.75, 0.25], [0.5, 1.5]];
        let error = ClassRows::new(&[0, 1], p.view()).unwrap_err().to_string();
        assert_eq!(error, "row 2: probability 1.5, expected a number in [0, 1]");
        assert!(ClassRows::new(&[0], p.view()).is_err());
        let p = array![[0.75, 0.25], [0.5, 0.5]];
        assert!(ClassRows::new(&[0, 2], p.view()).is_err());
        let rows = ClassRows::new(&[0, 1], p.view()).unwrap();
        let short = array![[0.5, 0.5]];
        assert!(rows.ranked_by(Some(short.view())).is_err());
        assert!(rows.weighted(Some(&[1.0, 0.0])).is_err());
    }
}
