//! The human-readable part of a bundle: where the model comes from.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};

use serde::{Deserialize, Serialize};

use super::digest::Digest;
use crate::error::{Error, ErrorKind};
use crate::schema::check_text;

/// Where a model comes from. It holds no time of day: the same data, settings and seed give the
/// same bundle, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The name of the model, for example `wdbc`.
    #[serde(deserialize_with = "crate::codec::text")]
    pub name: String,
    /// The version of the model, chosen by those who train it.
    #[serde(deserialize_with = "crate::codec::text")]
    pub version: String,
    /// The program that made the bundle, with its version.
    #[serde(deserialize_with = "crate::codec::text")]
    pub created_by: String,
    /// SHA-256 of the training data, as the trainer read them.
    pub training_data_digest: Digest,
    /// SHA-256 of the training configuration.
    pub configuration_digest: Digest,
    /// Further notes, by key, for example `training rows`.
    #[serde(deserialize_with = "crate::codec::text_map")]
    pub notes: BTreeMap<String, String>,
}

/// The same for those who read JSON.
#[derive(Serialize)]
struct ManifestJson<'a> {
    name: &'a str,
    version: &'a str,
    created_by: &'a str,
    training_data_digest: String,
    configuration_digest: String,
    notes: &'a BTreeMap<String, String>,
}

impl Manifest {
    /// The manifest as a JSON object, digests as hexadecimal digits.
    ///
    /// # Errors
    ///
    /// `Payload`, which no manifest of a model gives.
    pub fn to_json(&self) -> Result<String, Error> {
        let json = ManifestJson {
            name: &self.name,
            version: &self.version,
            created_by: &self.created_by,
            training_data_digest: self.training_data_digest.to_string(),
            configuration_digest: self.configuration_digest.to_string(),
            notes: &self.notes,
        };
        let failed = |cause| Error::new(ErrorKind::Payload, format!("no JSON: {cause}"));
        serde_json::to_string(&json).map_err(failed)
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
