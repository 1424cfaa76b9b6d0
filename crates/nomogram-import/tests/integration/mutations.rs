//! Mutated files: an error, or a model that passes the bundle's checks.
//!
//! `NOMOGRAM_MUTATIONS=10000 cargo test -p nomogram-import --test integration mutated` makes so many of each
//! format; by default there are fewer. The mutations are the same every time.

use crate::records::{records, records_in};
use nomogram::Model;
use nomogram_import::{Format, Limits, Options, import};

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

fn n_mutations() -> usize {
    std::env::var("NOMOGRAM_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(200)
}

/// Mutates files of a format, and returns how many were imported and how many refused.
fn mutate(format: Format, originals: &[Vec<u8>]) -> (usize, usize) {
    let (mut n_sealed, mut n_refused) = (0, 0);
    let limits = Limits { max_bytes: 4 << 20, ..Limits::default() };
    for nth in 0..n_mutations() {
        let mut random = Random(nth as u64);
        let bytes = mutated(&originals[nth % originals.len()], &mut random);
        let imported = import(&bytes, Some(format), &Options::default(), &limits);
        // Sealing takes longer than reading: of those that are read, every fourth is sealed.
        match imported {
            Ok(imported) if nth % 4 == 0 => match imported.seal(&[]) {
                Ok(sealed) => {
                    assert!(Model::open(&sealed.bundle).is_ok(), "mutation {nth}");
                    n_sealed += 1;
                }
                Err(_) => n_refused += 1,
            },
            Ok(_) => n_sealed += 1,
            Err(error) => {
                assert!(error.to_string().len() < 2000, "mutation {nth}: {error}");
                n_refused += 1;
            }
        }
    }
    (n_sealed, n_refused)
}

fn originals(format: &str) -> Vec<Vec<u8>> {
    let all = records().chain(records_in("onnx")).chain(records_in("pmml"));
    let of_format = all.filter(|record| record.format == format).map(|record| record.model);
    let mut models: Vec<Vec<u8>> = of_format.collect();
    models.sort_by_key(Vec::len);
    models.truncate(12);
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

fn check(name: &str, format: Format, originals: &[Vec<u8>]) {
    let (n_sealed, n_refused) = mutate(format, originals);
    println!("{name}: {n_sealed} imported, {n_refused} refused");
    assert!(n_refused > 0, "{name}");
}

#[test]
fn mutated_models_are_refused_or_pass_every_check() {
    for format in Format::ALL {
        match format {
            Format::Equation => check("equation", format, &equations("../../examples/equations")),
            // `scikit_learn` mutates its own.
            Format::ScikitLearn => {}
            _ => check(format.name(), format, &originals(format.name())),
        }
    }
    check("table of R", Format::Equation, &equations("tests/data/r"));
}
