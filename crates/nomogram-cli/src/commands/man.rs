//! `nomogram man`: the manual.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_mangen::Man;

use crate::cli::Cli;
use crate::console::{Console, stdout_failed};
use crate::error::Error;
use crate::exit::Exit;

/// Write the manual pages, one per command; without a folder, print the first one.
///
/// For example: nomogram man /usr/local/share/man/man1
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The folder, which is made where it is not there
    folder: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, Error> {
    let program = Cli::command();
    let Some(folder) = &arguments.folder else {
        let mut page = Vec::new();
        let rendered = Man::new(program).render(&mut page);
        rendered.map_err(|cause| Error::file("the manual", cause))?;
        std::io::stdout().write_all(&page).map_err(stdout_failed)?;
        return Ok(Exit::Done);
    };
    let failed = |cause| Error::file(folder.display().to_string(), cause);
    fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(program, folder).map_err(failed)?;
    console.note(format!("wrote the manual to {}", folder.display()));
    Ok(Exit::Done)
}
