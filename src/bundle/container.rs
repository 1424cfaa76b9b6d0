//! The container: bytes to sections and back.
//!
//! Every byte of a file is bound to its digest: the payloads by the SHA-256 in their table entry,
//! the table by the digest in the header, and the rest because it has only one valid value.

mod reader;
mod section;

mod header;

mod table;

use alloc::vec::Vec;

pub(crate) use header::FORMAT;
#[cfg(feature = "std")]
pub(crate) use header::HEADER_LEN;
pub(super) use section::SectionKind;

use super::digest::Digest;
use super::limits::Limits;
use crate::budget::Budget;
use crate::error::{Error, ErrorKind};
use crate::memory;
#[cfg(not(feature = "std"))]
use header::HEADER_LEN;
use header::Header;
use table::{ENTRY_LEN, Entry, digest, read_entries};

/// A bundle whose header, table and digests are right.
#[derive(Debug)]
pub(super) struct Container<'a> {
    format: u32,
    sections: Vec<(SectionKind, &'a [u8])>,
    n_skipped: usize,
    digest: Digest,
}

impl<'a> Container<'a> {
    pub(super) fn from_bytes(
        bytes: &'a [u8],
        limits: &Limits,
        budget: &mut Budget,
    ) -> Result<Self, Error> {
        limits.check(bytes.len() as u64)?;
        let header = Header::of_file(bytes, bytes.len() as u64)?;
        let room = bytes.len() / ENTRY_LEN;
        budget.take_list::<Entry>(room.min(header.n_sections as usize))?;
        let entries = read_entries(&header, bytes)?;
        let digest = digest(header.format, &entries);
        if digest != header.digest {
            return Err(Error::new(
                ErrorKind::DigestMismatch,
                format_args!("the section table has digest {digest}, expected {}", header.digest),
            ));
        }
        budget.return_list::<Entry>(entries.len());
        // More sections than there are kinds are of no use, and skipped.
        let mut sections = memory::list(entries.len().min(SectionKind::ALL.len()))?;
        for entry in &entries {
            let payload = entry.payload(bytes)?;
            if let Some(kind) = entry.known_kind(header.format)? {
                sections.push((kind, payload));
            }
        }
        let n_skipped = entries.len() - sections.len();
        Ok(Self { format: header.format, sections, n_skipped, digest })
    }

    pub(super) fn format(&self) -> u32 {
        self.format
    }

    /// How many optional sections this version does not know.
    pub(super) fn n_skipped(&self) -> usize {
        self.n_skipped
    }

    pub(super) fn digest(&self) -> Digest {
        self.digest
    }

    pub(super) fn payload(&self, kind: SectionKind) -> Option<&'a [u8]> {
        self.sections.iter().find(|(known, _)| *known == kind).map(|(_, payload)| *payload)
    }
}

/// Checks the first bytes of a file of `length` bytes: whether it can be a bundle at all.
///
/// # Errors
///
/// `Magic`, `NewerFormat`, `Truncated` or `SectionTable`.
#[cfg(feature = "std")]
pub(crate) fn check_start(bytes: &[u8], length: u64) -> Result<(), Error> {
    Header::of_file(bytes, length).map(drop)
}

/// Writes sections, in this order, as a bundle.
pub(super) fn to_bytes(sections: &[(SectionKind, Vec<u8>)]) -> Vec<u8> {
    #[allow(clippy::cast_possible_truncation, reason = "there are few kinds of section")]
    let n_sections = sections.len() as u32;
    let mut offset = (HEADER_LEN + ENTRY_LEN * sections.len()) as u64;
    let mut entries = Vec::with_capacity(sections.len());
    for (kind, payload) in sections {
        let length = payload.len() as u64;
        let sha256 = Digest::of(payload);
        entries.push(Entry { kind: *kind as u32, flags: kind.flags(), offset, length, sha256 });
        offset += length;
    }
    let digest = digest(FORMAT, &entries);
    let header = Header { format: FORMAT, n_sections, length: offset, digest };
    let mut bytes = header.to_bytes();
    bytes.extend(entries.iter().flat_map(Entry::to_bytes));
    bytes.extend(sections.iter().flat_map(|(_, payload)| payload));
    bytes
}

/// The bytes of a bundle with another section of signatures, or without one. Its digest stays.
///
/// # Errors
///
/// As [`Container::from_bytes`], and `NewerFormat` for a bundle of format 1, which cannot hold signatures.
pub(super) fn replace_signatures(
    bytes: &[u8],
    signatures: Option<Vec<u8>>,
) -> Result<Vec<u8>, Error> {
    Container::from_bytes(bytes, &Limits::default(), &mut Budget::unlimited())?;
    let header = Header::of_file(bytes, bytes.len() as u64)?;
    if header.format == 1 {
        let detail = "format 1 has no signatures, expected a bundle of format 2";
        return Err(Error::new(ErrorKind::SectionTable, detail));
    }
    let number = SectionKind::Signatures as u32;
    let mut sections = Vec::new();
    for entry in read_entries(&header, bytes)? {
        if !entry.has_signatures(header.format) {
            sections.push((entry.kind, entry.flags, entry.sha256, entry.payload(bytes)?));
        }
    }
    if let Some(payload) = &signatures {
        let place = sections.iter().take_while(|section| section.0 < number).count();
        sections
            .insert(place, (number, SectionKind::Signatures.flags(), Digest::of(payload), payload));
    }
    let mut offset = (HEADER_LEN + ENTRY_LEN * sections.len()) as u64;
    let mut table = Vec::new();
    for (kind, flags, sha256, payload) in &sections {
        let length = payload.len() as u64;
        let entry = Entry { kind: *kind, flags: *flags, offset, length, sha256: *sha256 };
        table.extend(entry.to_bytes());
        offset += length;
    }
    #[allow(
        clippy::cast_possible_truncation,
        reason = "at most one more than a u32 of sections was read"
    )]
    let n_sections = sections.len() as u32;
    let mut replaced = Header { n_sections, length: offset, ..header }.to_bytes();
    replaced.extend(table);
    replaced.extend(sections.iter().flat_map(|section| section.3));
    Ok(replaced)
}

#[cfg(test)]
mod tests;
