//! Checks the chain of a log, and opens its records for those who have the key.
//!
//! Segments are read record by record: memory is that of one record, however long the log is.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use hpke::aead::AeadCtxR;
use hpke::{Deserializable, Kem, OpModeR, setup_receiver};

use super::chain::{EXTENSION, HEAD_LEN, KEY_LEN, LINK_LEN, Link, MAGIC, MAX_RECORD};
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
        let is_last = position + 1 == segments.len();
        let opened = Segment::open(path, link, key, is_last).map_err(|e| format!("{name}: {e}"))?;
        let Some(mut segment) = opened else {
            verified.n_segments -= 1;
            verified.cut.push(format!("{name}: head"));
            break;
        };
        let mut n_records = 0;
        while let Some(record) = segment.next() {
            n_records += 1;
            let line = verified.n_records + n_records;
            let decision = record
                .map_err(|error| format!("line {line}: {name}: record {n_records}: {error}"))?;
            decision.into_iter().for_each(&mut each);
        }
        if segment.is_cut {
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
        let is_last = segments.peek().is_none();
        let opened = Segment::open(&path, link, None, is_last);
        let Some(mut segment) = opened.map_err(damaged)? else {
            return Ok(((last, link), Some(path)));
        };
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

/// The records of a segment, read one after the other.
struct Segment {
    file: BufReader<File>,
    link: Link,
    context: Option<AeadCtxR<LogAead, LogKdf, LogKem>>,
    /// The ciphertext and the link of the record that was read last.
    record: Vec<u8>,
    /// Whether it ends within a record, once it was read to its end.
    is_cut: bool,
}

impl Segment {
    /// The segment in a file, which follows a link; `None` for the last one if its head is not complete.
    fn open(
        path: &Path,
        before: Link,
        key: Option<&PrivateKey>,
        is_last: bool,
    ) -> Result<Option<Self>, String> {
        let failed = |error: io::Error| error.to_string();
        let mut file = BufReader::new(File::open(path).map_err(failed)?);
        let mut head = Vec::with_capacity(HEAD_LEN);
        file.by_ref().take(HEAD_LEN as u64).read_to_end(&mut head).map_err(failed)?;
        if is_last && before.has_begun_head(&head) {
            return Ok(None);
        }
        let short = || "shorter than its head".to_owned();
        let (magic, rest) = head.split_first_chunk::<8>().ok_or_else(short)?;
        let (encapsulated, rest) = rest.split_first_chunk::<KEY_LEN>().ok_or_else(short)?;
        let (follows, _) = rest.split_first_chunk::<LINK_LEN>().ok_or_else(short)?;
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
        let link = before.of_segment(encapsulated);
        Ok(Some(Self { file, link, context, record: Vec::new(), is_cut: false }))
    }

    /// The next record, opened if there is a key; `None` at the end, and at a record that is cut.
    fn next(&mut self) -> Option<Result<Option<Decision>, String>> {
        match self.read() {
            Ok(true) => Some(self.check()),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }

    /// Reads the next record. Returns whether there is one; not so if it is cut.
    fn read(&mut self) -> Result<bool, String> {
        self.read_bytes(4)?;
        let Some(length) = self.record.first_chunk::<4>() else {
            self.is_cut = !self.record.is_empty();
            return Ok(false);
        };
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_RECORD {
            return Err("longer than a record can be".into());
        }
        self.read_bytes(length + LINK_LEN)?;
        if self.record.len() < length + LINK_LEN {
            // The length is not in the chain: a record of another one may be complete.
            if self.link.has_record_within(&self.record) {
                return Err("its length was changed".into());
            }
            self.is_cut = true;
            return Ok(false);
        }
        Ok(true)
    }

    /// Reads so many bytes, or those that are left.
    fn read_bytes(&mut self, n_bytes: usize) -> Result<(), String> {
        self.record.clear();
        // Memory grows with what is read, not with what a length claims.
        let read = self.file.by_ref().take(n_bytes as u64).read_to_end(&mut self.record);
        read.map(drop).map_err(|error| error.to_string())
    }

    /// Checks the link of the record that was read, and opens it if there is a key.
    fn check(&mut self) -> Result<Option<Decision>, String> {
        let record = self.record.split_last_chunk::<LINK_LEN>();
        let (ciphertext, link) = record.ok_or("shorter than a record can be")?;
        let (before, expected) = (self.link, self.link.of_record(ciphertext));
        if *link != expected.0 {
            return Err("the chain breaks: it was changed or moved".into());
        }
        self.link = expected;
        let Some(context) = &mut self.context else { return Ok(None) };
        let plain = context.open(ciphertext, &before.0).map_err(|_| "the key does not open it")?;
        // The parser quotes what it reads.
        serde_json::from_slice(&plain).map(Some).map_err(|_| "no decision".into())
    }
}
