//! The header: magic, format number, number of sections, length of the file, digest.

use alloc::vec::Vec;

use super::reader::{Reader, table_error, truncated};
use crate::bundle::digest::Digest;
use crate::error::{Error, ErrorKind, Place};

/// Begins every bundle. Like PNG's: bytes above 127 and both line ends show a damaged transfer.
pub(super) const MAGIC: [u8; 8] = *b"\x89NOMO\r\n\x1a";
/// The newest format that this version reads, and the one that it writes.
pub(crate) const FORMAT: u32 = 2;
/// Magic, format, number of sections, file length, digest.
pub(crate) const HEADER_LEN: usize = 8 + 4 + 4 + 8 + 32;

/// The first bytes of a bundle.
pub(super) struct Header {
    pub(super) format: u32,
    pub(super) n_sections: u32,
    pub(super) length: u64,
    pub(super) digest: Digest,
}

impl Header {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.format.to_le_bytes());
        bytes.extend(self.n_sections.to_le_bytes());
        bytes.extend(self.length.to_le_bytes());
        bytes.extend(self.digest.0);
        bytes
    }

    /// Reads the header of a file of `length` bytes, which begins with `bytes`.
    pub(super) fn of_file(bytes: &[u8], length: u64) -> Result<Self, Error> {
        let mut reader = Reader { bytes, offset: 0 };
        check_magic(bytes)?;
        reader.offset = MAGIC.len();
        let format = u32::from_le_bytes(reader.array()?);
        if format > FORMAT {
            return Err(Error::new(
                ErrorKind::NewerFormat,
                format_args!("format {format}, expected 1 to {FORMAT}, which this version reads"),
            ));
        }
        if format == 0 {
            return Err(Error::new(ErrorKind::SectionTable, "format 0, expected at least 1")
                .within(Place::Byte(MAGIC.len() as u64)));
        }
        let header = Self {
            format,
            n_sections: u32::from_le_bytes(reader.array()?),
            length: u64::from_le_bytes(reader.array()?),
            digest: Digest(reader.array()?),
        };
        if length < header.length {
            let detail = format_args!("the file ends here, expected {} bytes", header.length);
            return Err(truncated(length, detail));
        }
        if length > header.length {
            let detail =
                format_args!("{} bytes follow the end of the bundle", length - header.length);
            return Err(table_error(header.length, detail));
        }
        Ok(header)
    }
}

/// Checks the magic; distinguishes a transfer in text mode from a file of another kind.
fn check_magic(bytes: &[u8]) -> Result<(), Error> {
    let n_same = bytes.iter().zip(&MAGIC).take_while(|(byte, magic)| byte == magic).count();
    if n_same == MAGIC.len() {
        return Ok(());
    }
    if bytes.is_empty() {
        return Err(Error::new(ErrorKind::Truncated, "no bytes at all, expected a bundle"));
    }
    if n_same == bytes.len() {
        return Err(truncated(n_same as u64, "ends within the magic"));
    }
    let detail = if n_same >= 5 {
        "line ends were changed, as by a transfer in text mode"
    } else {
        "not a bundle: a bundle begins with 89 4E 4F 4D 4F 0D 0A 1A"
    };
    Err(Error::new(ErrorKind::Magic, detail).within(Place::Byte(n_same as u64)))
}
