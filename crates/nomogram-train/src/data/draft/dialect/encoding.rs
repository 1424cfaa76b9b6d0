//! The encoding of a text, where its bytes prove it.

use crate::table::Encoding;

const UTF_8_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
const UTF_16_MARKS: [&[u8]; 2] = [&[0xFF, 0xFE], &[0xFE, 0xFF]];

/// The encoding that the bytes prove.
pub(super) fn encoding(bytes: &[u8]) -> Result<Encoding, String> {
    if UTF_16_MARKS.iter().any(|mark| bytes.starts_with(mark)) {
        return Ok(Encoding::Utf16);
    }
    let text = bytes.strip_prefix(UTF_8_MARK).unwrap_or(bytes);
    let in_doubt = |valid: &[u8], found: &str, expected: &str| {
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        format!("line {line}: {found}; the encoding is ambiguous: state {expected}")
    };
    match std::str::from_utf8(text) {
        Err(error) => {
            let valid = text.get(..error.valid_up_to()).unwrap_or_default();
            let expected = "`--encoding windows-1252` or `--encoding latin1`";
            Err(in_doubt(valid, "a byte that is not UTF-8", expected))
        }
        Ok(text) => match text.find('\0') {
            None => Ok(Encoding::Utf8),
            Some(position) => {
                let valid = text.as_bytes().get(..position).unwrap_or_default();
                let expected = "it by a byte order mark, as UTF-16 needs one";
                Err(in_doubt(valid, "a NUL character", expected))
            }
        },
    }
}
