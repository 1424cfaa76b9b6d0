//! Protocol buffers: the messages of ONNX that an export writes.

/// A message, field after field.
#[derive(Clone, Debug, Default)]
pub(super) struct Message(Vec<u8>);

/// The type of an element of a tensor, by its number in the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Single = 1,
    Byte = 2,
    Whole = 7,
    Text = 8,
    Double = 11,
}

impl Message {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// A field that is a whole number.
    pub(super) fn number(mut self, field: u8, number: i64) -> Self {
        self.varint(u64::from(field) << 3);
        self.varint(number.cast_unsigned());
        self
    }

    /// A field that is a text.
    pub(super) fn text(self, field: u8, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    /// A field that is a message.
    pub(super) fn message(self, field: u8, message: &Self) -> Self {
        self.bytes(field, &message.0)
    }

    pub(super) fn bytes(mut self, field: u8, bytes: &[u8]) -> Self {
        self.varint(u64::from(field) << 3 | 2);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// A field that is a list of whole numbers, packed.
    pub(super) fn numbers(self, field: u8, numbers: &[i64]) -> Self {
        let mut packed = Self::default();
        numbers.iter().for_each(|number| packed.varint(number.cast_unsigned()));
        self.message(field, &packed)
    }

    fn varint(&mut self, mut number: u64) {
        loop {
            let [low, ..] = number.to_le_bytes();
            number >>= 7;
            if number == 0 {
                self.0.push(low & 0x7f);
                return;
            }
            self.0.push(low | 0x80);
        }
    }
}

/// A `TensorProto` of numbers. Those of single precision are representable, or rounded.
pub(super) fn tensor(name: &str, shape: &[usize], element: Element, values: &[f64]) -> Message {
    #[allow(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    let raw: Vec<u8> = match element {
        Element::Single => values.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect(),
        Element::Double | Element::Text => {
            values.iter().flat_map(|value| value.to_le_bytes()).collect()
        }
        Element::Whole => values.iter().flat_map(|value| (*value as i64).to_le_bytes()).collect(),
        #[allow(clippy::cast_sign_loss, reason = "codes are small")]
        Element::Byte => values.iter().map(|value| *value as u8).collect(),
    };
    let mut message = Message::default();
    for size in shape {
        message = message.number(1, *size as i64);
    }
    let message = message.number(2, element as i64);
    let message = if name.is_empty() { message } else { message.text(8, name) };
    message.bytes(9, &raw)
}

/// Attributes of a node, each an `AttributeProto`.
pub(super) mod attribute {
    use super::Message;

    pub(in crate::onnx) fn number(name: &str, number: i64) -> Message {
        Message::default().text(1, name).number(3, number).number(20, 2)
    }

    pub(in crate::onnx) fn numbers(name: &str, numbers: &[i64]) -> Message {
        Message::default().text(1, name).numbers(8, numbers).number(20, 7)
    }

    pub(in crate::onnx) fn texts(name: &str, texts: &[String]) -> Message {
        let message = Message::default().text(1, name);
        texts.iter().fold(message, |message, text| message.text(9, text)).number(20, 8)
    }

    pub(in crate::onnx) fn tensor(name: &str, tensor: &Message) -> Message {
        Message::default().text(1, name).message(5, tensor).number(20, 4)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_the_bytes_of_the_format() {
        let message = Message::default().number(1, 150).text(2, "hi").numbers(8, &[1, -1]);
        let mut expected = vec![0x08, 0x96, 0x01, 0x12, 2, b'h', b'i', 0x42, 11, 1];
        expected.extend([0xff; 9]);
        expected.push(1);
        assert_eq!(message.into_bytes(), expected);
    }
}
