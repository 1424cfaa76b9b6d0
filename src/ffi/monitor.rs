//! Monitors: counters of predicted rows, ours or in the caller's memory.

use core::alloc::Layout;
use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, Ordering};
use core::{ptr, slice};

use super::block::{Block, Owned, create, create_in, destroy};
use super::borrow::{borrow, borrow_out, borrow_slice, borrow_slice_out, refused};
use super::boundary::boundary;
use super::error::nomo_error;
use super::model::{Reference, nomo_model};
use crate::error::{Error, ErrorKind, Place};
use crate::model::Model;
use crate::monitor::{add_bytes, add_outcome, cell, layout, n_bytes, write_bytes};

/// Counts of predicted rows, to see later whether patients have changed since the training.
///
/// A count states how many rows were in a bin of the model's profile; no value of a row is stored.
/// Counts are whole numbers, so adding those of several monitors gives the same bytes in any order. A
/// monitor keeps its model alive. One thread at a time may use it, also through a session: a call
/// while another thread uses it fails with NOMO_EBUSY. Counting allocates nothing.
#[derive(Debug)]
pub struct nomo_monitor {
    busy: AtomicBool,
    model: Reference,
    /// In the block of the monitor, after it.
    cells: *mut u64,
    n_cells: usize,
    /// The block, if the monitor allocated it.
    owned: Option<Owned>,
}

// SAFETY: the cells lie in the monitor's block, which only the thread that holds `busy` uses.
unsafe impl Send for nomo_monitor {}

impl nomo_monitor {
    pub(super) fn model(&self) -> &Model {
        self.model.model()
    }
}

/// The sole use of a monitor, given back when dropped.
pub(super) struct Counting<'a> {
    monitor: &'a nomo_monitor,
}

impl<'a> Counting<'a> {
    /// # Safety
    ///
    /// `monitor` is NULL or was created and not yet destroyed.
    pub(super) unsafe fn new(monitor: *mut nomo_monitor) -> Result<Self, Error> {
        // SAFETY: as this function's own contract; what several threads touch is atomic.
        let monitor: &nomo_monitor = unsafe { borrow(monitor.cast_const(), "monitor") }?;
        if monitor.busy.swap(true, Ordering::Acquire) {
            let detail = "is in use by another thread; give each thread its own";
            return Err(refused(ErrorKind::SessionBusy, "monitor", detail));
        }
        Ok(Self { monitor })
    }

    /// The counters.
    ///
    /// # Safety
    ///
    /// Nothing else borrows them, and the borrow ends before `self` is dropped.
    pub(super) unsafe fn cells(&self) -> &'static mut [u64] {
        // SAFETY: as this function's own contract; each was written when the monitor was created.
        unsafe { slice::from_raw_parts_mut(self.monitor.cells, self.monitor.n_cells) }
    }

    /// The model, and the counters for the length of the borrow.
    fn parts(&mut self) -> (&'a Model, &mut [u64]) {
        // SAFETY: `self` is borrowed as long as the counters are.
        (self.monitor.model(), unsafe { self.cells() })
    }
}

impl Drop for Counting<'_> {
    fn drop(&mut self) {
        self.monitor.busy.store(false, Ordering::Release);
    }
}

/// The block of memory of a monitor: the monitor itself, then its counters.
struct MonitorBlock {
    layout: Layout,
    cells: usize,
    n_cells: usize,
}

impl Block for MonitorBlock {
    type Object = nomo_monitor;

    const NAME: &'static str = "monitor";

    fn of(model: &Model) -> Result<Self, Error> {
        let too_large = |_| refused(ErrorKind::OutOfMemory, "model", "needs too large a monitor");
        let n_cells = layout(model)?.n_cells();
        let cells = Layout::array::<u64>(n_cells).map_err(too_large)?;
        let (layout, cells) = Layout::new::<nomo_monitor>().extend(cells).map_err(too_large)?;
        Ok(Self { layout: layout.pad_to_align(), cells, n_cells })
    }

    fn layout(&self) -> Layout {
        self.layout
    }

    unsafe fn build(
        &self,
        start: *mut u8,
        model: Reference,
        owned: Option<Owned>,
    ) -> *mut nomo_monitor {
        let cells = start.wrapping_add(self.cells).cast::<u64>();
        // SAFETY: the region lies in the block and is aligned, by the layout.
        unsafe { ptr::write_bytes(cells, 0, self.n_cells) };
        let monitor = start.cast::<nomo_monitor>();
        let busy = AtomicBool::new(false);
        let value = nomo_monitor { busy, model, cells, n_cells: self.n_cells, owned };
        // SAFETY: the block begins with room for the monitor.
        unsafe { monitor.write(value) };
        monitor
    }
}

/// Writes how many bytes nomo_monitor_create_in needs for `model` to `*memory_len`, and how many
/// nomo_monitor_write writes to `*bytes_len`.
///
/// Fails with NOMO_EUNSUPPORTED_PROFILE (the bundle has no profile) or NOMO_EMEMORY (the monitor does
/// not fit into memory).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_monitor_size(
    model: *const nomo_model,
    memory_len: *mut usize,
    bytes_len: *mut usize,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let model = unsafe { borrow(model, "model") }?;
        // SAFETY: as above.
        let memory_len = unsafe { borrow_out(memory_len, "memory_len") }?;
        // SAFETY: as above.
        let bytes_len = unsafe { borrow_out(bytes_len, "bytes_len") }?;
        let block = MonitorBlock::of(model.model())?;
        memory_len.write(block.size());
        bytes_len.write(n_bytes(block.n_cells));
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Creates a monitor for `model` and writes it to `*monitor`. All counts are 0.
///
/// The caller frees it with nomo_monitor_destroy.
///
/// Fails with NOMO_EUNSUPPORTED_PROFILE (the bundle has no profile) or NOMO_EMEMORY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_monitor_create(
    model: *const nomo_model,
    monitor: *mut *mut nomo_monitor,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    let call = || unsafe { create::<MonitorBlock>(model, monitor) };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Creates a monitor in the caller's memory, without allocating, and writes it to `*monitor`. All
/// counts are 0.
///
/// `memory` holds `memory_len` bytes of any alignment, at least as many as nomo_monitor_size reports.
/// The caller owns it, and must not use, move or free it before nomo_monitor_destroy was called.
///
/// Fails with NOMO_EUNSUPPORTED_PROFILE (the bundle has no profile), NOMO_EBUFFER_MEMORY
/// (`memory_len` is too small) or NOMO_EMEMORY (the monitor does not fit into memory).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_monitor_create_in(
    model: *const nomo_model,
    memory: *mut c_void,
    memory_len: usize,
    monitor: *mut *mut nomo_monitor,
    error: *mut nomo_error,
) -> i32 {
    // SAFETY: the caller keeps the header's contract for the length of this call.
    let call = || unsafe { create_in::<MonitorBlock>(model, memory, memory_len, monitor) };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Destroys a monitor that no session and no thread uses any longer, and frees what
/// nomo_monitor_create allocated. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_monitor_destroy(monitor: *mut nomo_monitor) {
    let call = || {
        // SAFETY: `monitor` is NULL, or was created, and the caller gives it up.
        unsafe { destroy(monitor, |monitor| monitor.owned) };
        Ok(())
    };
    // SAFETY: NULL is allowed.
    unsafe { boundary(ptr::null_mut(), call) };
}

/// Sets all counts to 0: a new period begins.
///
/// Fails with NOMO_EBUSY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_monitor_clear(
    monitor: *mut nomo_monitor,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        unsafe { Counting::new(monitor) }?.parts().1.fill(0);
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Adds the counts that nomo_monitor_write wrote for the same bundle.
///
/// Fails with NOMO_EFORMAT_COUNTERS (counts of another bundle, or changed ones; nothing is added) or
/// NOMO_EBUSY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_monitor_add(
    monitor: *mut nomo_monitor,
    bytes: *const u8,
    bytes_len: usize,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut counting = unsafe { Counting::new(monitor) }?;
        // SAFETY: as above.
        let bytes = unsafe { borrow_slice(bytes, bytes_len, "bytes") }?;
        let (model, cells) = counting.parts();
        add_bytes(bytes, model.digest(), cells)
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Counts the outcome of a row that was predicted earlier, perhaps by another session: whether the
/// true class is that of index 1 (1) or not (0). `probability` is the one that was predicted for it.
///
/// Fails with NOMO_EARGUMENT_OPTION (`probability` is not in [0, 1], another `outcome`, or a model
/// that does not have two classes) or NOMO_EBUSY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_monitor_add_outcome(
    monitor: *mut nomo_monitor,
    probability: f64,
    outcome: u32,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut counting = unsafe { Counting::new(monitor) }?;
        let came_true = match outcome {
            0 => false,
            1 => true,
            _ => return Err(refused(ErrorKind::Option, "outcome", "expected 0 or 1")),
        };
        let (model, cells) = counting.parts();
        add_outcome(model, cells, probability, came_true)
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

/// Writes the counts with the digest of the bundle: to a file, or to add them to those of another
/// monitor.
///
/// `bytes` has room for exactly as many bytes as nomo_monitor_size reports. `rounding` is 1 for the
/// counts as they are. A larger one hides small counts, since every count is rounded to a multiple of
/// it: with 5, a count of 1 or 2 becomes 0, and one of 3 or 4 becomes 5.
///
/// Fails with NOMO_EBUFFER_LENGTH (`bytes_len`), NOMO_EARGUMENT_OPTION (`rounding` is 0) or NOMO_EBUSY.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nomo_monitor_write(
    monitor: *mut nomo_monitor,
    rounding: u32,
    bytes: *mut u8,
    bytes_len: usize,
    error: *mut nomo_error,
) -> i32 {
    let call = || {
        // SAFETY: the caller keeps the header's contract for the length of this call.
        let mut counting = unsafe { Counting::new(monitor) }?;
        // SAFETY: as above.
        let out = unsafe { borrow_slice_out(bytes, bytes_len, "bytes") }?;
        if rounding == 0 {
            return Err(refused(ErrorKind::Option, "rounding", "is 0, expected at least 1"));
        }
        let (model, cells) = counting.parts();
        let expected = n_bytes(cells.len());
        if out.len() != expected {
            let error = Error::count(ErrorKind::OutputLength, out.len(), expected, "bytes");
            return Err(error.within(Place::Argument("bytes")));
        }
        let mut rest = out.iter_mut();
        let rounded = (0..cells.len()).map(|index| cell(model, cells, index, rounding));
        write_bytes(model.digest(), rounded, |piece| write(piece, &mut rest));
        Ok(())
    };
    // SAFETY: as above.
    unsafe { boundary(error, call) }
}

fn write<'o>(piece: &[u8], rest: &mut impl Iterator<Item = &'o mut MaybeUninit<u8>>) {
    for (byte, out) in piece.iter().zip(rest) {
        out.write(*byte);
    }
}

/// What the header promises about threads.
const _: () = {
    const fn handed_to_another_thread<T: Send>() {}
    handed_to_another_thread::<nomo_monitor>();
};
