//! The chain of hashes over records, and the layout of a file.
//!
//! A file is a segment: [`MAGIC`], the encapsulated key (32 bytes), the hash that the segment follows (32
//! bytes), then records. A record is its length in 4 bytes, little-endian, the ciphertext, and the hash.

use sha2::{Digest, Sha256};

/// The first bytes of a segment.
pub(super) const MAGIC: &[u8; 8] = b"NOMODEC1";
/// The bytes of an encapsulated key.
pub(super) const KEY_LEN: usize = 32;
/// The bytes of a link.
pub(super) const LINK_LEN: usize = 32;
/// The bytes of the head of a segment.
pub(super) const HEAD_LEN: usize = MAGIC.len() + KEY_LEN + LINK_LEN;
/// The longest record.
pub(super) const MAX_RECORD: usize = 1 << 24;
/// How the names of segments end.
pub(super) const EXTENSION: &str = "decisions";

/// A link of the chain. The first one is all zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Link(pub(super) [u8; LINK_LEN]);

impl Link {
    /// The link of a segment that follows this one.
    pub(super) fn of_segment(self, key: &[u8]) -> Self {
        self.next(b"segment", key)
    }

    /// The link of a record that follows this one.
    pub(super) fn of_record(self, ciphertext: &[u8]) -> Self {
        self.next(b"record_", ciphertext)
    }

    /// Whether bytes begin with a record that follows this link, whatever its length is.
    pub(super) fn has_record_within(self, bytes: &[u8]) -> bool {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(b"record_");
        // The link behind a text of every length, with one pass over the text.
        bytes.windows(32).zip(bytes).any(|(link, byte)| {
            let is_link = hash.clone().finalize().as_slice() == link;
            hash.update([*byte]);
            is_link
        })
    }

    /// Whether bytes are the beginning of the head of a segment that follows this link.
    pub(super) fn has_begun_head(self, bytes: &[u8]) -> bool {
        let magic = bytes.get(..MAGIC.len()).unwrap_or(bytes);
        let follows = bytes.get(MAGIC.len() + KEY_LEN..).unwrap_or_default();
        bytes.len() < HEAD_LEN && MAGIC.starts_with(magic) && self.0.starts_with(follows)
    }

    fn next(self, kind: &[u8; 7], bytes: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(kind);
        hash.update(bytes);
        Self(hash.finalize().into())
    }
}
