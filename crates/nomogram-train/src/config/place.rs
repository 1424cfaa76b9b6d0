//! Where in the text of a configuration a value stands that makes no sense.
//!
//! A message begins with the keys that lead to the value; an item of a list stands by its name or
//! number: ``member `trees`: learner: boosted_trees: max_depth: 0, expected at least 1``.

use std::convert::Infallible;
use std::fmt;

use serde::de::{
    Deserialize as _, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};
use serde_json::Value;

/// The message, with line and column of the value as far as its keys lead.
pub(super) fn located(message: &str, text: &str) -> serde_saphyr::Error {
    let found = serde_saphyr::from_str(text).and_then(|whole: Value| {
        let steps = steps(&whole, message);
        let seek = Seek { steps: &steps, message };
        serde_saphyr::with_deserializer_from_str(text, |root| seek.deserialize(root))
    });
    match found {
        Err(error) => error,
        Ok(never) => match never {},
    }
}

/// Keys and numbers of items, from the root.
fn steps(whole: &Value, message: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut place = whole;
    for part in message.split(": ") {
        if let Some((key, inner)) = field(place, part) {
            steps.push(key);
            place = inner;
        }
        if let Some((number, inner)) = item(place, part) {
            steps.push(number.to_string());
            place = inner;
        }
    }
    steps
}

/// The field that a message calls by its key, or by an item of its list.
fn field<'v>(place: &'v Value, part: &str) -> Option<(String, &'v Value)> {
    let plural = part.split_once(' ').map(|(item, _)| format!("{item}s"));
    let keys = [Some(part.trim_matches('`').to_owned()), plural];
    keys.into_iter().flatten().find_map(|key| place.get(&key).map(|inner| (key, inner)))
}

/// The item of a list that a message calls `` member `trees` `` or `step 2`.
fn item<'v>(place: &'v Value, part: &str) -> Option<(usize, &'v Value)> {
    let name = part.split('`').nth(1);
    let number = part.split_once(' ').and_then(|(_, number)| number.parse().ok());
    place.as_array()?.iter().enumerate().find(|(at, item)| match name {
        Some(name) => [&item["name"], &item["feature"], *item].iter().any(|own| **own == name),
        None => number == Some(*at),
    })
}

/// Refuses the value that the steps lead to; the parser adds where it stands.
struct Seek<'a> {
    steps: &'a [String],
    message: &'a str,
}

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = Infallible;

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<Infallible, D::Error> {
        if self.steps.is_empty() {
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
        let Self { steps, message } = self;
        while let Some(key) = fields.next_key::<String>()? {
            match steps.split_first() {
                Some((step, steps)) if *step == key => {
                    return fields.next_value_seed(Seek { steps, message });
                }
                _ => fields.next_value::<IgnoredAny>()?,
            };
        }
        Err(A::Error::custom(message))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Infallible, A::Error> {
        let Self { steps, message } = self;
        let (step, steps) = steps.split_first().ok_or_else(|| A::Error::custom(message))?;
        let number: usize = step.parse().map_err(A::Error::custom)?;
        for _ in 0..number {
            items.next_element::<IgnoredAny>()?;
        }
        let found = items.next_element_seed(Seek { steps, message })?;
        found.ok_or_else(|| A::Error::custom(message))
    }
}
