//! ECDSA keys on P-256, P-384 and P-521, each with the SHA-2 of its size.

use std::fmt;
use std::path::Path;

use nomogram::Digest;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding,
};
use zeroize::Zeroizing;

use crate::Error;
use crate::keys::{read_secret, write_new};

/// A public key.
#[derive(Clone)]
pub enum EcPublicKey {
    /// On P-256.
    P256(p256::ecdsa::VerifyingKey),
    /// On P-384.
    P384(p384::ecdsa::VerifyingKey),
    /// On P-521.
    P521(p521::ecdsa::VerifyingKey),
}

/// A secret key.
pub enum EcSecretKey {
    /// On P-256.
    P256(p256::ecdsa::SigningKey),
    /// On P-384.
    P384(p384::ecdsa::SigningKey),
    /// On P-521.
    P521(p521::ecdsa::SigningKey),
}

impl EcPublicKey {
    /// Reads the first `BEGIN PUBLIC KEY` of a text.
    ///
    /// # Errors
    ///
    /// `Key` when that is no key on one of the three curves.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        let pem = text.find("-----BEGIN").and_then(|start| text.get(start..)).unwrap_or(text);
        if let Ok(key) = p256::PublicKey::from_public_key_pem(pem) {
            return Ok(Self::P256(key.into()));
        }
        if let Ok(key) = p384::PublicKey::from_public_key_pem(pem) {
            return Ok(Self::P384(key.into()));
        }
        p521::PublicKey::from_public_key_pem(pem)
            .map(|key| Self::P521(key.into()))
            .map_err(|_| unknown("public"))
    }

    /// Reads a SubjectPublicKeyInfo in DER.
    ///
    /// # Errors
    ///
    /// As [`Self::from_pem`].
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        if let Ok(key) = p256::PublicKey::from_public_key_der(der) {
            return Ok(Self::P256(key.into()));
        }
        if let Ok(key) = p384::PublicKey::from_public_key_der(der) {
            return Ok(Self::P384(key.into()));
        }
        p521::PublicKey::from_public_key_der(der)
            .map(|key| Self::P521(key.into()))
            .map_err(|_| unknown("public"))
    }

    /// Reads a file with such a text.
    ///
    /// # Errors
    ///
    /// `File`, or as [`Self::from_pem`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::from_pem(&std::fs::read_to_string(path).map_err(Error::file(path))?)
    }

    /// Returns the PEM.
    ///
    /// # Errors
    ///
    /// `Key` when encoding fails, which no key of this type does.
    pub fn to_pem(&self) -> Result<String, Error> {
        let pem = match self {
            Self::P256(key) => p256::PublicKey::from(key).to_public_key_pem(LineEnding::LF),
            Self::P384(key) => p384::PublicKey::from(key).to_public_key_pem(LineEnding::LF),
            Self::P521(key) => p521::PublicKey::from(key).to_public_key_pem(LineEnding::LF),
        };
        pem.map_err(|error| Error::Key(error.to_string()))
    }

    /// Writes a new PEM file.
    ///
    /// # Errors
    ///
    /// `File` when it exists or cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<(), Error> {
        write_new(path, self.to_pem()?.as_bytes(), 0o644)
    }

    /// Returns the name that signatures have for the key: SHA-256 of its PEM, in hexadecimal digits.
    ///
    /// # Errors
    ///
    /// As [`Self::to_pem`].
    pub fn hint(&self) -> Result<String, Error> {
        Ok(Digest::of(self.to_pem()?.as_bytes()).to_string())
    }

    /// Verifies a signature in DER.
    ///
    /// # Errors
    ///
    /// `Signature`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Error> {
        let verified =
            match self {
                Self::P256(key) => p256::ecdsa::Signature::from_der(signature)
                    .and_then(|s| key.verify(message, &s)),
                Self::P384(key) => p384::ecdsa::Signature::from_der(signature)
                    .and_then(|s| key.verify(message, &s)),
                Self::P521(key) => p521::ecdsa::Signature::from_der(signature)
                    .and_then(|s| key.verify(message, &s)),
            };
        let hint = self.hint()?;
        verified.map_err(|_| Error::Signature(format!("key {hint}: does not verify")))
    }
}

impl fmt::Debug for EcPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EcPublicKey({})", self.hint().unwrap_or_default())
    }
}

impl EcSecretKey {
    /// Makes a key on P-384 of random bytes of the system.
    ///
    /// # Errors
    ///
    /// `Random`.
    pub fn generate() -> Result<Self, Error> {
        let mut bytes = Zeroizing::new([0; 48]);
        loop {
            getrandom::fill(bytes.as_mut()).map_err(|error| Error::Random(error.to_string()))?;
            // Fails for a number beyond the order of the curve, which is rarer than a fault of memory.
            if let Ok(key) = p384::ecdsa::SigningKey::from_slice(bytes.as_ref()) {
                return Ok(Self::P384(key));
            }
        }
    }

    /// Reads `BEGIN PRIVATE KEY` or `BEGIN EC PRIVATE KEY`.
    ///
    /// # Errors
    ///
    /// `Key` when that is no key without password on one of the three curves.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        // OpenSSL writes the parameters of the curve in front.
        let start = ["-----BEGIN PRIVATE KEY", "-----BEGIN EC PRIVATE KEY"];
        let pem = start.iter().find_map(|start| text.get(text.find(start)?..)).unwrap_or_default();
        if let Ok(key) =
            p256::SecretKey::from_pkcs8_pem(pem).or_else(|_| p256::SecretKey::from_sec1_pem(pem))
        {
            return Ok(Self::P256(key.into()));
        }
        if let Ok(key) =
            p384::SecretKey::from_pkcs8_pem(pem).or_else(|_| p384::SecretKey::from_sec1_pem(pem))
        {
            return Ok(Self::P384(key.into()));
        }
        let key =
            p521::SecretKey::from_pkcs8_pem(pem).or_else(|_| p521::SecretKey::from_sec1_pem(pem));
        key.map(|key| Self::P521(key.into())).map_err(|_| unknown("secret"))
    }

    /// Reads a file that only its owner can access.
    ///
    /// # Errors
    ///
    /// `Exposed`, `File`, or as [`Self::from_pem`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::from_pem(&read_secret(path)?)
    }

    /// Writes a new file that only its owner can read.
    ///
    /// # Errors
    ///
    /// `File` when it exists or cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<(), Error> {
        let pem = match self {
            Self::P256(key) => p256::SecretKey::from(key).to_pkcs8_pem(LineEnding::LF),
            Self::P384(key) => p384::SecretKey::from(key).to_pkcs8_pem(LineEnding::LF),
            Self::P521(key) => p521::SecretKey::from(key).to_pkcs8_pem(LineEnding::LF),
        };
        let pem = pem.map_err(|_| Error::Key("cannot be encoded".into()))?;
        write_new(path, pem.as_bytes(), 0o600)
    }

    /// Returns the public key.
    #[must_use]
    pub fn public_key(&self) -> EcPublicKey {
        match self {
            Self::P256(key) => EcPublicKey::P256(*key.verifying_key()),
            Self::P384(key) => EcPublicKey::P384(*key.verifying_key()),
            Self::P521(key) => EcPublicKey::P521(*key.verifying_key()),
        }
    }

    /// Signs `message`; returns the DER.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(match self {
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Self::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Self::P521(key) => {
                let signature: p521::ecdsa::Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
        })
    }
}

impl fmt::Debug for EcSecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EcSecretKey(of {:?})", self.public_key())
    }
}

fn unknown(what: &str) -> Error {
    Error::Key(format!("not the PEM of a {what} key on P-256, P-384 or P-521, without password"))
}
