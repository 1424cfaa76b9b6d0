//! The policy of trust that bundles must satisfy to be served.
//!
//! A bundle that it refuses never answers, also when it was served before. Without a policy, every valid
//! bundle is served.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use nomogram::{Error, ErrorKind, Limits, Model, Trust};

/// The policy that bundles must satisfy, if there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustPolicy(Option<Trust>);

/// A bundle that the policy refuses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RefusedBundle {
    /// Its file, or its name and version.
    pub name: String,
    /// Which keys and roles are missing.
    pub reason: String,
}

impl TrustPolicy {
    /// Reads a policy.
    ///
    /// # Errors
    ///
    /// A sentence with the file and the line.
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|cause| format!("{shown}: {cause}"))?;
        let trust = Trust::from_text(&text, 0).map_err(|error| format!("{shown}: {error}"))?;
        Ok(Self(Some(trust)))
    }

    /// Whether bundles must satisfy anything.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Opens a bundle.
    ///
    /// # Errors
    ///
    /// As [`Model::open_trusted`].
    pub fn open(&self, bytes: &[u8]) -> Result<Model, Error> {
        match self.now() {
            Some(trust) => Model::open_trusted(bytes, &Limits::default(), &trust),
            None => Model::open(bytes),
        }
    }

    /// Verifies a model that was opened before.
    ///
    /// # Errors
    ///
    /// As [`Model::verify_trust`].
    pub fn verify(&self, model: &Model) -> Result<(), Error> {
        self.now().map_or(Ok(()), |trust| model.verify_trust(&trust))
    }

    /// The policy at this time, since signatures expire.
    fn now(&self) -> Option<Trust> {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        self.0.clone().map(|trust| Trust { time, ..trust })
    }
}

/// Whether a bundle was refused by a policy, and not because it is damaged.
#[must_use]
pub(crate) const fn is_refusal(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::InvalidSignature
            | ErrorKind::MissingSignature
            | ErrorKind::ExpiredSignature
            | ErrorKind::RevokedKey
            | ErrorKind::OtherDigest
    )
}
