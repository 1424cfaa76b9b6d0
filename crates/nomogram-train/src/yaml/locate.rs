//! The position in a YAML text to which a place leads.

use std::convert::Infallible;
use std::fmt;

use serde::de::{
    Deserialize as _, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::Value;

use crate::invalid::Key;

/// An error of the parser with this message, located at the value that `place` leads to; where the
/// text has no such value, at the innermost one on the way.
pub(super) fn error_at(place: &[Key], message: &str, text: &str) -> serde_saphyr::Error {
    let refused = serde_saphyr::from_str(text).and_then(|whole: Value| {
        let place = place.get(..n_keys_in(&whole, place)).unwrap_or_default();
        let seek = Seek { place, message };
        serde_saphyr::with_deserializer_from_str(text, |root| seek.deserialize(root))
    });
    match refused {
        Err(error) => error,
        Ok(never) => match never {},
    }
}

/// How many keys of the place lead to a value of `whole`.
fn n_keys_in(whole: &Value, place: &[Key]) -> usize {
    let mut value = whole;
    for (n_keys, key) in place.iter().enumerate() {
        let inner = match key {
            Key::Field(key) => value.as_object().and_then(|fields| fields.get(key)),
            Key::Item { index, .. } => value.as_array().and_then(|items| items.get(*index)),
        };
        match inner {
            Some(inner) => value = inner,
            None => return n_keys,
        }
    }
    place.len()
}

/// Refuses the value that `place` leads to; the parser adds its line and column.
struct Seek<'a> {
    place: &'a [Key],
    message: &'a str,
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = Infallible;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Infallible, D::Error> {
        if self.place.is_empty() {
            IgnoredAny::deserialize(value)?;
            return Err(D::Error::custom(self.message));
        }
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = Infallible;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a map or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Infallible, A::Error> {
        let Self { place, message } = self;
        let Some((Key::Field(wanted), inner)) = place.split_first() else {
            return Err(A::Error::custom(message));
        };
        while let Some(key) = fields.next_key::<String>()? {
            if key == *wanted {
                return fields.next_value_seed(Seek { place: inner, message });
            }
            fields.next_value::<IgnoredAny>()?;
        }
        Err(A::Error::custom(message))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Infallible, A::Error> {
        let Self { place, message } = self;
        let Some((Key::Item { index, .. }, inner)) = place.split_first() else {
            return Err(A::Error::custom(message));
        };
        for _ in 0..*index {
            items.next_element::<IgnoredAny>()?;
        }
        let refused = items.next_element_seed(Seek { place: inner, message })?;
        refused.ok_or_else(|| A::Error::custom(message))
    }
}
