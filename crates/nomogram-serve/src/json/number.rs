//! Numbers of JSON, with the digits as they are written.

use super::{Fault, Number, Reader};

impl<'a> Reader<'a> {
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
}
