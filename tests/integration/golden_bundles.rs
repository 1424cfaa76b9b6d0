//! Bundles of every format, kept for ever: what once opened must open, with the same bits.
//!
//! `tests/data/bundles/README.md` says how each was made.

use std::fs;
use std::path::PathBuf;

use nomogram::{Model, Session};
use nomogram_testkit::{bundle_of_three_members, golden_rows};

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/data/bundles", name].iter().collect()
}

#[test]
fn format_1_is_what_it_was() {
    let kept = path("v1/three-members.nomo");
    if std::env::var_os("NOMOGRAM_UPDATE").is_some() && !kept.exists() {
        fs::write(&kept, bundle_of_three_members()).unwrap();
    }
    let bytes = fs::read(kept).unwrap();
    assert_eq!(bytes, bundle_of_three_members(), "the same parts no longer give the same bytes");
    let model = Model::open(&bytes).unwrap();
    assert_eq!(
        model.digest().to_string(),
        "de9364fc7bdceb021d174e50e9009038a17fae0eccacca5c7055058abfc81abe"
    );
    let mut session = Session::new(model.into());
    let row = golden_rows().row(7).to_vec();
    let prediction = session.predict_row(&row).unwrap();
    assert_eq!(prediction.probabilities()[1].to_bits(), 4_598_350_338_232_656_514);
}
