//! `nomogram tune`: searches settings.

use clap::Args;
use nomogram_train::tune;

use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{JournalPath, OutputPath, Outputs};
use crate::training::{Inputs, Threads, write};

/// Search the settings that a configuration lists under `tuning`, using its training rows only.
///
/// Writes the configuration with the best settings, as JSON, which is valid YAML.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    inputs: Inputs,
    /// Write the configuration to this file
    #[arg(long, short, value_name = "FILE")]
    output: OutputPath,
    /// Record the search in this file; a search that was killed continues from it
    #[arg(long, value_name = "FILE")]
    journal: Option<JournalPath>,
    #[command(flatten)]
    threads: Threads,
}

pub(crate) fn run(
    arguments: &Arguments,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    let loaded = arguments.inputs.load(console)?;
    let parts = loaded.config.partitions(&loaded.dataset)?;
    let rows = loaded.dataset.select(&parts.train);
    let journal = arguments.journal.as_ref().map(|path| path.as_path());
    let (config, found) = arguments.threads.run(|| Ok(tune(&loaded.config, &rows, journal)?))?;
    let text = serde_json::to_string_pretty(&config)
        .map_err(|_| Error::Defect("a configuration cannot be written as JSON"))?;
    write(outputs, &arguments.output, text.as_bytes())?;
    if console.is_json() {
        console.json_result(&found)?;
        return Ok(Exit::Done);
    }
    let mut trials: Vec<_> = found.trials.iter().filter(|trial| trial.error.is_none()).collect();
    let n_failed = found.trials.len() - trials.len();
    trials.sort_by(|a, b| {
        let loss = |trial: &nomogram_train::tuning::Trial| trial.mean_loss().unwrap_or(f64::MAX);
        b.losses.len().cmp(&a.losses.len()).then(loss(a).total_cmp(&loss(b)))
    });
    console.result("log loss  folds  settings")?;
    for trial in trials.iter().take(10) {
        let settings = serde_json::to_string(&trial.settings).unwrap_or_default();
        let loss = trial.mean_loss().unwrap_or(f64::NAN);
        console.result(format_args!("{loss:.4}    {:5}  {settings}", trial.losses.len()))?;
    }
    console.note(format_args!("{} trials, {n_failed} of them failed", found.trials.len()));
    Ok(Exit::Done)
}
