//! Sessions: the memory of one thread, ours or the caller's.

use core::alloc::{Layout, LayoutError};
use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::mem::{align_of, size_of};
use core::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use core::{ptr, slice};

use super::arrow_rows::Column;
use super::block::{Block, Owned, create, create_in, destroy};
use super::borrow::{borrow, borrow_out, refused};
use super::boundary::boundary;
use super::error::nomo_error;
use super::model::{Reference, nomo_model};
use super::monitor::{Counting, nomo_monitor};
use crate::error::{Error, ErrorKind};
use crate::intake::{Cell, Flags};
use crate::model::Model;
use crate::scratch::{Scratch, ScratchLayout};

/// The scratch memory with which one thread at a time predicts.
///
/// Create one per thread. It keeps its model alive, and may be destroyed in another thread than it was
/// created in. A call on a session that another thread is using fails with NOMO_EBUSY. Predicting
/// allocates nothing, whether it succeeds or fails, except nomo_session_predict_to_arrow, and takes no lock.
#[derive(Debug)]
pub struct nomo_session {
    busy: AtomicBool,
    model: Reference,
    /// In the block of the session, which outlives it.
    scratch: UnsafeCell<Scratch<'static>>,
    /// One column of an Arrow array per feature, in the block too; used within a call only.
    columns: *mut u8,
    /// Where rows are counted, or NULL.
    monitor: AtomicPtr<nomo_monitor>,
    /// The block, if the session allocated it.
    owned: Option<Owned>,
}

// SAFETY: the pointers and borrows lead into the session's block, which only the thread that holds
// the claim uses.
unsafe impl Send for nomo_session {}

/// The block of memory of a session: the session itself, then the regions of its scratch memory and
/// its columns. The numbers are offsets.
struct SessionBlock {
    layout: Layout,
    numbers: usize,
    cells: usize,
    flags: usize,
    broken: usize,
    columns: usize,
}

impl Block for SessionBlock {
    type Object = nomo_session;

    const NAME: &'static str = "session";

    fn of(model: &Model) -> Result<Self, Error> {
        let too_large = |_| refused(ErrorKind::OutOfMemory, "model", "needs too large a session");
        let ScratchLayout { n_features, n_rules, .. } = *model.scratch_layout();
        let append = |layout: Layout, region: Result<Layout, LayoutError>| {
            layout.extend(region.map_err(too_large)?).map_err(too_large)
        };
        let layout = Layout::new::<nomo_session>();
        let numbers = Layout::array::<f64>(model.scratch_layout().n_numbers());
        let (layout, numbers) = append(layout, numbers)?;
        let (layout, cells) = append(layout, Layout::array::<Cell>(n_features))?;
        let (layout, flags) = append(layout, Layout::array::<Flags>(n_features))?;
        let (layout, broken) = append(layout, Layout::array::<bool>(n_rules))?;
        let (layout, columns) = append(layout, Layout::array::<Column<'_>>(n_features))?;
        Ok(Self { layout: layout.pad_to_align(), numbers, cells, flags, broken, columns })
    }

    fn layout(&self) -> Layout {
        self.layout
    }

    unsafe fn build(
        &self,
        start: *mut u8,
        model: Reference,
        owned: Option<Owned>,
    ) -> *mut nomo_session {
        let layout = *model.model().scratch_layout();
        // SAFETY: the region lies in the block and is aligned, by the layout.
        let cells = unsafe { filled(start, self.cells, layout.n_features, Cell::UNSET) };
        // SAFETY: as above.
        let numbers = unsafe { filled(start, self.numbers, layout.n_numbers(), 0.0) };
        // SAFETY: as above.
        let flags = unsafe { filled(start, self.flags, layout.n_features, Flags::default()) };
        // SAFETY: as above.
        let broken = unsafe { filled(start, self.broken, layout.n_rules, false) };
        let session = start.cast::<nomo_session>();
        let value = nomo_session {
            busy: AtomicBool::new(false),
            model,
            scratch: UnsafeCell::new(Scratch::borrowed(cells, numbers, flags, broken)),
            columns: start.wrapping_add(self.columns),
            monitor: AtomicPtr::new(ptr::null_mut()),
            owned,
        };
        // SAFETY: the block begins with room for the session.
        unsafe { session.write(value) };
        session
    }
}

/// Fills the region of `n` elements at `start + offset` and borrows it.
///
/// # Safety
///
/// The region is aligned, and nothing else uses it while it is borrowed.
unsafe fn filled<T: Copy>(start: *mut u8, offset: usize, n: usize, value: T) -> &'static mut [T] {
    let first = start.wrapping_add(offset).cast::<T>();
    for index in 0..n {
        // SAFETY: as this function's own contract.
        unsafe { first.wrapping_add(index).write(value) };
    }
    // SAFETY: as above; every element was just written.
    unsafe { slice::from_raw_parts_mut(first, n) }
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
        out.write(SessionBlock::of(model.model())?.size());
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
    // SAFETY: the caller keeps the header's contract for the length of this call.
    let call = || unsafe { create::<SessionBlock>(model, session) };
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
    // SAFETY: the caller keeps the header's contract for the length of this call.
    let call = || unsafe { create_in::<SessionBlock>(model, memory, memory_len, session) };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Destroys a session that no thread is using, and frees what nomo_session_create allocated. The
/// caller may then use or free the memory of nomo_session_create_in. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_destroy(session: *mut nomo_session) {
    let call = || {
        // SAFETY: `session` is NULL, or was created, and the caller gives it up.
        unsafe { destroy(session, |session| session.owned) };
        Ok(())
    };
    // SAFETY: NULL is allowed.
    unsafe { boundary(ptr::null_mut(), call) };
}

/// Counts every row that `session` predicts or refuses from now on in `monitor`; NULL ends that.
///
/// The monitor must not be destroyed before another one or NULL is set, or the session is destroyed. Sessions of
/// several threads may share one only if they do not predict at the same time: a call on a session
/// whose monitor another thread is using fails with NOMO_EBUSY. So give each thread its own, and add
/// their counters with nomo_monitor_add. A row that is refused is counted too, but of a batch with
/// NOMO_ON_REFUSAL_STOP that fails, only the refused row is counted.
///
/// Fails with NOMO_EFORMAT_COUNTERS (a monitor of another bundle) or NOMO_EBUSY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_session_set_monitor(
    session: *mut nomo_session,
    monitor: *mut nomo_monitor,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let claim = unsafe { Claim::new(session) }?;
        if !monitor.is_null() {
            // SAFETY: as above.
            let counted = unsafe { borrow(monitor.cast_const(), "monitor") }?;
            if counted.model().digest() != claim.model().digest() {
                let detail = "counts rows of another bundle";
                return Err(refused(ErrorKind::Counters, "monitor", detail));
            }
        }
        claim.claimed.monitor.store(monitor, Ordering::Relaxed);
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// What the header promises about threads.
const _: () = {
    const fn handed_to_another_thread<T: Send>() {}
    handed_to_another_thread::<nomo_session>();
    assert!(align_of::<nomo_session>() <= 16 && size_of::<nomo_session>() < 256);
};

/// The sole use of a session, given back when dropped.
pub(super) struct Claim<'a> {
    claimed: &'a nomo_session,
    /// The use of its monitor, dropped after the scratch memory counts no longer.
    counting: Option<Counting<'a>>,
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
        let mut claim = Self { claimed, counting: None };
        let monitor = claimed.monitor.load(Ordering::Relaxed);
        if !monitor.is_null() {
            // SAFETY: the caller keeps the monitor of a session until it is replaced.
            let counting = unsafe { Counting::new(monitor) }?;
            // SAFETY: the counters are borrowed by this claim alone, until it is dropped.
            claim.scratch().count_in_borrowed(unsafe { counting.cells() });
            claim.counting = Some(counting);
        }
        Ok(claim)
    }

    pub(super) fn model(&self) -> &'a Model {
        self.claimed.model.model()
    }

    pub(super) fn scratch(&mut self) -> &mut Scratch<'static> {
        // SAFETY: `busy` was false when this claim was made, so no other claim exists, and the borrow
        // of this one makes the scratch memory borrowed once.
        unsafe { &mut *self.claimed.scratch.get() }
    }

    pub(super) fn model_and_scratch(&mut self) -> (&'a Model, &mut Scratch<'static>) {
        (self.model(), self.scratch())
    }

    /// The scratch memory, and one unset column per feature.
    pub(super) fn scratch_and_columns<'c>(
        &'c mut self,
    ) -> (&'c mut Scratch<'static>, &'c mut [Column<'c>]) {
        let columns = self.claimed.columns.cast::<Column<'c>>();
        let n_features = self.model().scratch_layout().n_features;
        for feature in 0..n_features {
            // SAFETY: the block has room for one column per feature there, and nothing else uses it,
            // as in `scratch`.
            unsafe { columns.wrapping_add(feature).write(Column::UNSET) };
        }
        // SAFETY: as above; each was just written.
        let columns = unsafe { slice::from_raw_parts_mut(columns, n_features) };
        (self.scratch(), columns)
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if self.counting.is_some() {
            self.scratch().stop_counting();
            self.counting = None;
        }
        self.claimed.busy.store(false, Ordering::Release);
    }
}
