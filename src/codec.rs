//! Section payloads to values and back: bincode 2, fixed integers, little-endian.
//!
//! Nothing else in the project knows bincode, so that a later format can use another encoding.
//! Decoding reads at most the bytes it was given. For a text whose length lies it allocates at most
//! eight times as much (at least 8 KiB); sequences grow as they are read, from at most 1 MiB.

use alloc::format;
use alloc::vec::Vec;

use bincode::config::{self, Configuration, Fixint, LittleEndian};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind};

/// Encodes `value`; the same value always gives the same bytes.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    let configuration = config::standard().with_fixed_int_encoding();
    bincode::serde::encode_to_vec(value, configuration)
        .map_err(|cause| Error::new(ErrorKind::Payload, format!("cannot be encoded: {cause}")))
}

/// Decodes one value that takes up all of `bytes`.
///
/// # Errors
///
/// `Payload` when the bytes do not encode a `T`, or when some are left over; `TooLarge` from 256 MiB
/// on.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    // bincode wants its limit as a constant; the next power of 8 KiB above the payload's length
    // keeps a lying length from allocating much more than the payload could hold.
    match bytes.len() {
        0..0x2000 => decode_limited::<T, 0x2000>(bytes),
        0x2000..0x1_0000 => decode_limited::<T, 0x1_0000>(bytes),
        0x1_0000..0x8_0000 => decode_limited::<T, 0x8_0000>(bytes),
        0x8_0000..0x40_0000 => decode_limited::<T, 0x40_0000>(bytes),
        0x40_0000..0x200_0000 => decode_limited::<T, 0x200_0000>(bytes),
        0x200_0000..0x1000_0000 => decode_limited::<T, 0x1000_0000>(bytes),
        _ => Err(Error::new(
            ErrorKind::TooLarge,
            format!("{} bytes, a section has fewer than {}", bytes.len(), 0x1000_0000),
        )),
    }
}

fn decode_limited<T: DeserializeOwned, const LIMIT: usize>(bytes: &[u8]) -> Result<T, Error> {
    let configuration: Configuration<LittleEndian, Fixint, config::Limit<LIMIT>> =
        config::standard().with_fixed_int_encoding().with_limit::<LIMIT>();
    let (value, n_read) = bincode::serde::decode_from_slice(bytes, configuration)
        .map_err(|cause| Error::new(ErrorKind::Payload, format!("cannot be decoded: {cause}")))?;
    if n_read != bytes.len() {
        let left = bytes.len() - n_read;
        return Err(Error::new(
            ErrorKind::Payload,
            format!("{left} bytes are left over after a value of {n_read} bytes"),
        ));
    }
    Ok(value)
}
