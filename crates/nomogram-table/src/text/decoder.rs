//! Bytes to text, piece by piece, by the encoding that is stated; nothing is guessed.

use encoding_rs::{DecoderResult, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::format::Encoding;

const UTF_8_MARK: &[u8] = b"\xEF\xBB\xBF";
const UTF_16_LE_MARK: &[u8] = b"\xFF\xFE";
const UTF_16_BE_MARK: &[u8] = b"\xFE\xFF";

/// Decodes a text whose bytes come in pieces.
pub(super) struct Decoder {
    encoding: Encoding,
    state: State,
    /// Bytes that wait for those that follow.
    pending: Vec<u8>,
}

enum State {
    /// Before the byte order mark.
    AtStart,
    Utf8,
    Latin1,
    Other(Box<encoding_rs::Decoder>),
}

impl Decoder {
    pub(super) fn new(encoding: Encoding) -> Self {
        Self { encoding, state: State::AtStart, pending: Vec::new() }
    }

    /// Adds the text of some bytes to `text`; at the end there are none.
    ///
    /// # Errors
    ///
    /// A sentence, when they are not of the encoding; `text` then ends where they begin not to be.
    pub(super) fn decode(&mut self, bytes: &[u8], text: &mut String) -> Result<(), String> {
        let is_end = bytes.is_empty();
        self.pending.extend_from_slice(bytes);
        if let State::AtStart = self.state {
            if self.pending.len() < UTF_8_MARK.len() && !is_end {
                return Ok(());
            }
            self.state = self.start()?;
        }
        match &mut self.state {
            State::AtStart => Ok(()),
            State::Utf8 => utf_8(&mut self.pending, is_end, text),
            State::Latin1 => {
                text.extend(self.pending.drain(..).map(char::from));
                Ok(())
            }
            State::Other(decoder) => {
                let undefined = match self.encoding {
                    Encoding::Windows1252 => undefined_in_windows_1252(&self.pending),
                    Encoding::Utf8 | Encoding::Utf16 | Encoding::Latin1 => None,
                };
                if let Some((at, _)) = undefined {
                    self.pending.truncate(at);
                }
                let room = decoder.max_utf8_buffer_length_without_replacement(self.pending.len());
                text.reserve(room.unwrap_or(0));
                let (result, _) =
                    decoder.decode_to_string_without_replacement(&self.pending, text, is_end);
                self.pending.clear();
                if let Some((_, byte)) = undefined {
                    return Err(format!("byte 0x{byte:X}, which windows-1252 does not define"));
                }
                match result {
                    DecoderResult::InputEmpty => Ok(()),
                    DecoderResult::Malformed(..) | DecoderResult::OutputFull => {
                        Err(format!("bytes that are not {}", self.encoding))
                    }
                }
            }
        }
    }

    /// Takes the byte order mark away.
    fn start(&mut self) -> Result<State, String> {
        let mark = [UTF_8_MARK, UTF_16_LE_MARK, UTF_16_BE_MARK]
            .into_iter()
            .find(|mark| self.pending.starts_with(mark));
        let utf_16 = match mark {
            Some(mark) if mark == UTF_16_LE_MARK => Some(UTF_16LE),
            Some(mark) if mark == UTF_16_BE_MARK => Some(UTF_16BE),
            _ => None,
        };
        let state = match (self.encoding, utf_16, mark) {
            (Encoding::Utf16, Some(utf_16), _) => {
                State::Other(Box::new(utf_16.new_decoder_without_bom_handling()))
            }
            (Encoding::Utf16, None, _) => {
                return Err("no byte order mark, which UTF-16 needs".into());
            }
            (Encoding::Utf8, None, _) => State::Utf8,
            (Encoding::Latin1, None, None) => State::Latin1,
            (Encoding::Windows1252, None, None) => {
                State::Other(Box::new(WINDOWS_1252.new_decoder_without_bom_handling()))
            }
            (encoding, Some(_), _) => return Err(other_mark("utf-16", encoding)),
            (encoding, None, Some(_)) => return Err(other_mark("utf-8", encoding)),
        };
        self.pending.drain(..mark.map_or(0, <[u8]>::len));
        Ok(state)
    }
}

fn other_mark(found: &str, expected: Encoding) -> String {
    format!(
        "the byte order mark of {found}, expected {expected}; if it is {found}, use --encoding {found}"
    )
}

/// The first byte that the encoding leaves undefined, and its position. Decoders on the web make
/// control characters of them.
fn undefined_in_windows_1252(bytes: &[u8]) -> Option<(usize, u8)> {
    let is_undefined = |byte: &u8| matches!(byte, 0x81 | 0x8D | 0x8F | 0x90 | 0x9D);
    bytes.iter().copied().enumerate().find(|(_, byte)| is_undefined(byte))
}

/// Moves what is text; the beginning of a character waits for its end.
fn utf_8(pending: &mut Vec<u8>, is_end: bool, text: &mut String) -> Result<(), String> {
    let not_utf_8 =
        || "bytes that are not UTF-8; if the file has another encoding, use --encoding".into();
    let valid_len = match std::str::from_utf8(pending) {
        Ok(valid) => {
            text.push_str(valid);
            pending.clear();
            return Ok(());
        }
        Err(error) => {
            let valid = pending.get(..error.valid_up_to()).unwrap_or_default();
            text.push_str(std::str::from_utf8(valid).unwrap_or_default());
            if is_end || error.error_len().is_some() {
                return Err(not_utf_8());
            }
            error.valid_up_to()
        }
    };
    pending.drain(..valid_len);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decodes in pieces of a size.
    fn decode(bytes: &[u8], encoding: Encoding, size: usize) -> Result<String, String> {
        let (mut decoder, mut text) = (Decoder::new(encoding), String::new());
        for piece in bytes.chunks(size).chain([[].as_slice()]) {
            decoder.decode(piece, &mut text)?;
        }
        Ok(text)
    }

    #[test]
    fn the_same_text_is_read_from_every_encoding_in_pieces_of_every_size() {
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
            for size in [1, 2, 3, 5, 100] {
                let decoded = decode(&bytes, encoding, size);
                assert_eq!(decoded.as_deref(), Ok(text), "{encoding} {size}");
            }
        }
        assert_eq!(decode(b"\x80", Encoding::Windows1252, 1).as_deref(), Ok("€"));
        assert_eq!(decode(b"\x80", Encoding::Latin1, 1).as_deref(), Ok("\u{80}"));
        assert_eq!(decode("💊".as_bytes(), Encoding::Utf8, 1).as_deref(), Ok("💊"));
        assert_eq!(decode(b"", Encoding::Utf8, 1).as_deref(), Ok(""));
    }

    #[test]
    fn bytes_of_another_encoding_are_refused() {
        let cases: [(&[u8], Encoding, &str); 11] = [
            (b"a\nb\n\xE9\n", Encoding::Utf8, "bytes that are not UTF-8"),
            (b"a\xC3", Encoding::Utf8, "bytes that are not UTF-8"),
            (b"\xFF\xFEa\0", Encoding::Utf8, "byte order mark of utf-16, expected utf-8"),
            (b"\xFF\xFEa\0", Encoding::Latin1, "byte order mark of utf-16, expected latin1"),
            (b"ab\x81c", Encoding::Windows1252, "byte 0x81, which windows-1252 does not define"),
            (b"ab\x80\x9D", Encoding::Windows1252, "byte 0x9D, which"),
            (b"\xEF\xBB\xBFa", Encoding::Windows1252, "mark of utf-8, expected windows-1252"),
            (b"a\0", Encoding::Utf16, "no byte order mark"),
            (b"\xEF\xBB\xBFa", Encoding::Utf16, "no byte order mark"),
            (b"\xFF\xFE\x00\xD8", Encoding::Utf16, "bytes that are not utf-16"),
            (b"\xFF\xFEa\0b", Encoding::Utf16, "bytes that are not utf-16"),
        ];
        for (bytes, encoding, message) in cases {
            for size in [1, 100] {
                let error = decode(bytes, encoding, size).unwrap_err();
                assert!(error.contains(message), "{encoding} {size}: {error}");
            }
        }
    }
}
