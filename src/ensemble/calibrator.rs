//! Calibrators: fitted maps from probabilities to calibrated probabilities.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::codec::decode_enum;
use crate::error::{Error, Place};
use crate::link::divide_by_sum;
use crate::numeric::{ln, logistic_pair, softmax};

/// Smaller probabilities count as this when their logarithm is taken, so that the logarithm of 0 is
/// a number.
const SMALLEST: f64 = 1e-300;

/// A fitted map from the probabilities of the ensemble to calibrated ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Calibrator {
    /// For two classes: a map of the probability of class 1.
    Binary(CalibrationMap),
    /// A map for each class; the results are divided by their sum (one-vs-rest, as
    /// in scikit-learn's `CalibratedClassifierCV`). If all are 0, all classes are equally probable.
    PerClass(Vec<CalibrationMap>),
    /// `softmax(ln(probability) / temperature)` (Guo et al., On Calibration of Modern Neural
    /// Networks, 2017).
    Temperature {
        /// Above 1, probabilities are drawn together; from 10⁻⁶ to 10⁶.
        temperature: f64,
    },
}
decode_enum!(Calibrator { Binary(CalibrationMap), PerClass(Vec<CalibrationMap>), Temperature { temperature } });

/// A fitted map from one number to a probability: from the probability `p` of one class against all others,
/// `q = 1 − p`; or from a margin, in a calibrated vote that reads margins. Margins have no logit, so only the
/// last two read them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum CalibrationMap {
    /// `logistic(slope · (ln p − ln q) + intercept)` (Platt, Probabilistic Outputs for Support
    /// Vector Machines, 1999; on the logit, as in recalibration of risk models, and as scikit-learn
    /// does where the decision function is the logit).
    Platt {
        /// 1 leaves the logit as it is.
        slope: f64,
        /// 0 leaves the logit as it is.
        intercept: f64,
    },
    /// `logistic(a · ln p − b · ln q + c)` (Kull, Silva Filho and Flach, Beta calibration, 2017).
    Beta {
        /// The factor of `ln p`.
        a: f64,
        /// The factor of `−ln q`.
        b: f64,
        /// Added last.
        c: f64,
    },
    /// Straight lines between the points `(probabilities[i], calibrated[i])`; level outside of them
    /// (Zadrozny and Elkan, Transforming Classifier Scores, 2002; interpolated as in
    /// scikit-learn's `IsotonicRegression`).
    Isotonic {
        /// Strictly ascending; margins, where it reads them.
        probabilities: Vec<f64>,
        /// In `[0, 1]`, never falling; one per probability.
        calibrated: Vec<f64>,
    },
    /// `logistic(slope · p + intercept)`: Platt's map without the logit, as scikit-learn's
    /// `CalibratedClassifierCV` applies it: to probabilities, or to margins.
    Sigmoid {
        /// Minus the `a_` of scikit-learn's sigmoid calibration.
        slope: f64,
        /// Minus its `b_`.
        intercept: f64,
    },
}
decode_enum!(CalibrationMap { Platt { slope, intercept }, Beta { a, b, c }, Isotonic { probabilities, calibrated }, Sigmoid { slope, intercept } });

impl Calibrator {
    /// Calibrates the probabilities of a row in place, one per class. Never fails: with another
    /// number of classes than it was checked for, they stay as they are or are divided by their sum.
    pub fn apply(&self, probabilities: &mut [f64]) {
        match self {
            Self::Binary(map) => {
                if let [q, p] = probabilities {
                    (*q, *p) = map.apply(*q, *p);
                }
            }
            Self::PerClass(maps) => {
                for (p, map) in probabilities.iter_mut().zip(maps) {
                    (_, *p) = map.apply(1.0 - *p, *p);
                }
                divide_by_sum(probabilities);
            }
            Self::Temperature { temperature } => {
                for p in &mut *probabilities {
                    *p = ln(p.max(SMALLEST)) / temperature;
                }
                softmax(probabilities);
            }
        }
    }

    /// As [`Self::apply`], of the margins of a member: of two classes one, of more one for each.
    pub(crate) fn apply_to_margins(&self, margins: &[f64], probabilities: &mut [f64]) {
        match (margins, &mut *probabilities) {
            ([margin], [q, p]) => (*q, *p) = (-margin, *margin),
            _ => probabilities.copy_from_slice(margins),
        }
        self.apply(probabilities);
    }

    /// Checks it for [`Self::apply_to_margins`].
    pub(crate) fn check_of_margins(&self, n_classes: usize) -> Result<(), Error> {
        match self {
            Self::Binary(_) | Self::PerClass(_) => {
                self.check_maps(n_classes, CalibrationMap::check_of_margins)
            }
            Self::Temperature { .. } => Err(Error::invalid_model(
                "a calibrator by temperature, expected maps: it reads margins",
            )),
        }
    }

    pub(crate) fn check(&self, n_classes: usize) -> Result<(), Error> {
        self.check_maps(n_classes, CalibrationMap::check)
    }

    fn check_maps(
        &self,
        n_classes: usize,
        check: fn(&CalibrationMap) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if n_classes == 0 {
            let detail = "a calibrator, but the target is a number, expected classes";
            return Err(Error::invalid_model(detail));
        }
        match self {
            Self::Binary(_) if n_classes != 2 => {
                let detail = format_args!("a map of 2 classes, but the target has {n_classes}");
                Err(Error::invalid_model(detail))
            }
            Self::Binary(map) => check(map),
            Self::PerClass(maps) if maps.len() != n_classes => {
                let detail = format_args!("{} maps, expected {n_classes}", maps.len());
                Err(Error::invalid_model(detail))
            }
            Self::PerClass(maps) => maps
                .iter()
                .enumerate()
                .try_for_each(|(class, map)| check(map).map_err(|e| e.within(Place::Class(class)))),
            Self::Temperature { temperature } if !(1e-6..=1e6).contains(temperature) => {
                let detail = format_args!("temperature {temperature}, expected 1e-6 to 1e6");
                Err(Error::invalid_model(detail))
            }
            Self::Temperature { .. } => Ok(()),
        }
    }
}

impl CalibrationMap {
    /// The calibrated `(q, p)`.
    fn apply(&self, q: f64, p: f64) -> (f64, f64) {
        // Both tails are arguments: 1 − p has lost the digits of a small q.
        let logarithms = || (ln(q.max(SMALLEST)), ln(p.max(SMALLEST)));
        match self {
            Self::Platt { slope, intercept } => {
                let (ln_q, ln_p) = logarithms();
                logistic_pair(slope * (ln_p - ln_q) + intercept)
            }
            Self::Beta { a, b, c } => {
                let (ln_q, ln_p) = logarithms();
                logistic_pair(a * ln_p - b * ln_q + c)
            }
            Self::Sigmoid { slope, intercept } => logistic_pair(slope * p + intercept),
            Self::Isotonic { probabilities, calibrated } => {
                let p = interpolate(probabilities, calibrated, p);
                (1.0 - p, p)
            }
        }
    }

    fn check(&self) -> Result<(), Error> {
        self.check_of_numbers(0.0, 1.0)
    }

    fn check_of_margins(&self) -> Result<(), Error> {
        match self {
            Self::Isotonic { .. } | Self::Sigmoid { .. } => self.check_of_numbers(-1e300, 1e300),
            Self::Platt { .. } | Self::Beta { .. } => Err(Error::invalid_model(
                "a map of a logit, expected an isotonic map or Platt's without the logit: it reads margins",
            )),
        }
    }

    /// Checks it for numbers from `low` to `high`.
    fn check_of_numbers(&self, low: f64, high: f64) -> Result<(), Error> {
        let is_usable = |parameter: &f64| parameter.abs() <= 1e100;
        match self {
            Self::Platt { slope, intercept } | Self::Sigmoid { slope, intercept }
                if [slope, intercept].into_iter().all(is_usable) =>
            {
                Ok(())
            }
            Self::Beta { a, b, c } if [a, b, c].into_iter().all(is_usable) => Ok(()),
            Self::Platt { .. } | Self::Sigmoid { .. } | Self::Beta { .. } => {
                Err(Error::invalid_model("a parameter is not finite or beyond 1e100"))
            }
            Self::Isotonic { probabilities, calibrated } => {
                if probabilities.is_empty() || probabilities.len() != calibrated.len() {
                    return Err(Error::invalid_model(format_args!(
                        "{} probabilities and {} calibrated ones, expected equally many",
                        probabilities.len(),
                        calibrated.len()
                    )));
                }
                let ascend = probabilities.is_sorted_by(|a, b| a < b) && calibrated.is_sorted();
                let are_within =
                    |numbers: &[f64], low, high| numbers.iter().all(|x| (low..=high).contains(x));
                if !ascend
                    || !are_within(probabilities, low, high)
                    || !are_within(calibrated, 0.0, 1.0)
                {
                    return Err(Error::invalid_model(format_args!(
                        "points of an isotonic map, expected ones that ascend from {low:e} to {high:e} and from 0 to 1"
                    )));
                }
                Ok(())
            }
        }
    }
}

/// `slope · (x − x₀) + y₀` on the line between the points around `x`, and the `y` of a point that
/// `x` equals: numpy's `interp`, and so scikit-learn's.
#[allow(clippy::indexing_slicing, reason = "lengths were checked when the model was opened")]
fn interpolate(xs: &[f64], ys: &[f64], x: f64) -> f64 {
    let after = xs.partition_point(|point| *point < x);
    match after {
        _ if after == xs.len() => ys[after - 1],
        _ if after == 0 || x >= xs[after] => ys[after],
        _ => {
            let (x0, x1, y0, y1) = (xs[after - 1], xs[after], ys[after - 1], ys[after]);
            let slope = (y1 - y0) / (x1 - x0);
            // Rounding must not leave the ends of the line.
            (slope * (x - x0) + y0).clamp(y0, y1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn binary(map: CalibrationMap, p: f64) -> f64 {
        let mut probabilities = [1.0 - p, p];
        Calibrator::Binary(map).apply(&mut probabilities);
        probabilities[1]
    }

    #[test]
    fn identity_parameters_leave_probabilities_as_they_are() {
        for p in [0.001, 0.25, 0.5, 0.9] {
            let platt = CalibrationMap::Platt { slope: 1.0, intercept: 0.0 };
            let beta = CalibrationMap::Beta { a: 1.0, b: 1.0, c: 0.0 };
            assert!((binary(platt, p) - p).abs() < 1e-15);
            assert!((binary(beta, p) - p).abs() < 1e-15);
            let mut probabilities = [1.0 - p, p];
            Calibrator::Temperature { temperature: 1.0 }.apply(&mut probabilities);
            assert!((probabilities[1] - p).abs() < 1e-15);
        }
    }

    #[test]
    fn platt_moves_the_logit() {
        let map = CalibrationMap::Platt { slope: 2.0, intercept: -1.0 };
        let p: f64 = 0.8;
        let logit = 2.0 * (ln(p) - ln(1.0 - p)) - 1.0;
        assert_eq!(binary(map, p), logistic_pair(logit).1);
    }

    #[test]
    fn platt_of_the_probability_needs_no_logit() {
        let map = CalibrationMap::Sigmoid { slope: 5.0, intercept: -2.0 };
        assert_eq!(binary(map, 0.8), logistic_pair(5.0 * 0.8 - 2.0).1);
    }

    #[test]
    fn certainty_stays_a_probability() {
        for p in [0.0, 1.0] {
            for map in [
                CalibrationMap::Platt { slope: 3.0, intercept: 1.0 },
                CalibrationMap::Beta { a: 0.5, b: 2.0, c: -1.0 },
                CalibrationMap::Sigmoid { slope: -1e100, intercept: 1e100 },
                CalibrationMap::Isotonic { probabilities: vec![0.5], calibrated: vec![0.7] },
            ] {
                assert!((0.0..=1.0).contains(&binary(map, p)));
            }
        }
    }

    #[test]
    fn isotonic_is_linear_between_its_points_and_level_outside() {
        let map = || CalibrationMap::Isotonic {
            probabilities: vec![0.2, 0.4, 0.8],
            calibrated: vec![0.1, 0.1, 0.5],
        };
        let cases = [(0.0, 0.1), (0.2, 0.1), (0.3, 0.1), (0.8, 0.5), (1.0, 0.5)];
        for (p, expected) in cases {
            assert_eq!(binary(map(), p), expected, "{p}");
        }
        assert_eq!(binary(map(), 0.6), (0.5 - 0.1) / (0.8 - 0.4) * (0.6 - 0.4) + 0.1);
        // The line to a point need not end in it: 0.9 / 0.3 · 0.3 is less than 0.9.
        let steep = CalibrationMap::Isotonic {
            probabilities: vec![0.0, 0.3, 1.0],
            calibrated: vec![0.0, 0.9, 1.0],
        };
        assert_eq!(binary(steep, 0.3), 0.9);
    }

    #[test]
    fn classes_are_calibrated_one_by_one_and_sum_to_1() {
        let flat =
            |p: f64| CalibrationMap::Isotonic { probabilities: vec![0.5], calibrated: vec![p] };
        let mut probabilities = [0.2, 0.3, 0.5];
        Calibrator::PerClass(vec![flat(0.25), flat(0.5), flat(0.25)]).apply(&mut probabilities);
        assert_eq!(probabilities, [0.25, 0.5, 0.25]);
        Calibrator::PerClass(vec![flat(0.0), flat(0.0), flat(0.0)]).apply(&mut probabilities);
        assert_eq!(probabilities, [1.0 / 3.0; 3]);
    }

    #[test]
    fn what_cannot_calibrate_is_refused() {
        let platt = || CalibrationMap::Platt { slope: 1.0, intercept: 0.0 };
        assert!(Calibrator::Binary(platt()).check(2).is_ok());
        let isotonic = |probabilities, calibrated| {
            Calibrator::Binary(CalibrationMap::Isotonic { probabilities, calibrated })
        };
        let refused = [
            (Calibrator::Binary(platt()), 3),
            (Calibrator::Binary(platt()), 0),
            (Calibrator::PerClass(vec![platt()]), 2),
            (Calibrator::Temperature { temperature: 0.0 }, 2),
            (Calibrator::Binary(CalibrationMap::Platt { slope: f64::NAN, intercept: 0.0 }), 2),
            (isotonic(vec![], vec![]), 2),
            (isotonic(vec![0.1, 0.1], vec![0.0, 1.0]), 2),
            (isotonic(vec![0.1, 0.2], vec![1.0, 0.0]), 2),
            (isotonic(vec![0.1], vec![1.5]), 2),
        ];
        for (calibrator, n_classes) in refused {
            assert!(calibrator.check(n_classes).is_err(), "{calibrator:?}");
        }
    }
}
