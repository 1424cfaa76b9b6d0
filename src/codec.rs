//! Section payloads to values and back: bincode 2, fixed integers, little-endian.
//!
//! Nothing else in the project knows bincode, so that a later format can use another encoding. Writing
//! goes through serde. Reading does not: serde's collections allocate without being able to fail. A
//! type is read by [`Decode`], which one line implements: `decode_struct!` or `decode_enum!`.

mod input;

mod decode;

use alloc::vec::Vec;

use bincode::config::{self, Configuration, Fixint, Limit, LittleEndian};
use serde::Serialize;

pub(crate) use decode::{decode_enum, decode_struct, min_len};
pub(crate) use input::{Decode, Input, Stopped};

use crate::budget::Budget;
use crate::error::{Error, ErrorKind};

/// A payload is smaller than this.
const MAX_PAYLOAD: usize = 0x1000_0000;

const CONFIGURATION: Configuration<LittleEndian, Fixint, Limit<MAX_PAYLOAD>> =
    config::standard().with_fixed_int_encoding().with_limit::<MAX_PAYLOAD>();

/// Encodes `value`; the same value always gives the same bytes.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, Error> {
    bincode::serde::encode_to_vec(value, CONFIGURATION)
        .map_err(|cause| Error::new(ErrorKind::Payload, format_args!("cannot be encoded: {cause}")))
}

/// Decodes one value that takes up all of `bytes`, within a budget.
///
/// # Errors
///
/// `Payload` when the bytes do not encode a `T`, or when some are left over; `TooLarge` from 256 MiB
/// on, or beyond the budget; `OutOfMemory`.
pub(crate) fn decode<T: Decode>(bytes: &[u8], budget: &mut Budget) -> Result<T, Error> {
    let mut input = Input::new(bytes, budget);
    let value = input.whole();
    value.map_err(|stopped| input.into_error(stopped))
}

#[cfg(test)]
mod tests;
