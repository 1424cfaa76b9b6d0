//! From bytes to text, by the encoding that is stated; nothing is guessed.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::data::Encoding;

const UTF_8_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
const UTF_16_LE_MARK: &[u8] = &[0xFF, 0xFE];
const UTF_16_BE_MARK: &[u8] = &[0xFE, 0xFF];

/// The text, or where the bytes are not of the encoding.
pub(super) fn decode(bytes: Vec<u8>, encoding: Encoding) -> Result<String, String> {
    match encoding {
        Encoding::Utf8 => utf_8(bytes),
        Encoding::Utf16 => {
            let (encoding, text) = if let Some(text) = bytes.strip_prefix(UTF_16_LE_MARK) {
                (UTF_16LE, text)
            } else if let Some(text) = bytes.strip_prefix(UTF_16_BE_MARK) {
                (UTF_16BE, text)
            } else {
                return Err("no byte order mark, without which UTF-16 is not read".into());
            };
            let text = encoding.decode_without_bom_handling_and_without_replacement(text);
            text.map(Into::into).ok_or_else(|| "not UTF-16".into())
        }
        Encoding::Latin1 => Ok(bytes.into_iter().map(char::from).collect()),
        Encoding::Windows1252 => {
            let text = WINDOWS_1252.decode_without_bom_handling(&bytes).0;
            Ok(text.into_owned())
        }
    }
}

fn utf_8(mut bytes: Vec<u8>) -> Result<String, String> {
    if bytes.starts_with(UTF_16_LE_MARK) || bytes.starts_with(UTF_16_BE_MARK) {
        return Err("begins with the byte order mark of UTF-16, expected UTF-8; if it is UTF-16, \
                    set `csv: { encoding: utf-16 }`"
            .into());
    }
    if bytes.starts_with(UTF_8_MARK) {
        bytes.drain(..UTF_8_MARK.len());
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        format!(
            "line {line}: not UTF-8; if it is of another encoding, set `csv: {{ encoding: … }}`"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_text_is_read_from_every_encoding() {
        let text = "Größe,µg\n";
        let latin1 = || text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let utf_16 = |mark: u16, order: fn(u16) -> [u8; 2]| -> Vec<u8> {
            [mark].into_iter().chain(text.encode_utf16()).flat_map(order).collect()
        };
        let marked = [UTF_8_MARK, text.as_bytes()].concat();
        let cases: [(Vec<u8>, Encoding); 6] = [
            (text.into(), Encoding::Utf8),
            (marked, Encoding::Utf8),
            (latin1(), Encoding::Latin1),
            (latin1(), Encoding::Windows1252),
            (utf_16(0xFEFF, u16::to_le_bytes), Encoding::Utf16),
            (utf_16(0xFEFF, u16::to_be_bytes), Encoding::Utf16),
        ];
        for (bytes, encoding) in cases {
            assert_eq!(decode(bytes, encoding).as_deref(), Ok(text), "{encoding:?}");
        }
        assert_eq!(decode(vec![0x80], Encoding::Windows1252).as_deref(), Ok("€"));
        assert_eq!(decode(vec![0x80], Encoding::Latin1).as_deref(), Ok("\u{80}"));
    }

    #[test]
    fn bytes_of_another_encoding_are_refused() {
        let cases: [(&[u8], Encoding, &str); 4] = [
            (b"a\nb\n\xE9\n", Encoding::Utf8, "line 3: not UTF-8"),
            (b"\xFF\xFEa\0", Encoding::Utf8, "byte order mark of UTF-16"),
            (b"a\0", Encoding::Utf16, "no byte order mark"),
            (b"\xFF\xFE\x00\xD8", Encoding::Utf16, "not UTF-16"),
        ];
        for (bytes, encoding, message) in cases {
            let error = decode(bytes.to_vec(), encoding).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }
}
