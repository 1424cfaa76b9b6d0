//! The sealed file: everything that predicting needs, and the proof that it is unchanged.
//!
//! [`Bundle::from_bytes`] is the only way from bytes to parts; it never panics, allocates no more
//! than a small multiple of the bytes, and always ends. `docs/bundle-format.md` specifies the
//! bytes.

mod container;
mod golden;
mod manifest;

use alloc::vec::Vec;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use container::{Digest, Limits};
pub(crate) use golden::GoldenCase;
pub use golden::{MAX_GOLDEN_CASES, MIN_GOLDEN_CASES};
pub use manifest::Manifest;

use crate::codec;
use crate::ensemble::{Combiner, EnsembleMember};
use crate::error::{Error, ErrorKind, Place};
use crate::pipeline::Branch;
use crate::schema::Schema;
use container::{Container, SectionKind};

/// What a bundle is made of, apart from its golden cases.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    /// Where the model comes from.
    pub manifest: Manifest,
    /// What a row must look like and what is predicted.
    pub schema: Schema,
    /// The preprocessing that members read from.
    pub branches: Vec<Branch>,
    /// The members, in the order in which they are combined.
    pub members: Vec<EnsembleMember>,
    /// How the members vote.
    pub combiner: Combiner,
}

/// A decoded bundle whose digests are right; its parts are not yet checked against each other.
#[derive(Debug)]
pub(crate) struct Bundle {
    pub(crate) parts: Parts,
    pub(crate) golden_cases: Vec<GoldenCase>,
    pub(crate) digest: Digest,
}

impl Bundle {
    /// Reads a bundle.
    ///
    /// # Errors
    ///
    /// Any kind of the classes `Format`, `Version`, `Integrity` and `Limit`, with the byte or the
    /// section.
    pub(crate) fn from_bytes(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        let container = Container::from_bytes(bytes, limits)?;
        Ok(Self {
            parts: Parts {
                manifest: decode(&container, SectionKind::Manifest)?,
                schema: decode(&container, SectionKind::Schema)?,
                branches: decode(&container, SectionKind::Pipeline)?,
                members: decode(&container, SectionKind::Members)?,
                combiner: decode(&container, SectionKind::Combiner)?,
            },
            golden_cases: decode(&container, SectionKind::GoldenCases)?,
            digest: container.digest(),
        })
    }
}

/// Writes a bundle; the same parts and cases always give the same bytes.
pub(crate) fn to_bytes(parts: &Parts, golden_cases: &Vec<GoldenCase>) -> Result<Vec<u8>, Error> {
    Ok(container::to_bytes(&[
        (SectionKind::Manifest, encode(&parts.manifest, SectionKind::Manifest)?),
        (SectionKind::Schema, encode(&parts.schema, SectionKind::Schema)?),
        (SectionKind::Pipeline, encode(&parts.branches, SectionKind::Pipeline)?),
        (SectionKind::Members, encode(&parts.members, SectionKind::Members)?),
        (SectionKind::Combiner, encode(&parts.combiner, SectionKind::Combiner)?),
        (SectionKind::GoldenCases, encode(golden_cases, SectionKind::GoldenCases)?),
    ]))
}

fn encode<T: Serialize>(value: &T, kind: SectionKind) -> Result<Vec<u8>, Error> {
    codec::encode(value).map_err(|e| e.within(Place::Section(kind.name())))
}

fn decode<T: DeserializeOwned>(container: &Container<'_>, kind: SectionKind) -> Result<T, Error> {
    let place = Place::Section(kind.name());
    let Some(payload) = container.payload(kind) else {
        return Err(Error::new(ErrorKind::SectionTable, "the section is absent").within(place));
    };
    codec::decode(payload).map_err(|e| e.within(place))
}
