//! The JSON of a signature, in the format of Sigstore's bundles 0.3.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::statement::Statement;
use super::{Error, PAYLOAD_TYPE};
use crate::dsse::Envelope;

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// How a signature is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// By a public key.
    Key,
    /// By a chain of certificates.
    Certificate,
    /// By an identity and a transparency log, which this crate does not verify.
    Sigstore,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key => "key",
            Self::Certificate => "certificate",
            Self::Sigstore => "sigstore",
        })
    }
}

/// What a signature holds for verifying it.
#[derive(Debug)]
pub(super) enum Material {
    /// The name of the key; empty in early versions, which held the key itself.
    PublicKey { hint: String },
    /// Certificates in DER, that of the signer first.
    Chain(Vec<Vec<u8>>),
    /// One certificate of Sigstore.
    Sigstore,
}

impl Material {
    pub(super) fn method(&self) -> Method {
        match self {
            Self::PublicKey { .. } => Method::Key,
            Self::Chain(_) => Method::Certificate,
            Self::Sigstore => Method::Sigstore,
        }
    }
}

/// A signature as it was read, not verified.
#[derive(Debug)]
pub(super) struct SignedBundle {
    pub(super) material: Material,
    pub(super) envelope: Envelope,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    media_type: String,
    verification_material: RawMaterial,
    dsse_envelope: Envelope,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMaterial {
    public_key: Option<RawKey>,
    x509_certificate_chain: Option<RawChain>,
    certificate: Option<RawCertificate>,
    tlog_entries: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct RawKey {
    #[serde(default)]
    hint: String,
}

#[derive(Deserialize)]
struct RawChain {
    certificates: Vec<RawCertificate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawCertificate {
    raw_bytes: String,
}

impl SignedBundle {
    pub(super) fn from_json(json: &[u8]) -> Result<Self, Error> {
        let raw: Raw = serde_json::from_slice(json).map_err(|e| Error::Envelope(e.to_string()))?;
        if raw.media_type != MEDIA_TYPE {
            let detail = format!("media type `{}`, expected `{MEDIA_TYPE}`", raw.media_type);
            return Err(Error::Envelope(detail));
        }
        let RawMaterial { public_key, x509_certificate_chain, certificate, tlog_entries } =
            raw.verification_material;
        let material = match (public_key, x509_certificate_chain, certificate) {
            (Some(key), None, None) => Material::PublicKey { hint: key.hint },
            (None, Some(chain), None) if !chain.certificates.is_empty() => {
                let der = chain.certificates.iter().map(|c| decode(&c.raw_bytes));
                Material::Chain(der.collect::<Result<_, _>>()?)
            }
            (None, None, Some(certificate)) => {
                decode(&certificate.raw_bytes)?;
                if tlog_entries.unwrap_or_default().is_empty() {
                    let detail =
                        "verificationMaterial: no entry of a transparency log, expected one";
                    return Err(Error::Envelope(detail.into()));
                }
                Material::Sigstore
            }
            _ => {
                let detail = "verificationMaterial: expected a public key, a chain of certificates or a certificate";
                return Err(Error::Envelope(detail.into()));
            }
        };
        Ok(Self { material, envelope: raw.dsse_envelope })
    }

    pub(super) fn to_json(
        material: &Material,
        payload: &str,
        signature: &[u8],
    ) -> Result<String, Error> {
        let mut envelope = Envelope::new(PAYLOAD_TYPE, payload.as_bytes());
        envelope.push_signature(Some(String::new()), signature);
        let material = match material {
            Material::PublicKey { hint } => {
                json!({ "publicKey": { "hint": hint }, "tlogEntries": [] })
            }
            Material::Chain(chain) => {
                let certificates: Vec<_> =
                    chain.iter().map(|der| json!({ "rawBytes": STANDARD.encode(der) })).collect();
                json!({ "x509CertificateChain": { "certificates": certificates }, "tlogEntries": [] })
            }
            Material::Sigstore => {
                return Err(Error::Signature("method sigstore is not supported".into()));
            }
        };
        let bundle = json!({
            "mediaType": MEDIA_TYPE,
            "verificationMaterial": material,
            "dsseEnvelope": envelope,
        });
        serde_json::to_string_pretty(&bundle).map_err(|e| Error::Envelope(e.to_string()))
    }
}

/// Checks the form of a signature without verifying it, and returns its method.
///
/// # Errors
///
/// `Envelope` when it is no bundle of OpenSSF Model Signing v1.0.
pub fn check_format(signature: &[u8]) -> Result<Method, Error> {
    let SignedBundle { material, envelope } = SignedBundle::from_json(signature)?;
    if envelope.payload_type() != PAYLOAD_TYPE {
        let found = envelope.payload_type();
        return Err(Error::Envelope(format!("payload type `{found}`, expected `{PAYLOAD_TYPE}`")));
    }
    let n_signatures = envelope.unverified_signatures()?.len();
    if n_signatures != 1 {
        return Err(Error::Envelope(format!("{n_signatures} signatures, expected 1")));
    }
    Statement::from_json(&envelope.unverified_payload()?)?;
    Ok(material.method())
}

fn decode(text: &str) -> Result<Vec<u8>, Error> {
    STANDARD.decode(text).map_err(|e| Error::Envelope(format!("certificate: {e}")))
}
