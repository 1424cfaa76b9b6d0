//! The proof of the uncertainty: how uncertain the golden cases are, as one digest.

use crate::bundle::{Digest, Transcript};
use crate::error::{Error, ErrorKind, Place};
use crate::prediction::Prediction;
use crate::uncertainty::{Uncertain, Verdict};

/// A transcript of how uncertain the golden cases are, one after the other.
#[derive(Debug)]
pub(crate) struct UncertaintyAnswer(Transcript);

impl UncertaintyAnswer {
    /// That of no case.
    pub(crate) fn new() -> Self {
        Self(Transcript::of("uncertainty"))
    }

    /// Adds the prediction of the next case; nothing, of a model without uncertainty.
    pub(crate) fn add(&mut self, prediction: &Prediction<'_>) {
        let Some(uncertain) = prediction.uncertain().map(Uncertain::measured) else { return };
        let Self(transcript) = self;
        transcript.byte(match uncertain.verdict() {
            Verdict::Predicted => 0,
            Verdict::Ambiguous => 1,
            Verdict::Unlike => 2,
        });
        uncertain.p_values().for_each(|p_value| transcript.number(p_value));
        for interval in uncertain.intervals() {
            transcript.number(interval.low);
            transcript.number(interval.high);
        }
        transcript.optional_number(uncertain.distance());
        transcript.optional_number(uncertain.distance_p_value());
        let furthest = uncertain.furthest();
        transcript.optional_number(furthest.map(|furthest| furthest.times));
        transcript.count(furthest.map_or(0, |furthest| furthest.feature));
    }

    pub(crate) fn finish(self) -> Digest {
        self.0.finish()
    }

    /// Compares it with the sealed one, where the bundle has uncertainty.
    ///
    /// # Errors
    ///
    /// `GoldenCase`.
    pub(super) fn check(self, sealed: Option<Digest>) -> Result<(), Error> {
        if sealed.is_none_or(|sealed| sealed == self.finish()) {
            return Ok(());
        }
        let detail = "the uncertainty of the golden cases differs from what was sealed";
        Err(Error::new(ErrorKind::GoldenCase, detail).within(Place::Section("uncertainty")))
    }
}
