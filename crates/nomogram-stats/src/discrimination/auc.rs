//! The area under the ROC curve with its intervals, and its mean over classes.

use nomogram::numeric::{ln, ln_1p, logistic, sqrt};
use serde::Serialize;

use super::area::area;
use super::components::Components;
use crate::class_rows::ClassRows;
use crate::error::Error;
use crate::interval::{Confidence, Interval};
use crate::rows::{Rows, mean};

/// The area under the ROC curve with its intervals.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AucEstimate {
    /// The area.
    pub auc: f64,
    /// The square root of `DeLong`'s variance, linearised for weights; `None` when a class has only one
    /// row.
    pub standard_error: Option<f64>,
    /// `auc ± z · standard_error`, cut to `[0, 1]`, as in pROC.
    pub plain: Option<Interval>,
    /// The interval on the logit scale, mapped back (Pepe 2003, page 107): it never leaves `(0, 1)`
    /// and covers better near 1. `None` when the area is 0 or 1.
    pub logit: Option<Interval>,
}

/// The area of each class against all others, and the mean of these areas.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MacroAuc {
    /// The area of each class against all others.
    pub per_class: Vec<f64>,
    /// The mean of the areas, each class counting the same.
    pub mean: f64,
}

/// The area under the ROC curve: the share of pairs of a positive and a negative row in which the
/// positive one has the larger probability; ties count one half (Hanley and McNeil 1982).
///
/// A pair counts with the product of its weights. Without weights exact but for one division.
///
/// # Errors
///
/// `Data` when all rows are of one class.
pub fn auc(rows: Rows<'_>) -> Result<f64, Error> {
    rows.counts_of_both()?;
    // Checked above: both classes have rows.
    area(rows).ok_or_else(|| Error::Data("the area under the ROC curve is undefined".into()))
}

/// The area under the ROC curve with `DeLong`'s standard error (DeLong, DeLong and Clarke-Pearson
/// 1988; fast algorithm of Sun and Xu 2014). Of weighted rows, the variance of the weighted mean of
/// `DeLong`'s components: linearised, as for a sample that was drawn with replacement (Binder 1983).
///
/// # Errors
///
/// `Data` when all rows are of one class.
pub fn auc_estimate(rows: Rows<'_>, confidence: Confidence) -> Result<AucEstimate, Error> {
    let auc = auc(rows)?;
    let components = Components::new(rows)?;
    let standard_error = components.covariance(&components).map(sqrt);
    let plain = |error| Interval::wald(auc, error, confidence).map(|end| end.clamp(0.0, 1.0));
    let logit = |error: f64| {
        let centre = ln(auc) - ln_1p(-auc);
        Interval::wald(centre, error / (auc * (1.0 - auc)), confidence).map(logistic)
    };
    let is_inside = auc > 0.0 && auc < 1.0;
    Ok(AucEstimate {
        auc,
        standard_error,
        plain: standard_error.map(plain),
        logit: standard_error.filter(|_| is_inside).map(logit),
    })
}

/// The mean over classes of the area of each class against all others: scikit-learn's
/// `roc_auc_score(multi_class="ovr", average="macro")`.
///
/// # Errors
///
/// `Data` when a class has no row or all of them.
pub fn macro_auc(rows: &ClassRows<'_>) -> Result<MacroAuc, Error> {
    let of_class = |class: usize| {
        auc(rows.one_class(class).rows())
            .map_err(|error| Error::Data(format!("class {class}: {error}")))
    };
    let n_classes = rows.probabilities().ncols();
    let per_class: Vec<f64> = (0..n_classes).map(of_class).collect::<Result<_, _>>()?;
    Ok(MacroAuc { mean: mean(&per_class), per_class })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn perfect_probabilities_have_no_logit_interval() {
        let rows = Rows::new(&[true, true, false, false], &[1.0, 1.0, 0.0, 0.0]).unwrap();
        let estimate = auc_estimate(rows, Confidence::PERCENT_95).unwrap();
        assert_eq!((estimate.auc, estimate.standard_error, estimate.logit), (1.0, Some(0.0), None));
        assert_eq!(estimate.plain, Some(Interval { lower: 1.0, upper: 1.0 }));
    }

    #[test]
    fn one_row_per_class_has_an_area_but_no_error() {
        let rows = Rows::new(&[true, false], &[0.5, 0.5]).unwrap();
        let estimate = auc_estimate(rows, Confidence::PERCENT_95).unwrap();
        assert_eq!((estimate.auc, estimate.standard_error, estimate.plain), (0.5, None, None));
    }

    #[test]
    fn rows_of_one_class_have_no_area() {
        assert!(auc(Rows::new(&[true], &[0.5]).unwrap()).is_err());
        assert!(auc(Rows::new(&[false, false], &[0.5, 0.2]).unwrap()).is_err());
        let probabilities = array![[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
        let rows = ClassRows::new(&[0, 0, 1], probabilities.view()).unwrap();
        let error = macro_auc(&rows).unwrap_err();
        assert!(error.to_string().starts_with("class 2: 0 positive"), "{error}");
    }
}
