//! Fits priors, means and variances.

use nomogram::{Likelihood, Member, NaiveBayes, numeric};

use super::spec::NaiveBayesSpec;
use crate::error::Error;
use crate::invalid::Checked;
use crate::learners::fit_member::FitMember;
use crate::learners::training_rows::TrainingRows;

impl Checked<NaiveBayesSpec> {
    /// Fits priors and likelihoods; sums run from the first row to the last. A missing value (NaN)
    /// counts neither in means nor in variances.
    ///
    /// # Errors
    ///
    /// `Data` when an input has no value in a class, or when no input varies at all.
    #[allow(clippy::indexing_slicing, reason = "classes are below `n_classes`")]
    pub fn fit(&self, rows: TrainingRows<'_>) -> Result<NaiveBayes, Error> {
        rows.check()?;
        let weights = rows.row_weights();
        let total = weights.iter().fold(0.0, |sum, weight| sum + weight);
        let mut class_weights = vec![0.0; rows.n_classes];
        for (class, weight) in rows.classes.iter().zip(&weights) {
            class_weights[*class] += weight;
        }
        let log_priors = class_weights.iter().map(|weight| numeric::ln(weight / total)).collect();

        let (mut inputs, mut largest) = (Vec::with_capacity(rows.n_inputs()), 0.0_f64);
        for (input, column) in rows.values.columns().into_iter().enumerate() {
            let present = || {
                let rows = column.iter().zip(rows.classes).zip(&weights);
                rows.filter(|((value, _), _)| !value.is_nan())
                    .map(|((value, class), weight)| (*value, *class, *weight))
            };
            largest = largest.max(moments(present().map(|(value, _, _)| (value, 1.0))).1);
            let class_moments = |class| {
                let rows = present().filter(move |(_, other, _)| *other == class);
                moments(rows.map(|(value, _, weight)| (value, weight)))
            };
            let by_class: Vec<(f64, f64)> = (0..rows.n_classes).map(class_moments).collect();
            if let Some(class) = by_class.iter().position(|(mean, _)| mean.is_nan()) {
                let input = rows.input_name(input);
                return Err(Error::rare_class(
                    &format!("naive Bayes: {input} has no value in "),
                    class,
                    "",
                ));
            }
            inputs.push(by_class);
        }
        let smoothing = self.var_smoothing * largest;
        if smoothing.is_nan() || smoothing <= 0.0 {
            return Err(Error::Data(format!(
                "naive Bayes: the largest variance of {} inputs is {largest}, expected more than 0",
                rows.n_inputs()
            )));
        }
        let likelihoods = inputs.into_iter().map(|by_class| likelihood(by_class, smoothing));
        Ok(NaiveBayes::new(log_priors, likelihoods.collect())?)
    }
}

impl FitMember for Checked<NaiveBayesSpec> {
    fn fit_member(&self, rows: TrainingRows<'_>, _seed: u64) -> Result<Member, Error> {
        self.fit(rows).map(Member::NaiveBayes)
    }
}

/// The likelihood of an input with these means and variances by class.
fn likelihood(by_class: Vec<(f64, f64)>, smoothing: f64) -> Likelihood {
    let (means, variances): (Vec<f64>, Vec<f64>) = by_class.into_iter().unzip();
    let variances = variances.into_iter().map(|variance| variance + smoothing).collect();
    Likelihood::Gaussian { means, variances }
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
    use crate::invalid::Spec;
    use ndarray::array;

    fn fit(rows: TrainingRows<'_>) -> Result<NaiveBayes, Error> {
        NaiveBayesSpec { var_smoothing: 1e-9 }.check().unwrap().fit(rows)
    }

    #[test]
    fn a_weight_of_two_counts_as_two_rows_and_missing_values_do_not_count() {
        let values = array![[1.0], [2.0], [4.0], [f64::NAN], [7.0]];
        let weights = [1.0, 2.0, 1.0, 5.0, 1.0];
        let weighted = TrainingRows {
            weights: Some(&weights),
            ..TrainingRows::binary(values.view(), &[0, 0, 1, 1, 1])
        };
        let repeated = array![[1.0], [2.0], [2.0], [4.0], [7.0]];
        let repeated = TrainingRows::binary(repeated.view(), &[0, 0, 0, 1, 1]);
        let (a, b) = (fit(weighted).unwrap(), fit(repeated).unwrap());
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
    fn inputs_without_variance_or_without_values_are_refused() {
        let same = array![[1.0], [1.0]];
        let error = fit(TrainingRows::binary(same.view(), &[0, 1])).unwrap_err();
        assert!(error.to_string().contains("expected more than 0"), "{error}");
        let none = array![[1.0], [2.0], [f64::NAN]];
        let rows = TrainingRows::binary(none.view(), &[0, 0, 1]);
        let error = fit(rows).unwrap_err();
        assert_eq!(error.to_string(), "naive Bayes: input 1 has no value in class 1");
        let names = ["benign".to_owned(), "malignant".to_owned()];
        let named = error.with_class_names(&names).to_string();
        assert_eq!(named, "naive Bayes: input 1 has no value in class `malignant`");
    }
}
