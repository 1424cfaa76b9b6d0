//! What is wrong with a columnar file, in plain words.

use std::error::Error as StdError;
use std::io::{self, Read, Seek, SeekFrom};

use arrow_schema::ArrowError;

/// Refuses a file that does not begin and end as its kind does, before its reader complains about
/// what follows from that.
pub(super) fn check_ends(file: &mut (impl Read + Seek), magic: &[u8]) -> io::Result<()> {
    let len = file.seek(SeekFrom::End(0))?;
    let mut at = |position: u64| -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(position))?;
        file.by_ref().take(magic.len() as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let invalid = |detail: &str| Err(io::Error::new(io::ErrorKind::InvalidData, detail));
    if len == 0 {
        return invalid("the file is empty");
    }
    if at(0)? != magic {
        return invalid("it is a file of another kind");
    }
    if len < 2 * magic.len() as u64 || at(len - magic.len() as u64)? != magic {
        return invalid("its end is missing: the file was cut off, or is not finished");
    }
    file.seek(SeekFrom::Start(0)).map(drop)
}

/// The first bytes of a stream, the length of its first message. Refuses what does not begin with
/// a sensible one, since a reader would wait for bytes that do not come.
pub(super) fn read_start(input: &mut impl Read) -> io::Result<Vec<u8>> {
    const MAX_LEN: u32 = 1 << 24;
    let mut start = Vec::new();
    input.by_ref().take(4).read_to_end(&mut start)?;
    let invalid = |detail: &str| Err(io::Error::new(io::ErrorKind::InvalidData, detail));
    match <[u8; 4]>::try_from(start.as_slice()).map(u32::from_le_bytes) {
        // A mark; or, in streams of early versions, the length itself.
        Ok(u32::MAX | 1..=MAX_LEN) => Ok(start),
        Ok(_) => invalid("it is a file of another kind"),
        Err(_) if start.is_empty() => invalid("it is empty"),
        Err(_) => invalid("it ends too early, so rows are missing"),
    }
}

/// What a reader's error means, with the reader's own words in parentheses.
pub(super) fn in_words(error: &(dyn StdError + 'static)) -> String {
    let mut cause = Some(error);
    while let Some(error) = cause {
        // Ours, or one of the operating system.
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return of_system(error);
        }
        if let Some(ArrowError::IoError(_, error)) = error.downcast_ref::<ArrowError>() {
            return of_system(error);
        }
        cause = error.source();
    }
    let words = error.to_string();
    let is = |words_of_kind: &[&str]| {
        let words = words.to_lowercase();
        words_of_kind.iter().any(|word| words.contains(word))
    };
    let fault = if is(&["checksum", "crc"]) {
        "the checksum of a page is not that of its bytes, so the file is damaged"
    } else if is(&["not supported", "not yet supported", "not implemented", "nyi", "disabled"]) {
        "it needs a feature that this program does not have"
    } else if is(&["eof", "unexpected end", "fill whole buffer"]) {
        "it ends too early, so rows are missing"
    } else {
        "its content is damaged"
    };
    format!("{fault} ({words})")
}

fn of_system(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends too early, so rows are missing".into(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_file_begins_and_ends_as_its_kind_does() {
        let check = |bytes: &[u8]| {
            let result = check_ends(&mut Cursor::new(bytes), b"PAR1");
            result.map_or_else(|error| error.to_string(), |()| "fine".into())
        };
        assert_eq!(check(b"PAR1 content PAR1"), "fine");
        assert_eq!(check(b""), "the file is empty");
        assert_eq!(check(b"a,b\n1,2\n"), "it is a file of another kind");
        for cut in ["PAR1", "PAR1 cont", "PAR1PAR"] {
            let message = check(cut.as_bytes());
            assert!(message.starts_with("its end is missing"), "{cut}: {message}");
        }
    }

    #[test]
    fn a_stream_begins_with_the_length_of_a_message() {
        let start = |bytes: &[u8]| {
            let result = read_start(&mut Cursor::new(bytes));
            result.map_or_else(|error| error.to_string(), |start| format!("{start:?}"))
        };
        assert_eq!(start(b"\xFF\xFF\xFF\xFF1234"), "[255, 255, 255, 255]");
        assert_eq!(start(b"\x10\0\0\x00123"), "[16, 0, 0, 0]");
        assert_eq!(start(b"a,b\n"), "it is a file of another kind");
        assert_eq!(start(b""), "it is empty");
        assert_eq!(start(b"\xFF\xFF"), "it ends too early, so rows are missing");
    }

    #[test]
    fn the_words_of_a_reader_are_in_parentheses() {
        let error = |text: &str| ArrowError::ParseError(text.into());
        assert_eq!(
            in_words(&error("page checksum mismatch")),
            "the checksum of a page is not that of its bytes, so the file is damaged (Parser error: \
             page checksum mismatch)"
        );
        assert_eq!(
            in_words(&error("bad offset")),
            "its content is damaged (Parser error: bad offset)"
        );
        let ours = io::Error::new(io::ErrorKind::InvalidData, "no end marker");
        let ours = ArrowError::IoError("context".into(), ours);
        assert_eq!(in_words(&ours), "no end marker");
    }
}
