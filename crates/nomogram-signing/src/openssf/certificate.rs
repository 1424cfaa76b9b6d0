//! Chains of X.509 certificates, from a signer to a root that is trusted.
//!
//! A chain ends at a certificate of the caller; the roots of the system are never used.

// Layers, lowest first: a module uses only the blocks above its own.
mod algorithm;
mod pem;

mod parsed;

mod revocation;

use std::path::Path;

pub use revocation::RevocationLists;

use super::key::EcPublicKey;
use crate::Error;
use parsed::Parsed;

/// The most certificates between a signer and a root.
const MAX_DEPTH: usize = 8;
/// The most certificates of a list.
const MAX_CERTIFICATES: usize = 64;
/// The most issuers that are tried: certificates of one name and key could be put in any order.
const MAX_TRIED: usize = 256;

/// Certificates, in their order.
#[derive(Debug)]
pub struct Certificates(Vec<Parsed>);

impl Certificates {
    /// Reads every `BEGIN CERTIFICATE` of a text.
    ///
    /// # Errors
    ///
    /// `Key` when there is none, or one that cannot be decoded.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        let der = pem::blocks(text, "CERTIFICATE")?;
        Self::from_der(&der)
    }

    /// Reads the files of such texts, one after the other.
    ///
    /// # Errors
    ///
    /// `File`, or as [`Self::from_pem`].
    pub fn read(paths: &[impl AsRef<Path>]) -> Result<Self, Error> {
        Self::from_pem(&pem::read(paths)?)
    }

    pub(super) fn from_der(list: &[Vec<u8>]) -> Result<Self, Error> {
        if list.is_empty() || list.len() > MAX_CERTIFICATES {
            let n = list.len();
            return Err(Error::Key(format!("{n} certificates, expected 1 to {MAX_CERTIFICATES}")));
        }
        list.iter().map(|der| Parsed::from_der(der)).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn to_der(&self) -> Vec<Vec<u8>> {
        self.0.iter().map(|parsed| parsed.der.clone()).collect()
    }

    /// Returns the key of the first certificate.
    pub(super) fn leaf_key(&self) -> Result<EcPublicKey, Error> {
        self.leaf()?.key()
    }

    /// Returns the key of the first certificate once a chain from it to one of `roots` was verified, of which no
    /// certificate is revoked.
    ///
    /// # Errors
    ///
    /// `Signature`, with the reason.
    pub(super) fn verified_key(
        &self,
        roots: &Self,
        revoked: &RevocationLists,
    ) -> Result<EcPublicKey, Error> {
        let leaf = self.leaf()?;
        leaf.check_signer()?;
        let mut search = Search {
            certificates: self,
            roots,
            revoked,
            time: leaf.begins(),
            n_tried: 0,
            last: "no issuer is among the certificates".into(),
        };
        if search.reaches_root(leaf, 0) {
            return leaf.key();
        }
        let reason = search.last;
        Err(Error::Signature(format!("certificate: no chain to a trusted root: {reason}")))
    }

    fn leaf(&self) -> Result<&Parsed, Error> {
        self.0.first().ok_or_else(|| Error::Key("no certificate".into()))
    }
}

/// The search for a chain.
struct Search<'a> {
    certificates: &'a Certificates,
    roots: &'a Certificates,
    revoked: &'a RevocationLists,
    /// The time as of which certificates must be valid.
    time: u64,
    n_tried: usize,
    /// Why the last issuer that was tried is none.
    last: String,
}

impl<'a> Search<'a> {
    /// Whether a chain leads from `subject`, which has `depth` certificates below it, to a root.
    fn reaches_root(&mut self, subject: &'a Parsed, depth: usize) -> bool {
        if depth > MAX_DEPTH {
            self.last = format!("more than {MAX_DEPTH} certificates");
            return false;
        }
        if self.roots.0.iter().any(|root| root.der == subject.der) && subject.is_self_signed() {
            return true;
        }
        for issuer in self.roots.0.iter().chain(self.certificates.0.iter().skip(1)) {
            if issuer.der == subject.der || issuer.subject() != subject.issuer() {
                continue;
            }
            self.n_tried += 1;
            if self.n_tried > MAX_TRIED {
                self.last = format!("more than {MAX_TRIED} issuers were tried");
                return false;
            }
            let checked = issuer
                .check_issuer(subject, self.time, depth)
                .and_then(|()| self.revoked.check(subject, issuer));
            match checked {
                Ok(()) if self.reaches_root(issuer, depth + 1) => return true,
                Ok(()) => {}
                Err(reason) => self.last = reason,
            }
        }
        false
    }
}
