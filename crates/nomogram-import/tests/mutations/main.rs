//! Mutated files: an error, or a model that passes the bundle's checks, with bounded memory.
//!
//! `NOMOGRAM_MUTATIONS=10000 cargo test -p nomogram-import --test mutations -- --nocapture` makes so many of
//! each format; by default there are fewer. The mutations are the same every time.

#![allow(unsafe_code, reason = "an allocator that counts")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use nomogram::Model;
use nomogram_import::{Format, Limits, Options, import};
use records::{records, records_in};

#[path = "../integration/records.rs"]
#[allow(dead_code, reason = "the predictions are for other tests")]
mod records;

/// The most memory that reading, sealing and opening a mutated file may take: the files have some kilobytes.
const MAX_MEMORY: i64 = 4 << 20;

/// Counts the bytes of the current thread.
struct Counting;

thread_local! {
    static N_BYTES: Cell<i64> = const { Cell::new(0) };
    static PEAK: Cell<i64> = const { Cell::new(0) };
}

impl Counting {
    fn add(n_bytes: usize) {
        N_BYTES.set(N_BYTES.get() + i64::try_from(n_bytes).unwrap_or(i64::MAX));
        PEAK.set(PEAK.get().max(N_BYTES.get()));
    }

    fn remove(n_bytes: usize) {
        N_BYTES.set(N_BYTES.get() - i64::try_from(n_bytes).unwrap_or(i64::MAX));
    }
}

// SAFETY: every call goes to the system's allocator, with the arguments of the caller.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::add(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        Self::remove(layout.size());
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that a call holds at a time, beyond those that were held before.
fn peak_of<T>(call: impl FnOnce() -> T) -> (T, i64) {
    let before = N_BYTES.get();
    PEAK.set(before);
    let result = call();
    (result, PEAK.get() - before)
}

#[test]
fn the_allocator_counts() {
    let ((), peak) = peak_of(|| drop(std::hint::black_box(vec![0_u8; 5000])));
    assert!((5000..6000).contains(&peak), "{peak}");
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % limit.max(1) as u64).unwrap()
    }
}

/// Words that readers give a meaning to.
const WORDS: [&[u8]; 18] = [
    b"-1",
    b"0",
    b"1",
    b"4294967295",
    b"1e400",
    b"NaN",
    b"null",
    b"[]",
    b"{}",
    b"\"\"",
    b"true",
    b"9007199254740993",
    b"[[[[",
    b"]",
    b",",
    b"=",
    b"\n",
    b"18446744073709551616",
];

fn mutated(original: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=random.below(3) {
        let position = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[position] ^= 1 << random.below(8),
            1 => bytes[position] = b"0123456789-.,:[]{}\" \n"[random.below(21)],
            2 => bytes.truncate(position.max(1)),
            3 => {
                let end = (position + 1 + random.below(40)).min(bytes.len());
                drop(bytes.drain(position..end));
            }
            4 => {
                let end = (position + 1 + random.below(40)).min(bytes.len());
                let copy = bytes[position..end].to_vec();
                let target = random.below(bytes.len());
                drop(bytes.splice(target..target, copy));
            }
            _ => {
                // A whole number or word is replaced.
                let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b".-+".contains(byte);
                let len = bytes[position..].iter().position(|byte| !is_of_word(byte)).unwrap_or(0);
                let word = WORDS[random.below(WORDS.len())].to_vec();
                drop(bytes.splice(position..position + len, word));
            }
        }
        if bytes.is_empty() {
            bytes.push(b'{');
        }
    }
    bytes
}

/// Bytes that binary formats give a meaning to: counts that are too large, and lengths.
const BINARY: [&[u8]; 10] = [
    b"\0",
    b"\x7f",
    b"\xff",
    b"\xff\xff\xff\xff\x0f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\x7f\xff\xff\xff",
    b"\x80\0\0\0",
    b"\0\0\xc0\x7f",
    b"\0\0\0\0\0\0\xf0\x7f",
    b"[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff",
];

/// As [`mutated`], byte by byte.
fn mutated_bytes(original: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=random.below(3) {
        let position = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[position] ^= 1 << random.below(8),
            1 => bytes[position] = u8::try_from(random.below(256)).unwrap(),
            2 => bytes[position] = bytes[position].wrapping_add([1, 255][random.below(2)]),
            3 => {
                let end = (position + 1 + random.below(16)).min(bytes.len());
                drop(bytes.drain(position..end));
            }
            4 => {
                let end = (position + 1 + random.below(64)).min(bytes.len());
                let copy = bytes[position..end].to_vec();
                let target = random.below(bytes.len());
                drop(bytes.splice(target..target, copy));
            }
            _ => {
                let word = BINARY[random.below(BINARY.len())];
                let end = (position + word.len()).min(bytes.len());
                drop(bytes.splice(position..end, word.iter().copied()));
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}

fn n_mutations() -> usize {
    std::env::var("NOMOGRAM_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(200)
}

/// What became of the mutated files of a format.
#[derive(Debug, Default)]
struct Outcome {
    n_imported: usize,
    n_refused: usize,
    /// The most memory, in bytes.
    memory: i64,
}

fn mutate(format: Format, originals: &[Vec<u8>]) -> Outcome {
    let mut outcome = Outcome::default();
    let limits = Limits { max_bytes: 4 << 20, ..Limits::default() };
    let options = Options { training_rows: true, ..Options::default() };
    let is_binary = matches!(format, Format::Onnx | Format::XgboostUbjson);
    for nth in 0..n_mutations() {
        let mut random = Random(nth as u64);
        let original = &originals[nth % originals.len()];
        // Of binary files, three of four are mutated byte by byte.
        let bytes = match is_binary && nth % 4 != 0 {
            true => mutated_bytes(original, &mut random),
            false => mutated(original, &mut random),
        };
        let (is_imported, memory) = peak_of(|| {
            match import(&bytes, Some(format), &options, &limits) {
                // Sealing takes longer than reading: of those that are read, every third is sealed.
                Ok(imported) if nth % 3 == 0 => imported.seal(&[]).is_ok_and(|sealed| {
                    assert!(Model::open(&sealed.bundle).is_ok(), "mutation {nth}");
                    true
                }),
                Ok(_) => true,
                Err(error) => {
                    assert!(error.to_string().len() < 2000, "mutation {nth}: {error}");
                    false
                }
            }
        });
        assert!(memory < MAX_MEMORY, "mutation {nth}: {memory} bytes of memory");
        *(if is_imported { &mut outcome.n_imported } else { &mut outcome.n_refused }) += 1;
        outcome.memory = outcome.memory.max(memory);
    }
    outcome
}

fn originals(format: &str) -> Vec<Vec<u8>> {
    let all = records().chain(records_in("onnx")).chain(records_in("pmml"));
    let of_format = all.filter(|record| record.format == format).map(|record| record.model);
    let mut models: Vec<Vec<u8>> = of_format.collect();
    models.sort_by_key(Vec::len);
    models.truncate(12);
    let of_vectors = records_in("onnx_graphs")
        .filter(|record| record.format == format && record.name.starts_with("support vectors"));
    models.extend(of_vectors.map(|record| record.model));
    assert!(!models.is_empty(), "{format}");
    models
}

/// Files of YAML in a folder.
fn equations(folder: &str) -> Vec<Vec<u8>> {
    let folder = format!("{}/{folder}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(files.len() >= 3, "{files:?}");
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// Descriptions of estimators of scikit-learn, the shortest ones; some of those that store rows.
fn descriptions() -> Vec<Vec<u8>> {
    let folder = format!("{}/tests/data/scikit_learn", env!("CARGO_MANIFEST_DIR"));
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut models: Vec<Vec<u8>> = files
        .flat_map(|path| {
            let text = std::fs::read_to_string(path).unwrap();
            let model = |line: &str| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                line.get("model").map(|model| model.to_string().into_bytes())
            };
            text.lines().filter_map(model).collect::<Vec<_>>()
        })
        .collect();
    models.sort_by(|first, second| (first.len(), first).cmp(&(second.len(), second)));
    let stores_rows = |model: &Vec<u8>| {
        let has = |key: &str| model.windows(key.len()).any(|part| part == key.as_bytes());
        has("\"support_vectors\"") || has("\"neighbours\"")
    };
    let (mut storing, mut others): (Vec<_>, Vec<_>) = models.into_iter().partition(stores_rows);
    storing.truncate(20);
    others.truncate(200 - storing.len());
    storing.append(&mut others);
    storing
}

fn check(name: &str, format: Format, originals: &[Vec<u8>]) {
    let Outcome { n_imported, n_refused, memory } = mutate(format, originals);
    println!(
        "{name}: {n_imported} imported, {n_refused} refused, at most {memory} bytes of memory"
    );
    assert!(n_refused > 0, "{name}");
}

/// A test for each format, so that they run side by side.
macro_rules! formats {
    ($($test:ident: $name:literal, $format:ident, $originals:expr;)+) => {
        $(
            #[test]
            fn $test() {
                check($name, Format::$format, &$originals);
            }
        )+

        #[test]
        fn every_format_is_mutated() {
            let tested = [$(Format::$format),+];
            assert!(Format::ALL.iter().all(|format| tested.contains(format)));
        }
    };
}

formats! {
    mutated_catboost: "catboost", Catboost, originals("catboost");
    mutated_equations: "equation", Equation, equations("../../examples/equations");
    mutated_lightgbm: "lightgbm", Lightgbm, originals("lightgbm");
    mutated_onnx: "onnx", Onnx, originals("onnx");
    mutated_pmml: "pmml", Pmml, originals("pmml");
    mutated_scikit_learn: "scikit-learn", ScikitLearn, descriptions();
    mutated_tables_of_r: "table of R", Equation, equations("tests/data/r");
    mutated_xgboost_json: "xgboost-json", XgboostJson, originals("xgboost-json");
    mutated_xgboost_ubjson: "xgboost-ubjson", XgboostUbjson, originals("xgboost-ubjson");
}
