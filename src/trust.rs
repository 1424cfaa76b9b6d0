//! Trust: which keys may sign a bundle in which roles, and what is required to open it.
//!
//! Signatures by unknown keys are ignored: anyone can add one. A signature by a trusted key that does not verify
//! refuses the bundle: it was changed, or was made for another one.

mod matching;
mod text;

use alloc::string::String;
use alloc::vec::Vec;

use ed25519_dalek::VerifyingKey;

use crate::budget::Budget;
use crate::bundle::{Digest, Signature};
use crate::error::{Error, ErrorKind};
use crate::memory;

/// The steps of computation of verifying a signature. `tests/reference/cost_of_verifying.py` counts 758,759
/// instructions in the installed library, which verifies without vector instructions, and 469,895 with them;
/// those of predicting golden cases are 2.5 to 3.1 for each step that they are charged.
const VERIFICATION: u64 = 200_000;
/// How far a signer's clock may be ahead, in seconds.
const CLOCK_TOLERANCE: u64 = 24 * 60 * 60;

/// A public key, and what it may sign as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKey {
    /// The 32 bytes of the public Ed25519 key.
    pub key: [u8; 32],
    /// The roles. A signature in another role does not count.
    pub roles: Vec<String>,
    /// A revoked key counts for nothing, whenever it signed: its holder can write any time.
    pub is_revoked: bool,
}

/// How many keys must have signed in a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The role.
    pub role: String,
    /// The number of keys; a key that signed twice counts once.
    pub n_keys: usize,
}

/// What a bundle must have to be opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// The keys whose signatures count.
    pub keys: Vec<TrustedKey>,
    /// The roles that must have signed, all of them.
    pub requirements: Vec<Requirement>,
    /// Whether a key counts for one role only, so that one person cannot be author and reviewer.
    pub is_distinct: bool,
    /// The digest that the bundle must have.
    pub digest: Option<Digest>,
    /// Now, in seconds since 1970: the library has no clock.
    pub time: u64,
}

/// A valid signature: the index of its key, and its role.
type Valid<'a> = (usize, &'a str);

/// Why a signature in a role did not count.
struct Rejection<'a> {
    key_id: Digest,
    role: &'a str,
    kind: ErrorKind,
    why: &'static str,
}

impl Trust {
    /// Verifies that a bundle with this digest and these signatures may be opened.
    ///
    /// # Errors
    ///
    /// `OtherDigest`; `InvalidSignature` by a trusted key; `MissingSignature`, `ExpiredSignature` or
    /// `RevokedKey` when a requirement is not met; `Trust` for a key that is not one; `TooLarge`.
    pub(crate) fn verify(
        &self,
        digest: &Digest,
        signatures: &[Signature],
        budget: &mut Budget,
    ) -> Result<(), Error> {
        if let Some(pinned) = self.digest.filter(|pinned| pinned != digest) {
            let detail =
                format_args!("the bundle has digest {digest}, expected {pinned}, which is pinned");
            return Err(Error::new(ErrorKind::OtherDigest, detail));
        }
        let mut ids = memory::list(self.keys.len())?;
        ids.extend(self.keys.iter().map(|trusted| Digest::of(&trusted.key)));
        let mut valid: Vec<Valid<'_>> = memory::list(signatures.len())?;
        let mut rejections = memory::list(signatures.len())?;
        for signature in signatures {
            let Some(key) = ids.iter().position(|id| *id == signature.key_id) else { continue };
            let Some(trusted) = self.keys.get(key) else { continue };
            match self.rejection(trusted, signature) {
                Some(rejection) => rejections.push(rejection),
                None => {
                    budget.work(VERIFICATION)?;
                    check_signature(&trusted.key, digest, signature)?;
                    valid.push((key, &signature.role));
                }
            }
        }
        self.check_requirements(&valid, &rejections)
    }

    /// Why a signature by a trusted key does not count, without verifying it.
    fn rejection<'a>(
        &self,
        trusted: &TrustedKey,
        signature: &'a Signature,
    ) -> Option<Rejection<'a>> {
        let (kind, why) = if trusted.is_revoked {
            (ErrorKind::RevokedKey, "is revoked")
        } else if !trusted.roles.contains(&signature.role) {
            (ErrorKind::MissingSignature, "may not sign in this role")
        } else if signature.expires_at.is_some_and(|end| end <= self.time) {
            (ErrorKind::ExpiredSignature, "signed, but the signature has expired")
        } else if signature.signed_at > self.time.saturating_add(CLOCK_TOLERANCE) {
            (ErrorKind::ExpiredSignature, "signed at a time that is in the future")
        } else {
            return None;
        };
        Some(Rejection { key_id: signature.key_id, role: &signature.role, kind, why })
    }

    fn check_requirements(
        &self,
        valid: &[Valid<'_>],
        rejections: &[Rejection<'_>],
    ) -> Result<(), Error> {
        let counts = matching::counts(&self.requirements, valid, self.is_distinct)?;
        for (requirement, found) in self.requirements.iter().zip(counts) {
            let Requirement { role, n_keys } = requirement;
            if found >= *n_keys {
                continue;
            }
            let distinct = if self.is_distinct { ", each key for one role" } else { "" };
            let rejected = rejections.iter().find(|rejection| rejection.role == role);
            return Err(match rejected {
                Some(Rejection { key_id, kind, why, .. }) => Error::new(
                    *kind,
                    format_args!(
                        "role `{role}`: signed by {found} trusted keys{distinct}, expected {n_keys}; key {key_id} {why}"
                    ),
                ),
                None => Error::new(
                    ErrorKind::MissingSignature,
                    format_args!(
                        "role `{role}`: signed by {found} trusted keys{distinct}, expected {n_keys}"
                    ),
                ),
            });
        }
        Ok(())
    }
}

/// Verifies strictly: no other encoding of a signature, and no key for which anyone can sign.
fn check_signature(key: &[u8; 32], digest: &Digest, signature: &Signature) -> Result<(), Error> {
    let Signature { key_id, role, signed_at, expires_at, .. } = signature;
    let key = VerifyingKey::from_bytes(key).map_err(|_| {
        Error::new(ErrorKind::Trust, format_args!("key {key_id}: not a point of Ed25519"))
    })?;
    let message = Signature::message(digest, key_id, role, *signed_at, *expires_at)?;
    let bytes = ed25519_dalek::Signature::from_bytes(&signature.to_bytes());
    key.verify_strict(&message, &bytes).map_err(|_| {
        let detail = format_args!(
            "role `{role}`: the signature by key {key_id} does not verify: it was changed, or is of another bundle"
        );
        Error::new(ErrorKind::InvalidSignature, detail)
    })
}

#[cfg(test)]
mod tests;
