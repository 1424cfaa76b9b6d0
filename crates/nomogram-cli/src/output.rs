//! Files that are there as a whole or not at all.

mod table;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

pub(crate) use table::{Block, BlockBuilder, Item, Layout, TableWriter, push_csv_cell};

use crate::error::Error;
use crate::{console, exit};

/// Temporary files that a signal must remove.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());
static HANDLER: Once = Once::new();

/// Where a command writes: standard output, a device or a pipe, or a file that gets its name only
/// when it is complete.
#[derive(Debug)]
pub(crate) struct Output {
    name: String,
    target: Target,
}

#[derive(Debug)]
enum Target {
    Stdout(BufWriter<Stdout>),
    Direct(BufWriter<File>),
    Replacing { file: BufWriter<File>, temporary: PathBuf, path: PathBuf },
}

impl Output {
    /// `-` is standard output. What stands at `path` stays there until [`Self::finish`].
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        const CAPACITY: usize = 256 << 10;
        if path == Path::new("-") {
            let target = Target::Stdout(BufWriter::with_capacity(CAPACITY, io::stdout()));
            return Ok(Self { name: "standard output".into(), target });
        }
        let name = path.display().to_string();
        let failed = |cause| Error::file(&name, cause);
        // Through a symbolic link, the file behind it is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
            let file = OpenOptions::new().write(true).open(&path).map_err(failed)?;
            let target = Target::Direct(BufWriter::with_capacity(CAPACITY, file));
            return Ok(Self { name, target });
        }
        let Some(file_name) = path.file_name() else {
            return Err(Error::usage(format!("{name}: expected the name of a file")));
        };
        let mut temporary_name = std::ffi::OsString::from(".");
        temporary_name.push(file_name);
        temporary_name.push(format!(".{}.part", std::process::id()));
        let temporary = path.with_file_name(temporary_name);
        remove_when_interrupted(&temporary);
        let file = OpenOptions::new().write(true).create_new(true).open(&temporary);
        let file = BufWriter::with_capacity(CAPACITY, file.map_err(failed)?);
        Ok(Self { name, target: Target::Replacing { file, temporary, path } })
    }

    pub(crate) fn is_stdout(&self) -> bool {
        matches!(self.target, Target::Stdout(_))
    }

    /// An error of writing to it.
    pub(crate) fn failed(&self, cause: io::Error) -> Error {
        match self.target {
            Target::Stdout(_) => console::stdout_failed(cause),
            _ => Error::file(&self.name, cause),
        }
    }

    /// Gives the file its name, once its bytes are on the disk.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        let finished = self.try_finish();
        finished.map_err(|cause| self.failed(cause))
    }

    fn try_finish(&mut self) -> io::Result<()> {
        self.flush()?;
        if let Target::Replacing { file, temporary, path } = &mut self.target {
            file.get_ref().sync_all()?;
            fs::rename(&*temporary, &*path)?;
            temporaries().retain(|known| known != temporary);
            // That the name is on the disk too; not every system can open a folder.
            if let Some(Ok(folder)) = path.parent().map(File::open) {
                let _ = folder.sync_all();
            }
        }
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            Target::Stdout(stdout) => stdout.write(bytes),
            Target::Direct(file) | Target::Replacing { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Stdout(stdout) => stdout.flush(),
            Target::Direct(file) | Target::Replacing { file, .. } => file.flush(),
        }
    }
}

impl Drop for Output {
    /// Removes what was not finished.
    fn drop(&mut self) {
        if let Target::Replacing { temporary, .. } = &self.target {
            let mut known = temporaries();
            if known.contains(temporary) {
                let _ = fs::remove_file(temporary);
                known.retain(|known| known != temporary);
            }
        }
    }
}

fn temporaries() -> MutexGuard<'static, Vec<PathBuf>> {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner)
}

fn remove_when_interrupted(path: &Path) {
    temporaries().push(path.to_owned());
    HANDLER.call_once(|| {
        // Without a handler, a signal leaves a temporary file behind, and no more.
        let _ = ctrlc::set_handler(|| {
            for path in temporaries().iter() {
                let _ = fs::remove_file(path);
            }
            std::process::exit(exit::INTERRUPTED);
        });
    });
}
