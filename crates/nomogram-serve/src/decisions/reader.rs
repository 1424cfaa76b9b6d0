//! Checks the chain of a log, and opens its records for those who have the key.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hpke::aead::AeadCtxR;
use hpke::{Deserializable, Kem, OpModeR, setup_receiver};

use super::chain::{EXTENSION, KEY_LEN, Link, MAGIC, MAX_RECORD};
use super::keys::{INFO, LogAead, LogKdf, LogKem, PrivateKey, hex};
use super::record::Decision;

/// What is known of a log after it was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Segments in the folder that have a head.
    pub n_segments: usize,
    /// Records in them.
    pub n_records: usize,
    /// The head of the chain: compare it with one that was kept elsewhere.
    pub head: String,
    /// Where the log ends within a record or a head, as after a crash: segment, and record or head.
    pub cut: Vec<String>,
}

/// Checks every link of a log. With a key, records are opened and passed on.
///
/// # Errors
///
/// The line of the log, its segment and the record in it where the chain breaks, or that the key does not open.
/// A line is a record, counted from 1 over all segments.
pub fn verify(
    folder: &Path,
    key: Option<&PrivateKey>,
    mut each: impl FnMut(Decision),
) -> Result<Verified, String> {
    let segments = segments(folder).map_err(|error| error.to_string())?;
    let mut verified =
        Verified { n_segments: segments.len(), n_records: 0, head: String::new(), cut: Vec::new() };
    let mut link = Link::default();
    for (position, (number, path)) in segments.iter().enumerate() {
        let name = format!("segment {number}");
        if *number != position + 1 {
            return Err(format!("{name}: expected segment {}, which is gone", position + 1));
        }
        let bytes = fs::read(path).map_err(|error| format!("{name}: {error}"))?;
        if position + 1 == segments.len() && link.has_begun_head(&bytes) {
            verified.n_segments -= 1;
            verified.cut.push(format!("{name}: head"));
            break;
        }
        let mut segment = Segment::open(&bytes, link, key).map_err(|e| format!("{name}: {e}"))?;
        let mut n_records = 0;
        while let Some(record) = segment.next() {
            n_records += 1;
            let line = verified.n_records + n_records;
            let decision = record
                .map_err(|error| format!("line {line}: {name}: record {n_records}: {error}"))?;
            decision.into_iter().for_each(&mut each);
        }
        if !segment.rest.is_empty() {
            verified.cut.push(format!("{name}: record {}", n_records + 1));
        }
        verified.n_records += n_records;
        link = segment.link;
    }
    verified.head = hex(&link.0);
    Ok(verified)
}

/// The number of the last segment of a folder, and the link that the next one follows; further the segment
/// after it whose head is not complete, because a start was interrupted.
pub(super) fn last_link(folder: &Path) -> io::Result<((usize, Link), Option<PathBuf>)> {
    let mut link = Link::default();
    let mut last = 0;
    let mut segments = segments(folder)?.into_iter().peekable();
    while let Some((number, path)) = segments.next() {
        let damaged = |error: String| {
            let detail = format!("{}: {error}", path.display());
            io::Error::new(io::ErrorKind::InvalidData, detail)
        };
        let bytes = fs::read(&path)?;
        if segments.peek().is_none() && link.has_begun_head(&bytes) {
            return Ok(((last, link), Some(path)));
        }
        let mut segment = Segment::open(&bytes, link, None).map_err(damaged)?;
        while let Some(record) = segment.next() {
            record.map_err(damaged)?;
        }
        (last, link) = (number, segment.link);
    }
    Ok(((last, link), None))
}

/// The segments of a folder by their numbers, in order.
fn segments(folder: &Path) -> io::Result<Vec<(usize, PathBuf)>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_segment = path.extension().is_some_and(|extension| extension == EXTENSION);
        let number = path.file_stem().and_then(|name| name.to_str()?.parse().ok());
        if let Some(number) = number.filter(|_| is_segment) {
            segments.push((number, path));
        }
    }
    segments.sort();
    Ok(segments)
}

/// The records of a segment, one after the other.
struct Segment<'b> {
    rest: &'b [u8],
    link: Link,
    context: Option<AeadCtxR<LogAead, LogKdf, LogKem>>,
}

impl<'b> Segment<'b> {
    fn open(bytes: &'b [u8], before: Link, key: Option<&PrivateKey>) -> Result<Self, String> {
        let short = || "shorter than its head".to_owned();
        let (magic, rest) = bytes.split_first_chunk::<8>().ok_or_else(short)?;
        let (encapsulated, rest) = rest.split_first_chunk::<KEY_LEN>().ok_or_else(short)?;
        let (follows, rest) = rest.split_first_chunk::<32>().ok_or_else(short)?;
        if magic != MAGIC {
            return Err("no segment of a decision log".into());
        }
        if *follows != before.0 {
            return Err("does not follow the segment before it".into());
        }
        let context = match key {
            None => None,
            Some(key) => {
                let receiver = <LogKem as Kem>::EncappedKey::from_bytes(encapsulated).and_then(
                    |encapsulated| setup_receiver(&OpModeR::Base, &key.0, &encapsulated, INFO),
                );
                Some(receiver.map_err(|error| error.to_string())?)
            }
        };
        Ok(Self { rest, link: before.of_segment(encapsulated), context })
    }

    /// The next record, opened if there is a key; `None` at the end, and at a record that is cut.
    fn next(&mut self) -> Option<Result<Option<Decision>, String>> {
        let (length, rest) = self.rest.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        if length > MAX_RECORD {
            return Some(Err("longer than a record can be".into()));
        }
        let record = rest.split_at_checked(length);
        let record = record.and_then(|(text, rest)| Some((text, rest.split_first_chunk::<32>()?)));
        let Some((ciphertext, (link, rest))) = record else {
            // The length is not in the chain: a record of another one may be complete.
            let is_complete = self.link.has_record_within(rest);
            return is_complete.then(|| Err("its length was changed".into()));
        };
        let (before, expected) = (self.link, self.link.of_record(ciphertext));
        if *link != expected.0 {
            return Some(Err("the chain breaks: it was changed or moved".into()));
        }
        (self.rest, self.link) = (rest, expected);
        let Some(context) = &mut self.context else { return Some(Ok(None)) };
        let plain =
            context.open(ciphertext, &before.0).map_err(|_| "the key does not open it".to_owned());
        // The parser quotes what it reads.
        let read = |plain: Vec<u8>| {
            serde_json::from_slice(&plain).map(Some).map_err(|_| "no decision".to_owned())
        };
        Some(plain.and_then(read))
    }
}
