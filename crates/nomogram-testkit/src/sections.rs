//! Bundles with edited sections and right digests: what an attacker, or a newer version, could make.

use nomogram::Digest;

const HEADER: usize = 56;
const ENTRY: usize = 56;
/// The number of the section with the golden answers.
const GOLDEN_ANSWERS: u32 = 10;

/// A section of a bundle.
struct Section {
    kind: u32,
    flags: u32,
    payload: Vec<u8>,
}

/// The same bundle with an edited payload and right digests.
///
/// `section` is the number of the section; `edit` may change the length of its payload.
#[must_use]
pub fn reseal(bundle: &[u8], section: u32, edit: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut sections = sections(bundle);
    if let Some(found) = sections.iter_mut().find(|found| found.kind == section) {
        edit(&mut found.payload);
    }
    assemble(bundle, &sections)
}

/// The payload of the section of this number; empty where the bundle has none.
#[must_use]
pub fn payload(bundle: &[u8], section: u32) -> Vec<u8> {
    let found = sections(bundle).into_iter().find(|found| found.kind == section);
    found.map_or_else(Vec::new, |found| found.payload)
}

/// The same bundle with one more section, of a number that it does not have.
#[must_use]
pub fn with_section(bundle: &[u8], kind: u32, is_critical: bool, payload: &[u8]) -> Vec<u8> {
    let mut sections = sections(bundle);
    sections.push(Section { kind, flags: is_critical.into(), payload: payload.to_vec() });
    sections.sort_by_key(|section| section.kind);
    assemble(bundle, &sections)
}

/// The same bundle with the sections of these numbers taken from `other`, or without them where
/// `other` has none, and right digests: parts that were changed after their golden cases were made.
/// Sections of `GOLDEN_ANSWERS` that are not taken are left out.
#[must_use]
pub fn with_sections_of(bundle: &[u8], other: &[u8], kinds: &[u32]) -> Vec<u8> {
    let is_kept =
        |section: &Section| !kinds.contains(&section.kind) && section.kind != GOLDEN_ANSWERS;
    let mut all: Vec<Section> = sections(bundle).into_iter().filter(is_kept).collect();
    all.extend(sections(other).into_iter().filter(|section| kinds.contains(&section.kind)));
    all.sort_by_key(|section| section.kind);
    assemble(bundle, &all)
}

/// The same bundle without golden answers, as versions sealed that had none.
#[must_use]
pub fn without_answers(bundle: &[u8]) -> Vec<u8> {
    with_sections_of(bundle, bundle, &[])
}

#[allow(clippy::indexing_slicing, reason = "for well-formed bundles")]
fn sections(bundle: &[u8]) -> Vec<Section> {
    let word = |at: usize| bundle[at..at + 4].try_into().map_or(0, u32::from_le_bytes);
    let long = |at: usize| {
        let value = bundle[at..at + 8].try_into().map_or(0, u64::from_le_bytes);
        usize::try_from(value).unwrap_or(usize::MAX)
    };
    let section = |entry: usize| {
        let (offset, length) = (long(entry + 8), long(entry + 16));
        let payload = bundle[offset..offset + length].to_vec();
        Section { kind: word(entry), flags: word(entry + 4), payload }
    };
    (0..word(12) as usize).map(|index| section(HEADER + index * ENTRY)).collect()
}

/// Lays sections out behind the magic and the format number of `bundle`.
#[allow(clippy::indexing_slicing, reason = "for well-formed bundles")]
fn assemble(bundle: &[u8], sections: &[Section]) -> Vec<u8> {
    let (mut table, mut payloads) = (Vec::new(), Vec::new());
    let mut digested = bundle[8..12].to_vec();
    for Section { kind, flags, payload } in sections {
        let offset = (HEADER + sections.len() * ENTRY + payloads.len()) as u64;
        let length = (payload.len() as u64).to_le_bytes();
        let sha256 = *Digest::of(payload).as_bytes();
        let kind_and_flags = [kind.to_le_bytes(), flags.to_le_bytes()].concat();
        table.extend([&kind_and_flags, &offset.to_le_bytes()[..], &length, &sha256].concat());
        digested.extend([&kind_and_flags, &length[..], &sha256].concat());
        payloads.extend(payload);
    }
    let n_sections = u32::try_from(sections.len()).unwrap_or(u32::MAX).to_le_bytes();
    let length = (HEADER + table.len() + payloads.len()) as u64;
    let digest = Digest::of(&digested);
    let header = [&bundle[..12], &n_sections, &length.to_le_bytes(), digest.as_bytes()].concat();
    [header, table, payloads].concat()
}
