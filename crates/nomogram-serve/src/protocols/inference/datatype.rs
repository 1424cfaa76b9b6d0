//! The datatypes of tensors, and elements from their bytes.

use super::invalid::Invalid;

/// Declares the datatypes with their names and their bytes per element.
macro_rules! datatypes {
    ($($variant:ident $name:literal $size:literal;)+) => {
        /// The datatype of a tensor's elements.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Datatype {
            $(#[doc = $name] $variant,)+
        }

        impl Datatype {
            /// Its name in the protocol.
            #[must_use]
            pub(super) const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The datatype with this name.
            ///
            /// # Errors
            ///
            /// When the protocol has none.
            pub(super) fn of_name(name: &str) -> Result<Self, Invalid> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(Invalid::new("an unknown datatype, expected for example FP64 or BYTES")),
                }
            }

            /// Bytes per element; 0 for texts, which have any length.
            #[must_use]
            pub(super) const fn size(self) -> usize {
                match self { $(Self::$variant => $size),+ }
            }
        }
    };
}

datatypes! {
    Bool "BOOL" 1;
    Uint8 "UINT8" 1;
    Uint16 "UINT16" 2;
    Uint32 "UINT32" 4;
    Uint64 "UINT64" 8;
    Int8 "INT8" 1;
    Int16 "INT16" 2;
    Int32 "INT32" 4;
    Int64 "INT64" 8;
    Fp16 "FP16" 2;
    Bf16 "BF16" 2;
    Fp32 "FP32" 4;
    Fp64 "FP64" 8;
    Bytes "BYTES" 0;
}

/// The largest whole number up to which every whole number is exact: 2^53.
const MAX_WHOLE: u64 = 9_007_199_254_740_992;

/// A number that has no exact double.
fn inexact() -> Invalid {
    Invalid::new("a whole number beyond 2^53, expected one that a double holds exactly")
}

/// A whole number as a double.
///
/// # Errors
///
/// When it is not exact.
#[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
pub(super) fn whole(number: i64) -> Result<f64, Invalid> {
    if number.unsigned_abs() > MAX_WHOLE { Err(inexact()) } else { Ok(number as f64) }
}

/// A whole number as a double.
///
/// # Errors
///
/// When it is not exact.
#[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
pub(super) fn natural(number: u64) -> Result<f64, Invalid> {
    if number > MAX_WHOLE { Err(inexact()) } else { Ok(number as f64) }
}

/// The numbers in the bytes of a tensor, little-endian.
///
/// # Errors
///
/// When a whole number is not exact, or the datatype is that of texts.
pub(super) fn numbers(datatype: Datatype, bytes: &[u8]) -> Result<Vec<f64>, Invalid> {
    macro_rules! read {
        ($kind:ty, $convert:expr) => {
            bytes
                .as_chunks::<{ size_of::<$kind>() }>()
                .0
                .iter()
                .map(|element| $convert(<$kind>::from_le_bytes(*element)))
                .collect()
        };
    }
    match datatype {
        Datatype::Bool | Datatype::Uint8 => Ok(bytes.iter().map(|byte| f64::from(*byte)).collect()),
        Datatype::Uint16 => Ok(read!(u16, f64::from)),
        Datatype::Uint32 => Ok(read!(u32, f64::from)),
        Datatype::Uint64 => read!(u64, natural),
        Datatype::Int8 => Ok(read!(i8, f64::from)),
        Datatype::Int16 => Ok(read!(i16, f64::from)),
        Datatype::Int32 => Ok(read!(i32, f64::from)),
        Datatype::Int64 => read!(i64, whole),
        Datatype::Fp16 => Ok(read!(u16, of_half)),
        Datatype::Bf16 => {
            Ok(read!(u16, |bits: u16| f64::from(f32::from_bits(u32::from(bits) << 16))))
        }
        Datatype::Fp32 => Ok(read!(f32, f64::from)),
        Datatype::Fp64 => Ok(read!(f64, f64::from)),
        Datatype::Bytes => Err(Invalid::new("texts, expected numbers")),
    }
}

/// A half-precision number: 1 bit of sign, 5 of exponent, 10 of fraction. Every one is exact as a double.
fn of_half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3FF);
    let exponent = i32::from(bits >> 10 & 0x1F);
    let magnitude = match exponent {
        0 => fraction * power_of_two(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * power_of_two(exponent - 25),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}

/// 2 to the power of `exponent`, from −1022 to 1023.
#[allow(clippy::cast_sign_loss, reason = "positive in that range")]
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_numbers_are_exact() {
        let cases = [
            (0x0000, 0.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x03FF, 6.097_555_160_522_461e-5),
            (0x0400, 6.103_515_625e-5),
            (0x3555, 0.333_251_953_125),
            (0x3C00, 1.0),
            (0x7BFF, 65504.0),
            (0x7C00, f64::INFINITY),
            (0xC000, -2.0),
        ];
        for (bits, expected) in cases {
            assert_eq!(of_half(bits), expected, "{bits:#06x}");
        }
        assert!(of_half(0x7E00).is_nan());
    }

    #[test]
    fn every_datatype_is_read_from_its_bytes() {
        let cases: [(Datatype, &[u8], f64); 13] = [
            (Datatype::Bool, &[1], 1.0),
            (Datatype::Uint8, &[200], 200.0),
            (Datatype::Uint16, &[1, 2], 513.0),
            (Datatype::Uint32, &[0, 0, 0, 128], 2_147_483_648.0),
            (Datatype::Uint64, &[0, 0, 0, 0, 1, 0, 0, 0], 4_294_967_296.0),
            (Datatype::Int8, &[255], -1.0),
            (Datatype::Int16, &[254, 255], -2.0),
            (Datatype::Int32, &[253, 255, 255, 255], -3.0),
            (Datatype::Int64, &[252, 255, 255, 255, 255, 255, 255, 255], -4.0),
            (Datatype::Fp16, &[0x00, 0x3C], 1.0),
            (Datatype::Bf16, &[0x80, 0x3F], 1.0),
            (Datatype::Fp32, &[0, 0, 0x80, 0x3F], 1.0),
            (Datatype::Fp64, &[0, 0, 0, 0, 0, 0, 0xF0, 0x3F], 1.0),
        ];
        for (datatype, bytes, expected) in cases {
            assert_eq!(bytes.len(), datatype.size());
            assert_eq!(numbers(datatype, bytes), Ok(vec![expected]), "{}", datatype.name());
            assert_eq!(Datatype::of_name(datatype.name()), Ok(datatype));
        }
    }

    #[test]
    fn whole_numbers_that_no_double_holds_are_refused() {
        assert_eq!(whole(-9_007_199_254_740_992), Ok(-9_007_199_254_740_992.0));
        assert!(whole(9_007_199_254_740_993).is_err() && whole(i64::MIN).is_err());
        assert!(natural(u64::MAX).is_err());
    }
}
