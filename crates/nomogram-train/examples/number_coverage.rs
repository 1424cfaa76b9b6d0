//! Measures the coverage of intervals of a number on random splits.
//!
//! `cargo run --package nomogram-train --example number_coverage -- SPLITS`
//!
//! Two ridge regressions were fitted to every third patient of scikit-learn's diabetes data. Of the others,
//! a random half fits the intervals, and the intervals of the other half are counted, SPLITS times. The last
//! column is the share of rows with a p-value of the distance of at most 0.05.

#![allow(clippy::indexing_slicing, clippy::cast_precision_loss, reason = "an experiment")]

#[path = "shared/shuffled.rs"]
mod shuffled;

#[path = "shared/number_coverage.rs"]
mod number_coverage;

use std::error::Error;
use std::process::ExitCode;

use nomogram_train::{DifficultySpec, SealedUncertaintySpec, UncertaintyConfig};

fn main() -> ExitCode {
    let Some(Ok(n_splits)) = std::env::args().nth(1).map(|splits| splits.parse()) else {
        eprintln!("usage: number_coverage SPLITS");
        return ExitCode::from(2);
    };
    match run(n_splits) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(n_splits: u64) -> Result<(), Box<dyn Error>> {
    let fitted = serde_json::from_str(include_str!("../tests/reference/numbers.json"))?;
    let parent = number_coverage::parent(&fitted)?;
    println!("difficulty               level  rows   covered  mean width  distance at most 0.05");
    for (name, difficulty) in [
        ("constant", DifficultySpec::Constant),
        ("member_range, offset 2", DifficultySpec::MemberRange { offset: 2.0 }),
        ("member_range, offset 20", DifficultySpec::MemberRange { offset: 20.0 }),
    ] {
        let uncertainty = SealedUncertaintySpec {
            levels: vec![0.5, 0.8, 0.9, 0.95],
            difficulty,
            distance: Some("features".into()),
            ..SealedUncertaintySpec::default()
        };
        let data = number_coverage::columns();
        let config = UncertaintyConfig { version: "2".into(), data, seed: 1, uncertainty };
        let measured = number_coverage::measure(&parent, &config, n_splits)?;
        let n = measured.n_rows as f64;
        let levels = config.uncertainty.levels.iter().zip(&measured.n_covered);
        for ((level, n_covered), width) in levels.zip(&measured.widths) {
            let (covered, width, far) =
                (*n_covered as f64 / n, width / n, measured.n_far as f64 / n);
            println!("{name:<25}{level:<6} {n:<6} {covered:.4}   {width:<11.1} {far:.4}");
        }
    }
    Ok(())
}
