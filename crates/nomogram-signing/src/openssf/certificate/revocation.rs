//! Revocation lists that the caller gives.

use std::path::Path;

use x509_cert::crl::CertificateList;
use x509_cert::der::{Decode, Encode};

use super::algorithm::verifies;
use super::parsed::Parsed;
use super::pem;
use crate::Error;

/// Revocation lists (CRL) of issuers. A certificate whose issuer has none is not looked up.
///
/// A revoked certificate counts for nothing, whenever it signed: its holder can write any time. Lists are used as
/// they are, also after the time of their next update.
#[derive(Debug, Default)]
pub struct RevocationLists(Vec<CertificateList>);

impl RevocationLists {
    /// Reads every `BEGIN X509 CRL` of a text.
    ///
    /// # Errors
    ///
    /// `Key` when there is none, or one that cannot be decoded; also for a list of some certificates only.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        let lists = pem::blocks(text, "X509 CRL")?;
        if lists.is_empty() {
            return Err(Error::Key("found no revocation list, expected `BEGIN X509 CRL`".into()));
        }
        lists.iter().map(|der| read(der)).collect::<Result<_, _>>().map(Self)
    }

    /// Reads the files of such texts, one after the other.
    ///
    /// # Errors
    ///
    /// `File`, or as [`Self::from_pem`].
    pub fn read(paths: &[impl AsRef<Path>]) -> Result<Self, Error> {
        if paths.is_empty() {
            return Ok(Self::default());
        }
        Self::from_pem(&pem::read(paths)?)
    }

    /// Refuses `subject`, which `issuer` issued, if a list of the issuer has it.
    pub(super) fn check(&self, subject: &Parsed, issuer: &Parsed) -> Result<(), String> {
        let name = issuer.subject();
        for list in &self.0 {
            let CertificateList { tbs_cert_list, signature_algorithm, signature } = list;
            if tbs_cert_list.issuer.to_der().unwrap_or_default() != name {
                continue;
            }
            let message = tbs_cert_list.to_der().unwrap_or_default();
            let is_signed = *signature_algorithm == tbs_cert_list.signature
                && signature.as_bytes().is_some_and(|signature| {
                    verifies(issuer.key_info(), signature_algorithm, &message, signature)
                });
            if !is_signed {
                return Err(format!("`{}`: did not sign its revocation list", issuer.name()));
            }
            let mut revoked = tbs_cert_list.revoked_certificates.iter().flatten();
            if revoked.any(|entry| entry.serial_number == *subject.serial_number()) {
                return Err(format!("`{}`: was revoked by `{}`", subject.name(), issuer.name()));
            }
        }
        Ok(())
    }
}

/// Decodes a list. One with an extension that must be understood may be of some certificates only.
fn read(der: &[u8]) -> Result<CertificateList, Error> {
    let invalid = |detail: String| Error::Key(format!("revocation list: {detail}"));
    let list = CertificateList::from_der(der).map_err(|cause| invalid(cause.to_string()))?;
    let tbs = &list.tbs_cert_list;
    let entries = tbs.revoked_certificates.iter().flatten();
    let of_entries = entries.flat_map(|entry| entry.crl_entry_extensions.iter().flatten());
    let mut extensions = tbs.crl_extensions.iter().flatten().chain(of_entries);
    match extensions.find(|extension| extension.critical) {
        Some(unknown) => Err(invalid(format!("unknown critical extension {}", unknown.extn_id))),
        None => Ok(list),
    }
}
