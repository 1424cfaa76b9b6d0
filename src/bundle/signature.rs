//! A signature of a bundle: who, in which role, when, and the 64 bytes.
//!
//! It covers the digest of the bundle, which leaves the section of signatures out. So signers can be added and removed,
//! and the model keeps its name. Verifying is in `trust`.

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::digest::Digest;
use crate::codec::decode_struct;
use crate::error::{Error, is_printable};
use crate::memory;

/// The most signatures of a bundle, so that verifying them has a bound.
pub const MAX_SIGNATURES: usize = 32;
/// The most bytes of a role.
const MAX_ROLE: usize = 64;

/// A signature that a bundle holds. Having one proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Signature {
    /// SHA-256 of the 32 bytes of the public key.
    pub key_id: Digest,
    /// What the signer signs as, such as `reviewer`.
    pub role: String,
    /// When it was made, by the signer's clock, in seconds since 1970.
    pub signed_at: u64,
    /// When it ceases to count.
    pub expires_at: Option<u64>,
    /// The two halves of the Ed25519 signature.
    halves: ([u8; 32], [u8; 32]),
}
decode_struct!(Signature { key_id, role, signed_at, expires_at, halves });

impl Signature {
    /// Combines what was signed, as of [`Self::message`], with the signature.
    #[must_use]
    pub fn new(
        key_id: Digest,
        role: String,
        signed_at: u64,
        expires_at: Option<u64>,
        bytes: &[u8; 64],
    ) -> Self {
        let mut halves = ([0; 32], [0; 32]);
        halves.0.iter_mut().zip(bytes).for_each(|(half, byte)| *half = *byte);
        halves.1.iter_mut().zip(bytes.iter().skip(32)).for_each(|(half, byte)| *half = *byte);
        Self { key_id, role, signed_at, expires_at, halves }
    }

    /// The 64 bytes of the Ed25519 signature.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        let halves = self.halves.0.iter().chain(&self.halves.1);
        bytes.iter_mut().zip(halves).for_each(|(byte, half)| *byte = *half);
        bytes
    }

    /// The bytes that are signed: a name of this use, so that they mean nothing else, the digest of the
    /// bundle, the id of the key, the times (u64, little-endian; 0 without an expiry) and the role.
    ///
    /// # Errors
    ///
    /// `OutOfMemory`.
    pub fn message(
        digest: &Digest,
        key_id: &Digest,
        role: &str,
        signed_at: u64,
        expires_at: Option<u64>,
    ) -> Result<Vec<u8>, Error> {
        const PURPOSE: &[u8] = b"nomogram bundle signature v1\n";
        let mut message = memory::list(PURPOSE.len() + 32 + 32 + 8 + 8 + role.len())?;
        message.extend_from_slice(PURPOSE);
        message.extend_from_slice(digest.as_bytes());
        message.extend_from_slice(key_id.as_bytes());
        message.extend_from_slice(&signed_at.to_le_bytes());
        message.extend_from_slice(&expires_at.unwrap_or(0).to_le_bytes());
        message.extend_from_slice(role.as_bytes());
        Ok(message)
    }
}

/// Checks the number of signatures and their roles.
///
/// # Errors
///
/// `InvalidModel`.
pub(super) fn check(signatures: &[Signature]) -> Result<(), Error> {
    let n = signatures.len();
    if n > MAX_SIGNATURES {
        return Err(Error::invalid_model(format_args!(
            "{n} signatures, expected at most {MAX_SIGNATURES}"
        )));
    }
    for signature in signatures {
        let role = &signature.role;
        let is_word = |c: char| is_printable(c) && !c.is_whitespace() && c != ',';
        if role.is_empty() || role.len() > MAX_ROLE || !role.chars().all(is_word) {
            let detail = format_args!(
                "role `{role}`, expected 1 to {MAX_ROLE} bytes without space or comma"
            );
            return Err(Error::invalid_model(detail));
        }
        if signature.expires_at == Some(0) {
            return Err(Error::invalid_model("an expiry of 0, expected none or a time"));
        }
    }
    Ok(())
}
