//! A certificate, and whether it may sign or issue.

use x509_cert::Certificate;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use super::algorithm::verifies;
use crate::Error;
use crate::openssf::key::EcPublicKey;

const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const SUBJECT_NAMES: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.17");
const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");

/// A certificate with its bytes.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) der: Vec<u8>,
    certificate: Certificate,
}

impl Parsed {
    pub(super) fn from_der(der: &[u8]) -> Result<Self, Error> {
        let certificate = Certificate::from_der(der);
        let certificate = certificate.map_err(|e| Error::Key(format!("certificate: {e}")))?;
        Ok(Self { der: der.to_vec(), certificate })
    }

    pub(super) fn subject(&self) -> Vec<u8> {
        self.certificate.tbs_certificate().subject().to_der().unwrap_or_default()
    }

    pub(super) fn issuer(&self) -> Vec<u8> {
        self.certificate.tbs_certificate().issuer().to_der().unwrap_or_default()
    }

    pub(super) fn name(&self) -> String {
        self.certificate.tbs_certificate().subject().to_string()
    }

    pub(super) fn begins(&self) -> u64 {
        self.certificate.tbs_certificate().validity().not_before.to_unix_duration().as_secs()
    }

    fn ends(&self) -> u64 {
        self.certificate.tbs_certificate().validity().not_after.to_unix_duration().as_secs()
    }

    pub(super) fn serial_number(&self) -> &SerialNumber {
        self.certificate.tbs_certificate().serial_number()
    }

    pub(super) fn key_info(&self) -> &SubjectPublicKeyInfoOwned {
        self.certificate.tbs_certificate().subject_public_key_info()
    }

    pub(super) fn key(&self) -> Result<EcPublicKey, Error> {
        let info = self.key_info().to_der();
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
    pub(super) fn check_signer(&self) -> Result<(), Error> {
        let refused = |detail: String| Error::Signature(format!("certificate: {detail}"));
        self.check_critical().map_err(refused)?;
        let usage: Option<KeyUsage> = self.extension(KEY_USAGE).map_err(refused)?;
        let extended: Option<ExtendedKeyUsage> =
            self.extension(EXTENDED_KEY_USAGE).map_err(refused)?;
        let signs_code = extended.is_some_and(|extended| extended.0.contains(&CODE_SIGNING));
        if usage.is_some_and(|usage| usage.digital_signature()) || signs_code {
            return Ok(());
        }
        Err(refused(format!("`{}`: its key usage is not to sign", self.name())))
    }

    /// Whether this certificate may have issued `subject`, which has `depth` certificates below it, and did.
    pub(super) fn check_issuer(
        &self,
        subject: &Self,
        time: u64,
        depth: usize,
    ) -> Result<(), String> {
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

    pub(super) fn is_self_signed(&self) -> bool {
        self.subject() == self.issuer() && self.has_signed(self)
    }

    fn has_signed(&self, subject: &Self) -> bool {
        let tbs = subject.certificate.tbs_certificate();
        let algorithm = subject.certificate.signature_algorithm();
        let Ok(message) = tbs.to_der() else { return false };
        let Some(signature) = subject.certificate.signature().as_bytes() else { return false };
        algorithm == tbs.signature() && verifies(self.key_info(), algorithm, &message, signature)
    }
}
