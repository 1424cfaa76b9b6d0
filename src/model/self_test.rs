//! The self test: golden cases are predicted again and compared bit by bit.

use core::fmt;
use core::ops::Range;

use super::Model;
use super::batch::{Each, OnRefusal, Rows};
use super::row::other_mode;
use super::uncertainty_answer::UncertaintyAnswer;
use crate::bundle::{GoldenCase, MAX_GOLDEN_CASES, MIN_GOLDEN_CASES};
use crate::error::{Error, ErrorKind, Place};
use crate::intake::Cell;
use crate::numeric::is_mode_default;
use crate::prediction::Prediction;
use crate::scratch::Scratch;

impl Model {
    /// Predicts every golden case again and compares its bits, and compares the golden answers, as
    /// opening did.
    ///
    /// # Errors
    ///
    /// `FloatingPoint` when the thread flushes subnormals to zero or does not round to nearest;
    /// `GoldenCase` with the first case whose bits differ, or the first feature, rule or cutoff that
    /// answers differently.
    pub fn self_test(&self) -> Result<(), Error> {
        if !is_mode_default() {
            return Err(other_mode());
        }
        let n_cases = self.golden_cases.len();
        if !(MIN_GOLDEN_CASES..=MAX_GOLDEN_CASES).contains(&n_cases) {
            return Err(Error::invalid_model(format_args!(
                "{n_cases} golden cases, expected {MIN_GOLDEN_CASES} to {MAX_GOLDEN_CASES}"
            )));
        }
        let mut scratch = Scratch::new(self.scratch_layout())?;
        // Some alone, since members have other kernels for a single row; then all of them as a batch.
        for index in 0..MIN_GOLDEN_CASES {
            self.replay(index, &mut scratch)?;
        }
        let (mut suspect, mut uncertainty) = (None, UncertaintyAnswer::new());
        let mut compare = Each::new(|index: usize, prediction: Result<Prediction<'_>, Error>| {
            let is_same = prediction.is_ok_and(|prediction| {
                uncertainty.add(&prediction);
                let case = self.golden_cases.get(index);
                case.is_some_and(|case| case.difference(&prediction).is_none())
            });
            if !is_same {
                suspect = suspect.or(Some(index));
            }
        });
        let rows = GoldenRows { cases: &self.golden_cases, n_features: self.intake().n_features() };
        self.predict_rows(&mut scratch, &rows, OnRefusal::GoOn, &mut compare)?;
        let suspect =
            suspect.or_else(|| self.golden_cases.iter().position(|case| rows.is_other(case)));
        if let Some(index) = suspect {
            self.replay(index, &mut scratch)?;
            let detail = "in a batch, it is predicted otherwise than alone";
            return Err(Error::new(ErrorKind::GoldenCase, detail).within(Place::GoldenCase(index)));
        }
        uncertainty.check(self.uncertainty_answer)?;
        self.check_answers()
    }

    /// Predicts one golden case and compares its bits.
    fn replay(&self, index: usize, scratch: &mut Scratch<'_>) -> Result<(), Error> {
        let Some(case) = self.golden_cases.get(index) else { return Ok(()) };
        let replayed = match self.predict_row(scratch, &case.row) {
            Ok(prediction) => case.compare(&prediction),
            Err(error) => Err(Error::invalid_model(format_args!("{error}"))),
        };
        replayed.map_err(|e| e.within(Place::GoldenCase(index)))
    }
}

/// The rows of golden cases.
struct GoldenRows<'m> {
    cases: &'m [GoldenCase],
    n_features: usize,
}

impl GoldenRows<'_> {
    /// Whether a case has another number of values, which is an error where it is replayed alone.
    fn is_other(&self, case: &GoldenCase) -> bool {
        case.row.len() != self.n_features
    }
}

impl Rows for GoldenRows<'_> {
    fn n_rows(&self) -> usize {
        self.cases.len()
    }

    fn cell(&self, row: usize, feature: usize) -> Cell {
        let value = self.cases.get(row).and_then(|case| case.row.get(feature));
        Cell::of_array(value.copied().unwrap_or(f64::NAN))
    }

    fn slices<'r>(&'r self, rows: Range<usize>, slices: &mut [&'r [f64]]) -> bool {
        let cases = self.cases.get(rows).unwrap_or_default();
        slices.iter_mut().zip(cases).for_each(|(slice, case)| *slice = &case.row);
        !cases.iter().any(|case| self.is_other(case))
    }
}

impl GoldenCase {
    /// Compares the bits of its prediction.
    fn compare(&self, prediction: &Prediction<'_>) -> Result<(), Error> {
        let Some(what) = self.difference(prediction) else { return Ok(()) };
        let found = prediction.outputs().iter().map(|number| number.to_bits());
        let detail = format_args!(
            "{what} not as sealed: found bits {}, expected {}",
            Bits(found),
            Bits(self.outputs.iter().copied())
        );
        Err(Error::new(ErrorKind::GoldenCase, detail))
    }

    /// What differs in its prediction.
    #[inline(never)]
    fn difference(&self, prediction: &Prediction<'_>) -> Option<&'static str> {
        let flags = prediction.feature_flags().iter().map(|flags| flags.bits());
        if !flags.eq(self.flags.iter().copied()) {
            Some("the flags of its values are")
        } else if !bits(prediction.members().flatten()).eq(self.members.iter().copied()) {
            Some("the outputs of a member are")
        } else if !bits(prediction.outputs().iter()).eq(self.outputs.iter().copied()) {
            Some("the members' outputs match, but the combined outputs are")
        } else {
            None
        }
    }
}

/// The bits of numbers.
fn bits<'a>(numbers: impl Iterator<Item = &'a f64>) -> impl Iterator<Item = u64> {
    numbers.map(|number| number.to_bits())
}

/// Prints bits as a list of hexadecimal numbers.
struct Bits<I>(I);

impl<I: Iterator<Item = u64> + Clone> fmt::Display for Bits<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, bits) in self.0.clone().enumerate() {
            write!(f, "{}{bits:#018x}", if index == 0 { "[" } else { ", " })?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// What the self test says once a golden case was changed.
    fn error(change: impl Fn(&mut GoldenCase), index: usize) -> Error {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bundles/v2/wdbc.nomo");
        let mut model = Model::open_file(path).unwrap();
        change(&mut model.golden_cases[index]);
        let error = model.self_test().unwrap_err();
        assert!(error.path().any(|place| place == Place::GoldenCase(index)), "{error}");
        error
    }

    #[test]
    fn a_case_that_differs_or_is_refused_is_named_alone_and_in_the_batch() {
        for index in [3, 30] {
            let differs = error(|case| case.outputs[0] ^= 1, index);
            assert_eq!(differs.kind(), ErrorKind::GoldenCase);
            let refused = error(|case| case.row[0] = 1e300, index);
            let too_wide = error(|case| case.row.push(0.0), index);
            for error in [refused, too_wide] {
                assert_eq!(error.kind(), ErrorKind::InvalidModel);
                assert!(!std::format!("{error}").contains(" row "), "{error}");
            }
        }
    }
}
