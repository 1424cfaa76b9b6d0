//! How the program ends: the one list of exit codes.

use std::process::ExitCode;

/// What stands at the end of every `--help` and in the manual.
pub(crate) const HELP: &str = "\
Exit codes:
  0    done
  1    failed: a bundle, a table or a row was refused, or a file could not be read or written;
       nothing is left at the output path
  2    the command line is wrong
  3    done, but some rows were refused and stand in the file of --bad-rows
  4    done, and the bundles differ (diff --exit-code alone)
  130  interrupted; nothing is left at the output path

A reader that closes the pipe of standard output ends the program quietly, with 0.

Environment:
  NOMOGRAM_THREADS, NOMOGRAM_PROGRESS, NOMOGRAM_COLOR, NOMOGRAM_QUIET
       stand for the options of these names; an option on the command line wins
  NO_COLOR
       if set to anything, no colors";

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    /// Something that was to be checked is not right; it was told.
    Failed,
    SomeRowsRefused,
    BundlesDiffer,
}

/// The command line is wrong.
pub(crate) const USAGE: u8 = 2;
/// A signal asked the program to end.
pub(crate) const INTERRUPTED: i32 = 130;

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::SomeRowsRefused => 3,
            Exit::BundlesDiffer => 4,
        })
    }
}
