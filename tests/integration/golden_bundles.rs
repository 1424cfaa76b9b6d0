//! Bundles of every format, kept for ever: what once opened must open, with the same bits.
//!
//! `tests/data/bundles/README.md` gives the command that made each.

use std::fs;
use std::path::PathBuf;

use nomogram::{Model, Session};
use nomogram_testkit::{
    bundle_of_table, bundle_of_three_members, golden_rows, reseal, with_sections_of,
};

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/data/bundles", name].iter().collect()
}

/// Opens a kept bundle and compares its digest and the bits of one row.
fn assert_kept(bytes: &[u8], digest: &str, row: &[f64], bits: u64) {
    let model = Model::open(bytes).unwrap();
    assert_eq!(model.digest().to_string(), digest);
    let mut session = Session::new(model.into());
    let prediction = session.predict_row(row).unwrap();
    assert_eq!(prediction.probabilities()[1].to_bits(), bits);
}

#[test]
fn format_1_is_what_it_was() {
    assert_kept(
        &fs::read(path("v1/three-members.nomo")).unwrap(),
        "de9364fc7bdceb021d174e50e9009038a17fae0eccacca5c7055058abfc81abe",
        &golden_rows().row(7).to_vec(),
        4_598_350_338_232_656_514,
    );
}

#[test]
fn format_2_is_what_it_was() {
    assert_kept(
        &fs::read(path("v2/three-members.nomo")).unwrap(),
        "7d139e44cc1c1eb98e025fcfa31f5657f90ccff4752ec56703fe07e5c6f6a647",
        &golden_rows().row(7).to_vec(),
        4_598_350_338_232_656_514,
    );
}

#[test]
fn format_2_with_golden_answers_is_what_it_was() {
    let kept = path("v2/three-members-answers.nomo");
    if std::env::var_os("NOMOGRAM_UPDATE").is_some() && !kept.exists() {
        fs::write(&kept, bundle_of_three_members()).unwrap();
    }
    let bytes = fs::read(kept).unwrap();
    assert_eq!(bytes, bundle_of_three_members(), "the same parts no longer give the same bytes");
    assert_kept(
        &bytes,
        "66121fe7b21b422621f40368d672a7657c82f887d5093869b9e9aa80585839b2",
        &golden_rows().row(7).to_vec(),
        4_598_350_338_232_656_514,
    );
}

#[test]
fn the_reference_model_predicts_what_it_did() {
    // The first row of the data.
    let row = [
        17.99, 10.38, 122.8, 1001.0, 0.1184, 0.2776, 0.3001, 0.1471, 0.2419, 0.07871, 1.095,
        0.9053, 8.589, 153.4, 0.006399, 0.04904, 0.05373, 0.01587, 0.03003, 0.006193, 25.38, 17.33,
        184.6, 2019.0, 0.1622, 0.6656, 0.7119, 0.2654, 0.4601, 0.1189,
    ];
    for (bundle, digest) in [
        ("v1/wdbc.nomo", "19bbd0c97de6d9fa1dfbcec8c8bfc5b8a7e6087c6f2eb5a69c1d5b4cd8a40065"),
        ("v2/wdbc.nomo", "5491c4cf16ea60392df0fcb3dda6e69f88d32a5744cf301a82319ecdc2d2b34f"),
    ] {
        assert_kept(&fs::read(path(bundle)).unwrap(), digest, &row, 0x3fef_fddd_0ca6_acad);
    }
}

/// Replaces a text by one of the same length in a section, and makes the digests right.
fn with_text(bundle: &[u8], section: u32, from: &str, to: &str) -> Vec<u8> {
    reseal(bundle, section, |payload| {
        let at = payload.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        payload[at..at + to.len()].copy_from_slice(to.as_bytes());
    })
}

#[test]
fn golden_answers_prove_what_bits_do_not_show() {
    const SCHEMA: u32 = 2;
    const MEMBERS: u32 = 4;
    const CUTOFFS: u32 = 8;
    let bundle = bundle_of_table();
    let refusal = |bundle: &[u8]| Model::open(bundle).unwrap_err().to_string();
    let last_bit = |payload: &mut Vec<u8>| {
        let number = payload.len() - 8;
        payload[number] ^= 1;
    };
    let cases = [
        (with_text(&bundle, SCHEMA, "mild", "mold"), "the names of target, classes and members"),
        (
            with_text(&bundle, MEMBERS, "bagged", "logged"),
            "the names of target, classes and members",
        ),
        (
            with_text(&bundle, SCHEMA, "smoker", "joker!"),
            "feature 4: its answer differs from what was sealed",
        ),
        (
            with_text(&bundle, SCHEMA, "mg/dL", "mg/mL"),
            "feature 3: its answer differs from what was sealed",
        ),
        (
            with_text(&bundle, SCHEMA, "dose fits", "dose hits"),
            "rule 2: its answer differs from what was sealed",
        ),
        (reseal(&bundle, CUTOFFS, last_bit), "cutoff 2: its answer differs from what was sealed"),
    ];
    for (changed, expected) in cases {
        let found = refusal(&changed);
        assert!(found.contains(expected), "{found}, expected {expected}");
    }
    // A factor of a unit: 884 to 885.
    let factor = reseal(&bundle, SCHEMA, |payload| {
        let from = 884_f64.to_le_bytes();
        let at = payload.windows(8).position(|part| part == from).unwrap();
        payload[at..at + 8].copy_from_slice(&885_f64.to_le_bytes());
    });
    assert!(refusal(&factor).contains("feature 3: its answer differs from what was sealed"));
    // A bundle without them, as early versions made them, opens.
    let without = with_sections_of(&bundle, &bundle, &[]);
    assert!(!Model::open(&without).unwrap().has_golden_answers());
    assert!(Model::open(&bundle).unwrap().has_golden_answers());
}
