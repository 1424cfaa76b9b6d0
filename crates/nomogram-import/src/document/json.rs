//! JSON, with the tokens `NaN` and `Infinity` that XGBoost and Python write.

use super::value::{Number, Value};
use crate::error::{Error, Place};
use crate::limits::{self, Limits};

/// Reads a document.
///
/// # Errors
///
/// `Malformed` with line and byte of the line; `TooLarge` when there are more values, or a deeper
/// nesting, than the limits allow.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Value, Error> {
    limits.check_bytes(bytes.len())?;
    let mut reader = Reader { bytes, position: 0, n_values: 0, limits };
    let value = reader.value(0).and_then(|value| {
        reader.skip_space();
        match reader.peek() {
            None => Ok(value),
            Some(_) => Err(reader.expected("the end of the document")),
        }
    });
    value.map_err(|error| reader.locate(error))
}

struct Reader<'b> {
    bytes: &'b [u8],
    position: usize,
    n_values: usize,
    limits: &'b Limits,
}

impl<'b> Reader<'b> {
    fn locate(&self, error: Error) -> Error {
        let before = self.bytes.get(..self.position).unwrap_or(self.bytes);
        let line = before.split(|byte| *byte == b'\n').count() - 1;
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        error.within(Place::Byte(self.position - start)).within(Place::Line(line))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn expected(&self, expected: &str) -> Error {
        match self.peek() {
            None => Error::malformed(format!("the end of the file, expected {expected}")),
            Some(byte) => {
                Error::malformed(format!("`{}`, expected {expected}", byte.escape_ascii()))
            }
        }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.position += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.position += usize::from(is_there);
        is_there
    }

    fn value(&mut self, depth: usize) -> Result<Value, Error> {
        limits::check(depth, self.limits.max_depth, "levels of nesting")?;
        self.n_values += 1;
        limits::check(self.n_values, self.limits.max_values, "values")?;
        self.skip_space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.text().map(Value::Text),
            Some(b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z') => self.word(),
            Some(_) | None => Err(self.expected("a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Error> {
        self.position += 1;
        let mut members = Vec::new();
        self.skip_space();
        while !self.take(b'}') {
            if !members.is_empty() && !self.take(b',') {
                return Err(self.expected("`,` or `}`"));
            }
            self.skip_space();
            if self.peek() != Some(b'"') {
                return Err(self.expected("a key"));
            }
            let key = self.text()?;
            self.skip_space();
            if !self.take(b':') {
                return Err(self.expected("`:`"));
            }
            members.push((key, self.value(depth + 1)?));
            self.skip_space();
        }
        Ok(Value::Object(members))
    }

    fn list(&mut self, depth: usize) -> Result<Value, Error> {
        self.position += 1;
        let mut items = Vec::new();
        self.skip_space();
        while !self.take(b']') {
            if !items.is_empty() && !self.take(b',') {
                return Err(self.expected("`,` or `]`"));
            }
            items.push(self.value(depth + 1)?);
            self.skip_space();
        }
        Ok(Value::List(items))
    }

    /// A number, or one of the words.
    fn word(&mut self) -> Result<Value, Error> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
        let len = rest.iter().position(|byte| !is_of_word(byte)).unwrap_or(rest.len());
        let word = rest.get(..len).unwrap_or_default();
        let word = std::str::from_utf8(word).unwrap_or_default();
        let value = match word {
            "null" => Some(Value::Null),
            "true" => Some(Value::Boolean(true)),
            "false" => Some(Value::Boolean(false)),
            _ => number(word).map(Value::Number),
        };
        let value = value.ok_or_else(|| self.expected("a value"))?;
        self.position += len;
        Ok(value)
    }

    fn text(&mut self) -> Result<String, Error> {
        self.position += 1;
        let mut text = Vec::new();
        loop {
            let rest: &'b [u8] = self.bytes.get(self.position..).unwrap_or_default();
            let len = rest.iter().position(|byte| matches!(byte, b'"' | b'\\') || *byte < b' ');
            let len = len.unwrap_or(rest.len());
            text.extend_from_slice(rest.get(..len).unwrap_or_default());
            self.position += len;
            if self.take(b'"') {
                let text = String::from_utf8(text);
                return text.map_err(|_| Error::malformed("a text that is not UTF-8"));
            }
            if !self.take(b'\\') {
                return Err(self.expected("`\"`"));
            }
            let character = self.escaped()?;
            text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    /// The character after a backslash.
    fn escaped(&mut self) -> Result<char, Error> {
        let character = match self.peek() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.position += 1;
                return self.code_point();
            }
            Some(_) | None => return Err(self.expected("an escaped character")),
        };
        self.position += 1;
        Ok(character)
    }

    /// The character of four digits, or of two surrogates.
    fn code_point(&mut self) -> Result<char, Error> {
        let first = self.four_digits()?;
        let is_high = (0xd800..0xdc00).contains(&first);
        let code = if is_high && self.take(b'\\') && self.take(b'u') {
            let second = self.four_digits()?;
            0x10000 + ((first - 0xd800) << 10) + (second.wrapping_sub(0xdc00) & 0x3ff)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| self.expected("a character"))
    }

    fn four_digits(&mut self) -> Result<u32, Error> {
        let digits = self.bytes.get(self.position..self.position.saturating_add(4));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let is_hex = |digits: &&str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let code = digits.filter(is_hex).and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let code = code.ok_or_else(|| self.expected("four hexadecimal digits"))?;
        self.position += 4;
        Ok(code)
    }
}

/// A number as JSON writes it, or `NaN`, `Infinity` and `-Infinity`.
fn number(word: &str) -> Option<Number> {
    let begins = word.trim_start_matches('-').as_bytes().first();
    match word {
        "NaN" | "nan" => return Some(f64::NAN.into()),
        "Infinity" | "inf" => return Some(f64::INFINITY.into()),
        "-Infinity" | "-inf" => return Some(f64::NEG_INFINITY.into()),
        _ if !begins.is_some_and(u8::is_ascii_digit) => return None,
        _ => {}
    }
    Some(Number { double: word.parse().ok()?, single: word.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Value, Error> {
        read(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn values_are_read() {
        let value = read_text(r#" {"a" : [1, -2.5e3, true, null, NaN, "\u00e9\ud83d\ude00\n"] } "#);
        let Value::Object(members) = value.unwrap() else { panic!("no object") };
        let Value::List(items) = &members[0].1 else { panic!("no list") };
        assert_eq!(items[1], Value::Number((-2500.0_f64).into()));
        assert_eq!(items[5], Value::Text("é😀\n".into()));
        assert!(matches!(items[4], Value::Number(number) if number.double.is_nan()));
    }

    #[test]
    fn errors_have_line_and_byte() {
        for (text, message) in [
            ("", "line 1: byte 1: the end of the file, expected a value"),
            ("{\n \"a\" 1}", "line 2: byte 6: `1`, expected `:`"),
            ("[1,]", "line 1: byte 4: `]`, expected a value"),
            ("[1 2]", "line 1: byte 4: `2`, expected `,` or `]`"),
            ("\"a", "line 1: byte 3: the end of the file, expected `\"`"),
            ("1x", "line 1: byte 1: `1`, expected a value"),
            ("1 2", "line 1: byte 3: `2`, expected the end of the document"),
        ] {
            assert_eq!(read_text(text).unwrap_err().to_string(), message, "{text}");
        }
    }

    #[test]
    fn deep_and_large_documents_are_refused() {
        let limits = Limits { max_values: 3, max_depth: 5, ..Limits::default() };
        assert!(read(b"[1, 2]", &limits).is_ok());
        assert_eq!(
            read(b"[1, 2, 3]", &limits).unwrap_err().to_string(),
            "line 1: byte 7: 4 values, expected at most 3"
        );
        let deep = "[".repeat(1_000_000);
        assert!(read_text(&deep).unwrap_err().to_string().contains("levels of nesting"));
    }
}
