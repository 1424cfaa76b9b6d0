//! Section payloads to values and back: bincode 2, fixed integers, little-endian.
//!
//! Nothing else in the project knows bincode, so that a later format can use another encoding.
//! Decoding reads at most the bytes it was given, and trusts no length: lists and texts grow as they
//! are read, from at most 1 MiB.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use bincode::config::{self, Configuration, Fixint, Limit, LittleEndian};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Error, ErrorKind};

/// A payload is smaller than this.
const MAX_PAYLOAD: usize = 0x1000_0000;

const CONFIGURATION: Configuration<LittleEndian, Fixint, Limit<MAX_PAYLOAD>> =
    config::standard().with_fixed_int_encoding().with_limit::<MAX_PAYLOAD>();

/// Encodes `value`; the same value always gives the same bytes.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    bincode::serde::encode_to_vec(value, CONFIGURATION)
        .map_err(|cause| Error::new(ErrorKind::Payload, format!("cannot be encoded: {cause}")))
}

/// Decodes one value that takes up all of `bytes`.
///
/// # Errors
///
/// `Payload` when the bytes do not encode a `T`, or when some are left over; `TooLarge` from 256 MiB
/// on.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    if bytes.len() >= MAX_PAYLOAD {
        let n_bytes = bytes.len();
        let detail = format!("{n_bytes} bytes, expected fewer than {MAX_PAYLOAD}");
        return Err(Error::new(ErrorKind::TooLarge, detail));
    }
    let (value, n_read) = bincode::serde::decode_from_slice(bytes, CONFIGURATION)
        .map_err(|cause| Error::new(ErrorKind::Payload, format!("cannot be decoded: {cause}")))?;
    if n_read != bytes.len() {
        let left = bytes.len() - n_read;
        return Err(Error::new(
            ErrorKind::Payload,
            format!("{left} bytes after the end of a value of {n_read} bytes"),
        ));
    }
    Ok(value)
}

/// A text of a bundle. A plain `String` would allocate its claimed length before the first byte is
/// read; this one grows as a list does. The bytes are the same.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text(pub(crate) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return String::deserialize(deserializer).map(Self);
        }
        let bytes = Vec::<u8>::deserialize(deserializer)?;
        String::from_utf8(bytes).map(Self).map_err(|_| D::Error::custom("a text is not UTF-8"))
    }
}

/// For `#[serde(deserialize_with = "…")]` on every text of a bundle.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Text::deserialize(deserializer).map(|text| text.0)
}

/// As [`text`], for lists.
pub(crate) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<Text>::deserialize(deserializer)?.into_iter().map(|text| text.0).collect())
}

/// As [`text`], for optional texts.
pub(crate) fn optional_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    Ok(Option::<Text>::deserialize(deserializer)?.map(|text| text.0))
}

/// As [`text`], for texts by key.
pub(crate) fn text_map<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let map = BTreeMap::<Text, Text>::deserialize(deserializer)?;
    Ok(map.into_iter().map(|(key, text)| (key.0, text.0)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Texts {
        #[serde(deserialize_with = "text")]
        one: String,
        #[serde(deserialize_with = "texts")]
        many: Vec<String>,
        #[serde(deserialize_with = "optional_text")]
        perhaps: Option<String>,
        #[serde(deserialize_with = "text_map")]
        by_key: BTreeMap<String, String>,
    }

    #[test]
    fn texts_come_back_as_they_were() {
        let texts = Texts {
            one: "créatinine".into(),
            many: vec!["".into(), "b".into()],
            perhaps: Some("c".into()),
            by_key: BTreeMap::from([("k".into(), "v".into())]),
        };
        let bytes = encode(&texts).unwrap();
        assert_eq!(decode::<Texts>(&bytes).unwrap(), texts);
        assert_eq!(bytes[..8], 11_u64.to_le_bytes(), "the length of a text is that of its bytes");
    }

    #[test]
    fn a_text_with_a_false_length_or_that_is_not_utf_8_is_refused() {
        for bytes in
            [(MAX_PAYLOAD as u64 - 9).to_le_bytes().to_vec(), vec![1, 0, 0, 0, 0, 0, 0, 0, 0xff]]
        {
            assert_eq!(decode::<Text>(&bytes).err().unwrap().kind(), ErrorKind::Payload);
        }
    }
}
