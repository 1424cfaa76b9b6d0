//! Version and capabilities of the library.

use core::ffi::c_char;

use crate::bundle::FORMAT;

/// Version of the library in use: major << 16 | minor << 8 | patch.
///
/// NOMO_VERSION is the version of this header; the two differ if another library was loaded.
#[unsafe(no_mangle)]
pub extern "C" fn nomo_version() -> u32 {
    const MAJOR: u32 = number(env!("CARGO_PKG_VERSION_MAJOR"));
    const MINOR: u32 = number(env!("CARGO_PKG_VERSION_MINOR"));
    const PATCH: u32 = number(env!("CARGO_PKG_VERSION_PATCH"));
    const { assert!(MINOR < 256 && PATCH < 256) };
    MAJOR << 16 | MINOR << 8 | PATCH
}

/// Version of the library in use as text, for example "0.1.0". Static; never NULL; do not free.
#[unsafe(no_mangle)]
pub extern "C" fn nomo_version_text() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The newest format version of bundles that the library in use reads; it reads all from 1 on.
#[unsafe(no_mangle)]
pub extern "C" fn nomo_bundle_format() -> u32 {
    FORMAT
}

/// Capability: bundles can be opened from files.
pub const NOMO_CAPABILITY_FILES: u64 = 1;
/// Capability: rows can be predicted from Arrow arrays.
pub const NOMO_CAPABILITY_ARROW: u64 = 2;

/// Capabilities of the library in use: NOMO_CAPABILITY_... combined. Later versions add bits.
#[unsafe(no_mangle)]
pub extern "C" fn nomo_capabilities() -> u64 {
    NOMO_CAPABILITY_FILES | NOMO_CAPABILITY_ARROW
}

/// The number that decimal digits spell.
const fn number(digits: &str) -> u32 {
    match u32::from_str_radix(digits, 10) {
        Ok(number) => number,
        Err(_) => 0,
    }
}
