//! Objects of a model in one block of memory, ours or the caller's.

use alloc::alloc::{alloc, dealloc};
use core::alloc::Layout;
use core::ffi::c_void;
use core::ptr;

use super::borrow::{borrow, borrow_out};
use super::model::{Reference, nomo_model};
use crate::error::{Error, ErrorKind};
use crate::model::Model;

/// A block that an object allocated for itself.
pub(super) type Owned = (*mut u8, Layout);

/// The block of memory of an object: the object itself, then what it points to.
pub(super) trait Block: Sized {
    /// What is created in the block.
    type Object;

    /// What a message calls it.
    const NAME: &'static str;

    /// The block of an object of this model.
    fn of(model: &Model) -> Result<Self, Error>;

    /// Its size and alignment; never empty.
    fn layout(&self) -> Layout;

    /// Sets the object up at `start`.
    ///
    /// # Safety
    ///
    /// `start` has the size and the alignment of the layout, which is that of `model`, and nothing else
    /// uses that memory until the object is destroyed.
    unsafe fn build(
        &self,
        start: *mut u8,
        model: Reference,
        owned: Option<Owned>,
    ) -> *mut Self::Object;

    /// How many bytes of any alignment are enough.
    fn size(&self) -> usize {
        self.layout().size() + self.layout().align() - 1
    }
}

/// Creates an object in a block of its own, and writes it to `object`.
///
/// # Safety
///
/// Those of [`borrow`] and [`borrow_out`]; `name` is that of the argument.
pub(super) unsafe fn create<B: Block>(
    model: *const nomo_model,
    object: *mut *mut B::Object,
) -> Result<(), Error> {
    // SAFETY: as this function's own contract.
    let block = B::of(unsafe { borrow(model, "model") }?.model())?;
    // SAFETY: as above.
    let out = unsafe { borrow_out(object, B::NAME) }?;
    let layout = block.layout();
    // SAFETY: an object is never empty.
    let start = unsafe { alloc(layout) };
    if start.is_null() {
        let detail = format_args!("no room for a {} of {} bytes", B::NAME, layout.size());
        return Err(Error::new(ErrorKind::OutOfMemory, detail));
    }
    // SAFETY: `model` came from opening, and the caller holds a reference to it.
    let model = unsafe { Reference::new(model) };
    // SAFETY: freshly allocated with this layout.
    out.write(unsafe { block.build(start, model, Some((start, layout))) });
    Ok(())
}

/// Creates an object in `memory_len` bytes of the caller, and writes it to `object`.
///
/// # Safety
///
/// As [`create`]; the caller lends `memory` until the object is destroyed.
pub(super) unsafe fn create_in<B: Block>(
    model: *const nomo_model,
    memory: *mut c_void,
    memory_len: usize,
    object: *mut *mut B::Object,
) -> Result<(), Error> {
    // SAFETY: as this function's own contract.
    let block = B::of(unsafe { borrow(model, "model") }?.model())?;
    let start = memory.cast::<u8>();
    // SAFETY: as above.
    unsafe { borrow_out(start, "memory") }?;
    // SAFETY: as above.
    let out = unsafe { borrow_out(object, B::NAME) }?;
    if memory_len < block.size() {
        return Err(Error::count(ErrorKind::SessionMemory, memory_len, block.size(), "bytes"));
    }
    let start = start.wrapping_add(start.align_offset(block.layout().align()));
    // SAFETY: `model` came from opening, and the caller holds a reference to it.
    let model = unsafe { Reference::new(model) };
    // SAFETY: aligned, and the size has room for that; the caller lends the memory.
    out.write(unsafe { block.build(start, model, None) });
    Ok(())
}

/// Drops an object, and frees the block that it allocated.
///
/// # Safety
///
/// `object` is NULL, or was created here and is given up by the caller; `owned` reads its block.
pub(super) unsafe fn destroy<T>(object: *mut T, owned: impl FnOnce(&T) -> Option<Owned>) {
    if object.is_null() {
        return;
    }
    // SAFETY: as this function's own contract.
    let owned = owned(unsafe { &*object });
    // SAFETY: as above; what it owns beside its memory is the reference to the model.
    unsafe { ptr::drop_in_place(object) };
    if let Some((start, layout)) = owned {
        // SAFETY: allocated in `create` with this layout.
        unsafe { dealloc(start, layout) };
    }
}
