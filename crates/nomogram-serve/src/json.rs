//! Reading JSON without a copy, with places, and without repeating what it read.
//!
//! A reader walks over the text once. Its faults name a place and what was expected, never what was
//! found. `serde_json` is not used for rows:
//!
//! - its numbers may be one unit in the last place off, unless its feature `float_roundtrip` is on for the
//!   whole program, and predictions must have the bits of the core;
//! - a number is read with its digits here, so that an integer beyond 2^53 is refused and not rounded;
//! - a batch of columns is read by several readers side by side, which a deserializer cannot do;
//! - its messages contain values.

mod number;
mod text;

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
    #[inline]
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

    /// Steps to the value of the next member of an object if it has this name, which is in quotes; of the
    /// first one, behind the bracket. `None` for anything else, whether or not it is JSON.
    #[inline]
    pub(crate) fn member(&mut self, is_first: bool, quoted_name: &str) -> Option<()> {
        self.take_one(if is_first { b'{' } else { b',' })?;
        self.skip_spaces();
        let rest = self.text.as_bytes().get(self.position..)?;
        rest.strip_prefix(quoted_name.as_bytes())?;
        self.position += quoted_name.len();
        self.take_one(b':')
    }

    /// Reads the end of an object; `None` if something else is next.
    pub(crate) fn end_of_members(&mut self) -> Option<()> {
        self.take_one(b'}')
    }

    #[inline]
    fn take_one(&mut self, byte: u8) -> Option<()> {
        self.skip_spaces();
        (self.peek()? == byte).then(|| self.position += 1)
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

    #[inline]
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

    #[inline]
    fn skip_spaces(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
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
mod tests;
