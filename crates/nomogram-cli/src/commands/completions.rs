//! `nomogram completions`: writes completion scripts for shells.

use clap::Args;
use clap_complete::Shell;

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

/// `program` is the whole command line.
pub(crate) fn run(
    arguments: &Arguments,
    program: &clap::Command,
    console: &Console,
) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut program.clone(), "nomogram", &mut script);
    console.bytes(&script)?;
    Ok(Exit::Done)
}
