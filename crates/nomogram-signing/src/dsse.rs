//! DSSE envelopes: a payload of a declared type with signatures over both.
//!
//! Signatures cover the *pre-authentication encoding* ([`pae`]), never the JSON, so that no reader has to agree on its
//! form. Follows DSSE v1.0.2.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde::{Deserialize, Serialize};

use crate::{Error, KeyId, PublicKey, SecretKey};

/// Returns the bytes that a signature covers: lengths count bytes, not characters.
#[must_use]
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// An envelope. Holding one proves nothing until [`Envelope::verify`] has returned its payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The payload, in base64.
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct EnvelopeSignature {
    /// A hint that is not authenticated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keyid: Option<String>,
    sig: String,
}

/// The hint of a key, and a signature.
pub type HintedSignature<'a> = (Option<&'a str>, Vec<u8>);

impl Envelope {
    /// Encloses `payload`, without signatures yet.
    #[must_use]
    pub fn new(payload_type: &str, payload: &[u8]) -> Self {
        Self {
            payload: STANDARD.encode(payload),
            payload_type: payload_type.into(),
            signatures: Vec::new(),
        }
    }

    /// Signs `payload` with one key.
    ///
    /// # Errors
    ///
    /// None for an envelope that was just made.
    pub fn sign(payload_type: &str, payload: &[u8], key: &SecretKey) -> Result<Self, Error> {
        let mut envelope = Self::new(payload_type, payload);
        envelope.add_signature(key)?;
        Ok(envelope)
    }

    /// Adds the signature of another key.
    ///
    /// # Errors
    ///
    /// `Envelope` when the payload is not base64.
    pub fn add_signature(&mut self, key: &SecretKey) -> Result<(), Error> {
        let message = pae(&self.payload_type, &self.unverified_payload()?);
        self.push_signature(Some(key.id().to_string()), &key.sign(&message));
        Ok(())
    }

    /// Adds a signature that was made elsewhere.
    pub fn push_signature(&mut self, key_hint: Option<String>, signature: &[u8]) {
        self.signatures
            .push(EnvelopeSignature { keyid: key_hint, sig: STANDARD.encode(signature) });
    }

    /// Reads the JSON of an envelope.
    ///
    /// # Errors
    ///
    /// `Envelope` when the bytes are not such JSON, with where.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(json).map_err(|error| Error::Envelope(error.to_string()))
    }

    /// Returns the JSON, the same bytes for the same envelope.
    ///
    /// # Errors
    ///
    /// None: texts and lists always have a JSON.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|error| Error::Envelope(error.to_string()))
    }

    /// Returns the declared type of the payload, not verified.
    #[must_use]
    pub fn payload_type(&self) -> &str {
        &self.payload_type
    }

    /// Returns the payload, not verified: to find out which key to verify with, never to act on.
    ///
    /// # Errors
    ///
    /// `Envelope` when it is not base64.
    pub fn unverified_payload(&self) -> Result<Vec<u8>, Error> {
        decode("payload", &self.payload)
    }

    /// Returns each signature with its hint of a key, not verified.
    ///
    /// # Errors
    ///
    /// `Envelope` when a signature is not base64.
    pub fn unverified_signatures(&self) -> Result<Vec<HintedSignature<'_>>, Error> {
        let decode = |s: &'_ EnvelopeSignature| decode("signature", &s.sig);
        self.signatures.iter().map(|s| Ok((s.keyid.as_deref(), decode(s)?))).collect()
    }

    /// Returns the payload and the keys that signed it, each once, in the order of `keys`.
    ///
    /// Hints in the envelope are not used: each key is tried on each signature.
    ///
    /// # Errors
    ///
    /// `Envelope` when the payload type is another, a text is not base64, or there are more than 64 signatures;
    /// `Signature` when no signature is by one of `keys`.
    pub fn verify(
        &self,
        payload_type: &str,
        keys: &[PublicKey],
    ) -> Result<(Vec<u8>, Vec<KeyId>), Error> {
        const MAX_SIGNATURES: usize = 64;
        if self.payload_type != payload_type {
            return Err(Error::Envelope(format!(
                "payload type `{}`, expected `{payload_type}`",
                self.payload_type
            )));
        }
        if self.signatures.len() > MAX_SIGNATURES {
            return Err(Error::Envelope(format!(
                "{} signatures, at most {MAX_SIGNATURES}",
                self.signatures.len()
            )));
        }
        let payload = self.unverified_payload()?;
        let signatures = self.unverified_signatures()?;
        let message = pae(&self.payload_type, &payload);
        let mut signers: Vec<KeyId> = Vec::new();
        for key in keys {
            let signed =
                signatures.iter().any(|(_, signature)| key.verify(&message, signature).is_ok());
            if signed && !signers.contains(&key.id()) {
                signers.push(key.id());
            }
        }
        if signers.is_empty() {
            return Err(Error::Signature(format!(
                "none of {} verifies with one of {} trusted keys",
                signatures.len(),
                keys.len()
            )));
        }
        Ok((payload, signers))
    }
}

/// Decodes standard base64, or that of URLs, as the specification asks of readers.
fn decode(what: &str, text: &str) -> Result<Vec<u8>, Error> {
    let engine = if text.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    engine.decode(text).map_err(|error| Error::Envelope(format!("{what}: {error}")))
}

#[cfg(test)]
mod tests;
