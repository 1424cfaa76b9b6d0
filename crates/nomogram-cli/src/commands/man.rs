//! `nomogram man`: writes the manual.

use std::fs;

use clap::Args;
use clap_mangen::Man;

use crate::console::Console;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::{FolderPath, Outputs};
use crate::training::write;

/// Write the manual pages, one per command; without a folder, print the main page.
///
/// For example: nomogram man /usr/local/share/man/man1
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The folder; it is created if it does not exist
    folder: Option<FolderPath>,
}

/// `program` is the whole command line.
pub(crate) fn run(
    arguments: &Arguments,
    program: &clap::Command,
    console: &Console,
    outputs: &mut Outputs,
) -> Result<Exit, Error> {
    let Some(folder) = &arguments.folder else {
        console.bytes(&render(&Man::new(program.clone()))?)?;
        return Ok(Exit::Done);
    };
    let place = folder.display().to_string();
    fs::create_dir_all(folder.as_path()).map_err(|cause| Error::file(place, cause))?;
    let mut program = program.clone().disable_help_subcommand(true);
    program.build();
    for page in pages(program) {
        let path = folder.join(page.get_filename());
        outputs.add_file("FOLDER", &path)?;
        write(outputs, &path, &render(&page)?)?;
    }
    console.note(format!("wrote the manual to {}", folder.display()));
    Ok(Exit::Done)
}

/// Returns the page of a command and those of its subcommands.
fn pages(command: clap::Command) -> Vec<Man> {
    let subcommands = command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set());
    let mut pages: Vec<Man> = subcommands.cloned().flat_map(pages).collect();
    pages.push(Man::new(command));
    pages
}

fn render(page: &Man) -> Result<Vec<u8>, Error> {
    let mut text = Vec::new();
    let rendered = page.render(&mut text);
    rendered.map_err(|_| Error::Defect("a page of the manual cannot be written"))?;
    Ok(text)
}
