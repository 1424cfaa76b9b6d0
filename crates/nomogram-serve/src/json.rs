//! Reading JSON without a copy, with places, and without repeating what it read.
//!
//! A reader walks over the text once. Its faults name a place and what was expected, never what was
//! found. `serde_json` is not used for rows: its messages contain values, and its numbers may be one
//! unit in the last place off.

use std::borrow::Cow;

use crate::problem::{Problem, ProblemKind, TextPlace};

/// The deepest nesting of objects and arrays.
const MAX_DEPTH: u8 = 32;

/// Reads a JSON text.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    text: &'a str,
    position: usize,
    depth: u8,
    takes_bare_nan: bool,
}

/// What comes next in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An object.
    Object,
    /// An array.
    Array,
    /// A text in quotes.
    Text,
    /// A number; NaN or an infinity where these are read.
    Number,
    /// `true` or `false`.
    Boolean,
    /// `null`.
    Null,
}

/// A number, as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number<'a> {
    /// The nearest double; an infinity beyond the largest.
    pub value: f64,
    /// Its digits.
    pub written: &'a str,
}

/// Where the text is not JSON, or not what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The offset of the byte.
    pub offset: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl<'a> Reader<'a> {
    /// A reader of a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text, position: 0, depth: 0, takes_bare_nan: false }
    }

    /// Reads `NaN`, `Infinity` and `-Infinity`, which Python writes, as numbers too.
    #[must_use]
    pub fn with_bare_nan(self) -> Self {
        Self { takes_bare_nan: true, ..self }
    }

    /// The offset of the next byte.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.position
    }

    /// What comes next.
    ///
    /// # Errors
    ///
    /// When it is not the begin of a value.
    pub fn kind(&mut self) -> Result<Kind, Fault> {
        self.skip_spaces();
        match self.peek() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::Text),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b'N' | b'I') if self.takes_bare_nan => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Boolean),
            Some(b'n') => Ok(Kind::Null),
            Some(_) | None => Err(self.fault("a JSON value")),
        }
    }

    /// Reads an object; `member` reads the value of each name.
    ///
    /// # Errors
    ///
    /// When it is no object; the first error of `member`.
    pub fn object<E: From<Fault>>(
        &mut self,
        mut member: impl FnMut(&mut Self, Cow<'a, str>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.skip_spaces();
        self.take(b'{', "an object")?;
        self.enter()?;
        self.skip_spaces();
        if self.peek() == Some(b'}') {
            self.leave();
            return Ok(());
        }
        loop {
            self.skip_spaces();
            let name = self.text()?;
            self.skip_spaces();
            self.take(b':', "`:`")?;
            member(self, name)?;
            self.skip_spaces();
            match self.peek() {
                Some(b',') => self.position += 1,
                Some(b'}') => {
                    self.leave();
                    return Ok(());
                }
                Some(_) | None => return Err(self.fault("`,` or `}`").into()),
            }
        }
    }

    /// Reads an array; `item` reads each item and gets its index.
    ///
    /// # Errors
    ///
    /// When it is no array; the first error of `item`.
    pub fn array<E: From<Fault>>(
        &mut self,
        mut item: impl FnMut(&mut Self, usize) -> Result<(), E>,
    ) -> Result<(), E> {
        self.skip_spaces();
        self.take(b'[', "an array")?;
        self.enter()?;
        self.skip_spaces();
        if self.peek() == Some(b']') {
            self.leave();
            return Ok(());
        }
        for index in 0.. {
            item(self, index)?;
            self.skip_spaces();
            match self.peek() {
                Some(b',') => self.position += 1,
                Some(b']') => break,
                Some(_) | None => return Err(self.fault("`,` or `]`").into()),
            }
        }
        self.leave();
        Ok(())
    }

    /// Steps to an item of an array, which is then read: `index` 0 begins the array. Returns whether there
    /// is such an item. For reading several arrays side by side.
    ///
    /// # Errors
    ///
    /// When it is no array, or an item was not read.
    pub fn item(&mut self, index: usize) -> Result<bool, Fault> {
        self.skip_spaces();
        if index == 0 {
            self.take(b'[', "an array")?;
            self.skip_spaces();
            let has_item = self.peek() != Some(b']');
            self.position += usize::from(!has_item);
            return Ok(has_item);
        }
        match self.peek() {
            Some(b',') => {
                self.position += 1;
                Ok(true)
            }
            Some(b']') => {
                self.position += 1;
                Ok(false)
            }
            Some(_) | None => Err(self.fault("`,` or `]`")),
        }
    }

    /// Reads a text.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn text(&mut self) -> Result<Cow<'a, str>, Fault> {
        self.skip_spaces();
        self.take(b'"', "a text in quotes")?;
        let begin = self.position;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let text = self.text.get(begin..self.position).unwrap_or_default();
                    self.position += 1;
                    return Ok(Cow::Borrowed(text));
                }
                Some(b'\\') => return self.text_with_escapes(begin).map(Cow::Owned),
                Some(0x20..) => self.position += 1,
                Some(_) | None => return Err(self.fault("the end of a text, `\"`")),
            }
        }
    }

    fn text_with_escapes(&mut self, begin: usize) -> Result<String, Fault> {
        let mut text = self.text.get(begin..self.position).unwrap_or_default().to_owned();
        loop {
            let begin = self.position;
            while self.peek().is_some_and(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
                self.position += 1;
            }
            text.push_str(self.text.get(begin..self.position).unwrap_or_default());
            match self.peek() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.position += 1;
                    text.push(self.escape()?);
                }
                Some(_) | None => return Err(self.fault("the end of a text, `\"`")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Fault> {
        let byte = self.peek().ok_or_else(|| self.fault("an escape"))?;
        self.position += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.code_point(),
            _ => {
                self.position -= 1;
                return Err(self.fault("an escape"));
            }
        })
    }

    fn code_point(&mut self) -> Result<char, Fault> {
        let first = self.hexadecimal()?;
        let code = match first {
            0xd800..=0xdbff => {
                self.take(b'\\', "the second half of a surrogate pair")?;
                self.take(b'u', "the second half of a surrogate pair")?;
                match self.hexadecimal()? {
                    second @ 0xdc00..=0xdfff => {
                        0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00)
                    }
                    _ => return Err(self.fault("the second half of a surrogate pair")),
                }
            }
            code => code,
        };
        char::from_u32(code).ok_or_else(|| self.fault("a code point"))
    }

    fn hexadecimal(&mut self) -> Result<u32, Fault> {
        let digits = self.text.get(self.position..self.position + 4);
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let code = code.ok_or_else(|| self.fault("four hexadecimal digits"))?;
        self.position += 4;
        Ok(code)
    }

    /// Reads a number.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub fn number(&mut self) -> Result<Number<'a>, Fault> {
        self.skip_spaces();
        let begin = self.position;
        if self.takes_bare_nan {
            for (word, value) in
                [("NaN", f64::NAN), ("Infinity", f64::INFINITY), ("-Infinity", f64::NEG_INFINITY)]
            {
                if self.text.get(begin..).is_some_and(|rest| rest.starts_with(word)) {
                    self.position += word.len();
                    return Ok(Number { value, written: word });
                }
            }
        }
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        match self.peek() {
            Some(b'0') => self.position += 1,
            Some(b'1'..=b'9') => self.skip_digits(),
            Some(_) | None => return Err(self.fault("a number")),
        }
        if self.peek() == Some(b'.') {
            self.position += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.position += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.position += 1;
            }
            self.digits()?;
        }
        let written = self.text.get(begin..self.position).unwrap_or_default();
        let value = written.parse().map_err(|_| self.fault("a number"))?;
        Ok(Number { value, written })
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            return Err(self.fault("a digit"));
        }
        self.skip_digits();
        Ok(())
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    ///
    /// When it is neither.
    pub fn boolean(&mut self) -> Result<bool, Fault> {
        self.skip_spaces();
        let is_true = self.peek() == Some(b't');
        self.word(if is_true { "true" } else { "false" }, "`true` or `false`")?;
        Ok(is_true)
    }

    /// Reads `null`.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub fn null(&mut self) -> Result<(), Fault> {
        self.skip_spaces();
        self.word("null", "`null`")
    }

    fn word(&mut self, word: &str, expected: &'static str) -> Result<(), Fault> {
        match self.text.get(self.position..).is_some_and(|rest| rest.starts_with(word)) {
            true => self.position += word.len(),
            false => return Err(self.fault(expected)),
        }
        Ok(())
    }

    /// Reads a value of any kind and forgets it.
    ///
    /// # Errors
    ///
    /// When it is not JSON.
    pub fn skip(&mut self) -> Result<(), Fault> {
        match self.kind()? {
            Kind::Object => self.object(|reader, _| reader.skip()),
            Kind::Array => self.array(|reader, _| reader.skip()),
            Kind::Text => self.text().map(drop),
            Kind::Number => self.number().map(drop),
            Kind::Boolean => self.boolean().map(drop),
            Kind::Null => self.null(),
        }
    }

    /// That nothing but white space is left.
    ///
    /// # Errors
    ///
    /// When something is.
    pub fn end(&mut self) -> Result<(), Fault> {
        self.skip_spaces();
        if self.position == self.text.len() { Ok(()) } else { Err(self.fault("the end")) }
    }

    /// That something else was expected at the next byte.
    #[must_use]
    pub fn fault(&self, expected: &'static str) -> Fault {
        Fault { offset: self.position, expected }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn take(&mut self, byte: u8, expected: &'static str) -> Result<(), Fault> {
        if self.peek() != Some(byte) {
            return Err(self.fault(expected));
        }
        self.position += 1;
        Ok(())
    }

    fn skip_spaces(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.position += 1;
        }
    }

    fn skip_digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.position += 1;
        }
    }

    fn enter(&mut self) -> Result<(), Fault> {
        if self.depth == MAX_DEPTH {
            return Err(self.fault("at most 32 levels of objects and arrays"));
        }
        self.depth += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
        self.position += 1;
    }
}

impl Fault {
    /// The problem of a request with this text.
    #[must_use]
    pub fn in_text(self, text: &str) -> Problem {
        let before = text.as_bytes().get(..self.offset).unwrap_or_default();
        let lines = before.iter().filter(|byte| **byte == b'\n').count() as u64;
        let in_line = before.iter().rev().take_while(|byte| **byte != b'\n').count() as u64;
        let place = TextPlace { line: lines + 1, column: in_line + 1 };
        Problem::new(ProblemKind::Malformed, format!("expected {}", self.expected))
            .with_place(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skipped(text: &str) -> Result<(), Fault> {
        let mut reader = Reader::new(text);
        reader.skip()?;
        reader.end()
    }

    #[test]
    fn what_serde_json_reads_is_read_and_nothing_else() {
        let texts = [
            "{}",
            "[]",
            " [1, 2.5e-3, -0, 1E+9] ",
            "{\"a\":{\"b\":[null,true,false]}}",
            "\"\\u00e9\\ud83d\\ude00\\n\"",
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "1e",
            "[1,]",
            "{\"a\"}",
            "{\"a\":1,}",
            "{a:1}",
            "\"\u{1}\"",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"",
            "nul",
            "NaN",
            "",
            "1 2",
            "[1}",
            "\"a",
            "{\"a\":1 \"b\":2}",
            "\"\\u+123\"",
        ];
        for text in texts {
            let expected = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(skipped(text).is_ok(), expected, "{text}");
        }
    }

    #[test]
    fn texts_and_numbers_are_those_that_are_written() {
        let mut reader = Reader::new(r#"["a\"b\\\/\u00e9\ud83d\ude00\n", "plain", 0.1e1]"#);
        let (mut texts, mut numbers) = (Vec::new(), Vec::new());
        let read = reader.array::<Fault>(|reader, _| {
            match reader.kind()? {
                Kind::Text => texts.push(reader.text()?.into_owned()),
                _ => numbers.push(reader.number()?.value),
            }
            Ok(())
        });
        assert_eq!(read, Ok(()));
        assert_eq!(texts, ["a\"b\\/é😀\n", "plain"]);
        assert_eq!(numbers, [1.0]);
        let bare = Reader::new(" -Infinity").with_bare_nan().number().unwrap();
        assert_eq!(bare.value, f64::NEG_INFINITY);
        assert!(Reader::new("NaN").with_bare_nan().number().unwrap().value.is_nan());
    }

    #[test]
    fn nesting_is_bounded_and_faults_have_a_place() {
        assert_eq!(skipped(&"[".repeat(1_000_000)).unwrap_err().offset, 33);
        assert!(skipped(&format!("{}{}", "[".repeat(32), "]".repeat(32))).is_ok());
        let text = "{\n \"a\": 4711x}";
        let problem = skipped(text).unwrap_err().in_text(text);
        assert_eq!(problem.to_string(), "line 2, column 11: expected `,` or `}`");
    }
}
