//! Calibrators of one class against the others that are logistic regressions: Platt and beta.

use ndarray::Array2;
use nomogram::{CalibrationMap, numeric};

use super::SMALLEST;
use crate::ensemble::CalibrationRows;
use crate::error::{ClassLabel, Error};
use crate::learners::{TrainingRows, fit_unpenalised};

/// The probabilities of one class against all others.
pub(super) struct OneClass<'a> {
    pub(super) rows: CalibrationRows<'a>,
    pub(super) class: usize,
}

#[allow(clippy::indexing_slicing, reason = "the class is below the number of columns")]
impl OneClass<'_> {
    /// The logarithms of the probability of each row and of its complement.
    fn logarithms(&self) -> impl Iterator<Item = (f64, f64)> {
        let ln = |p: f64| numeric::ln(p.max(SMALLEST));
        self.rows.probabilities.rows().into_iter().map(move |row| {
            let p = row[self.class];
            let q = if row.len() == 2 { row[1 - self.class] } else { 1.0 - p };
            (ln(p), ln(q))
        })
    }

    pub(super) fn targets(&self) -> Vec<usize> {
        self.rows.classes.iter().map(|class| usize::from(*class == self.class)).collect()
    }

    /// Fits a logistic regression without penalty on these inputs: weights, then the intercept.
    fn regress(&self, inputs: &[Vec<f64>]) -> Result<Vec<f64>, Error> {
        let targets = self.targets();
        let shape = (targets.len(), inputs.len());
        let values = Array2::from_shape_fn(shape, |(row, input)| inputs[input][row]);
        let weights = self.rows.weights;
        let rows = TrainingRows { weights, ..TrainingRows::binary(values.view(), &targets) };
        let line = fit_unpenalised(rows)?;
        Ok(line.weights().iter().chain(line.intercepts()).copied().collect())
    }

    /// Refuses probabilities that separate the classes: the steeper the calibrator, the better.
    pub(super) fn refuse_separated(&self) -> Result<(), Error> {
        let column = self.rows.probabilities.column(self.class);
        let of_target = |target: usize| {
            let targets = self.targets();
            column.iter().zip(targets).filter(move |(_, y)| *y == target).map(|(p, _)| *p)
        };
        let highest_negative = of_target(0).fold(f64::NEG_INFINITY, f64::max);
        let lowest_positive = of_target(1).fold(f64::INFINITY, f64::min);
        if highest_negative >= lowest_positive {
            return Ok(());
        }
        Err(Error::Separated {
            class: ClassLabel::Number(self.class),
            lowest: lowest_positive,
            highest_other: highest_negative,
        })
    }
}

#[allow(clippy::indexing_slicing, reason = "one coefficient and the intercept")]
pub(super) fn platt(rows: &OneClass<'_>) -> Result<CalibrationMap, Error> {
    let logits = rows.logarithms().map(|(ln_p, ln_q)| ln_p - ln_q).collect();
    let line = rows.regress(&[logits])?;
    Ok(CalibrationMap::Platt { slope: line[0], intercept: line[1] })
}

/// As the package betacal: an input whose slope would be negative is left out.
#[allow(clippy::indexing_slicing, reason = "a coefficient for each input and the intercept")]
pub(super) fn beta(rows: &OneClass<'_>) -> Result<CalibrationMap, Error> {
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
        (false, false) => (both[0], both[1], both[2]),
    };
    Ok(CalibrationMap::Beta { a, b, c })
}
