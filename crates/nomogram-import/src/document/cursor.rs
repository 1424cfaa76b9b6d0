//! A value with its place in the document.

use super::value::{Number, Value};
use crate::error::{Error, Place};

/// A value with its place in the document.
#[derive(Clone, Debug)]
pub struct Cursor<'d> {
    value: &'d Value,
    path: Vec<Place>,
}

impl<'d> Cursor<'d> {
    /// The whole document.
    #[must_use]
    pub fn new(document: &'d Value) -> Self {
        Self { value: document, path: Vec::new() }
    }

    /// The value itself.
    #[must_use]
    pub fn value(&self) -> &'d Value {
        self.value
    }

    /// The same error at this place.
    #[must_use]
    pub fn locate(&self, error: Error) -> Error {
        self.path.iter().rev().fold(error, |error, place| error.within(place.clone()))
    }

    /// The error of something that a bundle cannot hold.
    #[must_use]
    pub fn unsupported(&self, what: impl Into<String>) -> Error {
        self.locate(Error::unsupported(what))
    }

    /// The error of a value that breaks the rules of the format.
    #[must_use]
    pub fn malformed(&self, detail: impl Into<String>) -> Error {
        self.locate(Error::malformed(detail))
    }

    /// A member of an object, if it is there.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<Self> {
        let Value::Object(members) = self.value else { return None };
        let (key, value) = members.iter().rev().find(|(name, _)| name == key)?;
        Some(self.child(value, Place::Key(key.clone())))
    }

    /// A member of an object.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is absent.
    pub fn key(&self, key: &str) -> Result<Self, Error> {
        match self.value {
            Value::Object(_) => {
                self.find(key).ok_or_else(|| self.malformed(format!("`{key}` is absent")))
            }
            _ => Err(self.wrong("an object")),
        }
    }

    /// The members of an object, with their keys.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is no object.
    pub fn members(&self) -> Result<impl Iterator<Item = (&'d str, Self)> + '_, Error> {
        let Value::Object(members) = self.value else { return Err(self.wrong("an object")) };
        Ok(members
            .iter()
            .map(|(key, value)| (key.as_str(), self.child(value, Place::Key(key.clone())))))
    }

    /// The items of a list.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is no list.
    pub fn items(&self) -> Result<impl ExactSizeIterator<Item = Self> + '_, Error> {
        self.items_at(Place::Item)
    }

    /// The items of a list, which errors call trees, nodes or the like.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is no list.
    pub fn items_at(
        &self,
        place: impl Fn(usize) -> Place + 'd,
    ) -> Result<impl ExactSizeIterator<Item = Self> + '_, Error> {
        let items = self.list()?;
        Ok(items.iter().enumerate().map(move |(index, item)| self.child(item, place(index))))
    }

    /// How many items a list has.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is no list.
    pub fn n_items(&self) -> Result<usize, Error> {
        Ok(self.list()?.len())
    }

    /// A text.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is none.
    pub fn text(&self) -> Result<&'d str, Error> {
        match self.value {
            Value::Text(text) => Ok(text),
            _ => Err(self.wrong("a text")),
        }
    }

    /// A number, or a text that holds one.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is none.
    pub fn number(&self) -> Result<Number, Error> {
        number_of(self.value).ok_or_else(|| self.wrong("a number"))
    }

    /// A number in double precision.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is none.
    pub fn double(&self) -> Result<f64, Error> {
        self.number().map(|number| number.double)
    }

    /// A whole number that is not negative, or a text that holds one.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is none.
    pub fn whole(&self) -> Result<usize, Error> {
        number_of(self.value)
            .and_then(|number| whole(number.double))
            .ok_or_else(|| self.wrong("a whole number of at least 0"))
    }

    /// True or false, also as 1 or 0.
    ///
    /// # Errors
    ///
    /// `Malformed` when it is neither.
    pub fn boolean(&self) -> Result<bool, Error> {
        boolean_of(self.value).ok_or_else(|| self.wrong("a boolean"))
    }

    /// A list of numbers.
    ///
    /// # Errors
    ///
    /// `Malformed` with the item.
    pub fn numbers(&self) -> Result<Vec<Number>, Error> {
        self.each("a number", number_of)
    }

    /// A list of numbers in double precision.
    ///
    /// # Errors
    ///
    /// `Malformed` with the item.
    pub fn doubles(&self) -> Result<Vec<f64>, Error> {
        self.each("a number", |value| number_of(value).map(|number| number.double))
    }

    /// A list of whole numbers that may be negative.
    ///
    /// # Errors
    ///
    /// `Malformed` with the item.
    pub fn integers(&self) -> Result<Vec<i64>, Error> {
        self.each("a whole number", |value| {
            number_of(value).and_then(|number| integer(number.double))
        })
    }

    /// A list of whole numbers that are not negative.
    ///
    /// # Errors
    ///
    /// `Malformed` with the item.
    pub fn wholes(&self) -> Result<Vec<usize>, Error> {
        self.each("a whole number of at least 0", |value| {
            number_of(value).and_then(|number| whole(number.double))
        })
    }

    /// A list of booleans.
    ///
    /// # Errors
    ///
    /// `Malformed` with the item.
    pub fn booleans(&self) -> Result<Vec<bool>, Error> {
        self.each("a boolean", boolean_of)
    }

    /// A list of texts.
    ///
    /// # Errors
    ///
    /// `Malformed` with the item.
    pub fn texts(&self) -> Result<Vec<&'d str>, Error> {
        self.each("a text", |value| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    fn each<T>(
        &self,
        expected: &str,
        read: impl Fn(&'d Value) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        let items = self.list()?.iter().enumerate();
        items
            .map(|(index, item)| {
                read(item).ok_or_else(|| self.child(item, Place::Item(index)).wrong(expected))
            })
            .collect()
    }

    fn list(&self) -> Result<&'d [Value], Error> {
        match self.value {
            Value::List(items) => Ok(items),
            _ => Err(self.wrong("a list")),
        }
    }

    fn child(&self, value: &'d Value, place: Place) -> Self {
        let mut path = Vec::with_capacity(self.path.len() + 1);
        path.extend_from_slice(&self.path);
        path.push(place);
        Self { value, path }
    }

    fn wrong(&self, expected: &str) -> Error {
        self.malformed(format!("{}, expected {expected}", self.value.noun()))
    }
}

fn number_of(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Text(text) => {
            let text = text.trim();
            Some(Number { double: text.parse().ok()?, single: text.parse().ok()? })
        }
        Value::Null | Value::Boolean(_) | Value::List(_) | Value::Object(_) => None,
    }
}

fn boolean_of(value: &Value) -> Option<bool> {
    match value {
        Value::Boolean(value) => Some(*value),
        Value::Number(number) if number.double == 0.0 => Some(false),
        Value::Number(number) if number.double == 1.0 => Some(true),
        Value::Null | Value::Number(_) | Value::Text(_) | Value::List(_) | Value::Object(_) => None,
    }
}

fn integer(number: f64) -> Option<i64> {
    let is_exact = number.abs() <= 9_007_199_254_740_992.0 && number.trunc() == number;
    #[allow(clippy::cast_possible_truncation, reason = "whole, and at most 2^53")]
    is_exact.then_some(number as i64)
}

fn whole(number: f64) -> Option<usize> {
    integer(number).and_then(|number| usize::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_path_to_the_value() {
        let document = crate::document::json::read(
            br#"{"a": {"b": [1, {"c": "x"}]}}"#,
            &crate::Limits::default(),
        )
        .unwrap();
        let list = Cursor::new(&document).key("a").unwrap().key("b").unwrap();
        assert_eq!(
            list.numbers().unwrap_err().to_string(),
            "a.b: item 2: an object, expected a number"
        );
        let item = list.items().unwrap().nth(1).unwrap();
        assert_eq!(item.key("d").unwrap_err().to_string(), "a.b: item 2: `d` is absent");
        assert_eq!(
            item.key("c").unwrap().number().unwrap_err().to_string(),
            "a.b: item 2: c: a text, expected a number"
        );
    }
}
