//! A file that is written next to its target and renamed over it.
//!
//! The part file is locked while its run lasts. One that is not locked was left by a run that was
//! killed, and the next run that writes to the folder removes it.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::identity::{folder_of, resolve};
use super::signals;

const PREFIX: &str = ".nomogram-";
const SUFFIX: &str = ".part";

/// Who may read a file that does not exist yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Whoever the umask admits.
    Umask,
    /// The owner.
    OwnerOnly,
}

/// A file that becomes its target in [`commit`], and is removed otherwise.
#[derive(Debug)]
pub(super) struct PartFile {
    file: File,
    part: PathBuf,
    /// The file behind the links of the path that was asked for.
    target: PathBuf,
}

/// Why a target could not be given its new contents.
#[derive(Debug)]
pub(super) struct CommitError {
    pub(super) target: PathBuf,
    pub(super) cause: io::Error,
}

impl PartFile {
    /// Creates the part file of `path`, with the mode, owner and group of the file that it replaces.
    ///
    /// # Errors
    ///
    /// The folder or the existing file cannot be written to.
    pub(super) fn create(path: &Path, access: Access) -> io::Result<Self> {
        let target = resolve(path)?;
        let replaced = match fs::metadata(&target) {
            Ok(metadata) => {
                // Renaming would replace a file that its owner has protected against writing.
                OpenOptions::new().write(true).open(&target)?;
                Some(metadata)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        remove_abandoned(folder_of(&target));
        let is_private = replaced.is_some() || access == Access::OwnerOnly;
        let (file, part) = create_locked(folder_of(&target), is_private)?;
        let created = Self { file, part, target };
        if let Some(replaced) = replaced {
            copy_permissions(&replaced, &created.file)?;
        }
        Ok(created)
    }

    /// Returns a handle to write with.
    pub(super) fn handle(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    fn failed(&self, cause: io::Error) -> CommitError {
        CommitError { target: self.target.clone(), cause }
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        signals::lock().remove(&self.part);
    }
}

/// Renames all part files to their targets. After a failure, every target is what it was before.
pub(super) fn commit(parts: &[PartFile]) -> Result<(), CommitError> {
    for part in parts {
        part.file.sync_all().map_err(|cause| part.failed(cause))?;
    }
    // Signals wait: either none or all of the targets change.
    let mut registry = signals::lock();
    let mut renamed: Vec<Renamed> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        // Nothing is undone after the last one.
        let is_last = index + 1 == parts.len();
        let result = Renamed::prepare(&part.target, is_last)
            .and_then(|prepared| prepared.rename_from(&part.part))
            .map(|target| renamed.push(target));
        if let Err(cause) = result {
            renamed.iter().for_each(Renamed::undo);
            return Err(part.failed(cause));
        }
        registry.forget(&part.part);
    }
    renamed.iter().for_each(Renamed::remove_backup);
    registry.set_committed();
    // The new names reach the disk too, on systems that can open a folder.
    for part in parts {
        if let Ok(folder) = File::open(folder_of(&part.target)) {
            let _ = folder.sync_all();
        }
    }
    Ok(())
}

/// A target that was given its new contents, and the old ones.
struct Renamed {
    target: PathBuf,
    backup: Option<PathBuf>,
}

impl Renamed {
    /// Keeps the contents of `target` in a second file, unless nothing can fail after it.
    fn prepare(target: &Path, is_last: bool) -> io::Result<Self> {
        let target = target.to_owned();
        if is_last || !target.is_file() {
            return Ok(Self { target, backup: None });
        }
        let backup = unused_path(folder_of(&target), ".backup");
        // Some file systems have no hard links.
        if fs::hard_link(&target, &backup).is_err() {
            fs::copy(&target, &backup)?;
        }
        Ok(Self { target, backup: Some(backup) })
    }

    fn rename_from(self, part: &Path) -> io::Result<Self> {
        match fs::rename(part, &self.target) {
            Ok(()) => Ok(self),
            Err(cause) => {
                self.remove_backup();
                Err(cause)
            }
        }
    }

    /// Restores the target as well as possible: the first failure is the one that is reported.
    fn undo(&self) {
        let _ = match &self.backup {
            Some(backup) => fs::rename(backup, &self.target),
            None => fs::remove_file(&self.target),
        };
    }

    fn remove_backup(&self) {
        if let Some(backup) = &self.backup {
            let _ = fs::remove_file(backup);
        }
    }
}

/// Creates and locks a new file. Its owner alone may read it if `is_private`.
fn create_locked(folder: &Path, is_private: bool) -> io::Result<(File, PathBuf)> {
    loop {
        let part = unused_path(folder, SUFFIX);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if is_private {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        #[cfg(not(unix))]
        let _ = is_private;
        // A signal that comes now waits until the file is known.
        let mut registry = signals::lock();
        let file = match options.open(&part) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            opened => opened?,
        };
        registry.add(&part);
        // Where files cannot be locked, abandoned ones remain.
        let _ = file.lock();
        // Another run may have taken the file for abandoned before it was locked.
        if part.exists() {
            return Ok((file, part));
        }
        registry.forget(&part);
    }
}

/// Returns a path that no other call of this run returns and that does not exist.
fn unused_path(folder: &Path, suffix: &str) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // Not the target's name: with more characters, it could be too long.
        let path = folder.join(format!("{PREFIX}{}-{number}{suffix}", std::process::id()));
        if path.symlink_metadata().is_err() {
            return path;
        }
    }
}

/// Removes the part files of runs that were killed. Failures are of no consequence.
fn remove_abandoned(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_part =
            name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        // Opening a pipe would wait for its other end.
        if !is_part || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let is_abandoned = OpenOptions::new()
            .write(true)
            .open(entry.path())
            .is_ok_and(|file| file.try_lock().is_ok());
        if is_abandoned {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(unix)]
fn copy_permissions(from: &Metadata, to: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let created = to.metadata()?;
    let mut mode = from.mode() & 0o7777;
    let is_other_owner = created.uid() != from.uid() || created.gid() != from.gid();
    if is_other_owner && fchown(to, Some(from.uid()), Some(from.gid())).is_err() {
        // Only an administrator can give a file away. A user can often keep the group; if not, the
        // rights of the old group are not given to another one.
        if created.gid() != from.gid() && fchown(to, None, Some(from.gid())).is_err() {
            mode &= !0o070;
        }
        mode &= 0o777;
    }
    to.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn copy_permissions(from: &Metadata, to: &File) -> io::Result<()> {
    to.set_permissions(from.permissions())
}
