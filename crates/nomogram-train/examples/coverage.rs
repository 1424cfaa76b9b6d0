//! Measures the uncertainty of a configuration: coverage on random splits, and risk against coverage.
//!
//! `cargo run --package nomogram-train --example coverage -- CONFIG DATA SPLITS [SEED ...]`
//!
//! Trains on 7 of 10 rows, SPLITS times, and counts on the others how often a prediction set holds the
//! class that came true. With seeds, also predicts all rows out of fold, with folds of each seed, and
//! prints the error of the rows that are left when the least sure ones are referred.

#![allow(clippy::indexing_slicing, clippy::cast_precision_loss, reason = "an experiment")]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of the rows")]

#[path = "shared/shuffled.rs"]
mod shuffled;

#[path = "shared/coverage.rs"]
mod coverage;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use nomogram_train::split::stratified_folds;
use nomogram_train::{Dataset, Predictions, TrainingConfig, cross_validate};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [config, data, splits, seeds @ ..] = arguments.as_slice() else {
        eprintln!("usage: coverage CONFIG.yaml DATA.csv SPLITS [SEED ...]");
        return ExitCode::from(2);
    };
    match run(config, data, splits, seeds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(config: &str, data: &str, splits: &str, seeds: &[String]) -> Result<(), Box<dyn Error>> {
    let config = TrainingConfig::from_file(Path::new(config))?;
    let dataset = Dataset::from_csv_file(Path::new(data), &config.data)?;
    let n_splits: u64 = splits.parse()?;
    if n_splits > 0 {
        print_coverage(&config, &dataset, n_splits)?;
    }
    if seeds.is_empty() {
        return Ok(());
    }
    println!("\nreferred  error of the others (by the largest probability), per seed and mean");
    let shares = [0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2];
    let mut errors: Vec<Vec<f64>> = vec![Vec::new(); shares.len()];
    for seed in seeds {
        let folds = stratified_folds(dataset.classes(), 10, seed.parse()?)?;
        let nobody = &mut |_: usize, _: usize, _: &str| {};
        let predictions = cross_validate(&config, &dataset, &folds, nobody)?;
        for (share, errors) in shares.iter().zip(&mut errors) {
            errors.push(error_without(*share, &predictions, &dataset));
        }
    }
    for (share, errors) in shares.iter().zip(&errors) {
        let each: Vec<String> = errors.iter().map(|error| format!("{error:.4}")).collect();
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        println!("{:>6.0} %  {}  mean {mean:.4}", share * 100.0, each.join(" "));
    }
    Ok(())
}

fn print_coverage(
    config: &TrainingConfig,
    dataset: &Dataset,
    n_splits: u64,
) -> Result<(), Box<dyn Error>> {
    let levels = config.uncertainty.clone().unwrap_or_default().levels;
    let measured = coverage::measure(config, dataset, n_splits, (7, 10))?;
    let share = |n: usize, of: usize| n as f64 / of as f64;
    let n_rows = measured.n_rows;
    println!("{n_splits} splits, {n_rows} predictions of test rows");
    println!("level   covered  of each class        one class");
    for (index, level) in levels.iter().enumerate() {
        let covered = &measured.n_covered[index];
        let of_class = covered.iter().zip(&measured.n_of_class).map(|(n, of)| share(*n, *of));
        let of_class: Vec<String> = of_class.map(|share| format!("{share:.4}")).collect();
        println!(
            "{level:<7} {:.4}   {:<20} {:.4}",
            share(covered.iter().sum(), n_rows),
            of_class.join(" "),
            share(measured.n_single[index], n_rows)
        );
    }
    println!("p-value of the distance at most 0.05: {:.4}", share(measured.n_far, n_rows));
    let (n_predicted, n_wrong) = measured.predicted;
    println!(
        "verdict `predicted`: {:.4} of the rows, error {:.4}; of all rows {:.4}",
        share(n_predicted, n_rows),
        share(n_wrong, n_predicted),
        share(measured.n_wrong, n_rows)
    );
    Ok(())
}

/// The error of the rows that are left without the least sure ones.
fn error_without(share: f64, predictions: &Predictions, dataset: &Dataset) -> f64 {
    let rows = predictions.ensemble.rows().into_iter().zip(dataset.classes());
    let mut rows: Vec<(f64, bool)> = rows
        .map(|(probabilities, class)| {
            let largest = probabilities.iter().copied().fold(0.0, f64::max);
            (largest, probabilities[*class] < largest)
        })
        .collect();
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let n_kept = rows.len() - (rows.len() as f64 * share).round() as usize;
    rows[..n_kept].iter().filter(|(_, is_wrong)| *is_wrong).count() as f64 / n_kept as f64
}
