//! Exit codes: the only list of them.

use std::process::ExitCode;

/// The end of every `--help` and of the manual.
pub(crate) const HELP: &str = "\
Exit codes:
  0      success
  1      failure: a bundle, a table or a row was refused, or a file could not be read or written
  2      the command line is invalid
  3      success, but some rows were refused and are in the file of --bad-rows
  4      success, and the bundles differ (only with diff --exit-code)
  5      success, and monitor report raises an alarm
  128+N  ended by signal N: 130 by INT (Ctrl-C), 143 by TERM, 129 by HUP

Output files:
  All or none. An output is written to a file `.nomogram-*.part` in the same folder. Outputs get
  their names when everything has succeeded, including the text on standard output: with codes 1, 2
  and 128+N, no output is created or changed. A --journal is updated at once.
  An output that is also an input or another output is refused, through links too. So is one that
  cannot be written to. Both happen before any work starts.
  A replaced file keeps its mode. Through a symbolic link, the file behind it is replaced. A new
  file gets the mode of the umask, but only the owner can read a new file of --bad-rows, which holds
  patients' values; predictions do too if --id or --keep asks for them.
  `-`, pipes and devices are written to directly, and what they received cannot be taken back. Where
  an output is standard output, other text goes to standard error.
  If the reader of standard output closes it, the command continues without printing and writes its
  files. Where standard output receives the table, the command stops: with 0, or with 1 if there
  are files that it then does not write.

Environment:
  NOMOGRAM_THREADS, NOMOGRAM_PROGRESS, NOMOGRAM_COLOR, NOMOGRAM_QUIET
         defaults of the options with these names
  NOMOGRAM_CONFIG__KEY__KEY
         replaces a value of the configuration: NOMOGRAM_CONFIG__SEED=2,
         NOMOGRAM_CONFIG__MEMBERS__TREES__WEIGHT=0.5
  NO_COLOR
         if set to anything, no colors";

/// How a command that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    /// A check did not pass; the result names it.
    Failed,
    SomeRowsRefused,
    BundlesDiffer,
    Alarm,
}

/// The command line is invalid.
pub(crate) const USAGE: u8 = 2;

impl Exit {
    /// Whether the command's outputs get their names.
    pub(crate) fn is_success(self) -> bool {
        match self {
            Self::Done | Self::SomeRowsRefused | Self::BundlesDiffer | Self::Alarm => true,
            Self::Failed => false,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::SomeRowsRefused => 3,
            Exit::BundlesDiffer => 4,
            Exit::Alarm => 5,
        })
    }
}
