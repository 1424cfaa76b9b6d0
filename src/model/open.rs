//! Opening: from bytes or a file to a model that passed its self test.

#[cfg(feature = "std")]
use alloc::vec::Vec;
#[cfg(feature = "std")]
use std::path::Path;

use super::Model;
#[cfg(feature = "std")]
use super::file::read_file;
use crate::budget::{Budget, times};
use crate::bundle::{Bundle, Limits, MIN_GOLDEN_CASES};
use crate::error::{Error, Place};
use crate::trust::Trust;

impl Model {
    /// Opens a bundle: checks its digests and structure, and replays its golden cases.
    ///
    /// # Errors
    ///
    /// Every kind of the classes `Format`, `Version`, `Integrity`, `Limit` and `SelfTest`, with the
    /// place in the bundle.
    ///
    /// ```
    /// let error = nomogram::Model::open(b"PK\x03\x04").unwrap_err();
    /// assert_eq!(error.kind(), nomogram::ErrorKind::Magic);
    /// ```
    pub fn open(bytes: &[u8]) -> Result<Self, Error> {
        Self::open_with(bytes, &Limits::default())
    }

    /// [`Self::open`] with other limits.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn open_with(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        let model = Self::open_untested(bytes, limits)?;
        model.self_test()?;
        Ok(model)
    }

    /// [`Self::open_with`] for a bundle whose digest and signatures a policy accepts.
    ///
    /// # Errors
    ///
    /// As [`Self::open`]; `InvalidSignature`, `MissingSignature`, `ExpiredSignature`, `RevokedKey` or
    /// `OtherDigest`, with the key and the role.
    pub fn open_trusted(bytes: &[u8], limits: &Limits, trust: &Trust) -> Result<Self, Error> {
        let model = Self::open_trusted_untested(bytes, limits, Some(trust))?;
        model.self_test()?;
        Ok(model)
    }

    /// Verifies the digest and the signatures of an opened bundle, for a policy that changed since, or a
    /// later time. A bundle has at most 32 signatures.
    ///
    /// # Errors
    ///
    /// The kinds that [`Self::open_trusted`] adds.
    pub fn verify_trust(&self, trust: &Trust) -> Result<(), Error> {
        trust.verify(&self.digest, &self.signatures, &mut Budget::unlimited())
    }

    /// [`Self::open_trusted`], where there is a policy, without replaying the golden cases.
    pub(crate) fn open_trusted_untested(
        bytes: &[u8],
        limits: &Limits,
        trust: Option<&Trust>,
    ) -> Result<Self, Error> {
        let mut budget = limits.budget(bytes.len() as u64);
        let bundle = Bundle::from_bytes(bytes, limits, &mut budget)?;
        if let Some(trust) = trust {
            trust.verify(&bundle.digest, &bundle.signatures, &mut budget)?;
        }
        Self::of_bundle(bundle, &mut budget)
    }

    /// [`Self::open_with`] without replaying the golden cases. For tests only: nothing proves that
    /// such a model predicts what was sealed.
    ///
    /// # Errors
    ///
    /// As [`Self::open`], without the class `SelfTest`.
    pub fn open_untested(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        Self::open_trusted_untested(bytes, limits, None)
    }

    /// [`Self::open_untested`] for bytes that are freed as soon as they are decoded.
    #[cfg(feature = "std")]
    pub(crate) fn open_owned(
        bytes: Vec<u8>,
        limits: &Limits,
        trust: Option<&Trust>,
    ) -> Result<Self, Error> {
        let n_bytes = bytes.len();
        let mut budget = limits.budget(n_bytes as u64);
        budget.take_list::<u8>(n_bytes)?;
        let bundle = Bundle::from_bytes(&bytes, limits, &mut budget)?;
        drop(bytes);
        if let Some(trust) = trust {
            trust.verify(&bundle.digest, &bundle.signatures, &mut budget)?;
        }
        budget.return_list::<u8>(n_bytes);
        Self::of_bundle(bundle, &mut budget)
    }

    fn of_bundle(bundle: Bundle, budget: &mut Budget) -> Result<Self, Error> {
        let mut model = Self::new(bundle.parts, bundle.digest, budget)?;
        model.format = bundle.format;
        model.n_skipped_sections = bundle.n_skipped_sections;
        model.signatures = bundle.signatures;
        model.golden_cases = bundle.golden_cases;
        model.answers = bundle.answers;
        model.uncertainty_answer = bundle.uncertainty_answer;
        let n_replayed = model.golden_cases.len() + MIN_GOLDEN_CASES;
        let work = times(n_replayed, model.work).saturating_add(model.answers_work());
        budget.work(work).map_err(|e| e.within(Place::Section("golden cases")))?;
        Ok(model)
    }

    /// Opens a bundle from a file.
    ///
    /// # Errors
    ///
    /// As [`Self::open`], and `FileNotFound`, `FileRead` or `OutOfMemory`.
    #[cfg(feature = "std")]
    pub fn open_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::open_file_with(path, &Limits::default())
    }

    /// [`Self::open_file`] with other limits.
    ///
    /// # Errors
    ///
    /// As [`Self::open_file`].
    #[cfg(feature = "std")]
    pub fn open_file_with(path: impl AsRef<Path>, limits: &Limits) -> Result<Self, Error> {
        let model = Self::open_owned(Self::read_file(path, limits)?, limits, None)?;
        model.self_test()?;
        Ok(model)
    }

    /// The bytes of a regular file that begins as a bundle, for [`Self::open_with`]. A pipe or a device
    /// is refused without waiting for it.
    ///
    /// # Errors
    ///
    /// `FileNotFound`, `FileRead` or `OutOfMemory`; the kinds of [`Self::open`] that the header of the
    /// file shows, and `TooLarge` above the limit, before the rest is read.
    #[cfg(feature = "std")]
    pub fn read_file(path: impl AsRef<Path>, limits: &Limits) -> Result<Vec<u8>, Error> {
        read_file(path.as_ref(), limits)
    }
}
