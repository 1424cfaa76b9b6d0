//! `nomogram validate`: reports all errors of a table before training.

use clap::Args;
use nomogram_train::rehearse;

use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::training::Inputs;

/// Check a table against a configuration: types, ranges, duplicates, leakage, rules, patients,
/// spelling, and whether the rows can be split and fitted. If there are no errors, `train` accepts
/// the table.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    inputs: Inputs,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Error> {
    let (config, _, table, validation) = arguments.inputs.read(None, console)?;
    let validation = rehearse(&config, &table, validation)?;
    match console.is_json() {
        true => console.json_result(&validation)?,
        false => console.result(&validation)?,
    }
    Ok(if validation.has_errors() { Exit::Failed } else { Exit::Done })
}
