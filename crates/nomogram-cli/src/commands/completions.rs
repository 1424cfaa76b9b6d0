//! `nomogram completions`: writes completion scripts for shells.

use clap::Args;
use clap_complete::Shell;

use crate::cli;
use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;

/// Print a script that completes command lines of this program.
///
/// For example: nomogram completions bash > /etc/bash_completion.d/nomogram
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut cli::command(), "nomogram", &mut script);
    console.bytes(&script)?;
    Ok(Exit::Done)
}
