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
        self.skip_plain();
        match self.peek() {
            Some(b'"') => {
                let text = self.text.get(begin..self.position).unwrap_or_default();
                self.position += 1;
                Ok(Cow::Borrowed(text))
            }
            Some(b'\\') => self.text_with_escapes(begin).map(Cow::Owned),
            Some(_) | None => Err(self.fault("the end of a text, `\"`")),
        }
    }

    fn text_with_escapes(&mut self, begin: usize) -> Result<String, Fault> {
        let mut text = self.text.get(begin..self.position).unwrap_or_default().to_owned();
        loop {
            let begin = self.position;
            self.skip_plain();
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

    /// Steps to the next quote, backslash or control character, eight bytes at a time.
    fn skip_plain(&mut self) {
        const ONES: u64 = u64::MAX / 0xff;
        const HIGHEST_BITS: u64 = ONES << 7;
        // The highest bit of the first byte that is below a number; of later ones perhaps, too.
        let below =
            |word: u64, number: u64| word.wrapping_sub(ONES * number) & !word & HIGHEST_BITS;
        let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let rest = self.text.as_bytes().get(self.position..).unwrap_or_default();
        let (words, last) = rest.as_chunks::<8>();
        for word in words {
            let word = u64::from_le_bytes(*word);
            let ends = below(word, 0x20) | equal(word, b'"') | equal(word, b'\\');
            if ends != 0 {
                self.position += (ends.trailing_zeros() / 8) as usize;
                return;
            }
            self.position += 8;
        }
        let is_end = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        self.position += last.iter().position(is_end).unwrap_or(last.len());
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
