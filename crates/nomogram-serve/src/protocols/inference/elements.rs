//! The elements of a tensor in JSON: flat, or nested by the shape.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};

use super::datatype::{Datatype, natural, whole};
use super::invalid::Invalid;
use super::tensor::Elements;

/// One element.
#[derive(Clone, Debug, PartialEq)]
enum Element {
    Missing,
    Number(f64),
    Whole(i64),
    Natural(u64),
    Boolean(bool),
    Text(String),
}

/// Nested lists of elements: flattened, with the length of the lists of each depth, outermost first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Data {
    elements: Vec<Element>,
    lengths: Vec<Length>,
}

/// The length of the lists of one depth.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Length {
    Of(usize),
    Unequal,
}

impl Data {
    /// The elements as the datatype has them.
    ///
    /// # Errors
    ///
    /// When the lists are not nested by `shape`, or an element is not of the datatype.
    pub(super) fn elements(self, datatype: Datatype, shape: &[usize]) -> Result<Elements, Invalid> {
        let is_nested_by_shape = self.lengths.len() <= 1
            || self
                .lengths
                .iter()
                .map(|length| match length {
                    Length::Of(length) => Some(*length),
                    Length::Unequal => None,
                })
                .eq(shape.iter().copied().map(Some));
        if !is_nested_by_shape {
            return Err(Invalid::new("lists that are not nested by the shape"));
        }
        let elements = self.elements.into_iter().enumerate();
        let place = |row: usize, error: Invalid| error.within(format_args!("element {}", row + 1));
        if datatype == Datatype::Bytes {
            let texts = elements.map(|(row, element)| text(element).map_err(|e| place(row, e)));
            return Ok(Elements::Texts(texts.collect::<Result<_, _>>()?));
        }
        let numbers = elements.map(|(row, element)| number(element).map_err(|e| place(row, e)));
        Ok(Elements::Numbers(numbers.collect::<Result<_, _>>()?))
    }
}

fn text(element: Element) -> Result<Option<String>, Invalid> {
    match element {
        Element::Missing => Ok(None),
        Element::Text(text) => Ok(Some(text)),
        Element::Number(_) | Element::Whole(_) | Element::Natural(_) | Element::Boolean(_) => {
            Err(Invalid::new("no text, expected one for the datatype BYTES"))
        }
    }
}

fn number(element: Element) -> Result<f64, Invalid> {
    match element {
        Element::Missing => Ok(f64::NAN),
        Element::Number(number) => Ok(number),
        Element::Whole(number) => whole(number),
        Element::Natural(number) => natural(number),
        Element::Boolean(value) => Ok(f64::from(u8::from(value))),
        Element::Text(text) if text == "Infinity" => Ok(f64::INFINITY),
        Element::Text(text) if text == "-Infinity" => Ok(f64::NEG_INFINITY),
        Element::Text(_) => Err(Invalid::new("a text, expected a number, true, false or null")),
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(List)
    }
}

/// Reads one list and what is nested in it.
struct List;

impl<'de> Visitor<'de> for List {
    type Value = Data;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Data, A::Error> {
        let mut data = Data::default();
        let (mut length, mut has_elements) = (0, false);
        let mut inner: Option<Vec<Length>> = None;
        while let Some(item) = list.next_element::<Item>()? {
            length += 1;
            match item {
                Item::Element(element) => {
                    has_elements = true;
                    data.elements.push(element);
                }
                Item::List(mut nested) => {
                    data.elements.append(&mut nested.elements);
                    inner = Some(match inner {
                        None => nested.lengths,
                        Some(lengths) => common(lengths, &nested.lengths),
                    });
                }
            }
        }
        if has_elements && inner.is_some() {
            return Err(A::Error::custom("elements beside lists"));
        }
        data.lengths = vec![Length::Of(length)];
        data.lengths.extend(inner.unwrap_or_default());
        Ok(data)
    }
}

/// The lengths that two lists have in common.
fn common(mut first: Vec<Length>, second: &[Length]) -> Vec<Length> {
    if first.len() != second.len() {
        return vec![Length::Unequal];
    }
    for (length, other) in first.iter_mut().zip(second) {
        if length != other {
            *length = Length::Unequal;
        }
    }
    first
}

/// An element or a list.
enum Item {
    Element(Element),
    List(Data),
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyItem)
    }
}

struct AnyItem;

impl<'de> Visitor<'de> for AnyItem {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an element or a list of elements")
    }

    fn visit_unit<E>(self) -> Result<Item, E> {
        Ok(Item::Element(Element::Missing))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Item, E> {
        Ok(Item::Element(Element::Boolean(value)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Item, E> {
        Ok(Item::Element(Element::Whole(number)))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Item, E> {
        Ok(Item::Element(Element::Natural(number)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Item, E> {
        Ok(Item::Element(Element::Number(number)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Item, E> {
        Ok(Item::Element(Element::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Item, A::Error> {
        List.visit_seq(list).map(Item::List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, datatype: Datatype, shape: &[usize]) -> Result<Elements, String> {
        let data: Data =
            serde_json::from_str(json).map_err(|_| "no list of elements".to_owned())?;
        data.elements(datatype, shape).map_err(|e| e.to_string())
    }

    #[test]
    fn elements_are_flat_or_nested_by_the_shape() {
        let numbers = Ok(Elements::Numbers(vec![1.0, 2.5, 0.0, 4.0, 1.0, 6.0]));
        for json in ["[1, 2.5, false, 4, true, 6]", "[[1, 2.5, false], [4, true, 6]]"] {
            assert_eq!(read(json, Datatype::Fp64, &[2, 3]), numbers, "{json}");
        }
        assert_eq!(read("[[1],[2]]", Datatype::Int64, &[2, 1]).map(|e| e.len()), Ok(2));
        let transposed = "[[1, 2], [3, 4], [5, 6]]";
        for json in [transposed, "[[1, 2, 3], [4, 5]]", "[[[1, 2, 3], [4, 5, 6]]]"] {
            let refused = read(json, Datatype::Fp64, &[2, 3]).unwrap_err();
            assert_eq!(refused, "lists that are not nested by the shape", "{json}");
        }
        assert_eq!(read("[1, [2]]", Datatype::Fp64, &[2]).unwrap_err(), "no list of elements");
    }

    #[test]
    fn null_is_missing() {
        let Ok(Elements::Numbers(numbers)) = read("[1.5, null]", Datatype::Fp64, &[2]) else {
            panic!("expected numbers")
        };
        assert!(numbers[0] == 1.5 && numbers[1].is_nan());
        let texts = read(r#"["a", null]"#, Datatype::Bytes, &[2]);
        assert_eq!(texts, Ok(Elements::Texts(vec![Some("a".into()), None])));
    }

    #[test]
    fn an_element_of_another_type_is_refused_without_its_value() {
        let cases = [
            (
                r#"[1, "77123"]"#,
                Datatype::Fp64,
                "element 2: a text, expected a number, true, false or null",
            ),
            ("[77123]", Datatype::Bytes, "element 1: no text, expected one for the datatype BYTES"),
            (
                "[9007199254740993]",
                Datatype::Int64,
                "element 1: a whole number beyond 2^53, expected one that a double holds exactly",
            ),
        ];
        for (json, datatype, message) in cases {
            assert_eq!(read(json, datatype, &[1]).unwrap_err(), message);
        }
    }
}
