//! Ed25519 keys: made, named, signed with and verified.
//!
//! Secret keys are PKCS#8 in PEM (`BEGIN PRIVATE KEY`), public keys SubjectPublicKeyInfo in PEM (`BEGIN PUBLIC KEY`), as
//! `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write them.

mod file;

pub(crate) use file::{read_secret, write_new};

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, KeypairBytes,
};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use nomogram::Digest;
use zeroize::Zeroizing;

use crate::Error;

/// Length of a signature.
pub const SIGNATURE_LEN: usize = 64;

/// The name of a key: SHA-256 of the 32 bytes of the public key, printed as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Digest);

impl KeyId {
    /// Takes the bytes of an id.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Digest::from_bytes(bytes))
    }

    /// Returns the bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = Error;

    /// Reads 64 hexadecimal digits.
    fn from_str(text: &str) -> Result<Self, Error> {
        let id = text.parse().map(Self);
        id.map_err(|_| Error::Key(format!("id `{text}`, expected 64 hexadecimal digits")))
    }
}

/// A public key, which verifies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Takes the 32 bytes of a public key.
    ///
    /// # Errors
    ///
    /// `Key` when the bytes are no point of the curve, or one of small order, for which anyone can sign.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Error> {
        let key = VerifyingKey::from_bytes(bytes)
            .map_err(|_| Error::Key("not a point of Ed25519".into()))?;
        Self::strong(key)
    }

    /// Reads `BEGIN PUBLIC KEY`.
    ///
    /// # Errors
    ///
    /// `Key` when the text is not the PEM of a public Ed25519 key.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        let key = VerifyingKey::from_public_key_pem(pem)
            .map_err(|error| Error::Key(format!("not the PEM of a public Ed25519 key: {error}")))?;
        Self::strong(key)
    }

    fn strong(key: VerifyingKey) -> Result<Self, Error> {
        if key.is_weak() { Err(Error::Key("a point of small order".into())) } else { Ok(Self(key)) }
    }

    /// Returns the PEM.
    ///
    /// # Errors
    ///
    /// `Key` when encoding fails, which no key of this type does.
    pub fn to_pem(&self) -> Result<String, Error> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|error| Error::Key(error.to_string()))
    }

    /// Returns the 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// Returns the key's name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(Digest::of(self.0.as_bytes()))
    }

    /// Verifies a signature over `message` strictly: only one encoding of a signature is valid.
    ///
    /// # Errors
    ///
    /// `Signature`, naming the key, when the signature has another length or does not verify.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        Signature::from_slice(signature)
            .and_then(|signature| self.0.verify_strict(message, &signature))
            .map_err(|_| Error::Signature(format!("key {}: does not verify", self.id())))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.id())
    }
}

/// A secret key, which signs. Its memory is zeroed when it is dropped.
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// Makes a key of random bytes of the system.
    ///
    /// # Errors
    ///
    /// `Random` when the system gives none.
    pub fn generate() -> Result<Self, Error> {
        let mut seed = Zeroizing::new([0; 32]);
        getrandom::fill(seed.as_mut()).map_err(|error| Error::Random(error.to_string()))?;
        Ok(Self::from_seed(&seed))
    }

    /// Takes the 32 secret bytes that RFC 8032 begins with.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// Reads `BEGIN PRIVATE KEY`.
    ///
    /// # Errors
    ///
    /// `Key` when the text is not the PEM of a secret Ed25519 key without password.
    pub fn from_pem(pem: &str) -> Result<Self, Error> {
        SigningKey::from_pkcs8_pem(pem).map(Self).map_err(|_| {
            Error::Key("not the PEM of a secret Ed25519 key (PKCS#8, without password)".into())
        })
    }

    /// Returns the PEM, as OpenSSL writes it (PKCS#8 version 1).
    ///
    /// # Errors
    ///
    /// `Key` when encoding fails, which no key of this type does.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, Error> {
        let bytes = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        bytes.to_pkcs8_pem(LineEnding::LF).map_err(|_| Error::Key("cannot be encoded".into()))
    }

    /// Returns the public key.
    #[must_use]
    pub fn public_key(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Returns the name of the public key.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.public_key().id()
    }

    /// Signs `message`. The same message gets the same signature.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LEN] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {})", self.id())
    }
}

#[cfg(test)]
mod tests;
