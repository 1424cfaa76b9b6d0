//! The self test: golden cases are predicted again and compared bit by bit.

use core::fmt;

use super::Model;
use super::row::other_mode;
use super::uncertainty_answer::UncertaintyAnswer;
use crate::bundle::{GoldenCase, MAX_GOLDEN_CASES, MIN_GOLDEN_CASES};
use crate::error::{Error, ErrorKind, Place, format};
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
        let mut uncertainty = UncertaintyAnswer::new();
        for (index, case) in self.golden_cases.iter().enumerate() {
            let place = Place::GoldenCase(index);
            let prediction = self.replay(case, &mut scratch).map_err(|e| e.within(place))?;
            uncertainty.add(&prediction);
        }
        uncertainty.check(self.uncertainty_answer)?;
        self.check_answers()
    }

    /// Predicts one golden case and compares its bits.
    fn replay<'s>(
        &'s self,
        case: &GoldenCase,
        scratch: &'s mut Scratch<'_>,
    ) -> Result<Prediction<'s>, Error> {
        let refused = |error: Error| Error::invalid_model(format!("{error}"));
        let prediction = self.predict_row(scratch, &case.row).map_err(refused)?;
        let flags = prediction.feature_flags().iter().map(|flags| flags.bits());
        let what = if !flags.eq(case.flags.iter().copied()) {
            "the flags of its values are"
        } else if !bits(prediction.members().flatten()).eq(case.members.iter().copied()) {
            "the outputs of a member are"
        } else if !bits(prediction.outputs().iter()).eq(case.outputs.iter().copied()) {
            "the members' outputs match, but the combined outputs are"
        } else {
            return Ok(prediction);
        };
        let found = prediction.outputs().iter().map(|number| number.to_bits());
        let detail = format!(
            "{what} not as sealed: found bits {}, expected {}",
            Bits(found),
            Bits(case.outputs.iter().copied())
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
