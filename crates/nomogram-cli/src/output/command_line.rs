//! The files that a command line names, found by the types of its arguments.

use std::any::TypeId;
use std::path::PathBuf;

use clap::builder::ValueHint;
use clap::{Arg, ArgMatches, Command};

use super::path::{FolderPath, InputPath, JournalPath, OutputPath, PrivateOutputPath};

/// What a command does with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Input,
    Output,
    PrivateOutput,
    Journal,
}

/// A file that an argument names.
#[derive(Debug)]
pub(super) struct NamedFile {
    pub(super) role: Role,
    /// The argument, as in `--help`: `--output`, `BUNDLE`.
    pub(super) argument: String,
    pub(super) path: PathBuf,
}

/// Returns the files of the subcommand that was chosen.
pub(super) fn named_files(command: &Command, matches: &ArgMatches) -> Vec<NamedFile> {
    if let Some((name, matches)) = matches.subcommand() {
        let subcommand = command.find_subcommand(name);
        return subcommand.map_or_else(Vec::new, |command| named_files(command, matches));
    }
    let mut files = Vec::new();
    for argument in command.get_arguments() {
        let mut add = |role, paths: Vec<PathBuf>| {
            let argument = argument_name(argument);
            files.extend(paths.into_iter().map(|path| NamedFile {
                role,
                argument: argument.clone(),
                path,
            }));
        };
        let id = argument.get_id().as_str();
        add(Role::Input, paths::<InputPath>(matches, id));
        add(Role::Output, paths::<OutputPath>(matches, id));
        add(Role::PrivateOutput, paths::<PrivateOutputPath>(matches, id));
        add(Role::Journal, paths::<JournalPath>(matches, id));
    }
    files
}

/// Lets shells complete the names of files.
pub(crate) fn with_value_hints(command: Command) -> Command {
    let command = command.mut_args(|argument| {
        let type_id = argument.get_value_parser().type_id();
        let files = [
            TypeId::of::<InputPath>(),
            TypeId::of::<OutputPath>(),
            TypeId::of::<PrivateOutputPath>(),
            TypeId::of::<JournalPath>(),
        ];
        if files.iter().any(|file| type_id == *file) {
            argument.value_hint(ValueHint::FilePath)
        } else if type_id == TypeId::of::<FolderPath>() {
            argument.value_hint(ValueHint::DirPath)
        } else {
            argument
        }
    });
    command.mut_subcommands(with_value_hints)
}

/// Returns the paths of an argument if it is of the type `P`.
fn paths<P>(matches: &ArgMatches, id: &str) -> Vec<PathBuf>
where
    P: std::ops::Deref<Target = PathBuf> + Clone + Send + Sync + 'static,
{
    let values = matches.try_get_many::<P>(id).ok().flatten();
    values.map_or_else(Vec::new, |values| values.map(|path| path.to_path_buf()).collect())
}

fn argument_name(argument: &Arg) -> String {
    if let Some(long) = argument.get_long() {
        return format!("--{long}");
    }
    match argument.get_value_names().and_then(<[_]>::first) {
        Some(name) => name.to_string(),
        None => argument.get_id().as_str().to_uppercase(),
    }
}
