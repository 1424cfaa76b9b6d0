//! Columns as a struct array that its consumer releases.

use alloc::boxed::Box;
use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::{CStr, c_void};
use core::ptr;

use super::buffer::Buffer;
use crate::ffi::arrow_structs::{ArrowArray, ArrowSchema};

/// A column may hold nulls: `ARROW_FLAG_NULLABLE`.
const NULLABLE: i64 = 2;

/// One column of the struct array.
pub(super) struct Column {
    pub(super) name: CString,
    pub(super) format: &'static CStr,
    pub(super) is_nullable: bool,
    pub(super) null_count: usize,
    /// The buffers after the validity bitmap.
    pub(super) buffers: Vec<Buffer>,
    pub(super) validity: Option<Buffer>,
}

/// A struct array of columns.
pub(super) fn struct_array(columns: Vec<Column>, n_rows: usize) -> (ArrowSchema, ArrowArray) {
    let (mut schemas, mut arrays) = (Vec::new(), Vec::new());
    for column in columns {
        let flags = if column.is_nullable { NULLABLE } else { 0 };
        schemas.push(Box::into_raw(Box::new(schema(
            column.name,
            column.format,
            flags,
            Vec::new(),
        ))));
        let mut buffers = Vec::from([column.validity]);
        buffers.extend(column.buffers.into_iter().map(Some));
        let array = array((n_rows, column.null_count), buffers, Vec::new());
        arrays.push(Box::into_raw(Box::new(array)));
    }
    let array = array((n_rows, 0), Vec::from([None]), arrays);
    (schema(CString::default(), c"+s", 0, schemas), array)
}

/// The memory of a schema or an array, owned until it is released.
struct Owned<T> {
    /// Each made by `Box::into_raw`; a consumer may move their content out.
    children: Vec<*mut T>,
    pointers: Vec<*const c_void>,
    _buffers: Vec<Option<Buffer>>,
    _name: CString,
}

fn schema(
    name: CString,
    format: &'static CStr,
    flags: i64,
    children: Vec<*mut ArrowSchema>,
) -> ArrowSchema {
    let name_start = name.as_ptr();
    let (pointers, _buffers) = (Vec::new(), Vec::new());
    let mut owned = Box::new(Owned { children, pointers, _buffers, _name: name });
    ArrowSchema {
        format: format.as_ptr(),
        name: name_start,
        metadata: ptr::null(),
        flags,
        n_children: as_i64(owned.children.len()),
        children: owned.children_start(),
        dictionary: ptr::null_mut(),
        release: Some(release_schema),
        private_data: Box::into_raw(owned).cast(),
    }
}

fn array(
    (n_rows, null_count): (usize, usize),
    buffers: Vec<Option<Buffer>>,
    children: Vec<*mut ArrowArray>,
) -> ArrowArray {
    let pointers = buffers.iter().map(|buffer| buffer.as_ref().map_or(ptr::null(), Buffer::start));
    let (pointers, _name) = (pointers.collect(), CString::default());
    let mut owned = Box::new(Owned { children, pointers, _buffers: buffers, _name });
    ArrowArray {
        length: as_i64(n_rows),
        null_count: as_i64(null_count),
        offset: 0,
        n_buffers: as_i64(owned.pointers.len()),
        n_children: as_i64(owned.children.len()),
        buffers: owned.pointers.as_mut_ptr(),
        children: owned.children_start(),
        dictionary: ptr::null_mut(),
        release: Some(release_array),
        private_data: Box::into_raw(owned).cast(),
    }
}

impl<T> Owned<T> {
    fn children_start(&mut self) -> *mut *mut T {
        if self.children.is_empty() { ptr::null_mut() } else { self.children.as_mut_ptr() }
    }
}

fn as_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Declares the function that frees a struct and its children, except those that a consumer has moved
/// out.
macro_rules! release {
    ($release:ident, $type:ty) => {
        /// # Safety
        ///
        /// NULL, released, or made here; nobody else uses it.
        unsafe extern "C" fn $release(released: *mut $type) {
            // SAFETY: as this function's own contract.
            let released = unsafe { released.as_mut() };
            let Some(released) = released else { return };
            if released.release.take().is_none() {
                return;
            }
            // SAFETY: made by `Box::into_raw`, and freed once, since `release` was still there.
            let owned = unsafe { Box::from_raw(released.private_data.cast::<Owned<$type>>()) };
            released.private_data = ptr::null_mut();
            for child in &owned.children {
                // SAFETY: as above.
                let mut child = unsafe { Box::from_raw(*child) };
                if let Some(release) = child.release {
                    // SAFETY: not released, and not moved out.
                    unsafe { release(&raw mut *child) };
                }
            }
        }
    };
}

release!(release_schema, ArrowSchema);
release!(release_array, ArrowArray);
