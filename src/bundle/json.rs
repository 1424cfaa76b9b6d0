//! JSON objects of texts, as `serde_json` writes them, without the right to fail.

use alloc::string::String;
use core::fmt::{self, Write};

use crate::error::Error;

/// An object that is written, and its inner one once that has begun.
#[derive(Debug)]
pub(super) struct Json {
    text: String,
    n_open: usize,
}

impl Json {
    /// An object without members.
    pub(super) fn new() -> Self {
        Self { text: String::new(), n_open: 0 }
    }

    /// Adds a text.
    pub(super) fn member(&mut self, key: &str, value: &str) -> Result<(), Error> {
        self.member_of_display(key, &value)
    }

    /// Adds what a value prints.
    pub(super) fn member_of_display(
        &mut self,
        key: &str,
        value: &impl fmt::Display,
    ) -> Result<(), Error> {
        self.begin(key)?;
        self.string(value)
    }

    /// Begins an object, which the members that follow belong to.
    pub(super) fn begin_object(&mut self, key: &str) -> Result<(), Error> {
        self.begin(key)?;
        self.open()
    }

    /// The whole text.
    pub(super) fn end(mut self) -> Result<String, Error> {
        for _ in 0..self.n_open {
            self.push("}")?;
        }
        Ok(self.text)
    }

    fn open(&mut self) -> Result<(), Error> {
        self.n_open += 1;
        self.push("{")
    }

    fn begin(&mut self, key: &str) -> Result<(), Error> {
        match self.text.as_bytes().last() {
            None => self.open()?,
            Some(b'{') => {}
            Some(_) => self.push(",")?,
        }
        self.string(&key)?;
        self.push(":")
    }

    fn string(&mut self, value: &impl fmt::Display) -> Result<(), Error> {
        self.push("\"")?;
        write!(Escaped(self), "{value}").map_err(|_| Error::out_of_memory())?;
        self.push("\"")
    }

    fn push(&mut self, text: &str) -> Result<(), Error> {
        self.text.try_reserve(text.len()).map_err(|_| Error::out_of_memory())?;
        self.text.push_str(text);
        Ok(())
    }
}

/// Writes what a JSON string holds.
struct Escaped<'j>(&'j mut Json);

impl Escaped<'_> {
    /// Writes characters of which only the last one may need an escape.
    fn run(&mut self, run: &str) -> Result<(), Error> {
        let mut plain = run.chars();
        let Some(last) = plain.next_back().filter(|last| needs_escape(*last)) else {
            return self.0.push(run);
        };
        self.0.push(plain.as_str())?;
        let escape = match last {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            _ => {
                self.0.push("\\u00")?;
                for digit in [u32::from(last) / 16, u32::from(last) % 16] {
                    let digit = char::from_digit(digit, 16).unwrap_or('0');
                    self.0.push(digit.encode_utf8(&mut [0; 4]))?;
                }
                return Ok(());
            }
        };
        self.0.push(escape)
    }
}

fn needs_escape(character: char) -> bool {
    matches!(character, '"' | '\\' | '\0'..'\u{20}')
}

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut runs = text.split_inclusive(needs_escape);
        runs.try_for_each(|run| self.run(run).map_err(|_| fmt::Error))
    }
}
