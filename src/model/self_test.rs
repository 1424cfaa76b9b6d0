//! The self test: golden cases are predicted again and compared bit by bit.

use core::fmt;
use core::ops::Range;

use super::Model;
use super::batch::{Each, OnRefusal, Rows};
use super::row::other_mode;
use super::uncertainty_answer::UncertaintyAnswer;
use crate::bundle::{GoldenCase, MAX_GOLDEN_CASES, MIN_GOLDEN_CASES};
use crate::error::{Error, ErrorKind, Place, format};
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
            return Err(Error::invalid_model(format!(
                "{n_cases} golden cases, expected {MIN_GOLDEN_CASES} to {MAX_GOLDEN_CASES}"
            )));
        }
        let mut scratch = Scratch::new(self.scratch_layout())?;
        // Some alone, since members have other kernels for a single row; then all of them as a batch.
        for index in 0..MIN_GOLDEN_CASES {
            self.replay(index..index + 1, &mut scratch, &mut UncertaintyAnswer::new())?;
        }
        let mut uncertainty = UncertaintyAnswer::new();
        self.replay(0..n_cases, &mut scratch, &mut uncertainty)?;
        uncertainty.check(self.uncertainty_answer)?;
        self.check_answers()
    }

    /// Predicts golden cases as a batch and compares their bits.
    fn replay(
        &self,
        cases: Range<usize>,
        scratch: &mut Scratch<'_>,
        uncertainty: &mut UncertaintyAnswer,
    ) -> Result<(), Error> {
        let (first, mut replayed) = (cases.start, Ok(()));
        let rows = GoldenRows(self.golden_cases.get(cases).unwrap_or_default());
        for (index, case) in rows.0.iter().enumerate() {
            if let Err(error) = self.intake().check_width(case.row.len()) {
                return Err(invalid(&error, first + index));
            }
        }
        let mut check = Each::new(|index: usize, prediction: Result<Prediction<'_>, Error>| {
            let Some(case) = rows.0.get(index).filter(|_| replayed.is_ok()) else { return };
            replayed = match prediction {
                Ok(prediction) => {
                    uncertainty.add(&prediction);
                    case.compare(&prediction)
                        .map_err(|e| e.within(Place::GoldenCase(first + index)))
                }
                Err(error) => Err(invalid(&error, first + index)),
            };
        });
        self.predict_rows(scratch, &rows, OnRefusal::GoOn, &mut check)?;
        replayed
    }
}

/// A golden case that is refused.
#[cold]
#[inline(never)]
fn invalid(error: &Error, index: usize) -> Error {
    Error::invalid_model(format!("{error}")).within(Place::GoldenCase(index))
}

/// The rows of golden cases.
struct GoldenRows<'m>(&'m [GoldenCase]);

impl Rows for GoldenRows<'_> {
    fn n_rows(&self) -> usize {
        self.0.len()
    }

    fn cell(&self, row: usize, feature: usize) -> Cell {
        let value = self.0.get(row).and_then(|case| case.row.get(feature));
        Cell::of_array(value.copied().unwrap_or(f64::NAN))
    }

    fn slices<'r>(&'r self, rows: Range<usize>, slices: &mut [&'r [f64]]) -> bool {
        let cases = self.0.get(rows).unwrap_or_default();
        slices.iter_mut().zip(cases).for_each(|(slice, case)| *slice = &case.row);
        true
    }
}

impl GoldenCase {
    /// Compares the bits of its prediction.
    fn compare(&self, prediction: &Prediction<'_>) -> Result<(), Error> {
        let flags = prediction.feature_flags().iter().map(|flags| flags.bits());
        let what = if !flags.eq(self.flags.iter().copied()) {
            "the flags of its values are"
        } else if !bits(prediction.members().flatten()).eq(self.members.iter().copied()) {
            "the outputs of a member are"
        } else if !bits(prediction.outputs().iter()).eq(self.outputs.iter().copied()) {
            "the members' outputs match, but the combined outputs are"
        } else {
            return Ok(());
        };
        let found = prediction.outputs().iter().map(|number| number.to_bits());
        let detail = format!(
            "{what} not as sealed: found bits {}, expected {}",
            Bits(found),
            Bits(self.outputs.iter().copied())
        );
        Err(Error::new(ErrorKind::GoldenCase, detail))
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
