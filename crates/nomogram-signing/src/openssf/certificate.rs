//! Chains of X.509 certificates, from a signer to a root that is trusted.
//!
//! A chain ends at a certificate of the caller; the roots of the system are never used. Revocation lists are not read.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_cert::Certificate;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};

use super::key::EcPublicKey;
use crate::Error;

/// The most certificates between a signer and a root.
const MAX_DEPTH: usize = 8;
/// The most certificates of a list.
const MAX_CERTIFICATES: usize = 64;

const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const SUBJECT_NAMES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");

/// Certificates, in their order.
#[derive(Debug)]
pub struct Certificates(Vec<Parsed>);

#[derive(Debug)]
struct Parsed {
    der: Vec<u8>,
    certificate: Certificate,
}

impl Certificates {
    /// Reads every `BEGIN CERTIFICATE` of a text.
    ///
    /// # Errors
    ///
    /// `Key` when there is none, or one that cannot be decoded.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        let mut der = Vec::new();
        for block in text.split("-----BEGIN CERTIFICATE-----").skip(1) {
            let body = block.split("-----END CERTIFICATE-----").next().unwrap_or_default();
            let body: String = body.split_whitespace().collect();
            der.push(STANDARD.decode(body).map_err(|e| Error::Key(format!("certificate: {e}")))?);
        }
        Self::from_der(&der)
    }

    /// Reads the files of such texts, one after the other.
    ///
    /// # Errors
    ///
    /// `File`, or as [`Self::from_pem`].
    pub fn read(paths: &[impl AsRef<Path>]) -> Result<Self, Error> {
        let mut all = String::new();
        for path in paths {
            let path = path.as_ref();
            all += &std::fs::read_to_string(path).map_err(Error::file(path))?;
            all.push('\n');
        }
        Self::from_pem(&all)
    }

    pub(super) fn from_der(list: &[Vec<u8>]) -> Result<Self, Error> {
        if list.is_empty() || list.len() > MAX_CERTIFICATES {
            let n = list.len();
            return Err(Error::Key(format!("{n} certificates, expected 1 to {MAX_CERTIFICATES}")));
        }
        let parse = |der: &Vec<u8>| {
            let certificate = Certificate::from_der(der);
            let certificate = certificate.map_err(|e| Error::Key(format!("certificate: {e}")))?;
            Ok(Parsed { der: der.clone(), certificate })
        };
        list.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn to_der(&self) -> Vec<Vec<u8>> {
        self.0.iter().map(|parsed| parsed.der.clone()).collect()
    }

    /// Returns the key of the first certificate.
    pub(super) fn leaf_key(&self) -> Result<EcPublicKey, Error> {
        self.leaf()?.key()
    }

    /// Returns the key of the first certificate once a chain from it to one of `roots` was verified.
    ///
    /// # Errors
    ///
    /// `Signature`, with the reason.
    pub(super) fn verified_key(&self, roots: &Self) -> Result<EcPublicKey, Error> {
        let leaf = self.leaf()?;
        let time = leaf.begins();
        leaf.check_signer()?;
        let mut last = None;
        if self.reaches(leaf, roots, time, 0, &mut last) {
            return leaf.key();
        }
        let reason = last.unwrap_or_else(|| "no issuer is among the certificates".to_owned());
        Err(Error::Signature(format!("certificate: no chain to a trusted root: {reason}")))
    }

    fn leaf(&self) -> Result<&Parsed, Error> {
        self.0.first().ok_or_else(|| Error::Key("no certificate".into()))
    }

    /// Whether a chain leads from `subject`, which has `depth` certificates below it, to a root.
    fn reaches(
        &self,
        subject: &Parsed,
        roots: &Self,
        time: u64,
        depth: usize,
        last: &mut Option<String>,
    ) -> bool {
        if depth > MAX_DEPTH {
            *last = Some(format!("more than {MAX_DEPTH} certificates"));
            return false;
        }
        if roots.0.iter().any(|root| root.der == subject.der) && subject.is_self_signed() {
            return true;
        }
        for issuer in roots.0.iter().chain(self.0.iter().skip(1)) {
            if issuer.der == subject.der || issuer.subject() != subject.issuer() {
                continue;
            }
            match issuer.check_issuer(subject, time, depth) {
                Ok(()) if self.reaches(issuer, roots, time, depth + 1, last) => return true,
                Ok(()) => {}
                Err(reason) => *last = Some(reason),
            }
        }
        false
    }
}

impl Parsed {
    fn subject(&self) -> Vec<u8> {
        self.certificate.tbs_certificate().subject().to_der().unwrap_or_default()
    }

    fn issuer(&self) -> Vec<u8> {
        self.certificate.tbs_certificate().issuer().to_der().unwrap_or_default()
    }

    fn name(&self) -> String {
        self.certificate.tbs_certificate().subject().to_string()
    }

    fn begins(&self) -> u64 {
        self.certificate.tbs_certificate().validity().not_before.to_unix_duration().as_secs()
    }

    fn ends(&self) -> u64 {
        self.certificate.tbs_certificate().validity().not_after.to_unix_duration().as_secs()
    }

    fn key(&self) -> Result<EcPublicKey, Error> {
        let info = self.certificate.tbs_certificate().subject_public_key_info().to_der();
        EcPublicKey::from_der(&info.map_err(|e| Error::Key(e.to_string()))?)
    }

    /// The value of an extension.
    fn extension<'a, T: Decode<'a>>(&'a self, id: ObjectIdentifier) -> Result<Option<T>, String> {
        let extensions = self.certificate.tbs_certificate().extensions();
        let found = extensions.into_iter().flatten().find(|extension| extension.extn_id == id);
        found
            .map(|extension| {
                T::from_der(extension.extn_value.as_bytes())
                    .map_err(|_| format!("`{}`: extension {id} cannot be decoded", self.name()))
            })
            .transpose()
    }

    /// Refuses a certificate that must not be used by those who do not understand all of it.
    fn check_critical(&self) -> Result<(), String> {
        let known = [KEY_USAGE, BASIC_CONSTRAINTS, EXTENDED_KEY_USAGE, SUBJECT_NAMES];
        let extensions = self.certificate.tbs_certificate().extensions();
        let mut unknown =
            extensions.into_iter().flatten().filter(|e| e.critical && !known.contains(&e.extn_id));
        match unknown.next() {
            Some(extension) => {
                Err(format!("`{}`: unknown critical extension {}", self.name(), extension.extn_id))
            }
            None => Ok(()),
        }
    }

    /// Refuses a signer's certificate that is not for signing.
    fn check_signer(&self) -> Result<(), Error> {
        let refused = |detail: String| Error::Signature(format!("certificate: {detail}"));
        self.check_critical().map_err(refused)?;
        let usage: Option<KeyUsage> = self.extension(KEY_USAGE).map_err(refused)?;
        let usage = usage.ok_or_else(|| refused(format!("`{}`: no key usage", self.name())))?;
        let extended: Option<ExtendedKeyUsage> =
            self.extension(EXTENDED_KEY_USAGE).map_err(refused)?;
        let signs_code = extended.is_some_and(|extended| extended.0.contains(&CODE_SIGNING));
        if usage.digital_signature() || signs_code {
            return Ok(());
        }
        Err(refused(format!("`{}`: its key usage is not to sign", self.name())))
    }

    /// Whether this certificate may have issued `subject`, which has `depth` certificates below it, and did.
    fn check_issuer(&self, subject: &Self, time: u64, depth: usize) -> Result<(), String> {
        let name = self.name();
        self.check_critical()?;
        if time < self.begins() || time > self.ends() || time > subject.ends() {
            return Err(format!("`{name}`: not valid when the signer's certificate begins"));
        }
        let constraints: Option<BasicConstraints> = self.extension(BASIC_CONSTRAINTS)?;
        let constraints = constraints.filter(|constraints| constraints.ca);
        let Some(constraints) = constraints else {
            return Err(format!("`{name}`: not a certificate authority"));
        };
        if constraints.path_len_constraint.is_some_and(|most| depth > usize::from(most)) {
            return Err(format!("`{name}`: more certificates below it than it allows"));
        }
        let usage: Option<KeyUsage> = self.extension(KEY_USAGE)?;
        if usage.is_some_and(|usage| !usage.key_cert_sign()) {
            return Err(format!("`{name}`: may not issue certificates"));
        }
        if self.has_signed(subject) {
            Ok(())
        } else {
            Err(format!("`{name}`: did not issue `{}`", subject.name()))
        }
    }

    fn is_self_signed(&self) -> bool {
        self.subject() == self.issuer() && self.has_signed(self)
    }

    fn has_signed(&self, subject: &Self) -> bool {
        let Ok(message) = subject.certificate.tbs_certificate().to_der() else { return false };
        let Some(signature) = subject.certificate.signature().as_bytes() else { return false };
        if subject.certificate.signature_algorithm()
            != subject.certificate.tbs_certificate().signature()
        {
            return false;
        }
        let info = self.certificate.tbs_certificate().subject_public_key_info();
        let Some(key) = info.subject_public_key.as_bytes() else { return false };
        let key_algorithm = info.algorithm.oid.to_string();
        let algorithm = subject.certificate.signature_algorithm().oid.to_string();
        let is_rsa = key_algorithm == "1.2.840.113549.1.1.1";
        let known: Option<&'static dyn VerificationAlgorithm> = match (is_rsa, algorithm.as_str()) {
            (true, "1.2.840.113549.1.1.11") => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
            (true, "1.2.840.113549.1.1.12") => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
            (true, "1.2.840.113549.1.1.13") => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
            _ => None,
        };
        if let Some(known) = known {
            return UnparsedPublicKey::new(known, key).verify(&message, signature).is_ok();
        }
        let Ok(ec) = self.key() else { return false };
        let pair: Option<&'static dyn VerificationAlgorithm> = match (&ec, algorithm.as_str()) {
            (EcPublicKey::P256(_), "1.2.840.10045.4.3.2") => {
                Some(&signature::ECDSA_P256_SHA256_ASN1)
            }
            (EcPublicKey::P256(_), "1.2.840.10045.4.3.3") => {
                Some(&signature::ECDSA_P256_SHA384_ASN1)
            }
            (EcPublicKey::P384(_), "1.2.840.10045.4.3.2") => {
                Some(&signature::ECDSA_P384_SHA256_ASN1)
            }
            (EcPublicKey::P384(_), "1.2.840.10045.4.3.3") => {
                Some(&signature::ECDSA_P384_SHA384_ASN1)
            }
            (EcPublicKey::P521(_), "1.2.840.10045.4.3.4") => {
                return ec.verify(&message, signature).is_ok();
            }
            _ => None,
        };
        pair.is_some_and(|pair| {
            UnparsedPublicKey::new(pair, key).verify(&message, signature).is_ok()
        })
    }
}
