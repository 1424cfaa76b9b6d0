//! Searches the settings of the reference model on the training rows alone.
//!
//! `cargo run --release --package nomogram-train --example choose -- CONFIG DATA SPLIT`
//!
//! Prints every trial, the best last; trials are evaluated without the calibrator. Of the test rows, only the ids are read.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nomogram_train::split::Split;
use nomogram_train::{Dataset, TrainingConfig, tune};

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [config, data, split] = arguments.as_slice() else {
        eprintln!("usage: choose CONFIG.yaml DATA.csv SPLIT.csv");
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
    let config = TrainingConfig { calibration: None, ..TrainingConfig::from_file(config)? };
    let dataset = Dataset::from_csv_file(data, &config.data)?;
    let training_rows = dataset.select(&Split::from_csv_file(split, &dataset)?.train);
    drop(dataset);
    let (_, search) = tune(&config, &training_rows, None)?;
    let mut trials: Vec<_> = search.trials.iter().collect();
    // More folds first reached, then lower losses; the best is the last.
    let loss = |trial: &nomogram_train::tuning::Trial| trial.mean_loss().unwrap_or(f64::INFINITY);
    trials.sort_by(|a, b| a.losses.len().cmp(&b.losses.len()).then(loss(b).total_cmp(&loss(a))));
    println!("folds  log loss  settings");
    for trial in trials {
        let settings = serde_json::to_string(&trial.settings)?;
        println!("{:5}  {:.4}    {settings}", trial.losses.len(), loss(trial));
    }
    Ok(())
}
