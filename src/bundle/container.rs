//! Bytes to sections and back: magic, format number, section table, digests.
//!
//! Every byte of a file is bound to its digest: the payloads by the SHA-256 in their table entry,
//! the table by the digest in the header, and the rest by having one right value.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Error, ErrorKind, Place};

/// Begins every bundle. Like PNG's: bytes above 127 and both line ends show a damaged transfer.
const MAGIC: [u8; 8] = *b"\x89NOMO\r\n\x1a";
/// The newest format that this version reads, and the one that it writes.
pub(crate) const FORMAT: u32 = 2;
/// Magic, format, number of sections, file length, digest.
const HEADER_LEN: usize = 8 + 4 + 4 + 8 + 32;
/// Kind, flags, offset, length, SHA-256.
const ENTRY_LEN: usize = 4 + 4 + 8 + 8 + 32;
/// Flag of a section without which the model must not be opened.
const CRITICAL: u32 = 1;

/// A SHA-256 digest; prints as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// What opening a bundle may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest bundle that is opened, in bytes.
    pub max_bytes: u64,
}

impl Default for Limits {
    /// 256 MiB.
    fn default() -> Self {
        Self { max_bytes: 256 << 20 }
    }
}

impl Limits {
    /// Refuses a bundle of `n_bytes`, if that is above the limit.
    pub(crate) fn check(&self, n_bytes: u64) -> Result<(), Error> {
        if n_bytes <= self.max_bytes {
            return Ok(());
        }
        let limit = self.max_bytes;
        Err(Error::new(ErrorKind::TooLarge, format!("{n_bytes} bytes, the limit is {limit}")))
    }
}

/// The sections. Those of format 1, and all that change a prediction, are critical.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SectionKind {
    Manifest = 1,
    Schema = 2,
    Pipeline = 3,
    Members = 4,
    Combiner = 5,
    GoldenCases = 6,
    Calibrator = 7,
    Cutoffs = 8,
    Card = 9,
}

impl SectionKind {
    const ALL: [Self; 9] = [
        Self::Manifest,
        Self::Schema,
        Self::Pipeline,
        Self::Members,
        Self::Combiner,
        Self::GoldenCases,
        Self::Calibrator,
        Self::Cutoffs,
        Self::Card,
    ];

    /// The kind with this number, if the format has it.
    fn of_number(number: u32, format: u32) -> Option<Self> {
        let is_of_format = |kind: &Self| format > 1 || (*kind as u32) <= Self::GoldenCases as u32;
        Self::ALL.into_iter().filter(is_of_format).find(|kind| *kind as u32 == number)
    }

    /// A model without its card predicts the same; without anything else, it does not.
    fn flags(self) -> u32 {
        if self == Self::Card { 0 } else { CRITICAL }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Schema => "schema",
            Self::Pipeline => "pipeline",
            Self::Members => "members",
            Self::Combiner => "combiner",
            Self::GoldenCases => "golden cases",
            Self::Calibrator => "calibrator",
            Self::Cutoffs => "cutoffs",
            Self::Card => "model card",
        }
    }
}

/// A bundle whose header, table and digests are right.
#[derive(Debug)]
pub(super) struct Container<'a> {
    format: u32,
    sections: Vec<(SectionKind, &'a [u8])>,
    n_skipped: usize,
    digest: Digest,
}

impl<'a> Container<'a> {
    pub(super) fn from_bytes(bytes: &'a [u8], limits: &Limits) -> Result<Self, Error> {
        limits.check(bytes.len() as u64)?;
        let header = Header::from_bytes(bytes)?;
        let entries = header.entries(bytes)?;
        let digest = digest(header.format, &entries);
        if digest != header.digest {
            return Err(Error::new(
                ErrorKind::DigestMismatch,
                format!("the section table has digest {digest}, the header says {}", header.digest),
            ));
        }
        let mut sections = Vec::with_capacity(entries.len());
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
        self.sections.iter().find(|(found, _)| *found == kind).map(|(_, payload)| *payload)
    }
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

/// The name of a bundle: SHA-256 over the format number and, of each section, kind, flags, length
/// and SHA-256. Offsets follow from the lengths, so this binds every byte of the file.
fn digest(format: u32, entries: &[Entry]) -> Digest {
    let mut hasher = Sha256::new();
    hasher.update(format.to_le_bytes());
    for entry in entries {
        hasher.update(entry.kind.to_le_bytes());
        hasher.update(entry.flags.to_le_bytes());
        hasher.update(entry.length.to_le_bytes());
        hasher.update(entry.sha256.0);
    }
    Digest(hasher.finalize().into())
}

struct Header {
    format: u32,
    n_sections: u32,
    length: u64,
    digest: Digest,
}

impl Header {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.format.to_le_bytes());
        bytes.extend(self.n_sections.to_le_bytes());
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(self.digest.0);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader { bytes, offset: 0 };
        check_magic(bytes)?;
        reader.offset = MAGIC.len();
        let format = u32::from_le_bytes(reader.array()?);
        if format > FORMAT {
            return Err(Error::new(
                ErrorKind::NewerFormat,
                format!("format {format}, this version reads formats 1 to {FORMAT}"),
            ));
        }
        if format == 0 {
            return Err(Error::new(ErrorKind::SectionTable, "format 0, the lowest one is 1")
                .within(Place::Byte(MAGIC.len() as u64)));
        }
        let header = Self {
            format,
            n_sections: u32::from_le_bytes(reader.array()?),
            length: u64::from_le_bytes(reader.array()?),
            digest: Digest(reader.array()?),
        };
        let found = bytes.len() as u64;
        if found < header.length {
            return Err(truncated(found, format!("ends here, the header says {}", header.length)));
        }
        if found > header.length {
            let detail = format!("{} bytes follow the end of the bundle", found - header.length);
            return Err(table_error(header.length, detail));
        }
        Ok(header)
    }

    /// Reads the table and checks that the sections fill the rest of the file, in order, without
    /// holes.
    fn entries(&self, bytes: &[u8]) -> Result<Vec<Entry>, Error> {
        let room = bytes.len().saturating_sub(HEADER_LEN) / ENTRY_LEN;
        let n_sections = self.n_sections as usize;
        if n_sections > room {
            let detail = format!("{n_sections} sections claimed, at most {room} entries fit");
            return Err(table_error(MAGIC.len() as u64 + 4, detail));
        }
        let mut reader = Reader { bytes, offset: HEADER_LEN };
        let mut entries: Vec<Entry> = Vec::with_capacity(n_sections);
        let mut expected = (HEADER_LEN + ENTRY_LEN * n_sections) as u64;
        for _ in 0..n_sections {
            let at = reader.offset as u64;
            let entry = Entry::read(&mut reader)?;
            if entry.offset != expected {
                let detail = format!("section at offset {}, expected {expected}", entry.offset);
                return Err(table_error(at, detail));
            }
            if let Some(before) = entries.last().filter(|before| before.kind >= entry.kind) {
                let detail = format!("section {} after section {}", entry.kind, before.kind);
                return Err(table_error(at, detail + ", expected ascending numbers"));
            }
            expected = entry
                .offset
                .checked_add(entry.length)
                .filter(|end| *end <= self.length)
                .ok_or_else(|| {
                    table_error(at, format!("section of {} bytes does not fit", entry.length))
                })?;
            entries.push(entry);
        }
        if expected != self.length {
            let detail = format!("{} bytes belong to no section", self.length - expected);
            return Err(table_error(expected, detail));
        }
        Ok(entries)
    }
}

/// Tells a transfer in text mode from a file of another kind.
fn check_magic(bytes: &[u8]) -> Result<(), Error> {
    let n_same = bytes.iter().zip(&MAGIC).take_while(|(found, expected)| found == expected).count();
    if n_same == MAGIC.len() {
        return Ok(());
    }
    if bytes.is_empty() {
        return Err(Error::new(ErrorKind::Truncated, "no bytes at all, expected a bundle"));
    }
    if n_same == bytes.len() {
        return Err(truncated(n_same as u64, "ends within the magic".into()));
    }
    let detail = if n_same >= 5 {
        "line ends were changed, as by a transfer in text mode"
    } else {
        "not a bundle: a bundle begins with 89 4E 4F 4D 4F 0D 0A 1A"
    };
    Err(Error::new(ErrorKind::Magic, detail).within(Place::Byte(n_same as u64)))
}

struct Entry {
    kind: u32,
    flags: u32,
    offset: u64,
    length: u64,
    sha256: Digest,
}

impl Entry {
    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.kind.to_le_bytes().to_vec();
        bytes.extend(self.flags.to_le_bytes());
        bytes.extend(self.offset.to_le_bytes());
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(self.sha256.0);
        bytes
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Ok(Self {
            kind: u32::from_le_bytes(reader.array()?),
            flags: u32::from_le_bytes(reader.array()?),
            offset: u64::from_le_bytes(reader.array()?),
            length: u64::from_le_bytes(reader.array()?),
            sha256: Digest(reader.array()?),
        })
    }

    /// The kind, or nothing for an optional section that this version does not know.
    fn known_kind(&self, format: u32) -> Result<Option<SectionKind>, Error> {
        if self.flags & !CRITICAL != 0 {
            let detail = format!("flags {:#x} of section {} are unknown", self.flags, self.kind);
            return Err(Error::new(ErrorKind::UnknownSection, detail));
        }
        let kind = SectionKind::of_number(self.kind, format);
        if kind.is_none() && self.flags & CRITICAL != 0 {
            let detail = format!("critical section {} is unknown to this version", self.kind);
            return Err(Error::new(ErrorKind::UnknownSection, detail));
        }
        Ok(kind)
    }

    /// The bytes of the section, checked against their digest.
    fn payload<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], Error> {
        // The table was checked against the length of the file, so both ends fit.
        #[allow(clippy::cast_possible_truncation, reason = "a file in memory fits `usize`")]
        let range = self.offset as usize..(self.offset + self.length) as usize;
        let payload = bytes.get(range).unwrap_or_default();
        let found = Digest::of(payload);
        if found == self.sha256 {
            return Ok(payload);
        }
        let name = SectionKind::of_number(self.kind, FORMAT).map_or("unknown", SectionKind::name);
        let detail = format!("has SHA-256 {found}, the table says {}", self.sha256);
        Err(Error::new(ErrorKind::DigestMismatch, detail)
            .within(Place::Byte(self.offset))
            .within(Place::Section(name)))
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        match self.bytes.get(self.offset..).and_then(|rest| rest.first_chunk::<N>()) {
            Some(array) => {
                self.offset += N;
                Ok(*array)
            }
            None => {
                let found = self.bytes.len() as u64;
                Err(truncated(found, format!("ends here, {N} bytes expected at {}", self.offset)))
            }
        }
    }
}

fn truncated(at: u64, detail: String) -> Error {
    Error::new(ErrorKind::Truncated, detail).within(Place::Byte(at))
}

fn table_error(at: u64, detail: String) -> Error {
    Error::new(ErrorKind::SectionTable, detail).within(Place::Byte(at))
}

#[cfg(test)]
mod tests;
