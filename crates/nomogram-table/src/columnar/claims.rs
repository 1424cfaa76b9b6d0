//! Refuses Arrow IPC messages that claim more memory than their bytes could fill.
//!
//! The reader of compressed buffers reserves what each claims to be when decompressed, and a claim
//! that no machine can satisfy ends the program. So messages are watched as they pass.

use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};

use arrow_ipc::{Block, RecordBatch, root_as_footer, root_as_message};

/// No codec in use turns a byte into more: a block of 128 KiB takes 4 bytes of Zstandard.
const MAX_RATIO: u64 = 1 << 16;
const MAX_BUFFER_BYTES: u64 = 4 << 30;
const CONTINUATION: [u8; 4] = [0xFF; 4];
/// How many bytes of a compressed buffer state its length.
const CLAIM_BYTES: usize = 8;

/// How long the end of a file is: the length of its footer and a mark.
const END_BYTES: u64 = 10;

/// A reader of a stream whose messages are watched.
pub(super) struct Watched<R> {
    inner: R,
    state: State,
    /// What a message may hold, decompressed.
    max_message_bytes: u64,
}

enum State {
    /// The length of a message is next.
    Length(Vec<u8>),
    /// Its description is next.
    Description { len: usize, bytes: Vec<u8> },
    /// Its buffers are next.
    Body(Body),
    /// The end marker has passed.
    Ended,
}

struct Body {
    /// How much of it has passed, and how long it is.
    at: u64,
    len: u64,
    /// The position and the length of each compressed buffer, by position.
    buffers: Vec<(u64, u64)>,
    /// What the next compressed buffers may claim to hold.
    max_claim: u64,
    /// What has passed of the claim of the first of them.
    claim: Vec<u8>,
}

impl<R> Watched<R> {
    pub(super) fn new(inner: R, max_message_bytes: u64) -> Self {
        Self { inner, state: State::Length(Vec::new()), max_message_bytes }
    }

    fn watch(&mut self, bytes: &[u8]) -> Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let n_bytes = match &mut self.state {
                State::Length(length) => {
                    let n_bytes = take(length, rest, 4);
                    if length.as_slice() == CONTINUATION {
                        length.clear();
                    } else if let Ok(len) = <[u8; 4]>::try_from(length.as_slice()) {
                        let len = usize::try_from(u32::from_le_bytes(len)).unwrap_or(0);
                        self.state = match len {
                            0 => State::Ended,
                            len => State::Description { len, bytes: Vec::new() },
                        };
                    }
                    n_bytes
                }
                State::Description { len, bytes } => {
                    if *len as u64 > self.max_message_bytes {
                        return Err(not_whole("a message of more bytes than the limit"));
                    }
                    let n_bytes = take(bytes, rest, *len);
                    if bytes.len() == *len {
                        self.state = match Body::of(bytes, self.max_message_bytes)? {
                            Some(body) => State::Body(body),
                            None => State::Length(Vec::new()),
                        };
                    }
                    n_bytes
                }
                State::Body(body) => {
                    let n_bytes = body.pass(rest)?;
                    if body.at == body.len {
                        self.state = State::Length(Vec::new());
                    }
                    n_bytes
                }
                State::Ended => rest.len(),
            };
            rest = rest.get(n_bytes..).unwrap_or_default();
        }
        Ok(())
    }
}

impl<R: Read> Watched<R> {
    /// Refuses a stream that is cut, and bytes after its end: rows would be lost unseen. To be
    /// called after the last batch.
    pub(super) fn finish(&mut self) -> Result<()> {
        if !matches!(self.state, State::Ended) {
            return Err(not_whole("no end marker, so rows may be missing"));
        }
        if self.inner.read(&mut [0])? > 0 {
            return Err(not_whole("bytes after the end marker, expected one stream"));
        }
        Ok(())
    }
}

impl Body {
    /// The body that a description announces; nothing where there is none.
    fn of(description: &[u8], max_bytes: u64) -> Result<Option<Self>> {
        match Self::announced(description, max_bytes) {
            Some(body) if body.len > max_bytes => {
                Err(not_whole("a message of more bytes than the limit"))
            }
            body => Ok(body),
        }
    }

    fn announced(description: &[u8], max_bytes: u64) -> Option<Self> {
        let message = root_as_message(description).ok()?;
        let len = u64::try_from(message.bodyLength()).ok().filter(|len| *len > 0)?;
        let batch = message.header_as_record_batch();
        let batch = batch.or_else(|| message.header_as_dictionary_batch()?.data());
        let mut buffers = batch.map_or(Vec::new(), compressed_buffers);
        buffers.sort_unstable();
        Some(Self { at: 0, len, buffers, max_claim: max_bytes, claim: Vec::new() })
    }

    fn pass(&mut self, bytes: &[u8]) -> Result<usize> {
        let left = usize::try_from(self.len - self.at).unwrap_or(usize::MAX);
        let bytes = bytes.get(..left).unwrap_or(bytes);
        while let Some((start, buffer_len)) = self.buffers.first().copied() {
            let next = start + self.claim.len() as u64;
            let Some(ahead) = next.checked_sub(self.at) else {
                return Err(refused("buffers that overlap"));
            };
            let ahead = usize::try_from(ahead).unwrap_or(usize::MAX);
            let Some(rest) = bytes.get(ahead..).filter(|rest| !rest.is_empty()) else { break };
            take(&mut self.claim, rest, CLAIM_BYTES);
            let Ok(claim) = <[u8; CLAIM_BYTES]>::try_from(self.claim.as_slice()) else { break };
            self.claim.clear();
            self.buffers.remove(0);
            check_claim(buffer_len, claim)?;
            let claimed = u64::try_from(i64::from_le_bytes(claim)).unwrap_or(buffer_len);
            self.max_claim = self
                .max_claim
                .checked_sub(claimed)
                .ok_or_else(|| refused("buffers that claim to hold more than the limit"))?;
        }
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }
}

/// Refuses a file with a message that claims too much. What else is wrong with it is left to its
/// reader.
pub(super) fn check_file(file: &mut (impl Read + Seek)) -> Result<()> {
    let footer = read_footer(file)?;
    if let Ok(footer) = root_as_footer(&footer) {
        let batches = footer.recordBatches().into_iter().flatten();
        for block in batches.chain(footer.dictionaries().into_iter().flatten()) {
            check_block(file, block)?;
        }
    }
    file.seek(SeekFrom::Start(0)).map(drop)
}

fn read_footer(file: &mut (impl Read + Seek)) -> Result<Vec<u8>> {
    let file_len = file.seek(SeekFrom::End(0))?;
    let Some(end) = file_len.checked_sub(END_BYTES) else { return Ok(Vec::new()) };
    let length = read_at(file, end, 4)?;
    let length = <[u8; 4]>::try_from(length.as_slice()).map_or(0, u32::from_le_bytes);
    match end.checked_sub(length.into()) {
        Some(start) => read_at(file, start, length.into()),
        None => Ok(Vec::new()),
    }
}

fn check_block(file: &mut (impl Read + Seek), block: &Block) -> Result<()> {
    let (Ok(start), Ok(head_len)) =
        (u64::try_from(block.offset()), u64::try_from(block.metaDataLength()))
    else {
        return Ok(());
    };
    let head = read_at(file, start, head_len)?;
    let description = match head.strip_prefix(&CONTINUATION) {
        Some(rest) => rest.get(4..),
        None => head.get(4..),
    };
    let Ok(message) = root_as_message(description.unwrap_or_default()) else { return Ok(()) };
    let batch = message.header_as_record_batch();
    let batch = batch.or_else(|| message.header_as_dictionary_batch()?.data());
    for (position, buffer_len) in batch.map_or(Vec::new(), compressed_buffers) {
        let position = start.saturating_add(head_len).saturating_add(position);
        let claim = read_at(file, position, CLAIM_BYTES as u64)?;
        if let Ok(claim) = <[u8; CLAIM_BYTES]>::try_from(claim.as_slice()) {
            check_claim(buffer_len, claim)?;
        }
    }
    Ok(())
}

/// As many bytes as there are, at most `len`.
fn read_at(file: &mut (impl Read + Seek), position: u64, len: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(position))?;
    file.take(len).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// −1 claims that a buffer is not compressed.
fn check_claim(buffer_len: u64, claim: [u8; CLAIM_BYTES]) -> Result<()> {
    let claim = i64::from_le_bytes(claim);
    let most = buffer_len.saturating_mul(MAX_RATIO).min(MAX_BUFFER_BYTES);
    match u64::try_from(claim).is_ok_and(|claim| claim > most) {
        true => Err(refused(&format!("{buffer_len} bytes that claim to hold {claim}"))),
        false => Ok(()),
    }
}

fn compressed_buffers(batch: RecordBatch<'_>) -> Vec<(u64, u64)> {
    if batch.compression().is_none() {
        return Vec::new();
    }
    let buffers = batch.buffers().into_iter().flatten();
    let buffers = buffers.filter_map(|buffer| {
        let start = u64::try_from(buffer.offset()).ok()?;
        let len = u64::try_from(buffer.length()).ok()?;
        (len >= CLAIM_BYTES as u64).then_some((start, len))
    });
    buffers.collect()
}

/// Adds bytes until there are `len`; returns how many it took.
fn take(bytes: &mut Vec<u8>, from: &[u8], len: usize) -> usize {
    let taken = from.get(..len - bytes.len().min(len)).unwrap_or(from);
    bytes.extend_from_slice(taken);
    taken.len()
}

fn not_whole(detail: &str) -> Error {
    Error::new(ErrorKind::InvalidData, detail)
}

fn refused(detail: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("a compressed batch has {detail}"))
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let n_bytes = self.inner.read(buffer)?;
        self.watch(buffer.get(..n_bytes).unwrap_or_default())?;
        Ok(n_bytes)
    }
}
