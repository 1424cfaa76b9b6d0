//! Columns as a struct array that its consumer releases.

use alloc::boxed::Box;
use alloc::ffi::CString;
use alloc::vec::Vec;
use core::ffi::{CStr, c_void};
use core::ptr;

use super::buffer::Buffer;
use crate::error::Error;
use crate::ffi::allocate::boxed;
use crate::ffi::arrow_structs::{ArrowArray, ArrowSchema};
use crate::memory;

/// A column may hold nulls: `ARROW_FLAG_NULLABLE`.
const NULLABLE: i64 = 2;

/// One column of the struct array.
pub(in crate::ffi) struct Column {
    pub(in crate::ffi) name: CString,
    pub(in crate::ffi) format: &'static CStr,
    pub(in crate::ffi) is_nullable: bool,
    pub(in crate::ffi) null_count: usize,
    /// The buffers after the validity bitmap: one, or two of texts.
    pub(in crate::ffi) buffers: [Option<Buffer>; 2],
    pub(in crate::ffi) validity: Option<Buffer>,
}

/// A struct array of columns.
pub(in crate::ffi) fn struct_array(
    columns: Vec<Column>,
    n_rows: usize,
) -> Result<(ArrowSchema, ArrowArray), Error> {
    let (mut schemas, mut arrays) = (memory::list(columns.len())?, memory::list(columns.len())?);
    for column in columns {
        let flags = if column.is_nullable { NULLABLE } else { 0 };
        schemas.push(schema(Some(column.name), column.format, flags, Vec::new())?);
        let [first, second] = column.buffers;
        let n_buffers = if second.is_some() { 3 } else { 2 };
        let buffers = [column.validity, first, second];
        arrays.push(array((n_rows, column.null_count), buffers, n_buffers, Vec::new())?);
    }
    let schema = schema(None, c"+s", 0, schemas)?;
    let array = array((n_rows, 0), [None, None, None], 1, arrays)?;
    Ok((schema.into_inner(), array.into_inner()))
}

/// A schema or an array of the C Data Interface.
trait ArrowStruct {
    /// Frees its memory, unless that was done or a consumer moved it out.
    fn release(&mut self);
}

/// A schema or an array that is released when it is dropped.
#[repr(transparent)]
struct Released<T: ArrowStruct>(T);

impl<T: ArrowStruct> Released<T> {
    /// The struct itself, which its owner must release.
    fn into_inner(self) -> T {
        let kept = core::mem::ManuallyDrop::new(self);
        // SAFETY: a struct that is readable, and that is not used or dropped where it was.
        unsafe { ptr::read(&raw const kept.0) }
    }
}

impl<T: ArrowStruct> Drop for Released<T> {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// The memory of a schema or an array, owned until it is released.
struct Owned<T: ArrowStruct> {
    /// A consumer may move the content of a child out.
    children: Vec<Released<T>>,
    child_pointers: Vec<*mut T>,
    pointers: [*const c_void; 3],
    _buffers: [Option<Buffer>; 3],
    _name: Option<CString>,
}

impl<T: ArrowStruct> Owned<T> {
    fn new(
        children: Vec<Released<T>>,
        buffers: [Option<Buffer>; 3],
        name: Option<CString>,
    ) -> Result<Box<Self>, Error> {
        let child_pointers = memory::list(children.len())?;
        let pointers =
            buffers.each_ref().map(|buffer| buffer.as_ref().map_or(ptr::null(), Buffer::start));
        let owned = Self { children, child_pointers, pointers, _buffers: buffers, _name: name };
        let mut owned = boxed(owned)?;
        // From here on, nothing moves.
        let Self { children, child_pointers, .. } = &mut *owned;
        let first = children.as_mut_ptr().cast::<T>();
        child_pointers.extend((0..children.len()).map(|index| first.wrapping_add(index)));
        Ok(owned)
    }

    fn children_start(&mut self) -> *mut *mut T {
        match self.child_pointers.as_mut_slice() {
            [] => ptr::null_mut(),
            pointers => pointers.as_mut_ptr(),
        }
    }
}

fn schema(
    name: Option<CString>,
    format: &'static CStr,
    flags: i64,
    children: Vec<Released<ArrowSchema>>,
) -> Result<Released<ArrowSchema>, Error> {
    let name_start = name.as_deref().unwrap_or(c"").as_ptr();
    let mut owned = Owned::new(children, [None, None, None], name)?;
    Ok(Released(ArrowSchema {
        format: format.as_ptr(),
        name: name_start,
        metadata: ptr::null(),
        flags,
        n_children: as_i64(owned.children.len()),
        children: owned.children_start(),
        dictionary: ptr::null_mut(),
        release: Some(release_schema),
        private_data: Box::into_raw(owned).cast(),
    }))
}

fn array(
    (n_rows, null_count): (usize, usize),
    buffers: [Option<Buffer>; 3],
    n_buffers: i64,
    children: Vec<Released<ArrowArray>>,
) -> Result<Released<ArrowArray>, Error> {
    let mut owned = Owned::new(children, buffers, None)?;
    Ok(Released(ArrowArray {
        length: as_i64(n_rows),
        null_count: as_i64(null_count),
        offset: 0,
        n_buffers,
        n_children: as_i64(owned.children.len()),
        buffers: owned.pointers.as_mut_ptr(),
        children: owned.children_start(),
        dictionary: ptr::null_mut(),
        release: Some(release_array),
        private_data: Box::into_raw(owned).cast(),
    }))
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
            drop(owned);
        }

        impl ArrowStruct for $type {
            fn release(&mut self) {
                if let Some(release) = self.release {
                    // SAFETY: not released, and not moved out.
                    unsafe { release(self) };
                }
            }
        }
    };
}

release!(release_schema, ArrowSchema);
release!(release_array, ArrowArray);
