//! The self test: golden cases are predicted again and compared bit by bit.

use alloc::format;
use alloc::string::ToString;

use super::Model;
use crate::bundle::{GoldenCase, MAX_GOLDEN_CASES, MIN_GOLDEN_CASES};
use crate::error::{Error, ErrorKind, Place};
use crate::scratch::Scratch;

impl Model {
    /// Predicts every golden case again and compares its bits, and compares the golden answers, as
    /// opening did.
    ///
    /// # Errors
    ///
    /// `GoldenCase` with the first case whose bits differ, or the first feature, rule or cutoff that
    /// answers differently.
    pub fn self_test(&self) -> Result<(), Error> {
        let n_cases = self.golden_cases.len();
        if !(MIN_GOLDEN_CASES..=MAX_GOLDEN_CASES).contains(&n_cases) {
            return Err(Error::invalid_model(format!(
                "{n_cases} golden cases, expected {MIN_GOLDEN_CASES} to {MAX_GOLDEN_CASES}"
            )));
        }
        let mut scratch = Scratch::new(self.scratch_layout());
        for (index, case) in self.golden_cases.iter().enumerate() {
            let place = Place::GoldenCase(index);
            self.replay(case, &mut scratch).map_err(|e| e.within(place))?;
        }
        self.check_answers()
    }

    /// Predicts one golden case and compares its bits.
    fn replay(&self, case: &GoldenCase, scratch: &mut Scratch<'_>) -> Result<(), Error> {
        let refused = |error: Error| Error::invalid_model(error.to_string());
        let prediction = self.predict_row(scratch, &case.row).map_err(refused)?;
        let replayed = GoldenCase::of(&case.row, &prediction);
        let what = if replayed.flags != case.flags {
            "the flags of its values are"
        } else if replayed.members != case.members {
            "the outputs of a member are"
        } else if replayed.outputs != case.outputs {
            "the members' outputs match, but the combined outputs are"
        } else {
            return Ok(());
        };
        let detail = format!(
            "{what} not as sealed: found bits {:#018x?}, expected {:#018x?}",
            replayed.outputs, case.outputs
        );
        Err(Error::new(ErrorKind::GoldenCase, detail))
    }
}
