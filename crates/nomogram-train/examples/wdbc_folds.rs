//! Means over the folds of scikit-learn's `RepeatedStratifiedKFold(10, 3, random_state=0)`, each
//! fold predicted by a model whose settings were searched, and that was trained, on its other rows
//! alone; and the same with a calibrator, fitted on folds of these rows.
//!
//! `cargo run --release --package nomogram-train --example wdbc_folds -- CONFIG DATA FOLDS`

#![allow(clippy::indexing_slicing, clippy::cast_precision_loss, reason = "small tables")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nomogram_stats::metrics::Metrics;
use nomogram_train::ensemble::CalibratorSpec;
use nomogram_train::split::Split;
use nomogram_train::{Dataset, Evaluation, TrainingConfig, cross_validate, tune};

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [config, data, folds] = arguments.as_slice() else {
        eprintln!("usage: wdbc_folds CONFIG.yaml DATA.csv FOLDS.csv");
        return ExitCode::from(2);
    };
    match run(config, data, folds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Of each repeat the folds: a line per row of the data, in the same order, with the number of the
/// fold that holds it out.
fn read_folds(path: &Path, dataset: &Dataset) -> Result<Vec<Vec<Split>>, Box<dyn Error>> {
    let mut repeats: Vec<Vec<usize>> = Vec::new();
    let mut reader = csv::Reader::from_path(path)?;
    for (record, id) in reader.records().zip(dataset.row_ids()) {
        let record = record?;
        let mut cells = record.iter();
        if cells.next() != Some(id) {
            return Err(format!("{}: {record:?}, expected row `{id}`", path.display()).into());
        }
        for (repeat, fold) in cells.enumerate() {
            repeats.resize_with(repeats.len().max(repeat + 1), Vec::new);
            repeats[repeat].push(fold.parse()?);
        }
    }
    let rows = |folds: &[usize], keep: &dyn Fn(usize) -> bool| -> Vec<usize> {
        folds.iter().enumerate().filter(|(_, fold)| keep(**fold)).map(|(row, _)| row).collect()
    };
    let splits = |folds: &Vec<usize>| {
        let split = |own| Split {
            train: rows(folds, &|fold| fold != own),
            test: rows(folds, &|fold| fold == own),
        };
        (0..=folds.iter().copied().max().unwrap_or(0)).map(split).collect()
    };
    Ok(repeats.iter().map(splits).collect())
}

fn run(config: &Path, data: &Path, folds: &Path) -> Result<(), Box<dyn Error>> {
    let config = TrainingConfig::from_file(config)?;
    let dataset = Dataset::from_csv_file(data, &config.data)?;
    let calibrations = [None, config.calibration.or(Some(CalibratorSpec::Beta))];
    let config = TrainingConfig { calibration: None, ..config };
    let mut evaluations = calibrations.map(|_| Vec::new());
    for (number, fold) in read_folds(folds, &dataset)?.into_iter().flatten().enumerate() {
        let mut tuned = config.clone();
        if config.tuning.is_some() {
            let (best, search) = tune(&config, &dataset.select(&fold.train), None)?;
            let trial = search.best_trial();
            let loss = trial.mean_loss().unwrap_or(f64::NAN);
            println!("fold {number:2}: {loss:.4} {}", serde_json::to_string(&trial.settings)?);
            tuned = best;
        }
        let test = dataset.select(&fold.test);
        for (calibration, evaluations) in calibrations.into_iter().zip(&mut evaluations) {
            let config = TrainingConfig { calibration, ..tuned.clone() };
            let nobody = &mut |_: usize, _: usize, _: &str| {};
            let predictions =
                cross_validate(&config, &dataset, std::slice::from_ref(&fold), nobody)?;
            evaluations.push(Evaluation::new(&predictions.select(&fold.test), test.classes())?);
        }
    }
    for (calibration, evaluations) in calibrations.into_iter().zip(&evaluations) {
        println!(
            "\ncalibration: {}; means over {} folds",
            serde_json::to_string(&calibration)?,
            evaluations.len()
        );
        print_means(evaluations);
    }
    Ok(())
}

fn print_means(evaluations: &[Evaluation]) {
    println!("{:22}AUC     accuracy  log loss  Brier", "");
    let rows = evaluations.first().map_or(&[][..], Evaluation::rows);
    for (index, row) in rows.iter().enumerate() {
        let mean = |of: fn(&Metrics) -> f64| -> f64 {
            let of_fold = evaluations.iter().filter_map(|evaluation| evaluation.rows().get(index));
            of_fold.map(|row| of(&row.metrics)).sum::<f64>() / evaluations.len() as f64
        };
        println!(
            "{:22}{:.4}  {:.4}    {:.4}    {:.4}",
            row.name,
            mean(|m| m.auc.unwrap_or(f64::NAN)),
            mean(|m| m.accuracy),
            mean(|m| m.log_loss),
            mean(|m| m.brier),
        );
    }
}
