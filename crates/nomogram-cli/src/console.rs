//! Text for people and programs: results on standard output, all else on standard error.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use serde::Serialize;

use crate::error::Error;

/// When colors are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Never
    Never,
}

/// Where a command prints.
#[derive(Debug)]
pub(crate) struct Console {
    json: bool,
    quiet: bool,
    color: Color,
    /// An output of the command is standard output: results go to standard error.
    is_stdout_taken: bool,
}

impl Console {
    pub(crate) fn new(json: bool, quiet: bool, color: Color) -> Self {
        Self { json, quiet, color, is_stdout_taken: false }
    }

    /// Prints results to standard error if `is_taken`.
    pub(crate) fn set_stdout_taken(&mut self, is_taken: bool) {
        self.is_stdout_taken = is_taken;
    }

    /// Whether results are printed as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether notes and progress are printed.
    pub(crate) fn is_talkative(&self) -> bool {
        !self.quiet
    }

    /// Prints a result.
    ///
    /// # Errors
    ///
    /// The text could not be written. It is not an error if the reader has closed standard output: the
    /// command still writes its files.
    pub(crate) fn result(&self, text: impl fmt::Display) -> Result<(), Error> {
        self.bytes(format!("{text}\n").as_bytes())
    }

    /// Prints a result as JSON.
    pub(crate) fn json_result(&self, result: &impl Serialize) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(result);
        self.result(text.map_err(|_| Error::Defect("a result cannot be written as JSON"))?)
    }

    /// Prints bytes as they are; otherwise as [`Self::result`].
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), Error> {
        if self.is_stdout_taken {
            let written = io::stderr().write_all(bytes);
            return written.map_err(|cause| Error::file("standard error", cause));
        }
        let mut stdout = io::stdout().lock();
        match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
            Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            written => written.map_err(stdout_failed),
        }
    }

    /// Prints a note on standard error.
    pub(crate) fn note(&self, text: impl fmt::Display) {
        if !self.quiet {
            self.stderr(text);
        }
    }

    /// Prints an error on standard error.
    pub(crate) fn error(&self, error: &Error) {
        let label = self.style("error:", "1;31", io::stderr().is_terminal());
        self.stderr(format_args!("{label} {error}"));
    }

    /// Returns a heading of a result.
    pub(crate) fn heading(&self, text: &str) -> String {
        self.style(text, "1", self.is_result_on_terminal())
    }

    /// Returns a positive result, colored.
    pub(crate) fn good(&self, text: &str) -> String {
        self.style(text, "32", self.is_result_on_terminal())
    }

    /// Returns a negative result, colored.
    pub(crate) fn bad(&self, text: &str) -> String {
        self.style(text, "1;31", self.is_result_on_terminal())
    }

    fn is_result_on_terminal(&self) -> bool {
        match self.is_stdout_taken {
            true => io::stderr().is_terminal(),
            false => io::stdout().is_terminal(),
        }
    }

    fn style(&self, text: &str, code: &str, is_terminal: bool) -> String {
        let is_plain = self.color == Color::Never || std::env::var_os("NO_COLOR").is_some();
        if is_plain || !is_terminal {
            return text.to_owned();
        }
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    fn stderr(&self, text: impl fmt::Display) {
        // A failure could not be reported anywhere.
        let _ = writeln!(io::stderr(), "{text}");
    }
}

/// Returns the error of writing to standard output.
pub(crate) fn stdout_failed(cause: io::Error) -> Error {
    if cause.kind() == io::ErrorKind::BrokenPipe {
        return Error::BrokenPipe;
    }
    Error::file("standard output", cause)
}
