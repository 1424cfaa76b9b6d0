//! What is told to people and programs: results on standard output, all else on standard error.

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

/// Where a command tells what it found.
#[derive(Debug)]
pub(crate) struct Console {
    json: bool,
    quiet: bool,
    color: Color,
}

impl Console {
    pub(crate) fn new(json: bool, quiet: bool, color: Color) -> Self {
        Self { json, quiet, color }
    }

    /// Whether results are asked for as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether notes and progress may be told.
    pub(crate) fn is_talkative(&self) -> bool {
        !self.quiet
    }

    /// A result, on standard output.
    pub(crate) fn result(&self, text: impl fmt::Display) -> Result<(), Error> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(stdout_failed)
    }

    /// A result as JSON, on standard output.
    pub(crate) fn json_result(&self, result: &impl Serialize) -> Result<(), Error> {
        self.result(to_json(result)?)
    }

    /// A note on what happened, on standard error.
    pub(crate) fn note(&self, text: impl fmt::Display) {
        if !self.quiet {
            self.stderr(text);
        }
    }

    /// JSON on standard error, for when standard output holds a table.
    pub(crate) fn json_aside(&self, result: &impl Serialize) -> Result<(), Error> {
        self.stderr(to_json(result)?);
        Ok(())
    }

    pub(crate) fn error(&self, error: &Error) {
        let label = self.style("error:", "1;31", io::stderr().is_terminal());
        self.stderr(format_args!("{label} {error}"));
    }

    /// A heading in a result.
    pub(crate) fn heading(&self, text: &str) -> String {
        self.style(text, "1", io::stdout().is_terminal())
    }

    /// Good news in a result.
    pub(crate) fn good(&self, text: &str) -> String {
        self.style(text, "32", io::stdout().is_terminal())
    }

    /// Bad news in a result.
    pub(crate) fn bad(&self, text: &str) -> String {
        self.style(text, "1;31", io::stdout().is_terminal())
    }

    fn style(&self, text: &str, code: &str, is_terminal: bool) -> String {
        let is_plain = self.color == Color::Never || std::env::var_os("NO_COLOR").is_some();
        if is_plain || !is_terminal {
            return text.to_owned();
        }
        format!("\x1b[{code}m{text}\x1b[0m")
    }

    fn stderr(&self, text: impl fmt::Display) {
        // Where standard error is closed, nobody is left to be told.
        let _ = writeln!(io::stderr(), "{text}");
    }
}

/// A failure to write to standard output.
pub(crate) fn stdout_failed(cause: io::Error) -> Error {
    if cause.kind() == io::ErrorKind::BrokenPipe {
        return Error::BrokenPipe;
    }
    Error::file("standard output", cause)
}

fn to_json(result: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string_pretty(result).map_err(|_| Error::Defect("a result is no JSON"))
}
