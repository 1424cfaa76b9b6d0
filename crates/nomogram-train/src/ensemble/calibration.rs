//! Calibrators, fitted to out-of-fold probabilities.
//!
//! Each maximises the likelihood, so the result depends on nothing but the rows.

mod one_class;

mod isotonic;
mod temperature;

use ndarray::ArrayView2;
use nomogram::{CalibrationMap, Calibrator};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::split::{Split, stratified_folds};
use isotonic::isotonic;
use nomogram_stats::metrics::log_loss;
use one_class::{OneClass, beta, platt};
use temperature::temperature;

/// Probabilities below this count as this before their logarithm is taken, as in the core.
const SMALLEST: f64 = 1e-300;
const N_FOLDS: usize = 10;

/// Which calibrator is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CalibratorSpec {
    /// Probabilities stay as they are.
    None,
    /// One temperature for all classes (Guo et al., On Calibration of Modern Neural Networks, 2017).
    Temperature,
    /// A line on the logit (Platt 1999), for each class against the rest.
    Platt,
    /// Beta calibration with three parameters (Kull, Silva Filho and Flach 2017), for each class.
    Beta,
    /// Isotonic regression (Zadrozny and Elkan 2002), for each class.
    Isotonic,
    /// The kind with the lowest log loss on ten stratified folds of the rows.
    Chosen,
}

impl CalibratorSpec {
    /// The kinds to choose from, the simplest first: of equally good ones the first is chosen.
    const ALL: [Self; 5] = [Self::None, Self::Temperature, Self::Platt, Self::Beta, Self::Isotonic];

    /// Fits to probabilities of shape `(n_rows, n_classes)` and the class of each row; `seed`
    /// decides the folds of [`Self::Chosen`] alone.
    ///
    /// # Errors
    ///
    /// `NotConverged` when the probabilities separate the classes, so that no parameters are best;
    /// `Data` when rows and classes differ in number, when a class has no column, or when
    /// [`Self::Chosen`] has fewer rows of a class than there are folds.
    pub fn fit(
        self,
        probabilities: ArrayView2<'_, f64>,
        classes: &[usize],
        seed: u64,
    ) -> Result<Option<Calibrator>, Error> {
        require_rows(probabilities, classes)?;
        let per_class = |fit: fn(&OneClass<'_>) -> Result<CalibrationMap, Error>| {
            let n_classes = probabilities.ncols();
            let of_class = |class| {
                let rows = OneClass { probabilities, classes, class };
                rows.refuse_separated()?;
                fit(&rows)
            };
            if n_classes == 2 {
                return Ok(Some(Calibrator::Binary(of_class(1)?)));
            }
            let maps = (0..n_classes).map(of_class).collect::<Result<_, Error>>()?;
            Ok(Some(Calibrator::PerClass(maps)))
        };
        match self {
            Self::None => Ok(None),
            Self::Temperature => {
                if probabilities.ncols() == 2 {
                    OneClass { probabilities, classes, class: 1 }.refuse_separated()?;
                }
                let temperature = temperature(probabilities, classes)?;
                Ok(Some(Calibrator::Temperature { temperature }))
            }
            Self::Platt => per_class(platt),
            Self::Beta => per_class(beta),
            Self::Isotonic => per_class(|rows| Ok(isotonic(rows))),
            Self::Chosen => {
                let chosen = Self::choose(probabilities, classes, seed)?;
                chosen.fit(probabilities, classes, seed)
            }
        }
    }

    /// The kind with the lowest log loss on stratified folds; a kind that cannot be fitted is left
    /// out.
    ///
    /// # Errors
    ///
    /// As [`Self::fit`] of [`Self::Chosen`].
    pub fn choose(
        probabilities: ArrayView2<'_, f64>,
        classes: &[usize],
        seed: u64,
    ) -> Result<Self, Error> {
        require_rows(probabilities, classes)?;
        let folds = stratified_folds(classes, N_FOLDS, seed)?;
        let mut best = (Self::None, f64::INFINITY);
        for kind in Self::ALL {
            let loss = kind.out_of_fold_loss(probabilities, classes, &folds);
            if let Some(loss) = loss.filter(|loss| *loss < best.1) {
                best = (kind, loss);
            }
        }
        Ok(best.0)
    }

    fn out_of_fold_loss(
        self,
        probabilities: ArrayView2<'_, f64>,
        classes: &[usize],
        folds: &[Split],
    ) -> Option<f64> {
        let mut calibrated = probabilities.to_owned();
        for fold in folds {
            let rows = |indices: &[usize]| probabilities.select(ndarray::Axis(0), indices);
            let classes_at = |indices: &[usize]| -> Vec<usize> {
                indices.iter().filter_map(|row| classes.get(*row)).copied().collect()
            };
            let calibrator =
                self.fit(rows(&fold.train).view(), &classes_at(&fold.train), 0).ok()?;
            for row in &fold.test {
                let mut row_probabilities: Vec<f64> = probabilities.row(*row).to_vec();
                if let Some(calibrator) = &calibrator {
                    calibrator.apply(&mut row_probabilities);
                }
                calibrated
                    .row_mut(*row)
                    .iter_mut()
                    .zip(row_probabilities)
                    .for_each(|(to, from)| *to = from);
            }
        }
        Some(log_loss(&calibrated, classes))
    }
}

fn require_rows(probabilities: ArrayView2<'_, f64>, classes: &[usize]) -> Result<(), Error> {
    let (n_rows, n_columns) = probabilities.dim();
    if n_rows != classes.len() {
        let n_classes = classes.len();
        return Err(Error::Data(format!(
            "calibration: {n_rows} rows with {n_classes} classes, expected one each"
        )));
    }
    match classes.iter().enumerate().find(|(_, class)| **class >= n_columns) {
        None => Ok(()),
        Some((row, class)) => Err(Error::Data(format!(
            "calibration: row {}: class {class} of {n_columns} columns",
            row + 1
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn two_classes(positive: &[f64]) -> Array2<f64> {
        Array2::from_shape_fn((positive.len(), 2), |(row, class)| {
            if class == 1 { positive[row] } else { 1.0 - positive[row] }
        })
    }

    #[test]
    fn calibrated_probabilities_are_left_as_they_are() {
        // The share of positive rows equals the probability.
        let (mut p, mut y) = (Vec::new(), Vec::new());
        for share in [1, 2, 5, 8, 9] {
            for row in 0..10 {
                p.push(f64::from(share) / 10.0);
                y.push(usize::from(row < share));
            }
        }
        let rows = two_classes(&p);
        let fit = |kind: CalibratorSpec| kind.fit(rows.view(), &y, 0).unwrap();
        let Some(Calibrator::Temperature { temperature }) = fit(CalibratorSpec::Temperature) else {
            panic!()
        };
        assert!((temperature - 1.0).abs() < 1e-9, "{temperature}");
        match fit(CalibratorSpec::Platt) {
            Some(Calibrator::Binary(CalibrationMap::Platt { slope, intercept })) => {
                assert!((slope - 1.0).abs() < 1e-8 && intercept.abs() < 1e-8);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(CalibratorSpec::choose(rows.view(), &y, 1).unwrap(), CalibratorSpec::None);
    }

    #[test]
    fn overconfident_probabilities_are_moved_towards_each_other() {
        let (mut p, mut y) = (Vec::new(), Vec::new());
        for (shown, share) in [(0.01, 2), (0.2, 4), (0.8, 6), (0.99, 8)] {
            for row in 0..20 {
                p.push(shown);
                y.push(usize::from(row % 10 < share));
            }
        }
        let rows = two_classes(&p);
        let chosen = CalibratorSpec::choose(rows.view(), &y, 1).unwrap();
        assert!(
            matches!(chosen, CalibratorSpec::Temperature | CalibratorSpec::Platt),
            "{chosen:?}"
        );
    }

    #[test]
    fn probabilities_that_separate_the_classes_are_refused() {
        let rows = two_classes(&[0.1, 0.2, 0.3, 0.7, 0.8, 0.9]);
        for kind in CalibratorSpec::ALL.into_iter().skip(1) {
            let error = kind.fit(rows.view(), &[0, 0, 0, 1, 1, 1], 0).unwrap_err().to_string();
            assert!(error.contains("separate the classes"), "{kind:?}: {error}");
        }
    }

    #[test]
    fn rows_that_do_not_match_the_classes_are_refused() {
        let rows = two_classes(&[0.1, 0.2, 0.9]);
        for kind in CalibratorSpec::ALL {
            let error =
                |classes: &[usize]| kind.fit(rows.view(), classes, 0).unwrap_err().to_string();
            assert_eq!(error(&[0, 1]), "calibration: 3 rows with 2 classes, expected one each");
            assert_eq!(error(&[0, 2, 1]), "calibration: row 2: class 2 of 2 columns");
        }
    }
}
