//! The section table: one entry per section, and the digest over all entries.

use alloc::vec::Vec;

use sha2::{Digest as _, Sha256};

use super::header::{FORMAT, HEADER_LEN, Header, MAGIC};
use super::reader::{Reader, table_error};
use super::section::{CRITICAL, SectionKind};
use crate::bundle::digest::Digest;
use crate::error::{Error, ErrorKind, Place};
use crate::memory;

/// Kind, flags, offset, length, SHA-256.
pub(super) const ENTRY_LEN: usize = 4 + 4 + 8 + 8 + 32;

/// One entry of the section table.
pub(super) struct Entry {
    pub(super) kind: u32,
    pub(super) flags: u32,
    pub(super) offset: u64,
    pub(super) length: u64,
    pub(super) sha256: Digest,
}

impl Entry {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.kind.to_le_bytes().to_vec();
        bytes.extend(self.flags.to_le_bytes());
        bytes.extend(self.offset.to_le_bytes());
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(self.sha256.0);
        bytes
    }

    /// Whether it holds signatures, which cover the digest and are not covered by it.
    pub(super) fn has_signatures(&self, format: u32) -> bool {
        format > 1 && self.kind == SectionKind::Signatures as u32 && self.flags == 0
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            kind: u32::from_le_bytes(reader.array()?),
            flags: u32::from_le_bytes(reader.array()?),
            offset: u64::from_le_bytes(reader.array()?),
            length: u64::from_le_bytes(reader.array()?),
            sha256: Digest(reader.array()?),
        })
    }

    /// The kind, or `None` for an optional section that this version does not know.
    pub(super) fn known_kind(&self, format: u32) -> Result<Option<SectionKind>, Error> {
        if self.flags & !CRITICAL != 0 {
            let detail =
                format_args!("section kind {}: unknown flags {:#x}", self.kind, self.flags);
            return Err(Error::new(ErrorKind::UnknownSection, detail));
        }
        let kind = SectionKind::of_number(self.kind, format);
        if kind.is_none() && self.flags & CRITICAL != 0 {
            let detail =
                format_args!("section kind {}: critical, but unknown to this version", self.kind);
            return Err(Error::new(ErrorKind::UnknownSection, detail));
        }
        Ok(kind)
    }

    /// The bytes of the section, checked against their digest.
    pub(super) fn payload<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], Error> {
        // The table was checked against the length of the file, so both ends fit.
        #[allow(clippy::cast_possible_truncation, reason = "a file in memory fits `usize`")]
        let range = self.offset as usize..(self.offset + self.length) as usize;
        let payload = bytes.get(range).unwrap_or_default();
        let sha256 = Digest::of(payload);
        if sha256 == self.sha256 {
            return Ok(payload);
        }
        let name = SectionKind::of_number(self.kind, FORMAT).map_or("unknown", SectionKind::name);
        let detail = format_args!("SHA-256 {sha256}, expected {}", self.sha256);
        Err(Error::new(ErrorKind::DigestMismatch, detail)
            .within(Place::Byte(self.offset))
            .within(Place::Section(name)))
    }
}

/// Reads the table and checks that the sections fill the rest of the file, in order, without holes.
///
/// # Errors
///
/// `SectionTable` with the byte.
pub(super) fn read_entries(header: &Header, bytes: &[u8]) -> Result<Vec<Entry>, Error> {
    let room = bytes.len().saturating_sub(HEADER_LEN) / ENTRY_LEN;
    let n_sections = header.n_sections as usize;
    if n_sections > room {
        let detail =
            format_args!("{n_sections} sections, expected at most {room}, which fit into the file");
        return Err(table_error(MAGIC.len() as u64 + 4, detail));
    }
    let mut reader = Reader { bytes, offset: HEADER_LEN };
    let mut entries: Vec<Entry> = memory::list(n_sections)?;
    let mut expected = (HEADER_LEN + ENTRY_LEN * n_sections) as u64;
    for _ in 0..n_sections {
        let offset = reader.offset as u64;
        let entry = Entry::read(&mut reader)?;
        if entry.offset != expected {
            let detail = format_args!("section at offset {}, expected {expected}", entry.offset);
            return Err(table_error(offset, detail));
        }
        if let Some(previous) = entries.last().filter(|previous| previous.kind >= entry.kind) {
            let (kind, before) = (entry.kind, previous.kind);
            let detail =
                format_args!("section kind {kind} after {before}, expected ascending kinds");
            return Err(table_error(offset, detail));
        }
        expected =
            entry.offset.checked_add(entry.length).filter(|end| *end <= header.length).ok_or_else(
                || {
                    table_error(
                        offset,
                        format_args!("section of {} bytes, which exceeds the file", entry.length),
                    )
                },
            )?;
        entries.push(entry);
    }
    if expected != header.length {
        let detail = format_args!("{} bytes belong to no section", header.length - expected);
        return Err(table_error(expected, detail));
    }
    Ok(entries)
}

/// The name of a bundle: SHA-256 over the format number and, of each section but the signatures, kind,
/// flags, length and SHA-256. Offsets follow from the lengths, so this binds every byte of these sections.
pub(super) fn digest(format: u32, entries: &[Entry]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(format.to_le_bytes());
    for entry in entries.iter().filter(|entry| !entry.has_signatures(format)) {
        hasher.update(entry.kind.to_le_bytes());
        hasher.update(entry.flags.to_le_bytes());
        hasher.update(entry.length.to_le_bytes());
        hasher.update(entry.sha256.0);
    }
    Digest(hasher.finalize().into())
}
