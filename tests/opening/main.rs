//! Opening any bytes stays within the documented bound of memory and work.
//!
//! Each case is a bundle that a few of its bytes try to make expensive, in three sizes. Whether it
//! opens or is refused, the peak of what opening allocates is at most four times the file and 4 MiB.
//! `cargo test --release --test opening -- --ignored --nocapture` prints the table of
//! docs/bundle-format.md.

#![allow(unsafe_code, reason = "a counting allocator")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
#![allow(clippy::cast_precision_loss, reason = "counts far below 2^53")]

mod payload;

mod models;

mod cases;
mod signatures;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use nomogram::{ErrorKind, Limits, Model};

use cases::cases;
use models::{N_SECTIONS, one_member, row, small, with};

/// Counts the bytes of the current thread.
struct Counting;

thread_local! {
    static N_BYTES: Cell<u64> = const { Cell::new(0) };
    static PEAK: Cell<u64> = const { Cell::new(0) };
}

impl Counting {
    fn keep(n_bytes: usize) {
        N_BYTES.set(N_BYTES.get().wrapping_add(n_bytes as u64));
        if N_BYTES.get() < u64::MAX / 2 {
            PEAK.set(PEAK.get().max(N_BYTES.get()));
        }
    }

    fn give_back(n_bytes: usize) {
        N_BYTES.set(N_BYTES.get().wrapping_sub(n_bytes as u64));
    }
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
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
        // Both are there while the content is moved.
        Self::keep(new_size);
        Self::give_back(layout.size());
        // SAFETY: as this function's own contract.
        unsafe { System.realloc(pointer, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The peak of what a call allocates, in bytes.
fn peak_of(call: impl FnOnce()) -> u64 {
    let before = N_BYTES.get();
    PEAK.set(before);
    call();
    PEAK.get() - before
}

/// The documented bound of memory.
fn bound(bundle: &[u8]) -> u64 {
    4 * bundle.len() as u64 + (4 << 20)
}

#[test]
fn a_bundle_has_the_sections_of_the_cases() {
    assert_eq!(small()[12..16], u32::try_from(N_SECTIONS).unwrap().to_le_bytes());
    // The cases differ from this one, which opens, by what they repeat.
    assert!(Model::open(&with(row(), one_member(1), 1)).is_ok());
}

#[test]
fn opening_stays_within_its_memory() {
    for n in [1, 30, 1000, 30_000] {
        for (case, bundle) in cases(n) {
            let peak = peak_of(|| drop(Model::open(&bundle)));
            let (len, bound) = (bundle.len(), bound(&bundle));
            assert!(peak <= bound, "{case}, {n}: {len} bytes took {peak}, expected {bound}");
        }
    }
}

#[test]
fn opening_a_file_stays_within_its_memory_too() {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/opening.nomo");
    for (case, bundle) in cases(30_000) {
        std::fs::write(path, &bundle).unwrap();
        let peak = peak_of(|| drop(Model::open_file(path)));
        assert!(peak <= bound(&bundle), "{case}: {} bytes took {peak}", bundle.len());
        assert!(peak >= bundle.len() as u64, "{case}: the bytes of the file are counted");
    }
    std::fs::remove_file(path).unwrap();
}

#[test]
fn what_a_few_bytes_cannot_need_is_refused_by_the_limit() {
    let refused = [
        ("branches of one-hot", 1000),
        ("branches that continue a wide one", 1000),
        ("steps of a wide branch", 1000),
        ("members of a wide branch", 1000),
        ("golden cases and weights alike", 10_000),
    ];
    for (wanted, n) in refused {
        let (_, bundle) = cases(n).into_iter().find(|(case, _)| *case == wanted).unwrap();
        let kind = Model::open(&bundle).err().map(|error| error.kind());
        assert_eq!(kind, Some(ErrorKind::TooLarge), "{wanted}");
        assert_eq!(ErrorKind::TooLarge.c_name(), c"NOMO_ELIMIT_SIZE");
    }
}

#[test]
fn a_caller_can_allow_more_or_less() {
    let (_, bundle) =
        cases(100).into_iter().find(|(case, _)| *case == "branches of one-hot").unwrap();
    let refused = |max_memory, max_work| {
        let limits = Limits { max_memory, max_work, ..Limits::default() };
        Model::open_with(&bundle, &limits).err().map(|error| (error.kind(), error.to_string()))
    };
    let (_, message) = refused(None, None).unwrap();
    assert!(message.contains("more memory than the limit of "), "{message}");
    assert_eq!(refused(Some(1 << 30), Some(u64::MAX)), None, "it opens");
    let (kind, message) = refused(Some(1 << 30), Some(1000)).unwrap();
    assert_eq!(kind, ErrorKind::TooLarge);
    assert!(message.contains("more computation than the limit of 1000 steps"), "{message}");
}

/// The time that this thread has computed, in nanoseconds; on a busy machine, a clock shows more.
fn computed() -> f64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    times.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(f64::NAN)
}

/// Prints the table of docs/bundle-format.md.
#[test]
#[ignore = "prints times; docs/bundle-format.md has the command"]
fn costs_of_opening() {
    println!(
        "| what a bundle repeats | file | peak memory | of the bound | time | per byte | result |"
    );
    println!("|---|---|---|---|---|---|---|");
    for n in [400, 30_000] {
        for (case, bundle) in cases(n) {
            let mut result = String::new();
            let peak = peak_of(|| {
                let opened = Model::open(&bundle);
                result = opened.map_or_else(|e| format!("{:?}", e.kind()), |_| "opens".into());
            });
            // The system counts in steps of some milliseconds.
            let (start, mut n_runs) = (computed(), 0.0);
            while n_runs < 1.0 || (computed() - start < 100e6 && n_runs < 200.0) {
                drop(Model::open(&bundle));
                n_runs += 1.0;
            }
            let mean = (computed() - start) / n_runs;
            let (kib, len) = (bundle.len() as f64 / 1024.0, bundle.len() as f64);
            println!(
                "| {case} | {kib:.0} KiB | {:.0} KiB | {:.0} % | {:.1} ms | {:.0} ns | {result} |",
                peak as f64 / 1024.0,
                100.0 * peak as f64 / bound(&bundle) as f64,
                mean / 1e6,
                mean / len,
            );
        }
    }
}
