//! Measures what a bundle holds of its training rows: the numbers of `docs/privacy.md`.
//!
//! `cargo run --package nomogram-train --example privacy -- CONFIG.yaml DATA.csv SPLIT.csv`

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use ndarray::Array2;
use nomogram::{Explanation, Forest, Member, Model, Node, Parts, Step, seal, unseal};
use nomogram_describe::Coverage;
use nomogram_train::split::Split;
use nomogram_train::training::{BACKGROUND_ROWS, GOLDEN_ROWS};
use nomogram_train::{Dataset, TrainingConfig, train};

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [config, data, split] = arguments.as_slice() else {
        eprintln!("usage: privacy CONFIG.yaml DATA.csv SPLIT.csv");
        return ExitCode::from(2);
    };
    match run(config, data, split) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(config: &Path, data: &Path, split: &Path) -> Result<(), Box<dyn Error>> {
    let config = TrainingConfig::from_file(config)?;
    let dataset = Dataset::from_csv_file(data, &config.data)?;
    let split = Split::from_csv_file(split, &dataset)?;
    let rows = dataset.select(&split.train);
    let trained = train(&config, &rows, &mut |_: usize, _: usize, _: &str| {})?;
    let (parts, golden) = unseal(&trained.bundle)?;
    let notes = &trained.model.manifest().notes;
    let (digest, n_bytes) = (trained.model.digest(), trained.bundle.len());
    println!("bundle {digest} ({n_bytes} bytes, {} golden cases)", golden.nrows());
    println!("golden rows: {}", notes.get(GOLDEN_ROWS).map_or("", String::as_str));
    println!("background rows: {}", notes.get(BACKGROUND_ROWS).map_or("", String::as_str));
    if let Some(explanation) = &parts.explanation {
        background(explanation, rows.values());
        let without = seal(&Parts { explanation: None, ..parts.clone() }, golden.view())?;
        println!("explanation: {} bytes of the bundle", n_bytes - without.len());
    }
    let start = Instant::now();
    for _ in 0..20 {
        Model::open(&trained.bundle)?;
    }
    println!("opening: {:?}", start.elapsed() / 20);
    for line in Coverage::of_bundle(&trained.bundle)?.lines {
        println!("  {:<52}{}", line.name(), line.text());
    }
    golden_cases(&golden, rows.values());
    clips(&parts, rows.values());
    for placed in &parts.members {
        let branch = parts.branches.get(placed.branch as usize);
        if let (Member::Forest(forest), Some([])) = (&placed.member, branch.map(|b| &b.steps[..])) {
            trees(&placed.name, forest, rows.values());
        }
    }
    Ok(())
}

/// How often a number is a value of a feature.
fn n_equal(values: &Array2<f64>, feature: usize, number: f64) -> usize {
    let column = values.columns().into_iter().nth(feature);
    let is_it = |value: &&f64| value.to_bits() == number.to_bits();
    column.map_or(0, |column| column.iter().filter(is_it).count())
}

#[allow(clippy::indexing_slicing, reason = "positions of its own values")]
fn background(explanation: &Explanation, values: &Array2<f64>) {
    let n_features = values.ncols();
    let rows = explanation.background.chunks_exact(n_features);
    let is_training = |row: &&[f64]| values.rows().into_iter().any(|one| one.iter().eq(row.iter()));
    let n_shared = (0..explanation.background.len())
        .filter(|at| n_equal(values, at % n_features, explanation.background[*at]) > 0)
        .count();
    println!(
        "background: {} rows, {} of them training rows; {n_shared} of {} values are training values",
        rows.len(),
        rows.clone().filter(is_training).count(),
        explanation.background.len()
    );
}

fn golden_cases(golden: &Array2<f64>, values: &Array2<f64>) {
    let (mut n, mut n_shared, mut n_rows) = (0, 0, 0);
    for row in golden.rows() {
        n_rows += usize::from(values.rows().into_iter().any(|training| training == row));
        for (feature, number) in row.iter().enumerate() {
            n += 1;
            n_shared += usize::from(n_equal(values, feature, *number) > 0);
        }
    }
    println!(
        "golden cases: {n_rows} are training rows; {n_shared} of {n} values are training values"
    );
}

fn clips(parts: &Parts, values: &Array2<f64>) {
    let (mut n, mut n_equal_to_values, mut n_of_one) = (0, 0, 0);
    for branch in parts.branches.iter().filter(|branch| branch.source.is_none()) {
        // Later steps see other values.
        let Some(step @ Step::Clip(_)) = branch.steps.first() else { continue };
        let step = serde_json::to_value(step).unwrap_or_default();
        for key in ["lows", "highs"] {
            let bounds = step
                .pointer(&format!("/Clip/{key}"))
                .and_then(|bounds| bounds.as_array())
                .cloned()
                .unwrap_or_default();
            for (feature, bound) in bounds.iter().filter_map(|bound| bound.as_f64()).enumerate() {
                let n_rows = n_equal(values, feature, bound);
                n += 1;
                n_equal_to_values += usize::from(n_rows > 0);
                n_of_one += usize::from(n_rows == 1);
            }
        }
    }
    println!(
        "clip bounds: {n}; {n_equal_to_values} equal a training value, {n_of_one} one that only one \
         row has"
    );
}

fn trees(name: &str, forest: &Forest, values: &Array2<f64>) {
    let (mut n, mut n_equal_to_values, mut n_between) = (0, 0, 0);
    let mut n_rows: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (index, tree) in forest.trees.iter().enumerate() {
        for node in &tree.nodes {
            let Node::Split { input, threshold, .. } = node else { continue };
            let Some(column) = values.columns().into_iter().nth(*input as usize) else { continue };
            let below = column.iter().copied().filter(|v| v <= threshold).reduce(f64::max);
            let above = column.iter().copied().filter(|v| v > threshold).reduce(f64::min);
            n += 1;
            n_equal_to_values += usize::from(n_equal(values, *input as usize, *threshold) > 0);
            let middle = below.zip(above).map(|(below, above)| below + (above - below) / 2.0);
            let is_middle = middle.is_some_and(|middle| (middle - threshold).abs() < 1e-9);
            n_between += usize::from(is_middle);
        }
        for row in values.rows() {
            let mut node = 0;
            while let Some(Node::Split { input, threshold, left, right, .. }) = tree.nodes.get(node)
            {
                let goes_left = row.get(*input as usize).is_some_and(|value| value <= threshold);
                node = if goes_left { *left } else { *right } as usize;
            }
            *n_rows.entry((index, node)).or_default() += 1;
        }
    }
    let n_of_one = n_rows.values().filter(|n_rows| **n_rows == 1).count();
    println!(
        "{name}: {n} thresholds; {n_equal_to_values} equal a training value, {n_between} lie halfway \
         between two neighbouring ones; {n_of_one} of {} leaves have one training row",
        n_rows.len()
    );
}
