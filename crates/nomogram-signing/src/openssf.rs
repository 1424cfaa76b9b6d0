//! OpenSSF Model Signing v1.0: detached signatures of a file or a folder.
//!
//! A signature is a JSON in the format of Sigstore's bundles: a DSSE envelope over an in-toto statement that lists every
//! file with its SHA-256, and how to verify it. Two methods are supported, an ECDSA key and a chain of certificates. A
//! bundle of the third, Sigstore's keyless one, is recognised but not verified, since that needs its transparency log.

// What is signed with.
pub mod key;

pub mod certificate;
mod files;

// What is signed.
mod statement;

// The JSON around it.
mod bundle;

use std::path::{Path, PathBuf};

pub use bundle::{Method, check_format};
pub use certificate::{Certificates, RevocationLists};
pub use key::{EcPublicKey, EcSecretKey};

use crate::Error;
use crate::dsse::pae;
use bundle::{Material, SignedBundle};
use files::FileList;
use statement::Statement;

/// The payload type of in-toto statements.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Whom a signature must be by.
#[derive(Debug)]
pub enum Trusted {
    /// The holder of this key.
    Key(EcPublicKey),
    /// Anyone whose certificate leads to one of these, if no list revokes it or an issuer of it.
    Roots(Certificates, RevocationLists),
}

/// Signs `model`, a file or a folder, with a key, and returns the JSON of the signature.
///
/// `ignored` are files and folders inside `model` that are not signed, such as the signature itself. The files of Git
/// never are.
///
/// # Errors
///
/// `File` when a file cannot be read; `Signature` for a symbolic link, or a name that is not UTF-8.
pub fn sign(model: &Path, ignored: &[PathBuf], key: &EcSecretKey) -> Result<String, Error> {
    let material = Material::PublicKey { hint: key.public_key().hint()? };
    sign_as(model, ignored, key, material)
}

/// As [`sign`], with the certificate of the key first in `chain`, and then those that lead to a root.
///
/// # Errors
///
/// As [`sign`]; `Key` when the first certificate is not of this key.
pub fn sign_with_certificate(
    model: &Path,
    ignored: &[PathBuf],
    key: &EcSecretKey,
    chain: &Certificates,
) -> Result<String, Error> {
    if chain.leaf_key()?.hint()? != key.public_key().hint()? {
        return Err(Error::Key("the first certificate has another key".into()));
    }
    sign_as(model, ignored, key, Material::Chain(chain.to_der()))
}

fn sign_as(
    model: &Path,
    ignored: &[PathBuf],
    key: &EcSecretKey,
    material: Material,
) -> Result<String, Error> {
    let files = FileList::read(model, ignored)?;
    let payload = Statement::new(files).to_json();
    let signature = key.sign(&pae(PAYLOAD_TYPE, payload.as_bytes()))?;
    SignedBundle::to_json(&material, &payload, &signature)
}

/// Verifies that `model` is what was signed, and by whom. Returns the number of files.
///
/// Every file must be listed, and every listed file be there. `ignored` and the paths that the signer ignored are left
/// out. Certificates are verified as of the beginning of the signer's certificate, as the specification's program does:
/// without a trusted time of signing, a signature does not expire with it.
///
/// # Errors
///
/// `Envelope` for another format, method or predicate; `Signature`, with the reason, key or file; `File`.
pub fn verify(
    model: &Path,
    signature: &[u8],
    ignored: &[PathBuf],
    trusted: &Trusted,
) -> Result<usize, Error> {
    let bundle = SignedBundle::from_json(signature)?;
    let key = match (trusted, &bundle.material) {
        (Trusted::Key(key), Material::PublicKey { hint }) => {
            let expected = key.hint()?;
            if !hint.is_empty() && *hint != expected {
                let detail = format!("by key {hint}, expected {expected}");
                return Err(Error::Signature(detail));
            }
            key.clone()
        }
        (Trusted::Roots(roots, revoked), Material::Chain(chain)) => {
            Certificates::from_der(chain)?.verified_key(roots, revoked)?
        }
        (Trusted::Key(_) | Trusted::Roots(..), material) => {
            let found = material.method();
            return Err(Error::Signature(format!(
                "method {found}, expected the one of what is trusted"
            )));
        }
    };
    let envelope = bundle.envelope;
    if envelope.payload_type() != PAYLOAD_TYPE {
        let found = envelope.payload_type();
        return Err(Error::Envelope(format!("payload type `{found}`, expected `{PAYLOAD_TYPE}`")));
    }
    let payload = envelope.unverified_payload()?;
    let signatures = envelope.unverified_signatures()?;
    let [(_, bytes)] = signatures.as_slice() else {
        return Err(Error::Envelope(format!("{} signatures, expected 1", signatures.len())));
    };
    key.verify(&pae(PAYLOAD_TYPE, &payload), bytes)?;
    let signed = Statement::from_json(&payload)?;
    let ignored: Vec<PathBuf> =
        ignored.iter().cloned().chain(signed.ignored().map(|path| model.join(path))).collect();
    let found = FileList::read(model, &ignored)?;
    signed.compare(&found)?;
    Ok(found.len())
}

#[cfg(test)]
mod tests;
