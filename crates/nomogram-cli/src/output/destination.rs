//! What a command writes to: a part file, a standard stream, a pipe or a device.

use std::fs::File;
use std::io::{self, BufWriter, Stderr, Stdout, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::console;
use crate::error::Error;

const CAPACITY: usize = 256 << 10;

/// An output that is being written.
#[derive(Debug)]
pub(crate) struct Output {
    destination: Destination,
    writer: BufWriter<Sink>,
    is_finished: Arc<AtomicBool>,
}

/// How messages name an output.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    name: String,
    is_stdout: bool,
}

#[derive(Debug)]
pub(super) enum Sink {
    Stdout(Stdout),
    Stderr(Stderr),
    File(File),
}

impl Output {
    /// `is_finished` is set when everything has been written.
    pub(super) fn new(name: &str, sink: Sink, is_finished: Arc<AtomicBool>) -> Self {
        let is_stdout = matches!(sink, Sink::Stdout(_));
        let destination = Destination { name: name.to_owned(), is_stdout };
        Self { destination, writer: BufWriter::with_capacity(CAPACITY, sink), is_finished }
    }

    pub(crate) fn destination(&self) -> &Destination {
        &self.destination
    }

    /// Returns the error of writing to it.
    pub(crate) fn failed(&self, cause: io::Error) -> Error {
        self.destination.failed(cause)
    }

    /// Ends the output: a file gets its name once the command has succeeded.
    ///
    /// # Errors
    ///
    /// The last bytes could not be written.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        self.writer.flush().map_err(|cause| self.destination.failed(cause))?;
        self.is_finished.store(true, Ordering::Relaxed);
        Ok(())
    }
}

impl Destination {
    /// Returns the error of writing to it. That the reader of standard output left is an error of
    /// its own.
    pub(crate) fn failed(&self, cause: io::Error) -> Error {
        match self.is_stdout {
            true => console::stdout_failed(cause),
            false => Error::file(&self.name, cause),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::Stderr(stderr) => stderr.write(bytes),
            Self::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::Stderr(stderr) => stderr.flush(),
            Self::File(file) => file.flush(),
        }
    }
}
