//! Calibrators, fitted to out-of-fold probabilities.
//!
//! Each maximises the likelihood, so the result depends on nothing but the rows.

mod one_class;

mod isotonic;
mod temperature;

use ndarray::Array2;
use nomogram::{CalibrationMap, Calibrator};
use nomogram_stats::metrics::log_loss;
use serde::{Deserialize, Serialize};

use super::calibration_rows::CalibrationRows;
use crate::error::Error;
use crate::split::Split;
use isotonic::isotonic;
use one_class::{OneClass, beta, platt};
use temperature::temperature;

/// Probabilities below this count as this before their logarithm is taken, as in the core.
const SMALLEST: f64 = 1e-300;
const N_FOLDS: usize = 10;

/// Rows of the smallest class for each fitted parameter (Peduzzi et al. 1996).
const ROWS_PER_PARAMETER: f64 = 10.0;
/// Rows that an isotonic regression needs, in all and of the smallest class: with fewer it follows
/// chance (Niculescu-Mizil and Caruana 2005; scikit-learn's user guide).
const ROWS_FOR_ISOTONIC: (f64, f64) = (100.0, 1000.0);

/// Which calibrator is fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// The kind with the lowest log loss on ten stratified folds of the rows, of those that have rows
    /// enough: of the smallest class 10 for a temperature, 20 for Platt, 30 for beta; for isotonic 100,
    /// and 1,000 in all. Copies of a row and rows of a patient count once, and are on one side.
    Chosen,
}

impl CalibratorSpec {
    /// The kinds to choose from, the simplest first: of equally good ones the first is chosen.
    const ALL: [Self; 5] = [Self::None, Self::Temperature, Self::Platt, Self::Beta, Self::Isotonic];

    /// Fits to probabilities and the class of each row; `seed` decides the folds of [`Self::Chosen`]
    /// alone. Weights count as in the log loss.
    ///
    /// # Errors
    ///
    /// `NotConverged` when the probabilities separate the classes, so that no parameters are best;
    /// `Data` when rows and classes, weights or groups differ in number, when a class has no column, or
    /// when [`Self::Chosen`] has fewer rows, or groups of rows, of a class than there are folds.
    pub fn fit(self, rows: CalibrationRows<'_>, seed: u64) -> Result<Option<Calibrator>, Error> {
        rows.check()?;
        let n_classes = rows.probabilities.ncols();
        let per_class = |fit: fn(&OneClass<'_>) -> Result<CalibrationMap, Error>| {
            let of_class = |class| {
                let rows = OneClass { rows, class };
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
                if n_classes == 2 {
                    OneClass { rows, class: 1 }.refuse_separated()?;
                }
                Ok(Some(Calibrator::Temperature { temperature: temperature(rows)? }))
            }
            Self::Platt => per_class(platt),
            Self::Beta => per_class(beta),
            Self::Isotonic => per_class(|rows| Ok(isotonic(rows))),
            Self::Chosen => Self::choose(rows, seed)?.fit(rows, seed),
        }
    }

    /// The kind with the lowest log loss on stratified folds; a kind that has too few rows or cannot be
    /// fitted is left out.
    ///
    /// # Errors
    ///
    /// As [`Self::fit`] of [`Self::Chosen`].
    pub fn choose(rows: CalibrationRows<'_>, seed: u64) -> Result<Self, Error> {
        rows.check()?;
        let folds = rows.folds(N_FOLDS, seed)?;
        let n_effective = rows.n_effective();
        let mut best = (Self::None, f64::INFINITY);
        for kind in Self::ALL.into_iter().filter(|kind| kind.has_enough(n_effective)) {
            let loss = kind.out_of_fold_loss(rows, &folds);
            if let Some(loss) = loss.filter(|loss| *loss < best.1) {
                best = (kind, loss);
            }
        }
        Ok(best.0)
    }

    /// Whether so many rows of the smallest class, and in all, are enough to fit this kind.
    fn has_enough(self, (of_smallest, in_all): (f64, f64)) -> bool {
        let parameters = |n: f64| (n * ROWS_PER_PARAMETER, 0.0);
        let needed = match self {
            Self::None | Self::Chosen => parameters(0.0),
            Self::Temperature => parameters(1.0),
            Self::Platt => parameters(2.0),
            Self::Beta => parameters(3.0),
            Self::Isotonic => ROWS_FOR_ISOTONIC,
        };
        // Effective numbers of equal weights are whole up to rounding.
        let rounded = 1.0 + 1e-9;
        of_smallest * rounded >= needed.0 && in_all * rounded >= needed.1
    }

    fn out_of_fold_loss(self, rows: CalibrationRows<'_>, folds: &[Split]) -> Option<f64> {
        let mut calibrated: Array2<f64> = rows.probabilities.to_owned();
        for fold in folds {
            let calibrator = self.fit(rows.select(&fold.train).rows(), 0).ok()?;
            for row in &fold.test {
                let mut row_probabilities: Vec<f64> = rows.probabilities.row(*row).to_vec();
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
        Some(log_loss(&calibrated, rows.classes, rows.weights))
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
        let fit =
            |kind: CalibratorSpec| kind.fit(CalibrationRows::new(rows.view(), &y), 0).unwrap();
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
        assert_eq!(
            CalibratorSpec::choose(CalibrationRows::new(rows.view(), &y), 1).unwrap(),
            CalibratorSpec::None
        );
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
        let chosen = CalibratorSpec::choose(CalibrationRows::new(rows.view(), &y), 1).unwrap();
        assert!(
            matches!(chosen, CalibratorSpec::Temperature | CalibratorSpec::Platt),
            "{chosen:?}"
        );
    }

    #[test]
    fn probabilities_that_separate_the_classes_are_refused() {
        let rows = two_classes(&[0.1, 0.2, 0.3, 0.7, 0.8, 0.9]);
        for kind in CalibratorSpec::ALL.into_iter().skip(1) {
            let rows = CalibrationRows::new(rows.view(), &[0, 0, 0, 1, 1, 1]);
            let error = kind.fit(rows, 0).unwrap_err().to_string();
            assert!(error.contains("separate the classes"), "{kind:?}: {error}");
        }
    }

    #[test]
    fn rows_that_do_not_match_the_classes_are_refused() {
        let rows = two_classes(&[0.1, 0.2, 0.9]);
        for kind in CalibratorSpec::ALL {
            let error = |classes: &[usize]| {
                kind.fit(CalibrationRows::new(rows.view(), classes), 0).unwrap_err().to_string()
            };
            assert_eq!(
                error(&[0, 1]),
                "calibration: 3 rows with 2 class labels, expected one each"
            );
            assert_eq!(
                error(&[0, 2, 1]),
                "calibration: row 2: class 2, expected below 2, the number of columns"
            );
        }
    }

    /// Rows that an isotonic regression fits best: observed risks that do not follow any line.
    fn stairs(n_rows: usize) -> (Array2<f64>, Vec<usize>) {
        let step = |row: usize| row * 7919 % 1000;
        let p: Vec<f64> = (0..n_rows)
            .map(|row| (f64::from(u32::try_from(step(row)).unwrap()) + 0.5) / 1000.0)
            .collect();
        let is_high = |row: usize| (400..500).contains(&step(row)) || step(row) >= 950;
        let y = (0..n_rows).map(|row| usize::from((row * 31 % 100 < 85) == is_high(row))).collect();
        (two_classes(&p), y)
    }

    #[test]
    fn a_kind_is_chosen_only_with_rows_enough_for_it() {
        let (p, y) = stairs(2000);
        let all = CalibrationRows::new(p.view(), &y);
        assert_eq!(CalibratorSpec::choose(all, 1).unwrap(), CalibratorSpec::Isotonic);
        let few = all.select(&(0..900).collect::<Vec<_>>());
        assert_ne!(CalibratorSpec::choose(few.rows(), 1).unwrap(), CalibratorSpec::Isotonic);
        let enough = |n: f64| CalibratorSpec::ALL.map(|kind| kind.has_enough((n, 2.0 * n)));
        assert_eq!(enough(9.0), [true, false, false, false, false]);
        assert_eq!(enough(20.0), [true, true, true, false, false]);
        assert_eq!(enough(499.0), [true, true, true, true, false]);
        assert_eq!(enough(500.0), [true; 5]);
        // The same patients again are not more rows.
        let patients: Vec<String> = (0..2000).map(|row| format!("{}", row % 900)).collect();
        let grouped = CalibrationRows { groups: Some(&patients), ..all };
        assert_ne!(CalibratorSpec::choose(grouped, 1).unwrap(), CalibratorSpec::Isotonic);
    }

    #[test]
    fn a_row_of_weight_three_is_three_rows() {
        let p = [0.1, 0.2, 0.35, 0.35, 0.6, 0.7, 0.9, 0.55];
        let y = [0, 1, 0, 1, 0, 1, 1, 0];
        let weights = [1.0, 3.0, 2.0, 1.0, 1.0, 4.0, 1.0, 2.0];
        let copies = [0, 1, 1, 1, 2, 2, 3, 4, 5, 5, 5, 5, 6, 7, 7];
        let rows = two_classes(&p);
        let rows = CalibrationRows::new(rows.view(), &y);
        let repeated = rows.select(&copies);
        let weighted = CalibrationRows { weights: Some(&weights), ..rows };
        let parameters = |calibrator: Option<Calibrator>| match calibrator {
            Some(Calibrator::Temperature { temperature }) => vec![temperature],
            Some(Calibrator::Binary(CalibrationMap::Platt { slope, intercept })) => {
                vec![slope, intercept]
            }
            Some(Calibrator::Binary(CalibrationMap::Beta { a, b, c })) => vec![a, b, c],
            Some(Calibrator::Binary(CalibrationMap::Isotonic { probabilities, calibrated })) => {
                [probabilities, calibrated].concat()
            }
            other => panic!("{other:?}"),
        };
        for kind in CalibratorSpec::ALL.into_iter().skip(1) {
            let found = parameters(kind.fit(weighted, 0).unwrap());
            let expected = parameters(kind.fit(repeated.rows(), 0).unwrap());
            let plain = parameters(kind.fit(rows, 0).unwrap());
            assert_eq!(found.len(), expected.len(), "{kind:?}");
            let is_close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-7;
            assert!(found.iter().zip(&expected).all(is_close), "{kind:?}: {found:?}, {expected:?}");
            assert_ne!(found, plain, "{kind:?}");
        }
    }
}
