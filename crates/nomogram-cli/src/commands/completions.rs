//! `nomogram completions`: what a shell needs to complete our command lines.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::console::{Console, stdout_failed};
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

pub(crate) fn run(arguments: &Arguments, _console: &Console) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "nomogram", &mut script);
    std::io::Write::write_all(&mut std::io::stdout(), &script).map_err(stdout_failed)?;
    Ok(Exit::Done)
}
