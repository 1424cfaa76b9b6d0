//! Objects of JSON. Derived readers take lists of the members and `null` in their place, too.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What is written as an object.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfMap<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for OfMap<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(OfMap(PhantomData))
    }
}

/// Reads a text that is one object.
///
/// # Errors
///
/// When it is not JSON, or not such an object.
pub(super) fn read<'de, T: Deserialize<'de>>(json: &'de [u8]) -> serde_json::Result<T> {
    serde_json::from_slice(json).map(|Object(value)| value)
}

/// A member that is an object.
pub(super) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|Object(value)| value)
}

/// A member that is a list of objects.
pub(super) fn objects<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let objects = Vec::<Object<T>>::deserialize(deserializer)?;
    Ok(objects.into_iter().map(|Object(value)| value).collect())
}

/// A member that may be left out, but is not `null`.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Outer {
        #[serde(deserialize_with = "present")]
        size: Option<u8>,
        #[serde(deserialize_with = "object")]
        inner: Inner,
        #[serde(deserialize_with = "objects")]
        many: Vec<Inner>,
    }

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default)]
    struct Inner {
        a: u8,
    }

    #[test]
    fn lists_and_null_are_no_objects() {
        let json = br#"{"size": 3, "inner": {"a": 1}, "many": [{"a": 2}], "more": null}"#;
        let outer = Outer { size: Some(3), inner: Inner { a: 1 }, many: vec![Inner { a: 2 }] };
        assert_eq!(read::<Outer>(json).unwrap(), outer);
        assert_eq!(read::<Outer>(b"{}").unwrap(), Outer::default());
        let texts =
            ["[]", "null", "1", r#"{"size": null}"#, r#"{"inner": [1]}"#, r#"{"many": [[1]]}"#];
        for text in texts {
            assert!(read::<Outer>(text.as_bytes()).is_err(), "{text}");
        }
    }
}
