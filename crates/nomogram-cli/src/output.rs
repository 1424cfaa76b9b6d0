//! The files that a command writes: all of them, or none.
//!
//! `cli::run` plans every output before a command starts, and commits them when the command has
//! succeeded and its text has been written. A command only fills them, so it cannot leave some of
//! them behind. This module does not know the options: a path is an input or an output by its type.

mod identity;
mod path;
mod signals;

mod check;
mod part_file;

mod command_line;
mod destination;

mod plan;

mod block;

mod table;

pub(crate) use block::{Block, BlockBuilder, Item, Layout, push_csv_cell};
pub(crate) use command_line::with_value_hints;
pub(crate) use destination::Output;
pub(crate) use path::{FolderPath, InputPath, JournalPath, OutputPath, PrivateOutputPath};
pub(crate) use plan::Outputs;
pub(crate) use signals::refuse_large_files;
pub(crate) use table::TableWriter;
