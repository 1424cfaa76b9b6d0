//! The human-readable part of a bundle: where the model comes from.

use alloc::collections::BTreeMap;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::json::Json;
use crate::codec::decode_struct;
use crate::error::Error;
use crate::schema::check_text;

/// Where a model comes from. It holds no time of day: the same data, settings and seed give the
/// same bundle, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The name of the model, for example `wdbc`.
    pub name: String,
    /// The version of the model, chosen by those who train it.
    pub version: String,
    /// The program that made the bundle, with its version.
    pub created_by: String,
    /// SHA-256 of the training data, as the trainer read them.
    pub training_data_digest: Digest,
    /// SHA-256 of the training configuration.
    pub configuration_digest: Digest,
    /// Further notes, by key, for example `training rows`.
    pub notes: BTreeMap<String, String>,
}
decode_struct!(Manifest {
    name,
    version,
    created_by,
    training_data_digest,
    configuration_digest,
    notes
});

impl Manifest {
    /// The manifest as a JSON object, digests as hexadecimal digits.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub fn to_json(&self) -> Result<String, Error> {
        let mut json = Json::new();
        json.member("name", &self.name)?;
        json.member("version", &self.version)?;
        json.member("created_by", &self.created_by)?;
        json.member_of_display("training_data_digest", &self.training_data_digest)?;
        json.member_of_display("configuration_digest", &self.configuration_digest)?;
        json.begin_object("notes")?;
        for (key, note) in &self.notes {
            json.member(key, note)?;
        }
        json.end()
    }

    /// The most bytes that [`Self::to_json`] allocates: a text of quotes gets twice as long.
    pub(crate) fn json_len(&self) -> u64 {
        let notes = self.notes.iter().flat_map(|(key, note)| [key, note]);
        let texts = [&self.name, &self.version, &self.created_by].into_iter().chain(notes);
        // An allocation grows by doubling, and the old one is then still there.
        3 * (512 + texts.map(|text| 2 * text.len() as u64 + 8).sum::<u64>())
    }

    /// Its texts are printed, so they must be printable.
    pub(crate) fn check(&self) -> Result<(), Error> {
        check_text(&self.name, "model's name")?;
        check_text(&self.version, "model's version")?;
        check_text(&self.created_by, "creator's name")?;
        for (key, note) in &self.notes {
            check_text(key, "key of a note")?;
            check_text(note, "text of a note")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_what_serde_writes() {
        let notes = [("a\"\\b", "c\u{1}\n\t\u{8}\u{c}\r\u{1f}/é\u{2028}\u{7f}"), ("z", "")];
        let manifest = Manifest {
            name: "wdbc".into(),
            version: "1".into(),
            created_by: "tests".into(),
            training_data_digest: Digest::of(b"rows"),
            configuration_digest: Digest::of(b"settings"),
            notes: notes.into_iter().map(|(key, note)| (key.into(), note.into())).collect(),
        };
        let json = manifest.to_json().unwrap();
        assert!((json.capacity() as u64) < manifest.json_len());
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(read["notes"], serde_json::to_value(&manifest.notes).unwrap());
        let digest = alloc::string::ToString::to_string(&Digest::of(b"rows"));
        assert_eq!(read["training_data_digest"], digest.as_str());
        let notes = serde_json::to_string(&manifest.notes).unwrap();
        assert!(json.ends_with(&alloc::format!("\"notes\":{notes}}}")), "{json}");
        assert!(json.starts_with("{\"name\":\"wdbc\",\"version\":\"1\","), "{json}");
    }
}
