//! Trains the reference model, evaluates it and writes the bundle.
//!
//! `cargo run --release --package nomogram-examples --bin wdbc -- CONFIG DATA SPLIT OUTPUT_FOLDER`

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use nomogram_train::split::Split;
use nomogram_train::{
    Dataset, PredictedRows, Predictions, Trained, TrainingConfig, metrics_table, train,
};

fn main() -> ExitCode {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [config, data, split, output] = arguments.as_slice() else {
        eprintln!("usage: wdbc CONFIG.yaml DATA.csv SPLIT.csv OUTPUT_FOLDER");
        return ExitCode::from(2);
    };
    match run(config, data, split, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(config: &Path, data: &Path, split: &Path, output: &Path) -> Result<(), Box<dyn Error>> {
    let config = TrainingConfig::from_file(config)?;
    let dataset = Dataset::from_csv_file(data, &config.data)?;
    let split = Split::from_csv_file(split, &dataset)?;
    let (training_rows, test_rows) = (dataset.select(&split.train), dataset.select(&split.test));
    println!("training on {} rows, testing on {}", training_rows.n_rows(), test_rows.n_rows());

    let trained = train(&config, &training_rows, &mut |_: usize, _: usize, _: &str| {})?;
    let on_test_rows = Predictions::of(&trained.model, &test_rows)?;
    let mut evaluations = BTreeMap::new();
    for (name, dataset, predictions) in [
        ("held-out folds", &training_rows, &trained.out_of_fold),
        ("test rows", &test_rows, &on_test_rows),
    ] {
        let metrics = PredictedRows { name, dataset, predictions }.member_metrics()?;
        println!("\n{name}\n{}", metrics_table(&metrics));
        evaluations.insert(name, metrics);
    }

    std::fs::create_dir_all(output)?;
    write(output, "wdbc.nomo", &trained.bundle)?;
    write(output, "metrics.json", serde_json::to_string_pretty(&evaluations)?.as_bytes())?;
    write(output, "predictions.csv", predictions(&trained, &dataset, &split)?.as_bytes())?;
    println!("\nbundle {} ({} bytes)", trained.model.digest(), trained.bundle.len());
    Ok(())
}

/// All rows with their partition (`part`), the probability of class 1, its bits, and the class.
fn predictions(
    trained: &Trained,
    dataset: &Dataset,
    split: &Split,
) -> Result<String, Box<dyn Error>> {
    let classes = trained.model.schema().target().classes();
    let probabilities = Predictions::of(&trained.model, dataset)?.positive();
    let mut csv = String::from("row_id,part,probability,bits,class\n");
    for (row, (id, probability)) in dataset.row_ids().iter().zip(probabilities).enumerate() {
        let part = if split.test.contains(&row) { "test" } else { "train" };
        let class = classes.get(usize::from(probability > 0.5)).map_or("", |class| class);
        let bits = probability.to_bits();
        writeln!(csv, "{id},{part},{probability:?},{bits:#018x},{class}")?;
    }
    Ok(csv)
}

/// Writes to a temporary name first, so that a file is complete or absent.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = folder.join(format!("{name}.part"));
    std::fs::write(&temporary, bytes)?;
    std::fs::rename(temporary, folder.join(name))
}
