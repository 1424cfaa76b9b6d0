//! Sessions: the memory of one thread, ours or the caller's.

use alloc::alloc::{alloc, dealloc};
use alloc::format;
use alloc::sync::Arc;
use core::alloc::Layout;
use core::ffi::c_void;
use core::mem::{align_of, size_of};
use core::sync::atomic::{AtomicBool, Ordering};
use core::{ptr, slice};

use super::arrow::Column;
use super::boundary::{borrow, borrow_out, boundary, refused};
use super::error::nomo_error;
use super::model::nomo_model;
use crate::error::{Error, ErrorKind};
use crate::intake::{Cell, Flags};
use crate::model::{Memory, Model};
use crate::session::Workspace;

/// The scratch memory with which one thread at a time predicts.
///
/// Create one per thread. It keeps its model alive, and may be destroyed in another thread than it was
/// created in. A call on a session that another thread is using fails with NOMO_EBUSY. Predicting
/// allocates nothing, whether it succeeds or fails, and takes no lock.
#[derive(Debug)]
pub struct nomo_session {
    busy: AtomicBool,
    model: Arc<nomo_model>,
    parts: Parts,
    /// The whole block, where it is ours to free.
    block: Option<(*mut u8, Layout)>,
}

// SAFETY: the pointers lead into the session's own block, which is used by the thread alone that
// holds the claim.
unsafe impl Send for nomo_session {}

/// Where the parts of the working memory lie.
#[derive(Clone, Copy, Debug)]
struct Parts {
    numbers: *mut f64,
    n_numbers: usize,
    cells: *mut Cell,
    flags: *mut Flags,
    n_features: usize,
    broken: *mut bool,
    n_rules: usize,
    /// Room for one column of an Arrow array per feature, used within a call alone.
    columns: *mut u8,
}

/// The block of a session: the session itself, then the parts of its working memory.
struct Block {
    layout: Layout,
    numbers: usize,
    cells: usize,
    flags: usize,
    broken: usize,
    columns: usize,
}

impl Block {
    fn of(model: &Model) -> Result<Self, Error> {
        let too_large = |_| refused(ErrorKind::OutOfMemory, "model", "needs too large a session");
        let (n_features, n_rules) = (model.intake().n_features(), model.intake().n_rules());
        let layout = Layout::new::<nomo_session>();
        let part = |layout: Layout, part| layout.extend(part).map_err(too_large);
        let (layout, numbers) =
            part(layout, Layout::array::<f64>(model.n_numbers()).map_err(too_large)?)?;
        let (layout, cells) = part(layout, Layout::array::<Cell>(n_features).map_err(too_large)?)?;
        let (layout, flags) = part(layout, Layout::array::<Flags>(n_features).map_err(too_large)?)?;
        let (layout, broken) = part(layout, Layout::array::<bool>(n_rules).map_err(too_large)?)?;
        let (layout, columns) =
            part(layout, Layout::array::<Column<'_>>(n_features).map_err(too_large)?)?;
        Ok(Self { layout: layout.pad_to_align(), numbers, cells, flags, broken, columns })
    }

    /// How much memory of any alignment is enough.
    fn size(&self) -> usize {
        self.layout.size() + self.layout.align() - 1
    }

    /// Sets a session up in `start`.
    ///
    /// # Safety
    ///
    /// `start` is aligned, and has room, as `self.layout` says; nobody else uses it.
    unsafe fn build(
        &self,
        start: *mut u8,
        model: Arc<nomo_model>,
        block: Option<(*mut u8, Layout)>,
    ) -> *mut nomo_session {
        let intake = model.model().intake();
        let parts = Parts {
            numbers: start.wrapping_add(self.numbers).cast(),
            n_numbers: model.model().n_numbers(),
            cells: start.wrapping_add(self.cells).cast(),
            flags: start.wrapping_add(self.flags).cast(),
            n_features: intake.n_features(),
            broken: start.wrapping_add(self.broken).cast(),
            n_rules: intake.n_rules(),
            columns: start.wrapping_add(self.columns),
        };
        // SAFETY: each part lies in the block, aligned, as the layout has it; 0 is a value of every
        // number, flag and bool.
        unsafe { ptr::write_bytes(parts.numbers, 0, parts.n_numbers) };
        // SAFETY: as above.
        unsafe { ptr::write_bytes(parts.flags, 0, parts.n_features) };
        // SAFETY: as above.
        unsafe { ptr::write_bytes(parts.broken, 0, parts.n_rules) };
        for feature in 0..parts.n_features {
            // SAFETY: as above, one cell per feature.
            unsafe { parts.cells.wrapping_add(feature).write(Cell::UNSET) };
        }
        let session = start.cast::<nomo_session>();
        // SAFETY: the block begins with room for the session.
        unsafe {
            session.write(nomo_session { busy: AtomicBool::new(false), model, parts, block })
        };
        session
    }
}

/// Writes the number of bytes that nomo_session_create_in needs for a session of `model` to `*size`.
///
/// Fails with NOMO_EMEMORY (the session does not fit into memory).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_size(
    model: *const nomo_model,
    size: *mut usize,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let model = unsafe { borrow(model, "model") }?;
        // SAFETY: as above.
        let out = unsafe { borrow_out(size, "size") }?;
        out.write(Block::of(model.model())?.size());
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Creates a session for `model` and writes it to `*session`. All features are unset.
///
/// The caller frees it with nomo_session_destroy.
///
/// Fails with NOMO_EMEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_create(
    model: *const nomo_model,
    session: *mut *mut nomo_session,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let block = Block::of(unsafe { borrow(model, "model") }?.model())?;
        // SAFETY: as above.
        let out = unsafe { borrow_out(session, "session") }?;
        // SAFETY: a session is never empty.
        let start = unsafe { alloc(block.layout) };
        if start.is_null() {
            let detail = format!("no room for a session of {} bytes", block.layout.size());
            return Err(Error::new(ErrorKind::OutOfMemory, detail));
        }
        // SAFETY: `model` came from opening, and the caller holds a reference to it.
        let model = unsafe { share(model) };
        // SAFETY: freshly allocated with this layout.
        out.write(unsafe { block.build(start, model, Some((start, block.layout))) });
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Creates a session in the caller's memory, without allocating, and writes it to `*session`. All
/// features are unset.
///
/// `memory` holds `memory_len` bytes of any alignment, at least as many as nomo_session_size reports.
/// The caller owns it, and must not use, move or free it before nomo_session_destroy was called.
///
/// Fails with NOMO_EBUFFER_MEMORY (`memory_len` is too small) or NOMO_EMEMORY (the session does not
/// fit into memory).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_create_in(
    model: *const nomo_model,
    memory: *mut c_void,
    memory_len: usize,
    session: *mut *mut nomo_session,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let block = Block::of(unsafe { borrow(model, "model") }?.model())?;
        let start = memory.cast::<u8>();
        // SAFETY: as above.
        unsafe { borrow_out(start, "memory") }?;
        // SAFETY: as above.
        let out = unsafe { borrow_out(session, "session") }?;
        let needed = block.size();
        if memory_len < needed {
            return Err(Error::count(ErrorKind::SessionMemory, memory_len, needed, "bytes"));
        }
        let start = start.wrapping_add(start.align_offset(block.layout.align()));
        // SAFETY: `model` came from opening, and the caller holds a reference to it.
        let model = unsafe { share(model) };
        // SAFETY: aligned, and the size has room for that; the caller lends the memory.
        out.write(unsafe { block.build(start, model, None) });
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Destroys a session that no thread is using, and frees what nomo_session_create allocated. The
/// caller may then use or free the memory of nomo_session_create_in. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_destroy(session: *mut nomo_session) {
    let call = || {
        if !session.is_null() {
            // SAFETY: `session` was created, and the caller gives it up.
            let block = unsafe { &*session }.block;
            // SAFETY: as above; what it owns beside its memory is the reference to the model.
            unsafe { ptr::drop_in_place(session) };
            if let Some((start, layout)) = block {
                // SAFETY: allocated in `nomo_session_create` with this layout.
                unsafe { dealloc(start, layout) };
            }
        }
        Ok(())
    };
    // SAFETY: NULL is allowed.
    unsafe { boundary(ptr::null_mut(), call) };
}

/// What the header promises about threads.
const _: () = {
    const fn handed_to_another_thread<T: Send>() {}
    handed_to_another_thread::<nomo_session>();
    assert!(align_of::<nomo_session>() <= 16 && size_of::<nomo_session>() < 256);
};

/// One more reference to a model.
///
/// # Safety
///
/// `model` came from opening, and the caller holds a reference to it.
unsafe fn share(model: *const nomo_model) -> Arc<nomo_model> {
    // SAFETY: as this function's own contract.
    unsafe { Arc::increment_strong_count(model) };
    // SAFETY: this is the reference that was just added.
    unsafe { Arc::from_raw(model) }
}

/// The sole use of a session, given back when dropped.
pub(super) struct Claim<'a> {
    claimed: &'a nomo_session,
}

impl<'a> Claim<'a> {
    /// # Safety
    ///
    /// `session` is NULL or was created and not yet destroyed.
    pub(super) unsafe fn new(session: *mut nomo_session) -> Result<Self, Error> {
        // SAFETY: as this function's own contract; what several threads touch is atomic.
        let claimed: &nomo_session = unsafe { borrow(session.cast_const(), "session") }?;
        if claimed.busy.swap(true, Ordering::Acquire) {
            let detail = "is in use by another thread; give each thread its own";
            return Err(refused(ErrorKind::SessionBusy, "session", detail));
        }
        Ok(Self { claimed })
    }

    pub(super) fn model(&self) -> &'a Model {
        self.claimed.model.model()
    }

    pub(super) fn workspace(&mut self) -> Workspace<'_> {
        let parts = self.claimed.parts;
        // SAFETY: `busy` was false when this claim was made, so nobody else uses the parts, and the
        // borrow of the claim keeps it the only one; they were set up for this model.
        let numbers = unsafe { slice::from_raw_parts_mut(parts.numbers, parts.n_numbers) };
        // SAFETY: as above.
        let cells = unsafe { slice::from_raw_parts_mut(parts.cells, parts.n_features) };
        // SAFETY: as above.
        let flags = unsafe { slice::from_raw_parts_mut(parts.flags, parts.n_features) };
        // SAFETY: as above.
        let broken = unsafe { slice::from_raw_parts_mut(parts.broken, parts.n_rules) };
        Workspace {
            model: self.claimed.model.model(),
            cells,
            memory: Memory { numbers, flags, broken },
        }
    }

    /// The working memory, and one column per feature that nothing is known of yet.
    pub(super) fn workspace_and_columns<'c>(&'c mut self) -> (Workspace<'c>, &'c mut [Column<'c>]) {
        let Parts { columns, n_features, .. } = self.claimed.parts;
        let columns = columns.cast::<Column<'c>>();
        for feature in 0..n_features {
            // SAFETY: the block has room for one column per feature there, and nobody else uses it,
            // as in `workspace`.
            unsafe { columns.wrapping_add(feature).write(Column::UNSET) };
        }
        // SAFETY: as above; each was just written.
        let columns = unsafe { slice::from_raw_parts_mut(columns, n_features) };
        (self.workspace(), columns)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.claimed.busy.store(false, Ordering::Release);
    }
}
