//! The bundle: everything that predicting needs, in one sealed file.
//!
//! [`Bundle::from_bytes`] is the only way from bytes to parts; it never panics, stays within the
//! budget of [`Limits`], and always ends. `docs/bundle-format.md` specifies the bytes.

mod digest;
mod golden;
mod json;
mod limits;

mod answers;
mod signature;
mod transcript;

mod container;
mod manifest;

mod format_1;

use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

pub(crate) use answers::Answers;
pub(crate) use container::FORMAT;
#[cfg(feature = "std")]
pub(crate) use container::{HEADER_LEN, check_start};
pub use digest::{Digest, InvalidDigest};
pub(crate) use golden::GoldenCase;
pub use golden::{MAX_GOLDEN_CASES, MIN_GOLDEN_CASES};
pub use limits::Limits;
pub use manifest::Manifest;
pub use signature::{MAX_SIGNATURES, Signature};
pub(crate) use transcript::Transcript;

use crate::budget::Budget;
use crate::codec::{self, Decode, decode_struct};
use crate::ensemble::{Calibrator, Combiner, Cutoff, EnsembleMember};
use crate::error::{Error, ErrorKind, Place};
use crate::explanation::Explanation;
use crate::pipeline::Branch;
use crate::profile::Profile;
use crate::schema::{Schema, check_looks};
use crate::uncertainty::Uncertainty;
use container::{Container, SectionKind};

/// The parts of a model: all of a bundle but its golden cases.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// Where the model comes from.
    pub manifest: Manifest,
    /// The model card: Markdown for people.
    pub card: Option<String>,
    /// What a row must look like and what is predicted.
    pub schema: Schema,
    /// The preprocessing that members read from.
    pub branches: Vec<Branch>,
    /// The members, in the order in which they are combined.
    pub members: Vec<EnsembleMember>,
    /// How the members' outputs become those of the ensemble.
    pub combiner: Combiner,
    /// The map from the probabilities of the ensemble to calibrated ones.
    pub calibrator: Option<Calibrator>,
    /// Named operating points.
    pub cutoffs: Vec<Cutoff>,
    /// What is known of the uncertainty of predictions.
    pub uncertainty: Option<Uncertainty>,
    /// How the training rows were distributed.
    pub profile: Option<Profile>,
    /// What explaining predictions needs.
    pub explanation: Option<Explanation>,
}

impl Parts {
    /// Refuses names that people could take for others: with characters of no width, or white space at
    /// an end.
    ///
    /// # Errors
    ///
    /// `InvalidModel`, with the place.
    pub(crate) fn check_looks(&self) -> Result<(), Error> {
        self.schema.check_looks()?;
        let name = |name: &str, place| check_looks(name, "name").map_err(|e| e.within(place));
        check_looks(&self.manifest.name, "model's name")?;
        check_looks(&self.manifest.version, "model's version")?;
        for (index, branch) in self.branches.iter().enumerate() {
            name(&branch.name, Place::Branch(index))?;
        }
        for (index, member) in self.members.iter().enumerate() {
            name(&member.name, Place::Member(index))?;
        }
        for (index, cutoff) in self.cutoffs.iter().enumerate() {
            name(&cutoff.name, Place::Cutoff(index))?;
        }
        let of_section = |e: Error| e.within(Place::Section(SectionKind::Explanation.name()));
        self.explanation.iter().try_for_each(|e| e.check_looks().map_err(of_section))
    }
}

/// A decoded bundle whose digests are right; its parts are not yet checked against each other.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub(crate) format: u32,
    pub(crate) n_skipped_sections: usize,
    pub(crate) parts: Parts,
    pub(crate) golden_cases: Vec<GoldenCase>,
    pub(crate) answers: Option<Answers>,
    /// How uncertain the golden cases were when the bundle was sealed.
    pub(crate) uncertainty_answer: Option<Digest>,
    pub(crate) digest: Digest,
    /// Not verified yet.
    pub(crate) signatures: Vec<Signature>,
}

/// The section of the uncertainty.
struct SealedUncertainty {
    uncertainty: Uncertainty,
    /// A transcript of how uncertain the golden cases are.
    answer: Digest,
}
decode_struct!(SealedUncertainty { uncertainty, answer });

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    ///
    /// Any kind of the classes `Format`, `Version`, `Integrity` and `Limit`, with the byte or the
    /// section.
    pub(crate) fn from_bytes(
        bytes: &[u8],
        limits: &Limits,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        let container = Container::from_bytes(bytes, limits, budget)?;
        if container.format() == 1 {
            return format_1::read(&container, budget);
        }
        let signatures: Option<Vec<Signature>> =
            decode_optional(&container, SectionKind::Signatures, budget)?;
        let signatures = signatures.unwrap_or_default();
        let of_signatures = |e: Error| e.within(Place::Section(SectionKind::Signatures.name()));
        signature::check(&signatures).map_err(of_signatures)?;
        let sealed = decode_optional(&container, SectionKind::Uncertainty, budget)?;
        let (uncertainty, uncertainty_answer) =
            sealed.map(|SealedUncertainty { uncertainty, answer }| (uncertainty, answer)).unzip();
        Ok(Self {
            format: container.format(),
            n_skipped_sections: container.n_skipped(),
            parts: Parts {
                manifest: decode(&container, SectionKind::Manifest, budget)?,
                card: decode_optional(&container, SectionKind::Card, budget)?,
                schema: decode(&container, SectionKind::Schema, budget)?,
                branches: decode(&container, SectionKind::Pipeline, budget)?,
                members: decode(&container, SectionKind::Members, budget)?,
                combiner: decode(&container, SectionKind::Combiner, budget)?,
                calibrator: decode_optional(&container, SectionKind::Calibrator, budget)?,
                cutoffs: decode_optional(&container, SectionKind::Cutoffs, budget)?
                    .unwrap_or_default(),
                explanation: decode_optional(&container, SectionKind::Explanation, budget)?,
                uncertainty,
                profile: decode_optional(&container, SectionKind::Profile, budget)?,
            },
            golden_cases: decode(&container, SectionKind::GoldenCases, budget)?,
            answers: decode_optional(&container, SectionKind::Answers, budget)?,
            uncertainty_answer,
            digest: container.digest(),
            signatures,
        })
    }
}

/// Writes a bundle; the same parts and cases always give the same bytes. Absent
/// parts get no section.
pub(crate) fn to_bytes(
    parts: &Parts,
    golden_cases: &Vec<GoldenCase>,
    answers: &Answers,
    uncertainty_answer: Digest,
) -> Result<Vec<u8>, Error> {
    let mut sections = alloc::vec![
        encode(&parts.manifest, SectionKind::Manifest)?,
        encode(&parts.schema, SectionKind::Schema)?,
        encode(&parts.branches, SectionKind::Pipeline)?,
        encode(&parts.members, SectionKind::Members)?,
        encode(&parts.combiner, SectionKind::Combiner)?,
        encode(golden_cases, SectionKind::GoldenCases)?,
    ];
    if let Some(calibrator) = &parts.calibrator {
        sections.push(encode(calibrator, SectionKind::Calibrator)?);
    }
    if !parts.cutoffs.is_empty() {
        sections.push(encode(&parts.cutoffs, SectionKind::Cutoffs)?);
    }
    if let Some(card) = &parts.card {
        sections.push(encode(card, SectionKind::Card)?);
    }
    sections.push(encode(answers, SectionKind::Answers)?);
    if let Some(explanation) = &parts.explanation {
        sections.push(encode(explanation, SectionKind::Explanation)?);
    }
    if let Some(uncertainty) = &parts.uncertainty {
        let sealed = (uncertainty, uncertainty_answer);
        sections.push(encode(&sealed, SectionKind::Uncertainty)?);
    }
    if let Some(profile) = &parts.profile {
        sections.push(encode(profile, SectionKind::Profile)?);
    }
    Ok(container::to_bytes(&sections))
}

/// The digest and the signatures of a bundle, not verified.
///
/// # Errors
///
/// The kinds of the classes `Format`, `Version`, `Integrity` and `Limit`.
pub fn signatures(bytes: &[u8]) -> Result<(Digest, Vec<Signature>), Error> {
    let limits = Limits::default();
    let mut budget = limits.budget(bytes.len() as u64);
    let container = Container::from_bytes(bytes, &limits, &mut budget)?;
    let signatures: Option<Vec<Signature>> =
        decode_optional(&container, SectionKind::Signatures, &mut budget)?;
    Ok((container.digest(), signatures.unwrap_or_default()))
}

/// The bytes of a bundle with a signature added. One by the same key in the same role is replaced. The
/// digest of the bundle stays.
///
/// # Errors
///
/// As [`signatures`]; `InvalidModel` for a signature with an invalid role, or more than
/// [`MAX_SIGNATURES`].
pub fn add_signature(bytes: &[u8], signature: Signature) -> Result<Vec<u8>, Error> {
    let (_, mut all) = signatures(bytes)?;
    all.retain(|other| (other.key_id, &other.role) != (signature.key_id, &signature.role));
    all.push(signature);
    signature::check(&all).map_err(|e| e.within(Place::Section(SectionKind::Signatures.name())))?;
    let (_, payload) = encode(&all, SectionKind::Signatures)?;
    container::replace_signatures(bytes, Some(payload))
}

/// The bytes of a bundle without its signatures: the same as before it was signed.
///
/// # Errors
///
/// As [`signatures`].
pub fn strip_signatures(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    container::replace_signatures(bytes, None)
}

fn encode<T: Serialize>(value: &T, kind: SectionKind) -> Result<(SectionKind, Vec<u8>), Error> {
    let payload = codec::encode(value).map_err(|e| e.within(Place::Section(kind.name())))?;
    Ok((kind, payload))
}

#[inline(never)]
fn decode<T: Decode>(
    container: &Container<'_>,
    kind: SectionKind,
    budget: &mut Budget,
) -> Result<T, Error> {
    decode_optional(container, kind, budget)?.ok_or_else(|| {
        Error::new(ErrorKind::SectionTable, "the section is absent")
            .within(Place::Section(kind.name()))
    })
}

#[inline(never)]
fn decode_optional<T: Decode>(
    container: &Container<'_>,
    kind: SectionKind,
    budget: &mut Budget,
) -> Result<Option<T>, Error> {
    let Some(payload) = container.payload(kind) else { return Ok(None) };
    let decoded = codec::decode(payload, budget);
    decoded.map(Some).map_err(|e| e.within(Place::Section(kind.name())))
}
