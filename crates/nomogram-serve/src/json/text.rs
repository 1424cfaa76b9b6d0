//! Texts of JSON: borrowed, unless they have escapes.

use std::borrow::Cow;

use super::{Fault, Reader};

impl<'a> Reader<'a> {
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
}
