//! Nodes: operators with their attributes.

use super::tensor::{self, Tensor};
use crate::document::protobuf::{Message, Wire};
use crate::error::{Error, Place};

/// An operator of the graph.
#[derive(Clone, Debug)]
pub(super) struct Node<'d> {
    pub(super) index: usize,
    pub(super) op: &'d str,
    pub(super) domain: &'d str,
    pub(super) inputs: Vec<&'d str>,
    pub(super) outputs: Vec<&'d str>,
    attributes: Vec<Attribute<'d>>,
}

#[derive(Clone, Debug, Default)]
struct Attribute<'d> {
    name: &'d str,
    number: Option<f64>,
    integer: Option<i64>,
    text: Option<Message<'d>>,
    tensor: Option<Message<'d>>,
    numbers: Vec<f64>,
    integers: Vec<i64>,
    texts: Vec<Message<'d>>,
}

impl<'d> Node<'d> {
    /// Reads a `NodeProto`.
    ///
    /// # Errors
    ///
    /// `Malformed`, `Unsupported` for attributes that are graphs.
    pub(super) fn read(message: Message<'d>, index: usize) -> Result<Self, Error> {
        let mut node = Self {
            index,
            op: "",
            domain: "",
            inputs: Vec::new(),
            outputs: Vec::new(),
            attributes: Vec::new(),
        };
        for field in message.fields() {
            match field? {
                (1, Wire::Bytes(name)) => node.inputs.push(name.text()?),
                (2, Wire::Bytes(name)) => node.outputs.push(name.text()?),
                (4, Wire::Bytes(name)) => node.op = name.text()?,
                (5, Wire::Bytes(message)) => node.attributes.push(Attribute::read(message)?),
                (7, Wire::Bytes(name)) => node.domain = name.text()?,
                _ => {}
            }
        }
        Ok(node)
    }

    /// The same error at this node.
    pub(super) fn locate(&self, error: Error) -> Error {
        error.within(Place::Key(self.op.to_owned())).within(Place::Node(self.index))
    }

    /// The name of an input.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is absent.
    pub(super) fn input(&self, index: usize) -> Result<&'d str, Error> {
        let name = self.inputs.get(index).copied().filter(|name| !name.is_empty());
        name.ok_or_else(|| Error::malformed(format!("input {} is absent", index + 1)))
    }

    fn find(&self, name: &str) -> Option<&Attribute<'d>> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// Whether there is such an attribute.
    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// A whole number, or its default.
    pub(super) fn integer(&self, name: &str, default: i64) -> i64 {
        self.find(name).and_then(|attribute| attribute.integer).unwrap_or(default)
    }

    /// Refuses another axis than that of the columns.
    ///
    /// # Errors
    ///
    /// `Unsupported`.
    pub(super) fn check_axis(&self, default: i64) -> Result<(), Error> {
        match self.integer("axis", default) {
            1 | -1 => Ok(()),
            other => {
                let error = Error::unsupported(format!("{other}, expected 1"));
                Err(error.within(Place::Key("axis".to_owned())))
            }
        }
    }

    /// A number, or its default.
    pub(super) fn number(&self, name: &str, default: f64) -> f64 {
        self.find(name).and_then(|attribute| attribute.number).unwrap_or(default)
    }

    /// A text, or its default.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is not UTF-8.
    pub(super) fn text(&self, name: &str, default: &'d str) -> Result<&'d str, Error> {
        match self.find(name).and_then(|attribute| attribute.text) {
            Some(text) => text.text(),
            None => Ok(default),
        }
    }

    /// Whole numbers; none when the attribute is absent.
    pub(super) fn integers(&self, name: &str) -> &[i64] {
        self.find(name).map(|attribute| attribute.integers.as_slice()).unwrap_or_default()
    }

    /// Texts; none when the attribute is absent.
    ///
    /// # Errors
    ///
    /// `Malformed` when one is not UTF-8.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<&'d str>, Error> {
        let texts = self.find(name).map(|attribute| attribute.texts.as_slice());
        texts.unwrap_or_default().iter().map(Message::text).collect()
    }

    /// Numbers, as a list or in a tensor `…_as_tensor`; none when both are absent.
    ///
    /// # Errors
    ///
    /// `Malformed` when the tensor is.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<f64>, Error> {
        if let Some(attribute) = self.find(name).filter(|found| !found.numbers.is_empty()) {
            return Ok(attribute.numbers.clone());
        }
        let tensor = self.tensor(&format!("{name}_as_tensor"))?;
        tensor.map_or(Ok(Vec::new()), |tensor| tensor.numbers().map(<[f64]>::to_vec))
    }

    /// A tensor, if the attribute is there.
    ///
    /// # Errors
    ///
    /// As [`Tensor::read`].
    pub(super) fn tensor(&self, name: &str) -> Result<Option<Tensor<'d>>, Error> {
        let message = self.find(name).and_then(|attribute| attribute.tensor);
        let tensor = message.map(Tensor::read).transpose();
        tensor.map_err(|error| error.within(Place::Key(name.to_owned())))
    }
}

impl<'d> Attribute<'d> {
    fn read(message: Message<'d>) -> Result<Self, Error> {
        let mut attribute = Self::default();
        for field in message.fields() {
            match field? {
                (1, Wire::Bytes(name)) => attribute.name = name.text()?,
                (2, Wire::Fixed32(bits)) => {
                    attribute.number = Some(f64::from(f32::from_le_bytes(bits)));
                }
                (3, Wire::Varint(number)) => attribute.integer = Some(number.cast_signed()),
                (4, Wire::Bytes(text)) => attribute.text = Some(text),
                (5, Wire::Bytes(tensor)) => attribute.tensor = Some(tensor),
                (6 | 11, _) => return Err(Error::unsupported("an attribute that is a graph")),
                (7, Wire::Fixed32(bits)) => {
                    attribute.numbers.push(f64::from(f32::from_le_bytes(bits)));
                }
                (7, Wire::Bytes(packed)) => tensor::singles(packed.bytes(), &mut attribute.numbers),
                (8, Wire::Varint(number)) => attribute.integers.push(number.cast_signed()),
                (8, Wire::Bytes(packed)) => {
                    let numbers = packed.varints()?.into_iter();
                    attribute.integers.extend(numbers.map(u64::cast_signed));
                }
                (9, Wire::Bytes(text)) => attribute.texts.push(text),
                _ => {}
            }
        }
        Ok(attribute)
    }
}
