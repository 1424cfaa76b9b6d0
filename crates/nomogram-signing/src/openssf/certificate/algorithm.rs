//! Signatures over certificates and revocation lists, by RSA or ECDSA.

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_cert::der::Encode;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::openssf::key::EcPublicKey;

const RSA: &str = "1.2.840.113549.1.1.1";

/// Whether `signature` over `message` is by the key `info`.
pub(super) fn verifies(
    info: &SubjectPublicKeyInfoOwned,
    algorithm: &AlgorithmIdentifierOwned,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let Some(key) = info.subject_public_key.as_bytes() else { return false };
    let algorithm = algorithm.oid.to_string();
    let known: Option<&'static dyn VerificationAlgorithm> =
        match (info.algorithm.oid.to_string() == RSA, algorithm.as_str()) {
            (true, "1.2.840.113549.1.1.11") => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
            (true, "1.2.840.113549.1.1.12") => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
            (true, "1.2.840.113549.1.1.13") => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
            _ => None,
        };
    if let Some(known) = known {
        return UnparsedPublicKey::new(known, key).verify(message, signature).is_ok();
    }
    let Ok(info) = info.to_der() else { return false };
    let Ok(ec) = EcPublicKey::from_der(&info) else { return false };
    let pair: Option<&'static dyn VerificationAlgorithm> = match (&ec, algorithm.as_str()) {
        (EcPublicKey::P256(_), "1.2.840.10045.4.3.2") => Some(&signature::ECDSA_P256_SHA256_ASN1),
        (EcPublicKey::P256(_), "1.2.840.10045.4.3.3") => Some(&signature::ECDSA_P256_SHA384_ASN1),
        (EcPublicKey::P384(_), "1.2.840.10045.4.3.2") => Some(&signature::ECDSA_P384_SHA256_ASN1),
        (EcPublicKey::P384(_), "1.2.840.10045.4.3.3") => Some(&signature::ECDSA_P384_SHA384_ASN1),
        (EcPublicKey::P521(_), "1.2.840.10045.4.3.4") => {
            return ec.verify(message, signature).is_ok();
        }
        _ => None,
    };
    pair.is_some_and(|pair| UnparsedPublicKey::new(pair, key).verify(message, signature).is_ok())
}
