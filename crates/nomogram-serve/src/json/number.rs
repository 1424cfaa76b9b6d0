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
        match self.short_number() {
            Some(number) => Ok(number),
            None => self.any_number(),
        }
    }

    /// Reads a number of at most 15 digits without an exponent, as most are; `None` for anything else.
    #[inline]
    pub(super) fn short_number(&mut self) -> Option<Number<'a>> {
        let rest = self.text.as_bytes().get(self.position..)?;
        let digits = rest.strip_prefix(b"-").unwrap_or(rest);
        let (mut number, mut count, mut n_whole, mut n_bytes) = (0, 0, None, 0);
        for byte in digits.iter().take(MAX_DIGITS + 2) {
            match byte {
                b'0'..=b'9' => {
                    number = number * 10 + u64::from(byte - b'0');
                    count += 1;
                }
                b'.' if n_whole.is_none() => n_whole = Some(count),
                b'.' | b'e' | b'E' => return None,
                _ => break,
            }
            n_bytes += 1;
        }
        let n_behind = count - n_whole.unwrap_or(count);
        let has_whole = match digits.first()? {
            b'0' => n_whole.unwrap_or(count) == 1,
            b'.' => false,
            _ => true,
        };
        if !has_whole || (n_whole.is_some() && n_behind == 0) || count == 0 {
            return None;
        }
        let value = Digits { number, count }.quotient(n_behind)?;
        let is_negative = digits.len() < rest.len();
        let end = self.position + usize::from(is_negative) + n_bytes;
        let written = self.text.get(self.position..end)?;
        self.position = end;
        Some(Number { value: if is_negative { -value } else { value }, written })
    }

    pub(super) fn any_number(&mut self) -> Result<Number<'a>, Fault> {
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
        let is_negative = self.peek() == Some(b'-');
        self.position += usize::from(is_negative);
        let mut digits = Digits::default();
        match self.peek() {
            Some(b'0') => self.position += 1,
            Some(b'1'..=b'9') => self.read_digits(&mut digits),
            Some(_) | None => return Err(self.fault("a number")),
        }
        let n_whole = digits.count;
        if self.peek() == Some(b'.') {
            self.position += 1;
            self.some_digits(&mut digits)?;
        }
        let has_exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if has_exponent {
            self.position += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.position += 1;
            }
            self.some_digits(&mut Digits::default())?;
        }
        let written = self.text.get(begin..self.position).unwrap_or_default();
        let value = match digits.quotient(digits.count - n_whole).filter(|_| !has_exponent) {
            Some(value) if is_negative => -value,
            Some(value) => value,
            None => written.parse().map_err(|_| self.fault("a number"))?,
        };
        Ok(Number { value, written })
    }

    fn some_digits(&mut self, digits: &mut Digits) -> Result<(), Fault> {
        let n_before = digits.count;
        self.read_digits(digits);
        if digits.count > n_before { Ok(()) } else { Err(self.fault("a digit")) }
    }

    #[inline]
    fn read_digits(&mut self, digits: &mut Digits) {
        let rest = self.text.as_bytes().get(self.position..).unwrap_or_default();
        let Digits { mut number, count: n_before } = *digits;
        let mut count = n_before;
        for byte in rest {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break;
            }
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit));
            count += 1;
        }
        self.position += count - n_before;
        *digits = Digits { number, count };
    }
}

/// So many digits are a whole number that a double holds.
const MAX_DIGITS: usize = 15;

/// Digits, as the number that they are together.
#[derive(Debug, Default)]
struct Digits {
    number: u64,
    count: usize,
}

impl Digits {
    /// The number with that many digits behind the point. Up to 15 digits and the power of ten are doubles, so
    /// that one division gives the nearest one; `None` for more of them.
    #[inline]
    fn quotient(&self, n_behind: usize) -> Option<f64> {
        const POWERS: [f64; 16] =
            [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
        let power = POWERS.get(n_behind).filter(|_| self.count <= MAX_DIGITS)?;
        #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
        let number = self.number as f64;
        Some(number / power)
    }
}
