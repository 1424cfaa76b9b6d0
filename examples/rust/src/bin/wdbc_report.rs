//! Writes the report of the reference model, and the nomogram of a small model of the same rows.
//!
//! `cargo run --release --package nomogram-examples --bin wdbc_report -- CONFIG DATA SPLIT FOLDER`
//!
//! FOLDER holds `wdbc.nomo`, as the program `wdbc` leaves it; `report.html` and
//! `nomogram.svg` are added.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use nomogram::{Model, unseal};
use nomogram_report::{Inputs, Report, charts, nomograms};
use nomogram_train::learners::{Learner, LogisticRegressionSpec};
use nomogram_train::split::Split;
use nomogram_train::training::config::Input;
use nomogram_train::{Dataset, PredictedRows, Predictions, Table, TrainingConfig, train, validate};

/// The measurements of the small model: few enough for one page.
const MEASUREMENTS: [&str; 5] =
    ["radius_worst", "texture_worst", "smoothness_worst", "concave points_worst", "symmetry_worst"];

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [config, data, split, folder] = arguments.as_slice() else {
        eprintln!("usage: wdbc_report CONFIG.yaml DATA.csv SPLIT.csv FOLDER");
        return ExitCode::from(2);
    };
    match run(config, data, split, folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(config: &Path, data: &Path, split: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let config = TrainingConfig::from_file(config)?;
    let table = Table::from_csv_file(data, &config.data.table_format())?;
    std::fs::write(folder.join("report.html"), report(&config, &table, split, folder)?)?;
    std::fs::write(folder.join("nomogram.svg"), small_nomogram(config, &table, split)?)?;
    Ok(())
}

/// The page of the sealed model on the test rows.
fn report(
    config: &TrainingConfig,
    table: &Table,
    split: &Path,
    folder: &Path,
) -> Result<String, Box<dyn Error>> {
    let dataset = Dataset::from_table(table, &config.data)?;
    let test_rows = dataset.select(&Split::from_csv_file(split, &dataset)?.test);
    let bundle = std::fs::read(folder.join("wdbc.nomo"))?;
    let (model, (parts, _golden_rows)) = (Arc::new(Model::open(&bundle)?), unseal(&bundle)?);
    let predictions = Predictions::of(&model, &test_rows)?;
    let report = Report::new(&Inputs {
        model: &model,
        parts: &parts,
        rows: &[PredictedRows {
            name: "test rows",
            dataset: &test_rows,
            predictions: &predictions,
        }],
        config,
        validation: &validate(table, &config.data)?,
        training: None,
        evaluated_file: None,
        known_rows: None,
    })?;
    Ok(report.to_html()?)
}

/// The nomogram of a logistic regression on [`MEASUREMENTS`], fitted to the training rows.
fn small_nomogram(
    mut config: TrainingConfig,
    table: &Table,
    split: &Path,
) -> Result<String, Box<dyn Error>> {
    let (used, unused) = config
        .data
        .features
        .into_iter()
        .partition(|feature| MEASUREMENTS.contains(&feature.name.as_str()));
    config.data.features = used;
    let unused: Vec<_> = unused;
    config.data.ignored.extend(unused.into_iter().map(|feature| feature.name));
    config.members.truncate(1);
    for member in &mut config.members {
        member.input = Input::Scaled;
        member.learner = Learner::LogisticRegression(LogisticRegressionSpec::ridge(1.0));
    }
    let dataset = Dataset::from_table(table, &config.data)?;
    let training_rows = dataset.select(&Split::from_csv_file(split, &dataset)?.train);
    let trained = train(&config, &training_rows, &mut |_: usize, _: usize, _: &str| {})?;
    let (parts, _golden_rows) = unseal(&trained.bundle)?;
    let charts = nomograms(&parts, &training_rows);
    let (_, chart) = charts.first().ok_or("the small model has no nomogram")?;
    Ok(charts::nomogram(chart)?)
}
