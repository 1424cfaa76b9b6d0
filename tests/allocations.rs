//! Predicting through the C ABI allocates nothing once the session exists, whether it succeeds or
//! fails; in the caller's memory, neither does the session.

#![allow(unsafe_code, reason = "a counting allocator, and calls as C makes them")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ffi::{CStr, c_void};
use std::ptr;

use nomogram::ffi::{
    ArrowArray, ArrowSchema, NOMO_EARGUMENT_NULL, NOMO_EARGUMENT_UNIT, NOMO_EBUFFER_LENGTH,
    NOMO_ESCHEMA_COLUMNS, NOMO_ESCHEMA_FEATURES, NOMO_EUNSUPPORTED_ARROW, NOMO_EVALUE_INFINITE,
    NOMO_EVALUE_MISSING, NOMO_EVALUE_UNSET, NOMO_EXPLAIN_MARGIN, NOMO_EXPLAIN_MEMBER,
    NOMO_EXPLAIN_OUTPUTS, NOMO_METHOD_GROUPS, NOMO_METHOD_INTERVENTIONAL,
    NOMO_METHOD_PATH_DEPENDENT, NOMO_METHOD_PERMUTATIONS, NOMO_OK, NOMO_ON_REFUSAL_GO_ON,
    nomo_attributions, nomo_column, nomo_error, nomo_explainer, nomo_explainer_create,
    nomo_explainer_describe, nomo_explainer_destroy, nomo_explainer_explain_matrix,
    nomo_explainer_explain_row, nomo_explainer_explain_session, nomo_explainer_info,
    nomo_explainer_options, nomo_matrix, nomo_model, nomo_model_open_memory, nomo_model_release,
    nomo_monitor_add_outcome, nomo_monitor_create_in, nomo_monitor_destroy, nomo_monitor_size,
    nomo_monitor_write, nomo_outputs, nomo_session, nomo_session_clear, nomo_session_create,
    nomo_session_create_in, nomo_session_destroy, nomo_session_predict, nomo_session_predict_arrow,
    nomo_session_predict_columns, nomo_session_predict_matrix, nomo_session_predict_row,
    nomo_session_set_monitor, nomo_session_set_number, nomo_session_set_number_in,
    nomo_session_size,
};
use nomogram::{Explained, Explainer, Method, Model, Request};
use nomogram_testkit::{
    bundle_of_three_members, bundle_with_profile, explained_bundle, golden_rows,
};

/// Counts the allocations of the current thread.
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

/// Makes a call that must return `status`. Returns how often it allocated.
fn allocations_of(status: i32, call: impl FnOnce() -> i32) -> usize {
    let before = N_ALLOCATIONS.with(Cell::get);
    let found = call();
    let allocations = N_ALLOCATIONS.with(Cell::get) - before;
    assert_eq!(found, status);
    allocations
}

/// A struct of the C ABI as its INIT macro sets it up, where all but the size is 0.
fn init<T: Copy>() -> T {
    // SAFETY: zeros are a value of every struct of the C ABI.
    let mut value: T = unsafe { std::mem::zeroed() };
    // SAFETY: each begins with its size.
    unsafe { (&raw mut value).cast::<u32>().write(u32::try_from(size_of::<T>()).unwrap()) };
    value
}

fn open() -> *mut nomo_model {
    open_bundle(&bundle_of_three_members())
}

fn open_bundle(bundle: &[u8]) -> *mut nomo_model {
    let (bytes, mut model) = (bundle.as_ptr().cast(), ptr::null_mut());
    // SAFETY: the pointers are as the header asks for.
    let status = unsafe {
        nomo_model_open_memory(bytes, bundle.len(), ptr::null(), &mut model, ptr::null_mut())
    };
    assert_eq!(status, NOMO_OK);
    model
}

/// Every way to predict, with and without failure; asserts that none of them allocates.
fn predict_in_every_way(session: *mut nomo_session) {
    let rows = golden_rows();
    let (values, n_rows) = (rows.as_slice().unwrap(), rows.nrows());
    let with_missing: Vec<f64> = [&values[..4], &[f64::NAN, f64::INFINITY]].concat();
    let columns: Vec<Vec<f64>> = rows.columns().into_iter().map(|column| column.to_vec()).collect();
    let (mut error, mut probabilities, mut class) =
        (init::<nomo_error>(), vec![0.0; 2 * n_rows], 0);
    let mut row_status = vec![0; n_rows];
    let error = &raw mut error;
    let expect = |status: i32, call: &mut dyn FnMut() -> i32| {
        assert_eq!(allocations_of(status, call), 0, "status {status:#06x}");
    };

    let out = probabilities.as_mut_ptr();
    let mut row = |values: &[f64], n_out: usize| {
        let (start, values_len) = (values.as_ptr(), values.len());
        // SAFETY: the pointers are as the header asks for.
        unsafe {
            nomo_session_predict_row(session, start, values_len, out, n_out, &mut class, error)
        }
    };
    expect(NOMO_OK, &mut || row(&values[..3], 2));
    expect(NOMO_EVALUE_MISSING, &mut || row(&[f64::NAN; 3], 2));
    expect(NOMO_EVALUE_INFINITE, &mut || row(&[f64::INFINITY; 3], 2));
    expect(NOMO_ESCHEMA_FEATURES, &mut || row(&values[..2], 2));
    expect(NOMO_EBUFFER_LENGTH, &mut || row(&values[..3], 3));

    let outputs = |n_rows: usize| nomo_outputs {
        probabilities: out,
        probabilities_len: 2 * n_rows,
        ..init()
    };
    let one = outputs(1);
    // SAFETY: as above.
    let set = |feature, value| unsafe { nomo_session_set_number(session, feature, value, error) };
    // SAFETY: as above.
    let predict = || unsafe { nomo_session_predict(session, &one, error) };
    // SAFETY: as above.
    let set_in = || unsafe { nomo_session_set_number_in(session, 0, 1.0, c"kg".as_ptr(), error) };
    // SAFETY: as above.
    expect(NOMO_OK, &mut || unsafe { nomo_session_clear(session, error) });
    expect(NOMO_EVALUE_UNSET, &mut || predict());
    expect(NOMO_OK, &mut || (0..3).map(|feature| set(feature, 10.0)).sum());
    expect(NOMO_OK, &mut || predict());
    expect(NOMO_EARGUMENT_UNIT, &mut || set_in());

    let matrix = |values: &[f64]| nomo_matrix {
        values: values.as_ptr().cast(),
        values_len: values.len(),
        n_rows: values.len() / 3,
        n_columns: 3,
        row_stride: 3,
        column_stride: 1,
        ..init()
    };
    let batch = |matrix: &nomo_matrix, outputs: &nomo_outputs| {
        // SAFETY: as above.
        unsafe { nomo_session_predict_matrix(session, matrix, outputs, error) }
    };
    expect(NOMO_OK, &mut || batch(&matrix(values), &outputs(n_rows)));
    expect(NOMO_EVALUE_MISSING, &mut || batch(&matrix(&with_missing), &outputs(2)));
    expect(NOMO_EBUFFER_LENGTH, &mut || batch(&matrix(values), &outputs(1)));
    expect(NOMO_EARGUMENT_NULL, &mut || batch(&matrix(values), &init()));
    let going_on = nomo_outputs {
        on_refusal: NOMO_ON_REFUSAL_GO_ON,
        row_status: row_status.as_mut_ptr(),
        row_status_len: 2,
        ..outputs(2)
    };
    expect(NOMO_OK, &mut || batch(&matrix(&with_missing), &going_on));
    assert_eq!(row_status[..2], [NOMO_OK, NOMO_EVALUE_MISSING]);

    let columns: Vec<nomo_column> = columns
        .iter()
        .enumerate()
        .map(|(feature, values)| nomo_column {
            feature,
            values: values.as_ptr().cast(),
            values_len: values.len(),
            ..init()
        })
        .collect();
    let table = |n_columns| {
        let (start, outputs) = (columns.as_ptr(), outputs(n_rows));
        // SAFETY: as above.
        unsafe { nomo_session_predict_columns(session, start, n_columns, n_rows, &outputs, error) }
    };
    expect(NOMO_OK, &mut || table(3));
    expect(NOMO_EVALUE_UNSET, &mut || table(2));
    predict_arrow(session, &rows.columns().into_iter().map(|c| c.to_vec()).collect::<Vec<_>>());
}

unsafe extern "C" fn release_schema(_: *mut ArrowSchema) {}
unsafe extern "C" fn release_array(_: *mut ArrowArray) {}

/// Predicts from an Arrow array, with and without failure; asserts that it does not allocate.
fn predict_arrow(session: *mut nomo_session, columns: &[Vec<f64>]) {
    let n_rows = columns[0].len();
    let mut buffers: Vec<_> =
        columns.iter().map(|values| [ptr::null(), values.as_ptr().cast()]).collect();
    let schema = |format: &'static CStr, name: &'static CStr| ArrowSchema {
        format: format.as_ptr(),
        name: name.as_ptr(),
        metadata: ptr::null(),
        flags: 0,
        n_children: 0,
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: Some(release_schema),
        private_data: ptr::null_mut(),
    };
    let array = |buffers: &mut [*const c_void]| ArrowArray {
        length: i64::try_from(n_rows).unwrap(),
        null_count: 0,
        offset: 0,
        n_buffers: i64::try_from(buffers.len()).unwrap(),
        n_children: 0,
        buffers: buffers.as_mut_ptr(),
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: Some(release_array),
        private_data: ptr::null_mut(),
    };
    let mut probabilities = vec![0.0; 2 * n_rows];
    let mut error = init::<nomo_error>();
    let outputs = nomo_outputs {
        probabilities: probabilities.as_mut_ptr(),
        probabilities_len: 2 * n_rows,
        ..init()
    };
    for (status, format, name) in [
        (NOMO_OK, c"g", c"perimeter"),
        (NOMO_ESCHEMA_COLUMNS, c"g", c"other"),
        (NOMO_ESCHEMA_COLUMNS, c"g", c"radius"),
        (NOMO_EUNSUPPORTED_ARROW, c"e", c"perimeter"),
    ] {
        let mut schemas = [schema(c"g", c"radius"), schema(c"g", c"texture"), schema(format, name)];
        let mut schemas = schemas.each_mut().map(ptr::from_mut);
        let mut arrays: Vec<ArrowArray> =
            buffers.iter_mut().map(|buffers| array(buffers.as_mut_slice())).collect();
        let mut arrays: Vec<_> = arrays.iter_mut().map(ptr::from_mut).collect();
        let children = schemas.as_mut_ptr();
        let schema = ArrowSchema { n_children: 3, children, ..schema(c"+s", c"") };
        let mut validity = [ptr::null()];
        let children = arrays.as_mut_ptr();
        let array = ArrowArray { n_children: 3, children, ..array(&mut validity) };
        // SAFETY: the pointers are as the header asks for.
        let call = || unsafe {
            nomo_session_predict_arrow(session, &schema, &array, 0, &outputs, &mut error)
        };
        assert_eq!(allocations_of(status, call), 0, "status {status:#06x}");
    }
}

#[test]
fn predicting_allocates_nothing() {
    let (model, mut session) = (open(), ptr::null_mut());
    // SAFETY: the pointers are as the header asks for.
    let create = || unsafe { nomo_session_create(model, &mut session, ptr::null_mut()) };
    assert!(allocations_of(NOMO_OK, create) > 0, "the counter counts");
    predict_in_every_way(session);
    // SAFETY: as above; neither is used any more.
    unsafe { nomo_session_destroy(session) };
    // SAFETY: as above.
    unsafe { nomo_model_release(model) };
}

/// Asks for every output of uncertainty, of rows of which one is refused.
#[test]
fn uncertainty_allocates_nothing() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/corpus/uncertainty.nomo");
    let (model, mut session) = (open_bundle(&std::fs::read(path).unwrap()), ptr::null_mut());
    // SAFETY: the pointers are as the header asks for.
    let status = unsafe { nomo_session_create(model, &mut session, ptr::null_mut()) };
    assert_eq!(status, NOMO_OK);
    // Two numbers and a boolean; the last row has no first number.
    let mut values = [0.5, 0.5, 1.0].repeat(6);
    values[15] = f64::NAN;
    let matrix = nomo_matrix {
        values: values.as_ptr().cast(),
        values_len: values.len(),
        n_rows: 6,
        n_columns: 3,
        row_stride: 3,
        column_stride: 1,
        ..init()
    };
    let (mut row_status, mut verdicts, mut furthest) = ([0; 6], [7; 6], [7; 6]);
    let (mut p_values, mut intervals, mut sets) = ([0.0; 12], [0.0; 12], [7; 36]);
    let (mut distances, mut times) = ([0.0; 6], [0.0; 6]);
    let outputs = nomo_outputs {
        on_refusal: NOMO_ON_REFUSAL_GO_ON,
        row_status: row_status.as_mut_ptr(),
        row_status_len: 6,
        verdicts: verdicts.as_mut_ptr(),
        verdicts_len: 6,
        p_values: p_values.as_mut_ptr(),
        p_values_len: 12,
        sets: sets.as_mut_ptr(),
        sets_len: 36,
        intervals: intervals.as_mut_ptr(),
        intervals_len: 12,
        distance_p_values: distances.as_mut_ptr(),
        distance_p_values_len: 6,
        furthest_features: furthest.as_mut_ptr(),
        furthest_features_len: 6,
        furthest_times: times.as_mut_ptr(),
        furthest_times_len: 6,
        ..init()
    };
    let predict = || {
        // SAFETY: as above.
        unsafe { nomo_session_predict_matrix(session, &matrix, &outputs, ptr::null_mut()) }
    };
    assert_eq!(allocations_of(NOMO_OK, predict), 0);
    assert_eq!(verdicts, [1, 1, 1, 1, 1, 3]);
    assert!(p_values[9] > 0.0 && p_values[11].is_nan() && furthest[5] == u32::MAX);
    // SAFETY: as above; neither is used any more.
    unsafe { nomo_session_destroy(session) };
    // SAFETY: as above.
    unsafe { nomo_model_release(model) };
}

#[test]
fn in_the_callers_memory_nothing_at_all_is_allocated() {
    let (model, mut session) = (open(), ptr::null_mut());
    let mut n_bytes = 0;
    // SAFETY: the pointers are as the header asks for.
    assert_eq!(unsafe { nomo_session_size(model, &mut n_bytes, ptr::null_mut()) }, NOMO_OK);
    let mut memory = vec![0xa5_u8; n_bytes + 1];
    for offset in [0, 1] {
        let memory = memory[offset..].as_mut_ptr().cast();
        let create = || {
            let none = ptr::null_mut();
            // SAFETY: as above.
            unsafe { nomo_session_create_in(model, memory, n_bytes, &mut session, none) }
        };
        assert_eq!(allocations_of(NOMO_OK, create), 0);
        predict_in_every_way(session);
        let destroy = || {
            // SAFETY: as above; it is not used any more.
            unsafe { nomo_session_destroy(session) };
            NOMO_OK
        };
        assert_eq!(allocations_of(NOMO_OK, destroy), 0);
    }
    // SAFETY: as above.
    unsafe { nomo_model_release(model) };
}

#[test]
fn counting_in_the_callers_memory_allocates_nothing() {
    let (model, mut session, mut monitor) =
        (open_bundle(&bundle_with_profile()), ptr::null_mut(), ptr::null_mut());
    let none = ptr::null_mut();
    // SAFETY: the pointers are as the header asks for.
    assert_eq!(unsafe { nomo_session_create(model, &mut session, none) }, NOMO_OK);
    let (mut memory_len, mut bytes_len) = (0, 0);
    // SAFETY: as above.
    let size = || unsafe { nomo_monitor_size(model, &mut memory_len, &mut bytes_len, none) };
    assert_eq!(allocations_of(NOMO_OK, size), 0);
    let (mut memory, mut bytes) = (vec![0xa5_u8; memory_len], vec![0_u8; bytes_len]);
    let start = memory.as_mut_ptr().cast();
    // SAFETY: as above.
    let create = || unsafe { nomo_monitor_create_in(model, start, memory_len, &mut monitor, none) };
    assert_eq!(allocations_of(NOMO_OK, create), 0);
    // SAFETY: as above.
    let attach = || unsafe { nomo_session_set_monitor(session, monitor, none) };
    assert_eq!(allocations_of(NOMO_OK, attach), 0);
    predict_in_every_way(session);
    // SAFETY: as above.
    let outcome = || unsafe { nomo_monitor_add_outcome(monitor, 0.5, 1, none) };
    assert_eq!(allocations_of(NOMO_OK, outcome), 0);
    let out = bytes.as_mut_ptr();
    // SAFETY: as above.
    let write = || unsafe { nomo_monitor_write(monitor, 5, out, bytes_len, none) };
    assert_eq!(allocations_of(NOMO_OK, write), 0);
    assert!(bytes[40] > 0, "rows were counted");
    // SAFETY: as above; it is not used any more.
    unsafe { nomo_session_destroy(session) };
    // SAFETY: as above.
    unsafe { nomo_monitor_destroy(monitor) };
    // SAFETY: as above.
    unsafe { nomo_model_release(model) };
}

#[test]
fn explaining_allocates_nothing_once_the_explainer_exists() {
    let model = std::sync::Arc::new(Model::open(&explained_bundle()).unwrap());
    for (explained, method) in [
        (Explained::Outputs, Method::Groups),
        (Explained::Margin, Method::Permutations { n_pairs: 3 }),
        (Explained::Member(0), Method::Interventional),
        (Explained::Member(1), Method::Interventional),
        (Explained::Member(1), Method::PathDependent),
    ] {
        let request = Request { explained, method };
        let mut explainer = Explainer::new(std::sync::Arc::clone(&model), request).unwrap();
        let mut explain = |row: &[f64]| match explainer.explain_row(row) {
            Ok(_) => NOMO_OK,
            Err(error) => error.kind().status(),
        };
        let found = [
            allocations_of(NOMO_OK, || explain(&[17.99, 10.38, 122.8])),
            allocations_of(NOMO_EVALUE_INFINITE, || explain(&[f64::INFINITY; 3])),
            allocations_of(NOMO_ESCHEMA_FEATURES, || explain(&[1.0])),
        ];
        assert_eq!(found, [0; 3], "{request:?}");
    }
}

/// An explainer of the C ABI, and room for the explanations of two rows.
struct Explaining {
    explainer: *mut nomo_explainer,
    numbers: [Vec<f64>; 4],
    row_status: Vec<i32>,
    error: nomo_error,
}

impl Explaining {
    fn new(model: *const nomo_model, (explained, member, method): (u32, u32, u32)) -> Self {
        let options = nomo_explainer_options { explained, member, method, ..init() };
        let (mut explainer, mut info) = (ptr::null_mut(), init::<nomo_explainer_info>());
        // SAFETY: the model is alive, the options are whole, and there is a place for the explainer.
        let created =
            unsafe { nomo_explainer_create(model, &options, &mut explainer, ptr::null_mut()) };
        assert_eq!(created, NOMO_OK);
        // SAFETY: the explainer is alive.
        let described = unsafe { nomo_explainer_describe(explainer, &mut info, ptr::null_mut()) };
        assert_eq!(described, NOMO_OK);
        let n_values = info.n_explained * info.n_players;
        let numbers = [2 * n_values, info.n_explained, 2 * info.n_explained, 2 * n_values];
        Self {
            explainer,
            numbers: numbers.map(|n| vec![0.0; n]),
            row_status: vec![0; 2],
            error: init(),
        }
    }

    /// Places for the explanations of so many rows.
    fn attributions(&mut self, n_rows: usize) -> nomo_attributions {
        let [values, base, explained, std_errors] = &mut self.numbers;
        nomo_attributions {
            values: values.as_mut_ptr(),
            values_len: values.len() / 2 * n_rows,
            base: base.as_mut_ptr(),
            base_len: base.len(),
            explained: explained.as_mut_ptr(),
            explained_len: explained.len() / 2 * n_rows,
            std_errors: std_errors.as_mut_ptr(),
            std_errors_len: std_errors.len() / 2 * n_rows,
            row_status: self.row_status.as_mut_ptr(),
            row_status_len: n_rows,
            ..init()
        }
    }

    fn row(&mut self, status: i32, row: &[f64]) -> usize {
        let to = self.attributions(1);
        allocations_of(status, || {
            // SAFETY: the explainer is alive, and all places have their lengths.
            unsafe {
                nomo_explainer_explain_row(
                    self.explainer,
                    row.as_ptr(),
                    row.len(),
                    &to,
                    &mut self.error,
                )
            }
        })
    }

    fn session(&mut self, status: i32, session: *mut nomo_session) -> usize {
        let to = self.attributions(1);
        allocations_of(status, || {
            // SAFETY: as above, and the session is alive.
            unsafe { nomo_explainer_explain_session(self.explainer, session, &to, &mut self.error) }
        })
    }

    fn matrix(&mut self, status: i32, on_refusal: u32, rows: &[f64; 6]) -> usize {
        let matrix = nomo_matrix {
            values: rows.as_ptr().cast(),
            values_len: rows.len(),
            n_rows: 2,
            n_columns: 3,
            row_stride: 3,
            column_stride: 1,
            ..init()
        };
        let to = nomo_attributions { on_refusal, ..self.attributions(2) };
        allocations_of(status, || {
            // SAFETY: as above, and the matrix has the rows that it names.
            unsafe { nomo_explainer_explain_matrix(self.explainer, &matrix, &to, &mut self.error) }
        })
    }
}

#[test]
fn explaining_through_the_c_abi_allocates_nothing_once_the_explainer_exists() {
    let model = open_bundle(&explained_bundle());
    let mut session = ptr::null_mut();
    // SAFETY: the model is alive, and there is a place for the session.
    let created = unsafe { nomo_session_create(model, &mut session, ptr::null_mut()) };
    assert_eq!(created, NOMO_OK);
    for request in [
        (NOMO_EXPLAIN_OUTPUTS, 0, NOMO_METHOD_GROUPS),
        (NOMO_EXPLAIN_MARGIN, 0, NOMO_METHOD_PERMUTATIONS),
        (NOMO_EXPLAIN_MEMBER, 0, NOMO_METHOD_INTERVENTIONAL),
        (NOMO_EXPLAIN_MEMBER, 1, NOMO_METHOD_INTERVENTIONAL),
        (NOMO_EXPLAIN_MEMBER, 1, NOMO_METHOD_PATH_DEPENDENT),
    ] {
        let mut explaining = Explaining::new(model, request);
        let (row, infinite) = ([17.99, 10.38, 122.8], [f64::INFINITY; 3]);
        let rows = [17.99, 10.38, 122.8, 14.5, 19.0, 92.0];
        let refused = [17.99, 10.38, 122.8, 14.5, f64::INFINITY, 92.0];
        // SAFETY: the session is alive.
        assert_eq!(unsafe { nomo_session_clear(session, ptr::null_mut()) }, NOMO_OK);
        let unset = explaining.session(NOMO_EVALUE_UNSET, session);
        for (feature, value) in row.iter().enumerate() {
            // SAFETY: as above.
            let set = unsafe { nomo_session_set_number(session, feature, *value, ptr::null_mut()) };
            assert_eq!(set, NOMO_OK);
        }
        let found = [
            unset,
            explaining.row(NOMO_OK, &row),
            explaining.row(NOMO_EVALUE_INFINITE, &infinite),
            explaining.row(NOMO_ESCHEMA_FEATURES, &row[..1]),
            explaining.session(NOMO_OK, session),
            explaining.session(NOMO_EARGUMENT_NULL, ptr::null_mut()),
            explaining.matrix(NOMO_OK, 0, &rows),
            explaining.matrix(NOMO_EVALUE_INFINITE, 0, &refused),
            explaining.matrix(NOMO_OK, NOMO_ON_REFUSAL_GO_ON, &refused),
        ];
        assert_eq!(found, [0; 9], "{request:?}");
        // SAFETY: it was created above, and is not used again.
        unsafe { nomo_explainer_destroy(explaining.explainer) };
    }
    // SAFETY: as above.
    unsafe { nomo_session_destroy(session) };
    // SAFETY: as above.
    unsafe { nomo_model_release(model) };
}
