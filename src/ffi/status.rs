//! Status numbers and their texts.

use core::ffi::{CStr, c_char};

use crate::error::ErrorKind;

/// Success.
pub const NOMO_OK: i32 = 0;

/// Class: the call itself is wrong.
pub const NOMO_EARGUMENT: i32 = 1;
/// Class: the bytes are not a well-formed bundle.
pub const NOMO_EFORMAT: i32 = 2;
/// Class: the bundle needs a newer library.
pub const NOMO_EVERSION: i32 = 3;
/// Class: the bundle was changed after it was sealed, or does not satisfy the policy of trust.
pub const NOMO_EINTEGRITY: i32 = 4;
/// Class: a limit on size, memory or computation was exceeded.
pub const NOMO_ELIMIT: i32 = 5;
/// Class: the rows do not have the shape that the model expects.
pub const NOMO_ESCHEMA: i32 = 6;
/// Class: a value of a row cannot be used.
pub const NOMO_EVALUE: i32 = 7;
/// Class: an output does not have the right length.
pub const NOMO_EBUFFER: i32 = 8;
/// Class: this build of the library, or the bundle, does not have what was asked for.
pub const NOMO_EUNSUPPORTED: i32 = 9;
/// Class: the model does not reproduce its golden cases, or the thread is in another floating-point mode.
pub const NOMO_ESELFTEST: i32 = 10;
/// Class: a file could not be read.
pub const NOMO_EIO: i32 = 11;
/// Class and status: there was not enough memory.
pub const NOMO_EMEMORY: i32 = 12;
/// Class and status: the session, explainer or monitor is in use by another thread.
pub const NOMO_EBUSY: i32 = 13;
/// Class and status: the library has a defect; please report it.
pub const NOMO_EDEFECT: i32 = 14;

/// A required pointer is NULL.
pub const NOMO_EARGUMENT_NULL: i32 = 0x0101;
/// A text is not valid UTF-8.
pub const NOMO_EARGUMENT_TEXT: i32 = 0x0201;
/// A struct was not set up by its INIT macro.
pub const NOMO_EARGUMENT_STRUCT_SIZE: i32 = 0x0301;
/// The model has no such feature.
pub const NOMO_EARGUMENT_FEATURE: i32 = 0x0401;
/// The model has no such class.
pub const NOMO_EARGUMENT_CLASS: i32 = 0x0501;
/// A pointer is not aligned for its type.
pub const NOMO_EARGUMENT_ALIGNMENT: i32 = 0x0601;
/// An array does not fit into memory, or a matrix into its values.
pub const NOMO_EARGUMENT_SHAPE: i32 = 0x0701;
/// An index is out of bounds.
pub const NOMO_EARGUMENT_INDEX: i32 = 0x0801;
/// The feature has no such unit.
pub const NOMO_EARGUMENT_UNIT: i32 = 0x0901;
/// A reason is not a code of FHIR's data-absent-reason.
pub const NOMO_EARGUMENT_REASON: i32 = 0x0A01;
/// An option or a flag has an unknown value.
pub const NOMO_EARGUMENT_OPTION: i32 = 0x0B01;
/// A policy of trust cannot be read.
pub const NOMO_EARGUMENT_TRUST: i32 = 0x0C01;
/// The bytes are not a bundle.
pub const NOMO_EFORMAT_MAGIC: i32 = 0x0102;
/// The bundle is shorter than its header states.
pub const NOMO_EFORMAT_TRUNCATED: i32 = 0x0202;
/// The section table is malformed.
pub const NOMO_EFORMAT_TABLE: i32 = 0x0302;
/// A section's bytes cannot be decoded.
pub const NOMO_EFORMAT_PAYLOAD: i32 = 0x0402;
/// The sections of the bundle contradict each other.
pub const NOMO_EFORMAT_MODEL: i32 = 0x0502;
/// The bytes are not counters of this bundle.
pub const NOMO_EFORMAT_COUNTERS: i32 = 0x0802;
/// The bundle has a newer format.
pub const NOMO_EVERSION_FORMAT: i32 = 0x0103;
/// The bundle needs a section that this version does not know.
pub const NOMO_EVERSION_SECTION: i32 = 0x0203;
/// The bundle's bytes do not match their digest.
pub const NOMO_EINTEGRITY_DIGEST: i32 = 0x0104;
/// A signature by a trusted key does not verify: it was changed, or belongs to another bundle.
pub const NOMO_EINTEGRITY_SIGNATURE: i32 = 0x0204;
/// A role that the policy of trust requires has not signed.
pub const NOMO_EINTEGRITY_UNSIGNED: i32 = 0x0304;
/// A required signature has expired, or was made after the time of the policy.
pub const NOMO_EINTEGRITY_EXPIRED: i32 = 0x0404;
/// The key of a required signature is revoked.
pub const NOMO_EINTEGRITY_REVOKED: i32 = 0x0504;
/// The bundle does not have the pinned digest.
pub const NOMO_EINTEGRITY_PINNED: i32 = 0x0604;
/// The bundle is larger than the limit.
pub const NOMO_ELIMIT_SIZE: i32 = 0x0105;
/// A row does not have one value per feature.
pub const NOMO_ESCHEMA_FEATURES: i32 = 0x0106;
/// The columns of a table do not match the features.
pub const NOMO_ESCHEMA_COLUMNS: i32 = 0x0206;
/// A value is infinite.
pub const NOMO_EVALUE_INFINITE: i32 = 0x0107;
/// A value is missing, and the model does not impute it.
pub const NOMO_EVALUE_MISSING: i32 = 0x0207;
/// The magnitude of a value is above every plausible one (1e100).
pub const NOMO_EVALUE_MAGNITUDE: i32 = 0x0307;
/// A feature was not set.
pub const NOMO_EVALUE_UNSET: i32 = 0x0407;
/// A value is not a number.
pub const NOMO_EVALUE_NAN: i32 = 0x0507;
/// A value is outside its plausible range.
pub const NOMO_EVALUE_RANGE: i32 = 0x0607;
/// A value is not a level of its category.
pub const NOMO_EVALUE_LEVEL: i32 = 0x0707;
/// A value does not have the type of its feature.
pub const NOMO_EVALUE_TYPE: i32 = 0x0807;
/// Values of a row contradict each other.
pub const NOMO_EVALUE_RULE: i32 = 0x0907;
/// An output does not have the right length.
pub const NOMO_EBUFFER_LENGTH: i32 = 0x0108;
/// The memory for a session is too small.
pub const NOMO_EBUFFER_MEMORY: i32 = 0x0208;
/// An Arrow type or layout is not supported.
pub const NOMO_EUNSUPPORTED_ARROW: i32 = 0x0109;
/// The bundle has no profile, so rows cannot be counted.
pub const NOMO_EUNSUPPORTED_PROFILE: i32 = 0x0409;
/// The model does not reproduce a golden case.
pub const NOMO_ESELFTEST_GOLDEN: i32 = 0x010A;
/// The floating-point mode of the thread flushes subnormals to zero, as -ffast-math sets it, or does not
/// round to nearest.
pub const NOMO_ESELFTEST_FLOATING_POINT: i32 = 0x020A;
/// The file does not exist.
pub const NOMO_EIO_NOT_FOUND: i32 = 0x010B;
/// The file could not be read.
pub const NOMO_EIO_READ: i32 = 0x020B;

/// One English sentence for a status. Static; never NULL; do not free.
#[unsafe(no_mangle)]
pub extern "C" fn nomo_status_text(status: i32) -> *const c_char {
    if status == NOMO_OK {
        return c"Success.".as_ptr();
    }
    described(status).map_or(c"Unknown status.", ErrorKind::text).as_ptr()
}

/// The name of a status in this header, for example "NOMO_EARGUMENT_NULL"; "?" for a number that no
/// function of this library returns, such as a class that is not a status too. Static; never NULL;
/// do not free.
#[unsafe(no_mangle)]
pub extern "C" fn nomo_status_name(status: i32) -> *const c_char {
    if status == NOMO_OK {
        return c"NOMO_OK".as_ptr();
    }
    described(status).map_or::<&CStr, _>(c"?", ErrorKind::c_name).as_ptr()
}

fn described(status: i32) -> Option<ErrorKind> {
    ErrorKind::ALL.iter().copied().find(|kind| kind.status() == status)
}
