//! Without memory, every call of the C ABI returns a status: each allocation fails once, in turn.
//!
//! Rust ends the process when an allocation fails that cannot return an error. So the allocations fail
//! in a child process, which this program starts again after each end; the ends are compared with the
//! list of allocations that cannot be avoided.

#![allow(unsafe_code, reason = "an allocator that fails, and calls as C makes them")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ffi::{CStr, CString, c_void};
use std::io::Write;
use std::process::{Command, Stdio};
use std::ptr;

use nomogram::ffi::{
    ArrowArray, ArrowSchema, NOMO_EARGUMENT_OPTION, NOMO_EMEMORY, NOMO_EXPLAIN_MEMBER,
    NOMO_EXPLAIN_OUTPUTS, NOMO_METHOD_GROUPS, NOMO_METHOD_INTERVENTIONAL,
    NOMO_METHOD_PATH_DEPENDENT, NOMO_METHOD_PERMUTATIONS, NOMO_OK, nomo_attributions, nomo_cutoff,
    nomo_error, nomo_explainer, nomo_explainer_create, nomo_explainer_destroy,
    nomo_explainer_explain_row, nomo_explainer_options, nomo_feature, nomo_member, nomo_model,
    nomo_model_class, nomo_model_cutoff, nomo_model_describe, nomo_model_feature, nomo_model_info,
    nomo_model_level, nomo_model_member, nomo_model_open_file, nomo_model_open_memory,
    nomo_model_release, nomo_model_rule, nomo_model_self_test, nomo_model_unit, nomo_open_options,
    nomo_rule, nomo_session, nomo_session_create, nomo_session_destroy, nomo_session_predict_row,
    nomo_session_predict_to_arrow, nomo_unit,
};
use nomogram_testkit::{
    bundle_of_every_kind, bundle_of_policies, bundle_of_three_members, explained_bundle, signed,
};

/// The allocations that end the process when they fail, with the most bytes of each. They do not grow
/// with the bundle.
const EXCEPTIONS: [(&str, usize); 3] = [
    ("the shared list of the names that errors use", 64),
    ("a node of the map of the manifest's notes, for five of them or more", 640),
    ("the member of a stack", 64),
];
/// How many allocations of an opening may end the process, for a bundle with a few notes.
const MAX_EXCEPTIONS: usize = 3;

/// Fails one allocation of the current thread, or all from it on.
struct Failing;

thread_local! {
    static N_ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static FAILS_AT: Cell<u64> = const { Cell::new(0) };
    static FAILS_ON: Cell<bool> = const { Cell::new(false) };
    static N_BYTES: Cell<i64> = const { Cell::new(0) };
}

impl Failing {
    /// Counts an allocation. Whether it fails.
    fn fails() -> bool {
        let n = N_ALLOCATIONS.get() + 1;
        N_ALLOCATIONS.set(n);
        let at = FAILS_AT.get();
        at > 0 && (n == at || (FAILS_ON.get() && n > at))
    }

    fn keep(n_bytes: usize) {
        N_BYTES.set(N_BYTES.get() + i64::try_from(n_bytes).unwrap_or(i64::MAX));
    }

    fn give_back(n_bytes: usize) {
        N_BYTES.set(N_BYTES.get() - i64::try_from(n_bytes).unwrap_or(i64::MAX));
    }
}

// SAFETY: every call is passed on to the system's allocator, or returns NULL, as an allocator may.
unsafe impl GlobalAlloc for Failing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if Self::fails() {
            return ptr::null_mut();
        }
        Self::keep(layout.size());
        // SAFETY: as this function's own contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        Self::give_back(layout.size());
        // SAFETY: as this function's own contract.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if Self::fails() {
            return ptr::null_mut();
        }
        Self::give_back(layout.size());
        Self::keep(new_size);
        // SAFETY: as this function's own contract.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Failing = Failing;

/// A struct of the C ABI as its INIT macro sets it up, where all but the size is 0.
fn init<T: Copy>() -> T {
    // SAFETY: zeros are a value of every struct of the C ABI.
    let mut value: T = unsafe { std::mem::zeroed() };
    // SAFETY: each begins with its size.
    unsafe { (&raw mut value).cast::<u32>().write(u32::try_from(size_of::<T>()).unwrap()) };
    value
}

/// Whether a call succeeded; the only failure allowed is that memory ran out.
fn expect(status: i32) -> bool {
    assert!([NOMO_OK, NOMO_EMEMORY].contains(&status), "status {status:#06x}");
    status == NOMO_OK
}

/// The policy under which every bundle is opened that has signatures: the signer of `signed`, and others.
const POLICY: &CStr = c"\
require reviewer
distinct
key 3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c trainer,reviewer
key fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025 reviewer
revoked fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025
";

/// Opens a bundle, describes it, and predicts with it.
fn use_bundle(bytes: &[u8], is_signed: bool, path: &CStr, row: &[f64]) {
    let (mut error, mut model): (nomo_error, *mut nomo_model) = (init(), ptr::null_mut());
    let error = &raw mut error;
    let trust = if is_signed { POLICY.as_ptr() } else { ptr::null() };
    let options = nomo_open_options { trust, time: 1500, ..init() };
    // SAFETY: the pointers are as the header asks for.
    if expect(unsafe { nomo_model_open_file(path.as_ptr(), &options, &mut model, error) }) {
        // SAFETY: as above; it is not used any more.
        unsafe { nomo_model_release(model) };
    }
    let (start, len) = (bytes.as_ptr().cast(), bytes.len());
    // SAFETY: as above.
    if !expect(unsafe { nomo_model_open_memory(start, len, &options, &mut model, error) }) {
        return;
    }
    describe(model, error);
    // SAFETY: as above.
    expect(unsafe { nomo_model_self_test(model, error) });
    let mut session: *mut nomo_session = ptr::null_mut();
    // SAFETY: as above.
    if expect(unsafe { nomo_session_create(model, &mut session, error) }) {
        predict(session, row, error);
        // SAFETY: as above; it is not used any more.
        unsafe { nomo_session_destroy(session) };
    }
    // By every method, whether the bundle has what it needs or not.
    for method in [
        NOMO_METHOD_GROUPS,
        NOMO_METHOD_PERMUTATIONS,
        NOMO_METHOD_INTERVENTIONAL,
        NOMO_METHOD_PATH_DEPENDENT,
    ] {
        explain(model, method, row, error);
    }
    // SAFETY: as above; it is not used any more.
    unsafe { nomo_model_release(model) };
}

/// Creates an explainer, of the second member where the method is of members, and explains a row.
fn explain(model: *const nomo_model, method: u32, row: &[f64], error: *mut nomo_error) {
    let is_of_outputs = [NOMO_METHOD_GROUPS, NOMO_METHOD_PERMUTATIONS].contains(&method);
    let explained = if is_of_outputs { NOMO_EXPLAIN_OUTPUTS } else { NOMO_EXPLAIN_MEMBER };
    let options = nomo_explainer_options { explained, member: 1, method, ..init() };
    let mut explainer: *mut nomo_explainer = ptr::null_mut();
    // SAFETY: the pointers are as the header asks for.
    let status = unsafe { nomo_explainer_create(model, &options, &mut explainer, error) };
    assert!([NOMO_OK, NOMO_EMEMORY, NOMO_EARGUMENT_OPTION].contains(&status), "{status:#06x}");
    if status == NOMO_OK {
        let mut base = [0.0; 2];
        let outputs = nomo_attributions { base: base.as_mut_ptr(), base_len: 2, ..init() };
        // SAFETY: as above.
        unsafe {
            nomo_explainer_explain_row(explainer, row.as_ptr(), row.len(), &outputs, error);
        };
        // SAFETY: as above; it is not used any more.
        unsafe { nomo_explainer_destroy(explainer) };
    }
}

/// Asks everything about a model; an index beyond the end is an error too.
fn describe(model: *const nomo_model, error: *mut nomo_error) {
    let (mut info, mut text): (nomo_model_info, *const i8) = (init(), ptr::null());
    let text = (&raw mut text).cast();
    // SAFETY: the pointers are as the header asks for.
    assert_eq!(unsafe { nomo_model_describe(model, &mut info, error) }, NOMO_OK);
    for index in 0..=info.n_features {
        // SAFETY: as above.
        unsafe { nomo_model_feature(model, index, &mut init::<nomo_feature>(), error) };
        // SAFETY: as above.
        unsafe { nomo_model_level(model, index, 0, text, error) };
        // SAFETY: as above.
        unsafe { nomo_model_unit(model, index, 0, &mut init::<nomo_unit>(), error) };
    }
    for index in 0..=info.n_classes {
        // SAFETY: as above.
        unsafe { nomo_model_class(model, index, text, error) };
    }
    // SAFETY: as above.
    unsafe { nomo_model_member(model, 0, &mut init::<nomo_member>(), error) };
    // SAFETY: as above.
    unsafe { nomo_model_cutoff(model, 0, &mut init::<nomo_cutoff>(), error) };
    // SAFETY: as above.
    unsafe { nomo_model_rule(model, 0, &mut init::<nomo_rule>(), error) };
}

unsafe extern "C" fn release_schema(_: *mut ArrowSchema) {}
unsafe extern "C" fn release_array(_: *mut ArrowArray) {}

/// Predicts a row, and an Arrow array of no rows and no columns.
fn predict(session: *mut nomo_session, row: &[f64], error: *mut nomo_error) {
    let mut probabilities = [0.0; 2];
    let (values, n_values, out) = (row.as_ptr(), row.len(), probabilities.as_mut_ptr());
    // SAFETY: the pointers are as the header asks for.
    unsafe {
        nomo_session_predict_row(session, values, n_values, out, 2, ptr::null_mut(), error);
    };
    let schema = ArrowSchema {
        format: c"+s".as_ptr(),
        name: c"".as_ptr(),
        metadata: ptr::null(),
        flags: 0,
        n_children: 0,
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: Some(release_schema),
        private_data: ptr::null_mut(),
    };
    let mut buffers: [*const c_void; 1] = [ptr::null()];
    let array = ArrowArray {
        length: 3,
        null_count: 0,
        offset: 0,
        n_buffers: 1,
        n_children: 0,
        buffers: buffers.as_mut_ptr(),
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: Some(release_array),
        private_data: ptr::null_mut(),
    };
    // SAFETY: structs that were released are zeros.
    let (mut out_schema, mut out_array): (ArrowSchema, ArrowArray) = unsafe { std::mem::zeroed() };
    const GO_ON: u32 = nomogram::ffi::NOMO_ON_REFUSAL_GO_ON;
    // SAFETY: as above.
    let status = unsafe {
        nomo_session_predict_to_arrow(
            session,
            &schema,
            &array,
            0,
            GO_ON,
            &mut out_schema,
            &mut out_array,
            error,
        )
    };
    if expect(status) {
        // SAFETY: as above; neither is used any more.
        unsafe { out_schema.release.unwrap()(&mut out_schema) };
        // SAFETY: as above.
        unsafe { out_array.release.unwrap()(&mut out_array) };
    }
}

/// The bundle that is opened under a policy of trust.
const SIGNED: &str = "signed";

/// The bundles, each with a row.
fn bundles() -> [(&'static str, Vec<u8>, Vec<f64>); 10] {
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/");
    let read = |name: &str| std::fs::read(format!("{data}{name}")).unwrap();
    [
        ("three members", bundle_of_three_members(), vec![17.99, 10.38, 122.8]),
        ("every kind", bundle_of_every_kind(), vec![54.0, 3.0, 1.0, 1.0, 20.0]),
        ("policies", bundle_of_policies(), vec![f64::NAN; 4]),
        ("a stack", read("corpus/stack-of-outputs.nomo"), vec![1.0, 2.0]),
        ("linear leaves", read("corpus/linear-forest.nomo"), vec![1.0, 2.0, 1.0]),
        ("support vectors", read("corpus/support-vectors.nomo"), vec![1.0, 2.0]),
        ("neighbours", read("corpus/neighbours.nomo"), vec![1.0, 2.0]),
        ("explained", explained_bundle(), vec![17.99, 10.38, 122.8]),
        (
            SIGNED,
            signed(&bundle_of_three_members(), &bundle_of_three_members()),
            vec![17.99, 10.38, 122.8],
        ),
        ("format 1", read("bundles/v1/three-members.nomo"), vec![17.99, 10.38, 122.8]),
    ]
}

const CHILD: &str = "NOMOGRAM_FAILING_ALLOCATION";

/// In the child: fails the allocations from number `first` on, in turn, and prints each number before.
fn fail_in_turn(bundle: usize, first: u64, fails_on: bool) {
    let (name, bytes, row) = &bundles()[bundle];
    let folder = env!("CARGO_TARGET_TMPDIR");
    let path = format!("{folder}/out-of-memory-{}.nomo", std::process::id());
    std::fs::write(&path, bytes).unwrap();
    let c_path = CString::new(path.as_str()).unwrap();
    let mut out = std::io::stdout().lock();
    for at in first.. {
        writeln!(out, "{at}").unwrap();
        out.flush().unwrap();
        let n_bytes = N_BYTES.get();
        N_ALLOCATIONS.set(0);
        FAILS_ON.set(fails_on);
        FAILS_AT.set(at);
        use_bundle(bytes, *name == SIGNED, &c_path, row);
        FAILS_AT.set(0);
        let n_allocations = N_ALLOCATIONS.get();
        assert_eq!(N_BYTES.get(), n_bytes, "allocation {at} failed, and memory was lost");
        if n_allocations < at {
            break;
        }
    }
    std::fs::remove_file(&path).unwrap();
    writeln!(out, "end").unwrap();
}

/// The bytes of each allocation that ended the process, and the number of all allocations.
fn ends(bundle: usize, fails_on: bool) -> (Vec<usize>, u64) {
    let (mut first, mut ends) = (1, Vec::new());
    loop {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["in_a_child", "--exact", "--nocapture", "--test-threads", "1"])
            .env(CHILD, format!("{bundle} {first} {fails_on}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&child.stdout), text(&child.stderr));
        let mut numbers = out.lines().filter_map(|line| line.trim().parse::<u64>().ok());
        let last = numbers.next_back().unwrap_or_else(|| panic!("{out}\n{err}"));
        if out.lines().any(|line| line.ends_with("end")) {
            return (ends, last);
        }
        let failed = err.split("memory allocation of ").nth(1);
        let n_bytes = failed.and_then(|rest| rest.split(' ').next()?.parse().ok());
        ends.push(n_bytes.unwrap_or_else(|| panic!("allocation {last}: {out}\n{err}")));
        first = last + 1;
    }
}

/// Does nothing unless a parent started it.
#[test]
fn in_a_child() {
    let Ok(what) = std::env::var(CHILD) else { return };
    let words: Vec<&str> = what.split(' ').collect();
    fail_in_turn(words[0].parse().unwrap(), words[1].parse().unwrap(), words[2] == "true");
}

#[test]
fn every_allocation_that_fails_is_a_status() {
    if std::env::var_os(CHILD).is_some() {
        return;
    }
    for (bundle, (name, ..)) in bundles().iter().enumerate() {
        for fails_on in [false, true] {
            let (ends, n_allocations) = ends(bundle, fails_on);
            println!(
                "{name}: {n_allocations} allocations, {} end the process: {ends:?}",
                ends.len()
            );
            assert!(n_allocations > 100, "{name}: the allocations are counted");
            // The model is opened twice.
            assert!(ends.len() <= 2 * MAX_EXCEPTIONS, "{name}: {ends:?}");
            let is_known = |n_bytes: &usize| EXCEPTIONS.iter().any(|(_, most)| n_bytes <= most);
            assert!(ends.iter().all(is_known), "{name}: {ends:?}");
        }
    }
}
