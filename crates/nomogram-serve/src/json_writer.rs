//! Writing JSON to memory without a tree of values.

/// Writes the members of an object or the items of an array, with commas between them.
#[derive(Debug)]
pub(crate) struct JsonWriter<'a> {
    out: &'a mut Vec<u8>,
    needs_comma: bool,
}

impl<'a> JsonWriter<'a> {
    /// Appends to `out`.
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, needs_comma: false }
    }

    /// Begins an object or an array, by its bracket.
    pub(crate) fn open(&mut self, bracket: u8) {
        self.comma();
        self.out.push(bracket);
        self.needs_comma = false;
    }

    /// Ends an object or an array.
    pub(crate) fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.needs_comma = true;
    }

    /// The name of a member.
    pub(crate) fn name(&mut self, name: &str) {
        self.text(name);
        self.out.push(b':');
        self.needs_comma = false;
    }

    /// A text.
    pub(crate) fn text(&mut self, text: &str) {
        self.comma();
        let is_plain = |byte: &u8| !matches!(byte, 0..=0x1f | b'"' | b'\\' | 0x7f..);
        if text.as_bytes().iter().all(is_plain) {
            self.out.push(b'"');
            self.out.extend_from_slice(text.as_bytes());
            self.out.push(b'"');
        } else {
            // Writing to memory does not fail.
            drop(serde_json::to_writer(&mut *self.out, text));
        }
        self.needs_comma = true;
    }

    /// A number; `null` if it is not finite.
    pub(crate) fn number(&mut self, number: f64) {
        self.comma();
        drop(serde_json::to_writer(&mut *self.out, &number));
        self.needs_comma = true;
    }

    /// A count.
    pub(crate) fn count(&mut self, count: u64) {
        self.comma();
        drop(serde_json::to_writer(&mut *self.out, &count));
        self.needs_comma = true;
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, value: bool) {
        self.comma();
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        self.needs_comma = true;
    }

    /// A member that is a text.
    pub(crate) fn named_text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.text(text);
    }

    fn comma(&mut self) {
        if self.needs_comma {
            self.out.push(b',');
        }
    }

    /// An object of numbers.
    pub(crate) fn object_of(
        &mut self,
        names: impl Iterator<Item = impl AsRef<str>>,
        numbers: &[f64],
    ) {
        self.open(b'{');
        for (name, number) in names.zip(numbers) {
            self.name(name.as_ref());
            self.number(*number);
        }
        self.close(b'}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_json() {
        let mut out = Vec::new();
        let mut json = JsonWriter::new(&mut out);
        json.open(b'{');
        json.named_text("a\"b\n", "é\\");
        json.name("list");
        json.open(b'[');
        json.number(0.1);
        json.number(f64::INFINITY);
        json.count(3);
        json.open(b'{');
        json.close(b'}');
        json.boolean(true);
        json.close(b']');
        json.close(b'}');
        let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let expected = serde_json::json!({"a\"b\n": "é\\", "list": [0.1, null, 3, {}, true]});
        assert_eq!(read, expected);
    }
}
