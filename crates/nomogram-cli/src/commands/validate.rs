//! `nomogram validate`: everything that is wrong with a table, before anything is fitted.

use clap::Args;

use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::training::Inputs;

/// Check a table against a configuration: types, ranges, duplicates, leakage, rules, patients.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    inputs: Inputs,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Error> {
    let (_, _, _, validation) = arguments.inputs.read(None, console)?;
    match console.is_json() {
        true => console.json_result(&validation)?,
        false => console.result(&validation)?,
    }
    Ok(if validation.has_errors() { Exit::Failed } else { Exit::Done })
}
