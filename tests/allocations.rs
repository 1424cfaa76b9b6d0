//! Predicting through the C ABI allocates nothing once the session exists.

#![allow(unsafe_code, reason = "a counting allocator, and calls as C makes them")]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

use nomogram::ffi::{
    NOMO_EVALUE_MISSING, NOMO_OK, nomo_matrix, nomo_model_open_memory, nomo_model_release,
    nomo_outputs, nomo_session_create, nomo_session_destroy, nomo_session_predict_matrix,
    nomo_session_predict_row,
};
use nomogram_testkit::{bundle_of_three_members, golden_rows};

/// Counts what the thread at hand allocates.
struct Counting;

thread_local! {
    static N_ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        N_ALLOCATIONS.with(|n| n.set(n.get() + 1));
        // SAFETY: as this function's own contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as this function's own contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations_of(call: impl FnOnce()) -> usize {
    let before = N_ALLOCATIONS.with(Cell::get);
    call();
    N_ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn predicting_allocates_nothing() {
    let bundle = bundle_of_three_members();
    let rows = golden_rows();
    let values = rows.as_slice().unwrap();
    let (mut model, mut session) = (ptr::null_mut(), ptr::null_mut());
    let none = ptr::null_mut();
    // SAFETY: the pointers are as the header asks for.
    let status = unsafe {
        nomo_model_open_memory(bundle.as_ptr().cast(), bundle.len(), ptr::null(), &mut model, none)
    };
    assert_eq!(status, NOMO_OK);
    // SAFETY: as above.
    assert_eq!(unsafe { nomo_session_create(model, &mut session, none) }, NOMO_OK);

    let (mut probabilities, mut class) = ([0.0; 2], 0);
    let of_row = allocations_of(|| {
        let out = probabilities.as_mut_ptr();
        // SAFETY: as above.
        let status = unsafe {
            nomo_session_predict_row(session, values.as_ptr(), 3, out, 2, &mut class, none)
        };
        assert_eq!(status, NOMO_OK);
    });
    assert_eq!(of_row, 0);

    let n_rows = rows.nrows();
    let mut all = vec![0.0; 2 * n_rows];
    let matrix = nomo_matrix {
        struct_size: u32::try_from(size_of::<nomo_matrix>()).unwrap(),
        reserved: 0,
        values: values.as_ptr(),
        n_values: values.len(),
        n_rows,
        n_columns: 3,
        row_stride: 3,
        column_stride: 1,
    };
    let outputs = nomo_outputs {
        struct_size: u32::try_from(size_of::<nomo_outputs>()).unwrap(),
        reserved: 0,
        probabilities: all.as_mut_ptr(),
        n_probabilities: all.len(),
        class_indices: ptr::null_mut(),
        n_class_indices: 0,
    };
    let of_matrix = allocations_of(|| {
        // SAFETY: as above.
        let status = unsafe { nomo_session_predict_matrix(session, &matrix, &outputs, none) };
        assert_eq!(status, NOMO_OK);
    });
    assert_eq!(of_matrix, 0);
    assert_eq!(all.first_chunk(), Some(&probabilities));

    // The counter counts: an error carries a message, which is allocated.
    let of_error = allocations_of(|| {
        let missing = [f64::NAN; 3];
        let out = probabilities.as_mut_ptr();
        // SAFETY: as above.
        let status = unsafe {
            nomo_session_predict_row(session, missing.as_ptr(), 3, out, 2, &mut class, none)
        };
        assert_eq!(status, NOMO_EVALUE_MISSING);
    });
    assert!(of_error > 0);

    // SAFETY: as above; neither is used any more.
    unsafe { nomo_session_destroy(session) };
    // SAFETY: as above.
    unsafe { nomo_model_release(model) };
}
