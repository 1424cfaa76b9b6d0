//! The structs of the Arrow C Data Interface.

use core::ffi::{c_char, c_void};

/// The type of an array, as the Arrow C Data Interface defines it; it never grows.
///
/// cbindgen:ignore
#[repr(C)]
#[derive(Debug)]
pub struct ArrowSchema {
    /// The type, for example `g` for doubles.
    pub format: *const c_char,
    /// The name of the column, or NULL.
    pub name: *const c_char,
    /// Keys and values, each after its length, or NULL.
    pub metadata: *const c_char,
    /// Flags: whether the array may hold nulls, and others.
    pub flags: i64,
    /// Number of children.
    pub n_children: i64,
    /// One schema per child.
    pub children: *mut *mut ArrowSchema,
    /// The type of the dictionary, or NULL.
    pub dictionary: *mut ArrowSchema,
    /// Frees the memory of the struct; NULL afterwards.
    pub release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    /// Data of the producer.
    pub private_data: *mut c_void,
}

/// The values of an array, as the Arrow C Data Interface defines them; it never grows.
///
/// cbindgen:ignore
#[repr(C)]
#[derive(Debug)]
pub struct ArrowArray {
    /// Number of values.
    pub length: i64,
    /// Number of nulls, or -1 if they were not counted.
    pub null_count: i64,
    /// Number of values in the buffers before the first one.
    pub offset: i64,
    /// Number of buffers.
    pub n_buffers: i64,
    /// Number of children.
    pub n_children: i64,
    /// The buffers; the first one is the validity bitmap.
    pub buffers: *mut *const c_void,
    /// One array per child.
    pub children: *mut *mut ArrowArray,
    /// The dictionary, or NULL.
    pub dictionary: *mut ArrowArray,
    /// Frees the memory of the struct; NULL afterwards.
    pub release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    /// Data of the producer.
    pub private_data: *mut c_void,
}
