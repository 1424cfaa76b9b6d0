//! A tensor whose elements fit its shape.

use super::datatype::{Datatype, numbers};
use super::invalid::Invalid;

/// A named input: holding one is the proof that it has one element per place of its shape.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) elements: Elements,
    /// The UCUM code of its numbers, where it is not the unit of the schema.
    pub(super) unit: Option<String>,
}

/// The elements of a tensor, row-major.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Elements {
    /// NaN is missing.
    Numbers(Vec<f64>),
    /// `None` is missing.
    Texts(Vec<Option<String>>),
}

impl Elements {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.len(),
        }
    }

    /// Elements from the bytes of a tensor: numbers little-endian, each text after its length in 4 bytes.
    ///
    /// # Errors
    ///
    /// When the bytes do not hold exactly `n_elements` elements of the datatype.
    pub(super) fn of_bytes(
        datatype: Datatype,
        bytes: &[u8],
        n_elements: usize,
    ) -> Result<Self, Invalid> {
        if datatype == Datatype::Bytes {
            return Ok(Self::Texts(texts(bytes, n_elements)?));
        }
        let expected = n_elements.checked_mul(datatype.size());
        if expected != Some(bytes.len()) {
            let (found, name) = (bytes.len(), datatype.name());
            return Err(Invalid::new(format!(
                "{found} bytes, expected those of {n_elements} elements of {name}"
            )));
        }
        Ok(Self::Numbers(numbers(datatype, bytes)?))
    }
}

impl Tensor {
    /// Checks that `elements` fit `shape`.
    ///
    /// # Errors
    ///
    /// When their number differs.
    pub(super) fn new(
        name: String,
        shape: Vec<usize>,
        elements: Elements,
        unit: Option<String>,
    ) -> Result<Self, Invalid> {
        let (found, expected) = (elements.len(), n_elements(&shape)?);
        if found != expected {
            return Err(Invalid::new(format!(
                "{found} elements, expected as many as its shape has"
            )));
        }
        Ok(Self { name, shape, elements, unit })
    }
}

/// The lengths of a shape.
///
/// # Errors
///
/// When one is negative.
pub(super) fn shape(lengths: &[i64]) -> Result<Vec<usize>, Invalid> {
    let length = |length: &i64| {
        usize::try_from(*length)
            .map_err(|_| Invalid::new("a negative length in the shape, expected at least 0"))
    };
    lengths.iter().map(length).collect()
}

/// How many elements a shape has.
///
/// # Errors
///
/// When there are more than memory could hold.
pub(super) fn n_elements(shape: &[usize]) -> Result<usize, Invalid> {
    shape
        .iter()
        .try_fold(1_usize, |product, length| product.checked_mul(*length))
        .ok_or_else(|| Invalid::new("a shape with more elements than memory could hold"))
}

/// Texts, each after its length in 4 bytes, little-endian.
fn texts(mut bytes: &[u8], n_elements: usize) -> Result<Vec<Option<String>>, Invalid> {
    let short = || Invalid::new("texts that end within their length or their bytes");
    // Each text takes at least 4 bytes: never more memory than the bytes could fill.
    let mut texts = Vec::with_capacity(n_elements.min(bytes.len() / 4));
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(short)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| short())?;
        let (text, rest) = rest.split_at_checked(length).ok_or_else(short)?;
        let text = str::from_utf8(text)
            .map_err(|_| Invalid::new(format!("element {}: not UTF-8", texts.len() + 1)))?;
        texts.push(Some(text.to_owned()));
        bytes = rest;
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_with_their_lengths() {
        let bytes = [2, 0, 0, 0, b'a', b'b', 0, 0, 0, 0];
        let texts = Elements::of_bytes(Datatype::Bytes, &bytes, 2);
        assert_eq!(texts, Ok(Elements::Texts(vec![Some("ab".into()), Some(String::new())])));
        for cut in [1, 5, 9] {
            assert!(Elements::of_bytes(Datatype::Bytes, &bytes[..cut], 2).is_err(), "{cut} bytes");
        }
        assert!(Elements::of_bytes(Datatype::Bytes, &[1, 0, 0, 0, 0xFF], 1).is_err());
        assert!(Elements::of_bytes(Datatype::Bytes, &[0xFF; 4], usize::MAX).is_err());
    }

    #[test]
    fn a_shape_that_does_not_fit_is_refused() {
        let tensor = |shape| Tensor::new("x".into(), shape, Elements::Numbers(vec![1.0; 6]), None);
        assert!(tensor(vec![2, 3]).is_ok());
        let refused = tensor(vec![2, 2]).unwrap_err();
        assert_eq!(refused.to_string(), "6 elements, expected as many as its shape has");
        assert!(tensor(vec![usize::MAX, 2]).is_err());
        assert!(shape(&[2, -1]).is_err());
        let bytes = Elements::of_bytes(Datatype::Fp64, &[0; 12], 2).unwrap_err();
        assert_eq!(bytes.to_string(), "12 bytes, expected those of 2 elements of FP64");
    }
}
