//! Whether two paths name the same file.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

/// How many symbolic links are followed, as in Linux.
const MAX_LINKS: usize = 40;

/// A standard stream of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Stdin,
    Stdout,
    Stderr,
}

/// What identifies a file: its device and inode if it exists, its path otherwise.
#[derive(Debug)]
pub(super) struct Identity {
    path: Option<PathBuf>,
    inode: Option<(u64, u64)>,
}

impl Identity {
    /// Returns the identity of the file at `path`, whether it exists or not.
    ///
    /// Returns `None` for a character device: any number of options may name `/dev/null`.
    pub(super) fn of_path(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path);
        if metadata.as_ref().is_ok_and(|metadata| !is_file_or_pipe(metadata)) {
            return None;
        }
        let inode = metadata.ok().as_ref().and_then(inode);
        Some(Self { path: Some(resolve(path).ok()?), inode })
    }

    /// Returns the identity of the regular file that a standard stream is redirected to or from.
    pub(super) fn of_stream(stream: Stream) -> Option<Self> {
        let metadata = stream_metadata(stream).filter(Metadata::is_file)?;
        Some(Self { path: None, inode: Some(inode(&metadata)?) })
    }

    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        match (self.inode, other.inode) {
            (Some(one), Some(another)) => one == another,
            _ => self.path.is_some() && self.path == other.path,
        }
    }
}

/// Returns the standard stream that `path` names, such as `/dev/stdout`, also through links.
///
/// Where such a stream is redirected to a regular file, the path leads to that file, and replacing
/// it would discard what `>>` is to keep.
pub(super) fn named_stream(path: &Path) -> Option<Stream> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match path.to_str() {
            Some("/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0") => return Some(Stream::Stdin),
            Some("/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1") => return Some(Stream::Stdout),
            Some("/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2") => return Some(Stream::Stderr),
            Some(_) | None => path = followed(&path)?,
        }
    }
    None
}

/// Follows the links of `path`, of which the last component need not exist.
///
/// # Errors
///
/// The folder does not exist, or the links form a loop.
pub(super) fn resolve(path: &Path) -> io::Result<PathBuf> {
    if let Ok(path) = fs::canonicalize(path) {
        return Ok(path);
    }
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match followed(&path) {
            Some(next) => path = next,
            None => {
                let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
                return Ok(fs::canonicalize(folder_of(&path))?.join(name));
            }
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

/// Returns the folder that holds `path`.
pub(super) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    }
}

/// Follows one symbolic link.
pub(super) fn followed(path: &Path) -> Option<PathBuf> {
    let target = fs::read_link(path).ok()?;
    Some(path.parent()?.join(target))
}

#[cfg(unix)]
fn is_file_or_pipe(metadata: &Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.is_file() || metadata.file_type().is_fifo()
}

#[cfg(not(unix))]
fn is_file_or_pipe(metadata: &Metadata) -> bool {
    metadata.is_file()
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no inodes")]
fn inode(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn inode(_metadata: &Metadata) -> Option<(u64, u64)> {
    None
}

#[cfg(unix)]
fn stream_metadata(stream: Stream) -> Option<Metadata> {
    use std::os::fd::AsFd;
    let handle = match stream {
        Stream::Stdin => io::stdin().as_fd().try_clone_to_owned(),
        Stream::Stdout => io::stdout().as_fd().try_clone_to_owned(),
        Stream::Stderr => io::stderr().as_fd().try_clone_to_owned(),
    };
    fs::File::from(handle.ok()?).metadata().ok()
}

#[cfg(not(unix))]
fn stream_metadata(_stream: Stream) -> Option<Metadata> {
    None
}
