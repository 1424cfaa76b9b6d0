//! What a profile adds to the bundle of a configuration, and how large its counters are.
//!
//! `cargo run --package nomogram-train --example sizes -- CONFIG DATA`

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use nomogram::Monitor;
use nomogram_train::{Dataset, TrainingConfig, train};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [config, data] = arguments.as_slice() else {
        eprintln!("usage: sizes CONFIG.yaml DATA.csv");
        return ExitCode::from(2);
    };
    match run(Path::new(config), Path::new(data)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(config: &Path, data: &Path) -> Result<(), Box<dyn Error>> {
    let mut config = TrainingConfig::from_file(config)?;
    let dataset = Dataset::from_csv_file(data, &config.data)?;
    let nobody = &mut |_: usize, _: usize, _: &str| {};
    config.profile = true;
    let with = train(&config, &dataset, nobody)?;
    config.profile = false;
    let without = train(&config, &dataset, nobody)?;
    println!("bundle {} bytes", with.bundle.len());
    println!("profile {} bytes", with.bundle.len() - without.bundle.len());
    let n_features = with.model.schema().n_features();
    let counters = Monitor::new(Arc::clone(&with.model))?.to_bytes().len();
    println!("counters of a period {counters} bytes, of {n_features} features");
    Ok(())
}
