//! UBJSON, draft 12, as XGBoost writes it: typed lists, and big-endian numbers.

use super::value::Value;
use crate::error::{Error, Place};
use crate::limits::{self, Limits};

/// Reads a document.
///
/// # Errors
///
/// `Malformed` with the byte; `TooLarge` when there are more values, or a deeper nesting, than the
/// limits allow.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Value, Error> {
    limits.check_bytes(bytes.len())?;
    let mut reader = Reader { bytes, position: 0, n_values: 0, limits };
    let value = reader.marker().and_then(|marker| reader.value(marker, 0)).and_then(|value| {
        match bytes.len() - reader.position {
            0 => Ok(value),
            rest => Err(Error::malformed(format!("{rest} bytes after the document"))),
        }
    });
    value.map_err(|error| error.within(Place::Byte(reader.position)))
}

struct Reader<'b> {
    bytes: &'b [u8],
    position: usize,
    n_values: usize,
    limits: &'b Limits,
}

/// What a list or an object announces: the type of its values and their number.
struct Header {
    marker: Option<u8>,
    count: Option<usize>,
}

impl<'b> Reader<'b> {
    fn take(&mut self, len: usize) -> Result<&'b [u8], Error> {
        let end = self.position.checked_add(len);
        let taken = end.and_then(|end| self.bytes.get(self.position..end));
        let left = self.bytes.len() - self.position;
        let taken =
            taken.ok_or_else(|| Error::malformed(format!("{left} bytes left, expected {len}")))?;
        self.position += len;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let taken = self.take(N)?;
        Ok(std::array::from_fn(|index| taken.get(index).copied().unwrap_or_default()))
    }

    /// The next marker that is no padding.
    fn marker(&mut self) -> Result<u8, Error> {
        loop {
            let [marker] = self.array()?;
            if marker != b'N' {
                return Ok(marker);
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    #[allow(clippy::cast_precision_loss, reason = "integers of models are far below 2^53")]
    fn value(&mut self, marker: u8, depth: usize) -> Result<Value, Error> {
        limits::check(depth, self.limits.max_depth, "levels of nesting")?;
        self.n_values += 1;
        limits::check(self.n_values, self.limits.max_values, "values")?;
        Ok(match marker {
            b'Z' => Value::Null,
            b'T' => Value::Boolean(true),
            b'F' => Value::Boolean(false),
            b'i' | b'U' | b'I' | b'l' | b'L' => {
                Value::Number((self.integer(marker)? as f64).into())
            }
            b'd' => Value::Number(f32::from_be_bytes(self.array()?).into()),
            b'D' => Value::Number(f64::from_be_bytes(self.array()?).into()),
            b'C' => Value::Text(char::from(self.array::<1>()?[0]).to_string()),
            b'S' => Value::Text(self.text()?),
            b'[' => self.list(depth)?,
            b'{' => self.object(depth)?,
            _ => return Err(unknown(marker)),
        })
    }

    fn integer(&mut self, marker: u8) -> Result<i64, Error> {
        Ok(match marker {
            b'i' => i8::from_be_bytes(self.array()?).into(),
            b'U' => u8::from_be_bytes(self.array()?).into(),
            b'I' => i16::from_be_bytes(self.array()?).into(),
            b'l' => i32::from_be_bytes(self.array()?).into(),
            b'L' => i64::from_be_bytes(self.array()?),
            _ => return Err(unknown(marker)),
        })
    }

    fn count(&mut self) -> Result<usize, Error> {
        let marker = self.marker()?;
        let count = self.integer(marker)?;
        usize::try_from(count)
            .map_err(|_| Error::malformed(format!("a length of {count}, expected at least 0")))
    }

    fn text(&mut self) -> Result<String, Error> {
        let len = self.count()?;
        let text = std::str::from_utf8(self.take(len)?);
        Ok(text.map_err(|_| Error::malformed("a text that is not UTF-8"))?.to_owned())
    }

    fn header(&mut self) -> Result<Header, Error> {
        let mut header = Header { marker: None, count: None };
        if self.peek() == Some(b'$') {
            self.position += 1;
            header.marker = Some(self.array::<1>()?[0]);
            if self.peek() != Some(b'#') {
                return Err(Error::malformed("a type without a number of values, expected `#`"));
            }
        }
        if self.peek() == Some(b'#') {
            self.position += 1;
            let count = self.count()?;
            // Values without bytes of their own could be claimed in any number.
            limits::check(count, self.limits.max_values, "values")?;
            header.count = Some(count);
        }
        Ok(header)
    }

    fn list(&mut self, depth: usize) -> Result<Value, Error> {
        let header = self.header()?;
        let mut items = Vec::new();
        while header.count.is_none_or(|count| items.len() < count) {
            let marker = match header.marker {
                Some(marker) => marker,
                None => self.marker()?,
            };
            if header.count.is_none() && marker == b']' {
                break;
            }
            items.push(self.value(marker, depth + 1)?);
        }
        Ok(Value::List(items))
    }

    fn object(&mut self, depth: usize) -> Result<Value, Error> {
        let header = self.header()?;
        let mut members = Vec::new();
        while header.count.is_none_or(|count| members.len() < count) {
            if header.count.is_none() && self.peek() == Some(b'}') {
                self.position += 1;
                break;
            }
            let key = self.text()?;
            let marker = match header.marker {
                Some(marker) => marker,
                None => self.marker()?,
            };
            members.push((key, self.value(marker, depth + 1)?));
        }
        Ok(Value::Object(members))
    }
}

fn unknown(marker: u8) -> Error {
    Error::malformed(format!("`{}`, expected a marker of UBJSON", marker.escape_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Cursor;

    fn read_bytes(bytes: &[u8]) -> Result<Value, Error> {
        read(bytes, &Limits::default())
    }

    #[test]
    fn typed_lists_and_objects_are_read() {
        let mut bytes = b"{L\0\0\0\0\0\0\0\x01a[$d#L\0\0\0\0\0\0\0\x02".to_vec();
        bytes.extend(0.1_f32.to_be_bytes());
        bytes.extend((-2.0_f32).to_be_bytes());
        bytes.extend(b"i\x01bSi\x02hiU\x01c[i\x05TZ]}");
        let document = read_bytes(&bytes).unwrap();
        let root = Cursor::new(&document);
        let numbers = root.key("a").unwrap().numbers().unwrap();
        assert_eq!((numbers[0].single, numbers[1].double), (0.1, -2.0));
        assert_eq!(root.key("b").unwrap().text().unwrap(), "hi");
        assert_eq!(root.key("c").unwrap().n_items().unwrap(), 3);
    }

    #[test]
    fn lengths_that_the_file_does_not_hold_are_refused() {
        for (bytes, message) in [
            (b"[$Z#l\x7f\xff\xff\xff".as_slice(), "expected at most 16777216"),
            (b"Sl\x7f\xff\xff\xff", "0 bytes left, expected 2147483647"),
            (b"[$D#i\x09", "0 bytes left, expected 8"),
            (b"Si\xff", "a length of -1, expected at least 0"),
            (b"q", "`q`, expected a marker of UBJSON"),
        ] {
            let error = read_bytes(bytes).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
        assert!(read_bytes(&[b'['; 100_000]).is_err());
    }
}
