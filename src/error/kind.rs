//! What went wrong: kinds, their classes, and their numbers and names in C.

use core::ffi::CStr;

/// The family of an error, which a program can decide on.
///
/// Its number is the low byte of the C status. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u8)]
pub enum ErrorClass {
    /// The call itself is wrong.
    Argument = 1,
    /// The bytes are not a well-formed bundle.
    Format = 2,
    /// The bundle needs a newer library.
    Version = 3,
    /// The bundle was changed after it was sealed, or does not satisfy the policy of trust.
    Integrity = 4,
    /// A limit on size, memory or computation was exceeded.
    Limit = 5,
    /// The rows do not have the shape of the schema.
    Schema = 6,
    /// A value of a row cannot be used.
    Value = 7,
    /// An output does not have the right length.
    Buffer = 8,
    /// This build, or the bundle, does not have what was asked for.
    Unsupported = 9,
    /// The model does not reproduce its golden cases, or the thread is in another floating-point mode.
    SelfTest = 10,
    /// A file could not be read.
    Io = 11,
    /// There was not enough memory.
    Memory = 12,
    /// The session, explainer or monitor is in use by another thread.
    Busy = 13,
    /// A defect of the library.
    Panic = 14,
}

/// Declares the kinds: variant, class, detail number, name in C, text.
macro_rules! error_kinds {
    ($($variant:ident = $class:ident, $detail:literal, $c_name:literal, $text:literal;)+) => {
        /// What exactly went wrong. Its number is the C status and is never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $(#[doc = $text] $variant,)+
        }

        impl ErrorKind {
            /// Every kind, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The family it belongs to.
            #[must_use]
            pub const fn class(self) -> ErrorClass {
                match self { $(Self::$variant => ErrorClass::$class),+ }
            }

            /// The status of the C ABI: class in the low byte, detail above it.
            #[must_use]
            pub const fn status(self) -> i32 {
                match self { $(Self::$variant => $detail << 8 | ErrorClass::$class as i32),+ }
            }

            /// The name of the status in the C header.
            #[must_use]
            pub const fn c_name(self) -> &'static CStr {
                match self { $(Self::$variant => c_text(concat!($c_name, "\0"))),+ }
            }

            /// One sentence for people.
            #[must_use]
            pub const fn text(self) -> &'static CStr {
                match self { $(Self::$variant => c_text(concat!($text, "\0"))),+ }
            }
        }
    };
}

error_kinds! {
    NullPointer = Argument, 1, "NOMO_EARGUMENT_NULL", "A required pointer is NULL.";
    InvalidText = Argument, 2, "NOMO_EARGUMENT_TEXT", "A text is not valid UTF-8.";
    StructSize = Argument, 3, "NOMO_EARGUMENT_STRUCT_SIZE", "A struct was not set up by its INIT macro.";
    UnknownFeature = Argument, 4, "NOMO_EARGUMENT_FEATURE", "The model has no such feature.";
    UnknownClass = Argument, 5, "NOMO_EARGUMENT_CLASS", "The model has no such class.";
    Alignment = Argument, 6, "NOMO_EARGUMENT_ALIGNMENT", "A pointer is not aligned for its type.";
    Shape = Argument, 7, "NOMO_EARGUMENT_SHAPE", "A length or a matrix does not fit into memory or its buffer.";
    Index = Argument, 8, "NOMO_EARGUMENT_INDEX", "An index is beyond the end.";
    UnknownUnit = Argument, 9, "NOMO_EARGUMENT_UNIT", "The feature has no such unit.";
    UnknownReason = Argument, 10, "NOMO_EARGUMENT_REASON", "A reason is no code of FHIR's data-absent-reason.";
    Option = Argument, 11, "NOMO_EARGUMENT_OPTION", "An option or a flag has no such value.";
    Trust = Argument, 12, "NOMO_EARGUMENT_TRUST", "A policy of trust cannot be read.";
    Magic = Format, 1, "NOMO_EFORMAT_MAGIC", "The bytes are not a bundle.";
    Truncated = Format, 2, "NOMO_EFORMAT_TRUNCATED", "The bundle is shorter than it says.";
    SectionTable = Format, 3, "NOMO_EFORMAT_TABLE", "The section table is malformed.";
    Payload = Format, 4, "NOMO_EFORMAT_PAYLOAD", "A section's bytes cannot be decoded.";
    Counters = Format, 8, "NOMO_EFORMAT_COUNTERS", "The bytes are not counters of this bundle.";
    InvalidModel = Format, 5, "NOMO_EFORMAT_MODEL", "The parts of the model contradict each other.";
    NewerFormat = Version, 1, "NOMO_EVERSION_FORMAT", "The bundle has a newer format.";
    UnknownSection = Version, 2, "NOMO_EVERSION_SECTION", "The bundle needs a section that this version does not know.";
    DigestMismatch = Integrity, 1, "NOMO_EINTEGRITY_DIGEST", "The bundle's bytes do not match their digest.";
    InvalidSignature = Integrity, 2, "NOMO_EINTEGRITY_SIGNATURE", "A signature by a trusted key does not verify.";
    MissingSignature = Integrity, 3, "NOMO_EINTEGRITY_UNSIGNED", "A role that the policy requires has not signed.";
    ExpiredSignature = Integrity, 4, "NOMO_EINTEGRITY_EXPIRED", "A required signature is not valid at this time.";
    RevokedKey = Integrity, 5, "NOMO_EINTEGRITY_REVOKED", "The key of a required signature is revoked.";
    OtherDigest = Integrity, 6, "NOMO_EINTEGRITY_PINNED", "The bundle does not have the pinned digest.";
    TooLarge = Limit, 1, "NOMO_ELIMIT_SIZE", "The bundle is larger, or needs more memory or time to open, than the limit.";
    FeatureCount = Schema, 1, "NOMO_ESCHEMA_FEATURES", "A row does not have one value per feature.";
    Columns = Schema, 2, "NOMO_ESCHEMA_COLUMNS", "The columns of a table do not fit the features.";
    Infinite = Value, 1, "NOMO_EVALUE_INFINITE", "A value is infinite.";
    Missing = Value, 2, "NOMO_EVALUE_MISSING", "A value is missing and the model cannot do without it.";
    Magnitude = Value, 3, "NOMO_EVALUE_MAGNITUDE", "A value is beyond every plausible size (1e100).";
    Unset = Value, 4, "NOMO_EVALUE_UNSET", "A feature was not set.";
    NotANumber = Value, 5, "NOMO_EVALUE_NAN", "A value is not a number.";
    OutOfRange = Value, 6, "NOMO_EVALUE_RANGE", "A value is outside its plausible range.";
    UnseenLevel = Value, 7, "NOMO_EVALUE_LEVEL", "A value is no level of its category.";
    WrongType = Value, 8, "NOMO_EVALUE_TYPE", "A value does not have the type of its feature.";
    RuleViolated = Value, 9, "NOMO_EVALUE_RULE", "Values of a row contradict each other.";
    OutputLength = Buffer, 1, "NOMO_EBUFFER_LENGTH", "An output does not have the right length.";
    SessionMemory = Buffer, 2, "NOMO_EBUFFER_MEMORY", "The memory for a session is too small.";
    ArrowType = Unsupported, 1, "NOMO_EUNSUPPORTED_ARROW", "An Arrow type or layout is not supported.";
    NoProfile = Unsupported, 4, "NOMO_EUNSUPPORTED_PROFILE", "The bundle has no profile, so rows cannot be counted.";
    GoldenCase = SelfTest, 1, "NOMO_ESELFTEST_GOLDEN", "The model does not reproduce a golden case.";
    FloatingPoint = SelfTest, 2, "NOMO_ESELFTEST_FLOATING_POINT", "The thread's floating-point mode flushes subnormals, or does not round to nearest.";
    FileNotFound = Io, 1, "NOMO_EIO_NOT_FOUND", "The file does not exist.";
    FileRead = Io, 2, "NOMO_EIO_READ", "The file could not be read.";
    OutOfMemory = Memory, 0, "NOMO_EMEMORY", "There was not enough memory.";
    SessionBusy = Busy, 0, "NOMO_EBUSY", "The session is in use by another thread.";
    Panic = Panic, 0, "NOMO_EDEFECT", "The library has a defect; please report it.";
}

/// A literal that ends with NUL as a C text.
pub(crate) const fn c_text(literal: &'static str) -> &'static CStr {
    match CStr::from_bytes_with_nul(literal.as_bytes()) {
        Ok(text) => text,
        Err(_) => c"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn every_status_is_used_once() {
        let statuses: BTreeSet<i32> = ErrorKind::ALL.iter().map(|kind| kind.status()).collect();
        assert_eq!(statuses.len(), ErrorKind::ALL.len());
        assert!(!statuses.contains(&0));
        assert!(ErrorKind::ALL.iter().all(|kind| !kind.text().is_empty()));
    }
}
