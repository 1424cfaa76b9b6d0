//! The human-readable part of a bundle: where the model comes from.

use alloc::collections::BTreeMap;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::container::Digest;
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
    /// Anything else worth telling, by key, for example `training rows`.
    pub notes: BTreeMap<String, String>,
}

impl Manifest {
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
