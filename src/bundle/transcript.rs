//! Transcripts: texts and numbers in a fixed order, as one digest.
//!
//! Each item carries its length or has a fixed one, so that no two transcripts have the same bytes.
//! Nothing is allocated.

use sha2::{Digest as _, Sha256};

use super::Digest;

/// Items that are hashed as they come.
#[derive(Debug)]
pub(crate) struct Transcript(Sha256);

impl Transcript {
    /// An empty transcript about something.
    pub(crate) fn of(subject: &str) -> Self {
        let mut transcript = Self(Sha256::new());
        transcript.text(subject);
        transcript
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text.as_bytes());
    }

    pub(crate) fn number(&mut self, number: f64) {
        self.0.update(number.to_bits().to_le_bytes());
    }

    /// A number that may be absent.
    pub(crate) fn optional_number(&mut self, number: Option<f64>) {
        self.yes_or_no(number.is_some());
        if let Some(number) = number {
            self.number(number);
        }
    }

    /// A count or a position.
    pub(crate) fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_le_bytes());
    }

    pub(crate) fn yes_or_no(&mut self, answer: bool) {
        self.0.update([u8::from(answer)]);
    }

    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.update([byte]);
    }

    pub(crate) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_borders_between_texts_count() {
        let digest = |texts: [&str; 2]| {
            let mut transcript = Transcript::of("names");
            texts.iter().for_each(|text| transcript.text(text));
            transcript.finish()
        };
        assert_ne!(digest(["ab", "c"]), digest(["a", "bc"]));
        assert_eq!(digest(["ab", "c"]), digest(["ab", "c"]));
    }
}
