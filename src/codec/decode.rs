//! Values from bytes: how each type is read, none of them trusting a length.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::input::{Decode, Input, Stopped};
use crate::memory;

/// Implements [`Decode`] for a struct whose fields follow each other in the order of the list, which
/// is that of its declaration.
macro_rules! decode_struct {
    ($type:ident { $($field:ident),+ $(,)? }) => {
        impl $crate::codec::Decode for $type {
            const MIN_LEN: usize =
                0 $(+ $crate::codec::min_len(|value: &Self| &value.$field))+;

            #[inline(never)]
            fn decode(
                input: &mut $crate::codec::Input<'_>,
            ) -> Result<Self, $crate::codec::Stopped> {
                Ok(Self { $($field: input.read()?),+ })
            }
        }
    };
}
pub(crate) use decode_struct;

/// Implements [`Decode`] for an enum: the variants in the order of their numbers, from 0.
macro_rules! decode_enum {
    ($type:ident {
        $($variant:ident $(($inner:ty))? $({ $($field:ident),+ $(,)? })?),+ $(,)?
    }) => {
        impl $crate::codec::Decode for $type {
            const MIN_LEN: usize = 4;

            #[inline(never)]
            fn decode(
                input: &mut $crate::codec::Input<'_>,
            ) -> Result<Self, $crate::codec::Stopped> {
                // A variant that is missing from the list does not compile.
                let _: fn(&Self) = |value| match value { $(Self::$variant { .. } => {})+ };
                let number: u32 = input.read()?;
                let mut next = 0;
                $(
                    if number == next {
                        return Ok(Self::$variant
                            $((input.read::<$inner>()?))?
                            $({ $($field: input.read()?),+ })?);
                    }
                    next += 1;
                )+
                Err(input.unknown_variant(stringify!($type), number, next))
            }
        }
    };
}
pub(crate) use decode_enum;

/// The fewest bytes of a field, whose type the compiler knows.
pub(crate) const fn min_len<S, T: Decode>(_field: fn(&S) -> &T) -> usize {
    T::MIN_LEN
}

/// Declares numbers.
macro_rules! numbers {
    ($($type:ty),+) => {
        $(
            impl Decode for $type {
                const MIN_LEN: usize = size_of::<Self>();

                #[inline]
                fn decode(input: &mut Input<'_>) -> Result<Self, Stopped> {
                    Ok(Self::from_le_bytes(input.array()?))
                }

                // All at once, without a check for each.
                #[inline]
                fn decode_items(
                    input: &mut Input<'_>,
                    n_items: usize,
                    items: &mut Vec<Self>,
                ) -> Result<(), Stopped> {
                    let (encoded, _) =
                        input.bytes(n_items.saturating_mul(Self::MIN_LEN))?.as_chunks();
                    items.extend(encoded.iter().map(|bytes| Self::from_le_bytes(*bytes)));
                    Ok(())
                }
            }
        )+
    };
}
numbers!(u8, u32, i32, u64, f64);

impl Decode for bool {
    const MIN_LEN: usize = 1;

    fn decode(input: &mut Input<'_>) -> Result<Self, Stopped> {
        match input.read::<u8>()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(input.malformed(format_args!("a boolean of {other}, expected 0 or 1"))),
        }
    }
}

impl<const N: usize> Decode for [u8; N] {
    const MIN_LEN: usize = N;

    fn decode(input: &mut Input<'_>) -> Result<Self, Stopped> {
        input.array()
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    const MIN_LEN: usize = A::MIN_LEN + B::MIN_LEN;

    fn decode(input: &mut Input<'_>) -> Result<Self, Stopped> {
        Ok((input.read()?, input.read()?))
    }
}

impl<T: Decode> Decode for Option<T> {
    const MIN_LEN: usize = 1;

    fn decode(input: &mut Input<'_>) -> Result<Self, Stopped> {
        match input.read::<u8>()? {
            0 => Ok(None),
            1 => input.read().map(Some),
            other => Err(input.malformed(format_args!("an option of {other}, expected 0 or 1"))),
        }
    }
}

impl<T: Decode> Decode for Vec<T> {
    const MIN_LEN: usize = 8;

    #[inline(never)]
    fn decode(input: &mut Input<'_>) -> Result<Self, Stopped> {
        let n_items = input.count::<T>(T::MIN_LEN)?;
        let mut items = input.checked(memory::list(n_items))?;
        T::decode_items(input, n_items, &mut items)?;
        Ok(items)
    }
}

impl Decode for String {
    const MIN_LEN: usize = 8;

    #[inline(never)]
    fn decode(input: &mut Input<'_>) -> Result<Self, Stopped> {
        let n_bytes = input.count::<u8>(1)?;
        // The C ABI keeps a copy with a NUL, and where it begins.
        input.take(n_bytes as u64 + 9)?;
        match core::str::from_utf8(input.bytes(n_bytes)?) {
            Ok(text) => input.checked(memory::text(text)),
            Err(_) => Err(input.malformed("a text is not UTF-8")),
        }
    }
}

impl<T: Decode> Decode for Box<T> {
    const MIN_LEN: usize = T::MIN_LEN;

    fn decode(input: &mut Input<'_>) -> Result<Self, Stopped> {
        input.read().map(Box::new)
    }
}

/// The most entries of a map: its nodes are allocated without being able to fail.
const MAX_ENTRIES: u64 = 1000;
/// The memory of an entry in a map that is half full.
const PER_ENTRY: u64 = 128;

impl Decode for BTreeMap<String, String> {
    const MIN_LEN: usize = 8;

    fn decode(input: &mut Input<'_>) -> Result<Self, Stopped> {
        let n_entries: u64 = input.read()?;
        if n_entries > MAX_ENTRIES {
            let detail =
                format_args!("{n_entries} entries of a map, expected at most {MAX_ENTRIES}");
            return Err(input.malformed(detail));
        }
        input.take(n_entries * PER_ENTRY)?;
        let mut map = Self::new();
        for _ in 0..n_entries {
            map.insert(input.read()?, input.read()?);
        }
        Ok(map)
    }
}
