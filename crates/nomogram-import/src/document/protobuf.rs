//! Protocol buffers: the fields of a message, read in place.
//!
//! Nothing is allocated: a message is a slice of the file, and its fields are read one after the other. So
//! reading is linear in the bytes for each level of nesting, and the caller's code bounds the nesting.

use crate::error::{Error, Place};

/// A message: a slice of the file, and where it starts.
#[derive(Clone, Copy, Debug)]
pub struct Message<'d> {
    bytes: &'d [u8],
    start: usize,
}

/// The value of a field.
#[derive(Clone, Copy, Debug)]
pub enum Wire<'d> {
    /// A whole number of variable length.
    Varint(u64),
    /// Eight bytes.
    Fixed64([u8; 8]),
    /// A text, bytes, a message or a packed list.
    Bytes(Message<'d>),
    /// Four bytes.
    Fixed32([u8; 4]),
}

/// The fields of a message, with their numbers.
#[derive(Clone, Debug)]
pub struct Fields<'d> {
    message: Message<'d>,
    position: usize,
}

impl<'d> Message<'d> {
    /// The whole file.
    #[must_use]
    pub fn new(bytes: &'d [u8]) -> Self {
        Self { bytes, start: 0 }
    }

    /// The bytes themselves.
    #[must_use]
    pub fn bytes(&self) -> &'d [u8] {
        self.bytes
    }

    /// The fields, in the order of the file.
    #[must_use]
    pub fn fields(self) -> Fields<'d> {
        Fields { message: self, position: 0 }
    }

    /// The bytes as text.
    ///
    /// # Errors
    ///
    /// `Malformed` when they are not UTF-8.
    pub fn text(&self) -> Result<&'d str, Error> {
        std::str::from_utf8(self.bytes).map_err(|_| self.malformed("not UTF-8, expected a text"))
    }

    /// The numbers of variable length that the bytes hold, one after the other.
    ///
    /// # Errors
    ///
    /// `Malformed` when the last one is cut off.
    pub fn varints(self) -> Result<Vec<u64>, Error> {
        let mut fields = self.fields();
        let mut numbers = Vec::new();
        while fields.position < self.bytes.len() {
            numbers.push(fields.varint()?);
        }
        Ok(numbers)
    }

    fn malformed(&self, detail: impl Into<String>) -> Error {
        Error::malformed(detail).within(Place::Byte(self.start))
    }
}

impl<'d> Fields<'d> {
    fn varint(&mut self) -> Result<u64, Error> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?.bytes.first().copied().unwrap_or_default();
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.malformed("a number of more than 64 bits"))
    }

    fn take(&mut self, len: usize) -> Result<Message<'d>, Error> {
        let end = self.position.checked_add(len);
        let bytes = end.and_then(|end| self.message.bytes.get(self.position..end));
        let bytes = bytes.ok_or_else(|| self.malformed("the message ends within a field"))?;
        let taken = Message { bytes, start: self.message.start + self.position };
        self.position += len;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let bytes = self.take(N)?.bytes;
        <[u8; N]>::try_from(bytes).map_err(|_| self.malformed("the message ends within a field"))
    }

    fn field(&mut self) -> Result<(u64, Wire<'d>), Error> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(self.array()?),
            2 => {
                let len = self.varint()?;
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                Wire::Bytes(self.take(len)?)
            }
            5 => Wire::Fixed32(self.array()?),
            other => return Err(self.malformed(format!("a field of wire type {other}"))),
        };
        Ok((key >> 3, value))
    }

    fn malformed(&self, detail: impl Into<String>) -> Error {
        Error::malformed(detail).within(Place::Byte(self.message.start + self.position))
    }
}

impl<'d> Iterator for Fields<'d> {
    type Item = Result<(u64, Wire<'d>), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.position >= self.message.bytes.len() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.position = self.message.bytes.len();
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_place() {
        let bytes = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 0, 0, 0x80, 0x3f];
        let fields: Result<Vec<_>, Error> = Message::new(&bytes).fields().collect();
        let fields = fields.unwrap();
        assert!(matches!(fields[0], (1, Wire::Varint(150))));
        assert!(matches!(fields[1], (2, Wire::Bytes(text)) if text.text().unwrap() == "hi"));
        assert!(matches!(fields[2], (3, Wire::Fixed32(bits)) if f32::from_le_bytes(bits) == 1.0));
    }

    #[test]
    fn what_is_cut_off_is_refused_with_its_byte() {
        let refused = |bytes: &[u8]| {
            let fields: Result<Vec<_>, Error> = Message::new(bytes).fields().collect();
            fields.unwrap_err().to_string()
        };
        assert_eq!(refused(&[0x12, 0x05, b'h']), "byte 3: the message ends within a field");
        assert_eq!(refused(&[0x0b]), "byte 2: a field of wire type 3");
        assert_eq!(refused(&[0x08; 1]), "byte 2: the message ends within a field");
        assert!(refused(&[0xff; 12]).contains("more than 64 bits"));
    }
}
