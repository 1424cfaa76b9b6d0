//! Types of the arguments that name files.
//!
//! An argument of a command has one of these types and never `PathBuf`: the type decides how
//! [`super::Outputs::plan`] treats the file. A test of `cli.rs` enforces it.

use std::ops::Deref;
use std::path::PathBuf;

use clap::builder::{MapValueParser, PathBufValueParser, TypedValueParser, ValueParserFactory};

macro_rules! path_types {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub(crate) struct $name(PathBuf);

        impl Deref for $name {
            type Target = PathBuf;

            fn deref(&self) -> &PathBuf {
                &self.0
            }
        }

        impl ValueParserFactory for $name {
            type Parser = MapValueParser<PathBufValueParser, fn(PathBuf) -> Self>;

            fn value_parser() -> Self::Parser {
                PathBufValueParser::new().map(Self as fn(PathBuf) -> Self)
            }
        }
    )*};
}

path_types! {
    /// A file that is read. No output may be the same file.
    InputPath
    /// A file that is replaced when the command succeeds; a new one has the mode of the umask.
    OutputPath
    /// As [`OutputPath`], but only its owner may read a new file.
    PrivateOutputPath
    /// A file that a search updates in place, so that it remains when the search is killed.
    JournalPath
    /// A folder whose files the command names itself: it passes each to [`super::Outputs::add`].
    FolderPath
}
