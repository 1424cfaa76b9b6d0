//! Calibrators, fitted to probabilities of rows that the model had not seen.
//!
//! Each is a maximum of the likelihood, so the result depends on nothing but the rows.

use ndarray::{Array2, ArrayView2};
use nomogram::{CalibrationMap, Calibrator, numeric};
use serde::{Deserialize, Serialize};

use crate::count::number;
use crate::error::Error;
use crate::learners::{TrainingRows, fit_unpenalised};
use crate::split::{Split, stratified_folds};
use nomogram_stats::metrics::log_loss;

/// Probabilities below count as this when their logarithm is taken, as in the core.
const SMALLEST: f64 = 1e-300;
/// Beyond, and below its inverse, a temperature is none that was found: the rows part the classes, or
/// say nothing of them.
const LARGEST_TEMPERATURE: f64 = 100.0;
const N_FOLDS: usize = 10;
const MAX_ITERATIONS: usize = 200;

/// A kind of calibrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Calibration {
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
    /// The one of these with the lowest log loss on ten stratified folds of the rows.
    Chosen,
}

impl Calibration {
    /// What is chosen from, the simplest first: of equally good ones the first is taken.
    const ALL: [Self; 5] = [Self::None, Self::Temperature, Self::Platt, Self::Beta, Self::Isotonic];

    /// Fits to probabilities of shape `(n_rows, n_classes)` and the class of each row; `seed`
    /// decides the folds of [`Self::Chosen`] alone.
    ///
    /// # Errors
    ///
    /// `NotConverged` when the probabilities part the classes, so that no parameters are best;
    /// `Data` when a class has fewer rows than there are folds.
    pub fn fit(
        self,
        probabilities: ArrayView2<'_, f64>,
        classes: &[usize],
        seed: u64,
    ) -> Result<Option<Calibrator>, Error> {
        let per_class = |fit: fn(&OneClass<'_>) -> Result<CalibrationMap, Error>| {
            let n_classes = probabilities.ncols();
            let of_class = |class| {
                let rows = OneClass { probabilities, classes, class };
                rows.refuse_parted()?;
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
                    OneClass { probabilities, classes, class: 1 }.refuse_parted()?;
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

    /// The kind with the lowest log loss on stratified folds; one that cannot be fitted is left out.
    ///
    /// # Errors
    ///
    /// `Data` when a class has fewer rows than there are folds.
    pub fn choose(
        probabilities: ArrayView2<'_, f64>,
        classes: &[usize],
        seed: u64,
    ) -> Result<Self, Error> {
        let folds = stratified_folds(classes, N_FOLDS, seed)?;
        let mut best = (Self::None, f64::INFINITY);
        for kind in Self::ALL {
            let loss = kind.held_out_loss(probabilities, classes, &folds);
            if let Some(loss) = loss.filter(|loss| *loss < best.1) {
                best = (kind, loss);
            }
        }
        Ok(best.0)
    }

    fn held_out_loss(
        self,
        probabilities: ArrayView2<'_, f64>,
        classes: &[usize],
        folds: &[Split],
    ) -> Option<f64> {
        let mut calibrated = probabilities.to_owned();
        for fold in folds {
            let rows = |indices: &[usize]| probabilities.select(ndarray::Axis(0), indices);
            let of_rows = |indices: &[usize]| -> Vec<usize> {
                indices.iter().filter_map(|row| classes.get(*row)).copied().collect()
            };
            let calibrator = self.fit(rows(&fold.train).view(), &of_rows(&fold.train), 0).ok()?;
            for row in &fold.test {
                let mut own: Vec<f64> = probabilities.row(*row).to_vec();
                if let Some(calibrator) = &calibrator {
                    calibrator.apply(&mut own);
                }
                calibrated.row_mut(*row).iter_mut().zip(own).for_each(|(to, from)| *to = from);
            }
        }
        Some(log_loss(&calibrated, classes))
    }
}

/// The probabilities of one class against all others.
struct OneClass<'a> {
    probabilities: ArrayView2<'a, f64>,
    classes: &'a [usize],
    class: usize,
}

#[allow(clippy::indexing_slicing, reason = "the class is below the number of columns")]
impl OneClass<'_> {
    /// Of each row the logarithms of the probability and of its complement.
    fn logarithms(&self) -> impl Iterator<Item = (f64, f64)> {
        let ln = |p: f64| numeric::ln(p.max(SMALLEST));
        self.probabilities.rows().into_iter().map(move |row| {
            let p = row[self.class];
            let q = if row.len() == 2 { row[1 - self.class] } else { 1.0 - p };
            (ln(p), ln(q))
        })
    }

    fn targets(&self) -> Vec<usize> {
        self.classes.iter().map(|class| usize::from(*class == self.class)).collect()
    }

    /// A logistic regression without penalty on these inputs: weights, then the intercept.
    fn regress(&self, inputs: &[Vec<f64>]) -> Result<Vec<f64>, Error> {
        let targets = self.targets();
        let shape = (targets.len(), inputs.len());
        let values = Array2::from_shape_fn(shape, |(row, input)| inputs[input][row]);
        let line = fit_unpenalised(TrainingRows::binary(values.view(), &targets))?;
        Ok(line.weights().iter().chain(line.intercepts()).copied().collect())
    }

    /// Refuses rows that the probabilities part by class: the steeper the calibrator, the better.
    fn refuse_parted(&self) -> Result<(), Error> {
        let column = self.probabilities.column(self.class);
        let of_class = |own: usize| {
            let targets = self.targets();
            column.iter().zip(targets).filter(move |(_, y)| *y == own).map(|(p, _)| *p)
        };
        let highest_negative = of_class(0).fold(f64::NEG_INFINITY, f64::max);
        let lowest_positive = of_class(1).fold(f64::INFINITY, f64::min);
        if highest_negative >= lowest_positive {
            return Ok(());
        }
        Err(Error::NotConverged(format!(
            "calibration: the probabilities part the classes, {highest_negative} is the highest of \
             the others and {lowest_positive} the lowest of class {}; no calibrator is best",
            self.class
        )))
    }
}

#[allow(clippy::indexing_slicing, reason = "one coefficient and the intercept")]
fn platt(rows: &OneClass<'_>) -> Result<CalibrationMap, Error> {
    let logits = rows.logarithms().map(|(ln_p, ln_q)| ln_p - ln_q).collect();
    let found = rows.regress(&[logits])?;
    Ok(CalibrationMap::Platt { slope: found[0], intercept: found[1] })
}

/// As the package betacal: where a slope would be negative, it is left out.
#[allow(clippy::indexing_slicing, reason = "a coefficient for each input and the intercept")]
fn beta(rows: &OneClass<'_>) -> Result<CalibrationMap, Error> {
    let ln_p = || rows.logarithms().map(|(ln_p, _)| ln_p).collect::<Vec<f64>>();
    let ln_q = || rows.logarithms().map(|(_, ln_q)| -ln_q).collect::<Vec<f64>>();
    let both = rows.regress(&[ln_p(), ln_q()])?;
    let (a, b, c) = match (both[0] < 0.0, both[1] < 0.0) {
        (true, _) => {
            let one = rows.regress(&[ln_q()])?;
            (0.0, one[0], one[1])
        }
        (false, true) => {
            let one = rows.regress(&[ln_p()])?;
            (one[0], 0.0, one[1])
        }
        _ => (both[0], both[1], both[2]),
    };
    Ok(CalibrationMap::Beta { a, b, c })
}

/// Pools neighbours that fall (Barlow et al. 1972), rows of equal probability first; as
/// scikit-learn's `IsotonicRegression`, of a level stretch only the ends are kept.
fn isotonic(rows: &OneClass<'_>) -> CalibrationMap {
    let probabilities = rows.probabilities.column(rows.class);
    let mut pairs: Vec<(f64, f64)> =
        probabilities.iter().zip(rows.targets()).map(|(p, y)| (*p, number(y))).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut points: Vec<Block> = Vec::new();
    for (p, y) in pairs {
        match points.last_mut() {
            Some(last) if last.high >= p => {
                last.sum += y;
                last.n += 1.0;
            }
            _ => points.push(Block { low: p, high: p, sum: y, n: 1.0 }),
        }
    }
    let mut blocks: Vec<Block> = Vec::new();
    for mut block in points {
        while let Some(before) = blocks.pop_if(|before| before.mean() >= block.mean()) {
            block.low = before.low;
            block.sum += before.sum;
            block.n += before.n;
        }
        blocks.push(block);
    }
    let (mut probabilities, mut calibrated) = (Vec::new(), Vec::new());
    for block in blocks {
        let ends =
            if block.high > block.low { vec![block.low, block.high] } else { vec![block.low] };
        calibrated.extend(ends.iter().map(|_| block.mean()));
        probabilities.extend(ends);
    }
    CalibrationMap::Isotonic { probabilities, calibrated }
}

/// Rows between two probabilities.
struct Block {
    low: f64,
    high: f64,
    sum: f64,
    n: f64,
}

impl Block {
    fn mean(&self) -> f64 {
        self.sum / self.n
    }
}

/// Newton's method on the inverse of the temperature, of which the log loss is a convex function.
#[allow(clippy::indexing_slicing, reason = "classes are below the number of columns")]
fn temperature(probabilities: ArrayView2<'_, f64>, classes: &[usize]) -> Result<f64, Error> {
    let logarithms = probabilities.mapv(|p| numeric::ln(p.max(SMALLEST)));
    // First and second derivative of the log loss by the inverse temperature.
    let derivatives = |inverse: f64| {
        let (mut first, mut second) = (0.0, 0.0);
        for (row, class) in logarithms.rows().into_iter().zip(classes) {
            let largest = row.iter().fold(f64::NEG_INFINITY, |a, b| a.max(*b));
            let shares = row.iter().map(|ln_p| numeric::exp(inverse * (ln_p - largest)));
            let total = shares.clone().fold(0.0, |sum, share| sum + share);
            let moment = |power: u32| {
                let terms = shares.clone().zip(row.iter());
                terms.fold(0.0, |sum, (share, ln_p)| {
                    sum + share * numeric::powi(ln_p - largest, power)
                }) / total
            };
            let mean = moment(1);
            first += mean - (row[*class] - largest);
            second += moment(2) - mean * mean;
        }
        (first, second)
    };
    let mut inverse = 1.0;
    for _ in 0..MAX_ITERATIONS {
        let (first, second) = derivatives(inverse);
        let step = if second > 0.0 { first / second } else { 0.0 };
        // Never below half or above twice: the derivative is that of a far point.
        let next = (inverse - step).clamp(0.5 * inverse, 2.0 * inverse);
        if (next - inverse).abs() <= 1e-14 * inverse {
            inverse = next;
            break;
        }
        inverse = next;
    }
    let found = 1.0 / inverse;
    if (1.0 / LARGEST_TEMPERATURE..=LARGEST_TEMPERATURE).contains(&found) {
        return Ok(found);
    }
    Err(Error::NotConverged(format!(
        "calibration: a temperature of {found:e}; the probabilities part the classes, or say nothing"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_classes(positive: &[f64]) -> Array2<f64> {
        Array2::from_shape_fn((positive.len(), 2), |(row, class)| {
            if class == 1 { positive[row] } else { 1.0 - positive[row] }
        })
    }

    #[test]
    fn what_is_calibrated_stays_as_it_is() {
        // Of each probability, just that share is positive.
        let (mut p, mut y) = (Vec::new(), Vec::new());
        for share in [1, 2, 5, 8, 9] {
            for row in 0..10 {
                p.push(f64::from(share) / 10.0);
                y.push(usize::from(row < share));
            }
        }
        let rows = two_classes(&p);
        let fit = |kind: Calibration| kind.fit(rows.view(), &y, 0).unwrap();
        let Some(Calibrator::Temperature { temperature }) = fit(Calibration::Temperature) else {
            panic!()
        };
        assert!((temperature - 1.0).abs() < 1e-9, "{temperature}");
        match fit(Calibration::Platt) {
            Some(Calibrator::Binary(CalibrationMap::Platt { slope, intercept })) => {
                assert!((slope - 1.0).abs() < 1e-8 && intercept.abs() < 1e-8);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(Calibration::choose(rows.view(), &y, 1).unwrap(), Calibration::None);
    }

    #[test]
    fn what_is_too_sure_is_drawn_together() {
        let (mut p, mut y) = (Vec::new(), Vec::new());
        for (shown, share) in [(0.01, 2), (0.2, 4), (0.8, 6), (0.99, 8)] {
            for row in 0..20 {
                p.push(shown);
                y.push(usize::from(row % 10 < share));
            }
        }
        let rows = two_classes(&p);
        let chosen = Calibration::choose(rows.view(), &y, 1).unwrap();
        assert!(matches!(chosen, Calibration::Temperature | Calibration::Platt), "{chosen:?}");
    }

    #[test]
    fn probabilities_that_part_the_classes_are_refused() {
        let rows = two_classes(&[0.1, 0.2, 0.3, 0.7, 0.8, 0.9]);
        for kind in Calibration::ALL.into_iter().skip(1) {
            let error = kind.fit(rows.view(), &[0, 0, 0, 1, 1, 1], 0).unwrap_err().to_string();
            assert!(error.contains("part the classes"), "{kind:?}: {error}");
        }
    }

    #[test]
    fn isotonic_regression_pools_what_falls() {
        let rows = two_classes(&[0.1, 0.2, 0.3, 0.3, 0.5, 0.6, 0.9]);
        let fitted = Calibration::Isotonic.fit(rows.view(), &[0, 1, 0, 0, 1, 0, 1], 0).unwrap();
        let third = 1.0 / 3.0;
        let expected = CalibrationMap::Isotonic {
            probabilities: vec![0.1, 0.2, 0.3, 0.5, 0.6, 0.9],
            calibrated: vec![0.0, third, third, 0.5, 0.5, 1.0],
        };
        assert_eq!(fitted, Some(Calibrator::Binary(expected)));
    }
}
