//! Tensors: the constants of a graph.

use crate::document::protobuf::{Message, Wire};
use crate::error::Error;

/// The types of elements in single and in double precision.
pub(super) const SINGLE: u64 = 1;
pub(super) const DOUBLE: u64 = 11;

/// A constant: its shape and its values, row-major.
#[derive(Clone, Debug)]
pub(super) struct Tensor<'d> {
    pub(super) name: &'d str,
    /// The type of its elements, by the number of the format.
    pub(super) kind: u64,
    pub(super) shape: Vec<usize>,
    pub(super) values: Values<'d>,
}

/// The values of a tensor.
#[derive(Clone, Debug)]
pub(super) enum Values<'d> {
    Numbers(Vec<f64>),
    Texts(Vec<&'d str>),
}

impl<'d> Tensor<'d> {
    /// Reads a `TensorProto`.
    ///
    /// # Errors
    ///
    /// `Unsupported` for types without a counterpart, `Malformed` when the values do not fit the shape.
    pub(super) fn read(message: Message<'d>) -> Result<Self, Error> {
        let (mut name, mut kind) = ("", 0);
        let mut shape: Vec<u64> = Vec::new();
        let (mut numbers, mut texts, mut raw) = (Vec::new(), Vec::new(), None);
        for field in message.fields() {
            match field? {
                (1, Wire::Varint(dimension)) => shape.push(dimension),
                (1, Wire::Bytes(packed)) => shape.extend(packed.varints()?),
                (2, Wire::Varint(number)) => kind = number,
                (4, Wire::Fixed32(bits)) => numbers.push(f64::from(f32::from_le_bytes(bits))),
                (4, Wire::Bytes(packed)) => singles(packed.bytes(), &mut numbers),
                (5 | 7, Wire::Varint(number)) => numbers.push(signed(number)),
                (5 | 7, Wire::Bytes(packed)) => {
                    numbers.extend(packed.varints()?.into_iter().map(signed));
                }
                (6, Wire::Bytes(text)) => texts.push(text.text()?),
                (8, Wire::Bytes(text)) => name = text.text()?,
                (9, Wire::Bytes(bytes)) => raw = Some(bytes.bytes()),
                (10, Wire::Fixed64(bits)) => numbers.push(f64::from_le_bytes(bits)),
                (10, Wire::Bytes(packed)) => doubles(packed.bytes(), &mut numbers),
                (13, _) | (14, Wire::Varint(1..)) => {
                    return Err(Error::unsupported("a tensor in another file"));
                }
                _ => {}
            }
        }
        if let Some(raw) = raw {
            numbers = raw_numbers(raw, kind)?;
        }
        let values = match kind {
            1 | 2 | 3 | 6 | 7 | 9 | 11 => Values::Numbers(numbers),
            8 => Values::Texts(texts),
            other => return Err(Error::unsupported(format!("a tensor of data type {other}"))),
        };
        let shape: Option<Vec<usize>> =
            shape.into_iter().map(|dimension| usize::try_from(dimension).ok()).collect();
        let shape = shape.ok_or_else(|| Error::malformed("a dimension beyond its limit"))?;
        let tensor = Self { name, kind, shape, values };
        let n_values = tensor.shape.iter().try_fold(1_usize, |all, n| all.checked_mul(*n));
        if n_values != Some(tensor.len()) {
            let detail = format!("{} values, expected the shape {:?}", tensor.len(), tensor.shape);
            return Err(Error::malformed(detail));
        }
        Ok(tensor)
    }

    /// How many values it has.
    pub(super) fn len(&self) -> usize {
        match &self.values {
            Values::Numbers(numbers) => numbers.len(),
            Values::Texts(texts) => texts.len(),
        }
    }

    /// The values, if they are numbers.
    ///
    /// # Errors
    ///
    /// `Malformed`.
    pub(super) fn numbers(&self) -> Result<&[f64], Error> {
        match &self.values {
            Values::Numbers(numbers) => Ok(numbers),
            Values::Texts(_) => Err(Error::malformed("a tensor of texts, expected numbers")),
        }
    }

    /// The values, if they are numbers that every row shares: one for all columns, or one for each.
    ///
    /// # Errors
    ///
    /// `Malformed`; `Unsupported` for several rows.
    pub(super) fn row(&self) -> Result<&[f64], Error> {
        match self.shape.as_slice() {
            [] | [_] | [1, _] => self.numbers(),
            shape => {
                let what = format!("a constant of shape {shape:?}, expected one row");
                Err(Error::unsupported(what))
            }
        }
    }

    /// Whether its elements are whole numbers.
    pub(super) fn is_whole(&self) -> bool {
        !matches!(self.kind, SINGLE | DOUBLE)
    }

    /// The values as texts: names of classes and levels.
    pub(super) fn texts(&self) -> Vec<String> {
        match &self.values {
            Values::Numbers(numbers) => numbers.iter().map(f64::to_string).collect(),
            Values::Texts(texts) => texts.iter().map(|text| (*text).to_owned()).collect(),
        }
    }
}

/// A whole number of variable length in two's complement.
#[allow(clippy::cast_precision_loss, reason = "sizes and codes are far below 2^53")]
pub(super) fn signed(number: u64) -> f64 {
    number.cast_signed() as f64
}

pub(super) fn singles(bytes: &[u8], numbers: &mut Vec<f64>) {
    numbers.extend(bytes.as_chunks().0.iter().map(|bits| f64::from(f32::from_le_bytes(*bits))));
}

fn doubles(bytes: &[u8], numbers: &mut Vec<f64>) {
    numbers.extend(bytes.as_chunks().0.iter().map(|bits| f64::from_le_bytes(*bits)));
}

#[allow(clippy::cast_precision_loss, reason = "sizes and codes are far below 2^53")]
fn raw_numbers(bytes: &[u8], kind: u64) -> Result<Vec<f64>, Error> {
    let mut numbers = Vec::new();
    match kind {
        1 => singles(bytes, &mut numbers),
        11 => doubles(bytes, &mut numbers),
        2 | 9 => numbers.extend(bytes.iter().map(|byte| f64::from(*byte))),
        3 => numbers.extend(bytes.iter().map(|byte| f64::from(byte.cast_signed()))),
        6 => {
            let integers = bytes.as_chunks().0.iter();
            numbers.extend(integers.map(|bits| f64::from(i32::from_le_bytes(*bits))));
        }
        7 => {
            let integers = bytes.as_chunks().0.iter();
            numbers.extend(integers.map(|bits| i64::from_le_bytes(*bits) as f64));
        }
        other => return Err(Error::unsupported(format!("a tensor of data type {other}"))),
    }
    Ok(numbers)
}

/// Numbers for each of `n` values: as many, or one for all.
///
/// # Errors
///
/// `Malformed`.
pub(super) fn spread(numbers: &[f64], n: usize) -> Result<Vec<f64>, Error> {
    match numbers {
        [one] => Ok(vec![*one; n]),
        _ if numbers.len() == n => Ok(numbers.to_vec()),
        _ => Err(Error::malformed(format!("{} numbers, expected 1 or {n}", numbers.len()))),
    }
}
