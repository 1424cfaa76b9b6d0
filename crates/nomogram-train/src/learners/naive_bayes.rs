//! Gaussian naive Bayes.
//!
//! As scikit-learn's `GaussianNB`: of each class its share of the rows, and of each input its mean and
//! variance within the class, plus a share of the largest variance of all inputs. With weights, rows
//! count as often as their weights say, but for that largest variance, in which each row counts 1.

use nomogram::{Likelihood, NaiveBayes, numeric};

use super::{TrainingRows, number};
use crate::config::NaiveBayesSpec;
use crate::error::Error;

/// Fits priors and likelihoods; sums run from the first row to the last. A missing value (NaN)
/// counts neither in means nor in variances.
///
/// # Errors
///
/// `Data` when an input has no value in a class, or when no input varies at all.
#[allow(clippy::indexing_slicing, reason = "classes are below `n_classes`")]
pub fn fit_naive_bayes(spec: &NaiveBayesSpec, rows: TrainingRows<'_>) -> Result<NaiveBayes, Error> {
    let ones = vec![1.0; rows.n_rows()];
    let weights = rows.weights.unwrap_or(&ones);
    let total = weights.iter().fold(0.0, |sum, weight| sum + weight);
    let mut of_class = vec![0.0; rows.n_classes];
    for (class, weight) in rows.classes.iter().zip(weights) {
        of_class[*class] += weight;
    }
    let log_priors = of_class.iter().map(|weight| numeric::ln(weight / total)).collect();

    let (mut fitted, mut largest) = (Vec::with_capacity(rows.n_inputs()), 0.0_f64);
    for (input, column) in rows.values.columns().into_iter().enumerate() {
        let there = || {
            let rows = column.iter().zip(rows.classes).zip(weights);
            rows.filter(|((value, _), _)| !value.is_nan()).map(|((v, class), w)| (*v, *class, *w))
        };
        largest = largest.max(moments(there().map(|(value, _, _)| (value, 1.0))).1);
        let of_class = |own| {
            let kept = there().filter(move |(_, class, _)| *class == own);
            moments(kept.map(|(value, _, weight)| (value, weight)))
        };
        let by_class: Vec<(f64, f64)> = (0..rows.n_classes).map(of_class).collect();
        if let Some(class) = by_class.iter().position(|(mean, _)| mean.is_nan()) {
            return Err(Error::Data(format!(
                "naive Bayes: input {input} has no value in class {class}"
            )));
        }
        fitted.push(by_class);
    }
    let smoothing = spec.var_smoothing * largest;
    if smoothing.is_nan() || smoothing <= 0.0 {
        return Err(Error::Data(format!(
            "naive Bayes: the largest variance of {} inputs is {largest}, expected more than 0",
            number(rows.n_inputs())
        )));
    }
    let likelihood = |by_class: Vec<(f64, f64)>| {
        let (means, variances): (Vec<f64>, Vec<f64>) = by_class.into_iter().unzip();
        let variances = variances.into_iter().map(|variance| variance + smoothing).collect();
        Likelihood::Gaussian { means, variances }
    };
    Ok(NaiveBayes::new(log_priors, fitted.into_iter().map(likelihood).collect())?)
}

/// The mean and the variance of values with weights; NaN where there is none.
fn moments(values: impl Iterator<Item = (f64, f64)> + Clone) -> (f64, f64) {
    let mean_of = |term: &dyn Fn(f64) -> f64| {
        let add = |(sum, total), (value, weight)| (sum + weight * term(value), total + weight);
        let (sum, total) = values.clone().fold((0.0, 0.0), add);
        sum / total
    };
    let mean = mean_of(&|value| value);
    (mean, mean_of(&|value| (value - mean) * (value - mean)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    const SPEC: NaiveBayesSpec = NaiveBayesSpec { var_smoothing: 1e-9 };

    #[test]
    fn a_weight_counts_as_often_as_it_says_and_missing_values_do_not() {
        let values = array![[1.0], [2.0], [4.0], [f64::NAN], [7.0]];
        let weights = [1.0, 2.0, 1.0, 5.0, 1.0];
        let weighted = TrainingRows {
            weights: Some(&weights),
            ..TrainingRows::binary(values.view(), &[0, 0, 1, 1, 1])
        };
        let repeated = array![[1.0], [2.0], [2.0], [4.0], [7.0]];
        let repeated = TrainingRows::binary(repeated.view(), &[0, 0, 0, 1, 1]);
        let (a, b) =
            (fit_naive_bayes(&SPEC, weighted).unwrap(), fit_naive_bayes(&SPEC, repeated).unwrap());
        for (a, b) in a.likelihoods().iter().zip(b.likelihoods()) {
            let [a, b] = [a, b].map(|likelihood| {
                let Likelihood::Gaussian { means, variances } = likelihood else { panic!() };
                [means.clone(), variances.clone()].concat()
            });
            // But for the smoothing, in which each row counts 1.
            assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-8), "{a:?} {b:?}");
        }
        assert_eq!(a.log_priors()[0], numeric::ln(0.3));
        assert_eq!(b.log_priors()[0], numeric::ln(0.6));
    }

    #[test]
    fn what_has_no_variance_or_no_value_is_refused() {
        let same = array![[1.0], [1.0]];
        let error = fit_naive_bayes(&SPEC, TrainingRows::binary(same.view(), &[0, 1])).unwrap_err();
        assert!(error.to_string().contains("expected more than 0"), "{error}");
        let none = array![[1.0], [2.0], [f64::NAN]];
        let rows = TrainingRows::binary(none.view(), &[0, 0, 1]);
        let error = fit_naive_bayes(&SPEC, rows).unwrap_err();
        assert_eq!(error.to_string(), "naive Bayes: input 0 has no value in class 1");
    }
}
