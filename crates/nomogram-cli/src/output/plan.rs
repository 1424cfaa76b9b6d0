//! Checks and prepares the outputs of a command before it starts.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{ArgMatches, Command};

use super::check::{Kind, kind, not_writable};
use super::command_line::{NamedFile, Role, named_files};
use super::destination::{Output, Sink};
use super::identity::{Identity, Stream, named_stream};
use super::part_file::{Access, PartFile, commit};
use crate::error::Error;

/// The outputs of a command, all of them checked and none of them in place yet.
#[derive(Debug)]
pub(crate) struct Outputs {
    occupied: Vec<Occupied>,
    planned: Vec<Planned>,
}

/// A file that no further output may be.
#[derive(Debug)]
struct Occupied {
    /// The argument, or the name of a standard stream.
    name: String,
    identity: Identity,
    is_output: bool,
}

#[derive(Debug)]
struct Planned {
    path: PathBuf,
    target: Target,
    is_created: bool,
    is_finished: Arc<AtomicBool>,
}

#[derive(Debug)]
enum Target {
    File(PartFile),
    Stdout,
    Stderr,
    /// A pipe or a device: opened when it is written to, since opening waits for a reader.
    Special,
}

impl Outputs {
    /// Checks every file that the command line names, and creates the part files.
    ///
    /// # Errors
    ///
    /// `Usage` when an output is also an input or another output. `Output` when an output is in a
    /// folder that does not exist, is a folder itself, or cannot be written to.
    pub(crate) fn plan(command: &Command, matches: &ArgMatches) -> Result<Self, Error> {
        let mut outputs = Self { occupied: Vec::new(), planned: Vec::new() };
        let files = named_files(command, matches);
        let (inputs, files): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|file| file.role == Role::Input);
        for NamedFile { argument, path, .. } in inputs {
            let identity = match path.as_path() == Path::new("-") {
                true => Identity::of_stream(Stream::Stdin),
                false => Identity::of_path(&path),
            };
            outputs.occupy(argument, identity, false);
        }
        outputs.occupy_redirected()?;
        for NamedFile { role, argument, path } in files {
            match role {
                Role::Input => {}
                Role::Output => outputs.add(&argument, &path, Access::Umask)?,
                Role::PrivateOutput => outputs.add(&argument, &path, Access::OwnerOnly)?,
                Role::Journal => outputs.add_journal(&argument, &path)?,
            }
        }
        Ok(outputs)
    }

    /// Whether an option sends its output to standard output, so that nothing else may go there.
    pub(crate) fn use_stdout(&self) -> bool {
        self.planned.iter().any(|planned| matches!(planned.target, Target::Stdout))
    }

    /// Whether files are to be replaced or created.
    pub(crate) fn has_files(&self) -> bool {
        self.planned.iter().any(|planned| matches!(planned.target, Target::File(_)))
    }

    /// Adds an output whose name the command chose; `argument` names the option behind it.
    pub(crate) fn add_file(&mut self, argument: &str, path: &Path) -> Result<(), Error> {
        self.add(argument, path, Access::Umask)
    }

    /// Begins to write a planned output.
    ///
    /// # Errors
    ///
    /// A pipe or device cannot be opened.
    pub(crate) fn create(&mut self, path: &Path) -> Result<Output, Error> {
        let mut planned = self.planned.iter_mut();
        let planned = planned.find(|planned| !planned.is_created && planned.path == path);
        let planned = planned.ok_or(Error::Defect("an output was not planned"))?;
        planned.is_created = true;
        let name = match planned.target {
            Target::Stdout => "standard output".to_owned(),
            Target::Stderr => "standard error".to_owned(),
            Target::File(_) | Target::Special => path.display().to_string(),
        };
        let sink = match &planned.target {
            Target::Stdout => Ok(Sink::Stdout(io::stdout())),
            Target::Stderr => Ok(Sink::Stderr(io::stderr())),
            Target::Special => OpenOptions::new().write(true).open(path).map(Sink::File),
            Target::File(part) => part.handle().map(Sink::File),
        };
        let sink = sink.map_err(|cause| Error::file(&name, cause))?;
        Ok(Output::new(&name, sink, planned.is_finished.clone()))
    }

    /// Gives all files their names. After a failure, every one of them is what it was before.
    ///
    /// # Errors
    ///
    /// `File` when the system refuses it.
    pub(crate) fn commit(self) -> Result<(), Error> {
        let mut parts = Vec::new();
        for planned in self.planned {
            if !planned.is_finished.load(Ordering::Relaxed) {
                return Err(Error::Defect("an output was not written"));
            }
            match planned.target {
                Target::File(part) => parts.push(part),
                Target::Stdout | Target::Stderr | Target::Special => {}
            }
        }
        commit(&parts).map_err(|error| Error::file(error.target.display().to_string(), error.cause))
    }

    /// Takes the files that the shell opened for the standard streams.
    fn occupy_redirected(&mut self) -> Result<(), Error> {
        let mut redirected = Vec::new();
        for (name, stream) in
            [("standard output", Stream::Stdout), ("standard error", Stream::Stderr)]
        {
            let Some(identity) = Identity::of_stream(stream) else { continue };
            self.refuse_occupied(name, &identity)?;
            redirected.push((name, identity));
        }
        // Both may go to one file, as with `2>&1`.
        for (name, identity) in redirected {
            self.occupy(name.into(), Some(identity), true);
        }
        Ok(())
    }

    fn occupy(&mut self, name: String, identity: Option<Identity>, is_output: bool) {
        if let Some(identity) = identity {
            self.occupied.push(Occupied { name, identity, is_output });
        }
    }

    fn refuse_occupied(&self, place: &str, identity: &Identity) -> Result<(), Error> {
        let mut occupied = self.occupied.iter();
        let Some(other) = occupied.find(|other| other.identity.is_same_file(identity)) else {
            return Ok(());
        };
        let name = &other.name;
        Err(Error::usage(match other.is_output {
            true => format!("{place} and {name} are the same file; expected a file for each"),
            false => {
                format!("{place} and {name} are the same file; an output cannot replace an input")
            }
        }))
    }

    fn add(&mut self, argument: &str, path: &Path, access: Access) -> Result<(), Error> {
        let place = format!("{argument} {}", path.display());
        let target = match self.stream_target(&place, path)? {
            Some(target) => target,
            None => {
                let kind = self.check_file(argument, &place, path)?;
                match kind {
                    Kind::Special => Target::Special,
                    Kind::File => {
                        let part = PartFile::create(path, access);
                        let part =
                            part.map_err(|cause| Error::output(&place, not_writable(&cause)));
                        Target::File(part?)
                    }
                }
            }
        };
        let is_finished = Arc::default();
        self.planned.push(Planned { path: path.into(), target, is_created: false, is_finished });
        Ok(())
    }

    /// Checks a journal, which the search itself opens and keeps.
    fn add_journal(&mut self, argument: &str, path: &Path) -> Result<(), Error> {
        let place = format!("{argument} {}", path.display());
        match self.check_file(argument, &place, path)? {
            Kind::File => Ok(()),
            Kind::Special => Err(Error::output(&place, "is a pipe or a device; expected a file")),
        }
    }

    /// Returns the standard stream that `path` names.
    fn stream_target(&self, place: &str, path: &Path) -> Result<Option<Target>, Error> {
        let stream = match path == Path::new("-") {
            true => Some(Stream::Stdout),
            false => named_stream(path),
        };
        let is_taken = |taken: fn(&Target) -> bool| self.planned.iter().any(|p| taken(&p.target));
        let (target, is_taken) = match stream {
            None => return Ok(None),
            Some(Stream::Stdin) => {
                return Err(Error::output(place, "is standard input; expected a file"));
            }
            Some(Stream::Stdout) => {
                (Target::Stdout, is_taken(|target| matches!(target, Target::Stdout)))
            }
            Some(Stream::Stderr) => {
                (Target::Stderr, is_taken(|target| matches!(target, Target::Stderr)))
            }
        };
        if is_taken {
            let detail = "another option writes to this stream too; expected a file";
            return Err(Error::usage(format!("{place}: {detail}")));
        }
        Ok(Some(target))
    }

    /// Checks that `path` can be an output and is not in use.
    fn check_file(&mut self, argument: &str, place: &str, path: &Path) -> Result<Kind, Error> {
        let kind = kind(path).map_err(|detail| Error::output(place, detail))?;
        if let Some(identity) = Identity::of_path(path) {
            self.refuse_occupied(place, &identity)?;
            self.occupy(argument.to_owned(), Some(identity), true);
        }
        Ok(kind)
    }
}
