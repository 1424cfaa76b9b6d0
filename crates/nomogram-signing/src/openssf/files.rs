//! The files of a model with their digests.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use nomogram::Digest;
use sha2::{Digest as _, Sha256};

use crate::Error;

/// What Git keeps beside the files is never signed.
pub(super) const GIT_PATHS: [&str; 4] = [".git", ".gitattributes", ".github", ".gitignore"];
/// The most files of a model.
const MAX_FILES: usize = 1_000_000;
/// How deep folders may be.
const MAX_DEPTH: usize = 64;

/// Each file by its path from the model's folder, with `/`; `.` for a model of one file.
#[derive(Debug)]
pub(super) struct FileList {
    /// The name of the file or folder.
    pub(super) name: String,
    /// In the order of their paths, folder by folder.
    pub(super) files: Vec<(String, Digest)>,
    pub(super) ignored: Vec<String>,
}

impl FileList {
    pub(super) fn read(model: &Path, ignored: &[PathBuf]) -> Result<Self, Error> {
        let absolute = fs::canonicalize(model).map_err(Error::file(model))?;
        let name = absolute.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.unwrap_or_default();
        let metadata = fs::symlink_metadata(model).map_err(Error::file(model))?;
        if metadata.is_file() {
            let files = vec![(".".to_owned(), digest(model)?)];
            return Ok(Self { name, files, ignored: Vec::new() });
        }
        let mut left_out: Vec<PathBuf> = GIT_PATHS.iter().map(PathBuf::from).collect();
        left_out.extend(ignored.iter().filter_map(|path| relative(path, model, &absolute)));
        left_out.sort();
        left_out.dedup();
        let mut paths = Vec::new();
        list(&absolute, Path::new(""), &left_out, &mut paths, 0)?;
        paths.sort();
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            files.push((text(&path)?, digest(&absolute.join(&path))?));
        }
        let ignored = left_out.iter().map(|path| text(path)).collect::<Result<_, _>>()?;
        Ok(Self { name, files, ignored })
    }

    pub(super) fn len(&self) -> usize {
        self.files.len()
    }
}

/// A path that is left out, from the model's folder; none if it lies elsewhere.
fn relative(path: &Path, model: &Path, absolute: &Path) -> Option<PathBuf> {
    let inside = path.strip_prefix(model).map(Path::to_path_buf).ok().or_else(|| {
        // The file itself may not exist yet.
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
        folder.join(path.file_name()?).strip_prefix(absolute).map(Path::to_path_buf).ok()
    })?;
    let is_plain = inside.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    (is_plain && !inside.as_os_str().is_empty()).then_some(inside)
}

fn list(
    model: &Path,
    folder: &Path,
    left_out: &[PathBuf],
    paths: &mut Vec<PathBuf>,
    depth: usize,
) -> Result<(), Error> {
    let place = model.join(folder);
    if depth > MAX_DEPTH || paths.len() > MAX_FILES {
        let place = place.display();
        return Err(Error::Signature(format!(
            "{place}: more than {MAX_FILES} files or {MAX_DEPTH} folders deep"
        )));
    }
    for entry in fs::read_dir(&place).map_err(Error::file(&place))? {
        let entry = entry.map_err(Error::file(&place))?;
        let path = folder.join(entry.file_name());
        if left_out.contains(&path) {
            continue;
        }
        let kind = entry.file_type().map_err(Error::file(&place))?;
        if kind.is_dir() {
            list(model, &path, left_out, paths, depth + 1)?;
        } else if kind.is_file() {
            paths.push(path);
        } else {
            let place = entry.path();
            let detail = format!("{}: a symbolic link or device, expected a file", place.display());
            return Err(Error::Signature(detail));
        }
    }
    Ok(())
}

fn text(path: &Path) -> Result<String, Error> {
    let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
    let parts = parts.ok_or_else(|| Error::Signature(format!("{}: not UTF-8", path.display())))?;
    Ok(parts.join("/"))
}

fn digest(path: &Path) -> Result<Digest, Error> {
    let mut file = File::open(path).map_err(Error::file(path))?;
    let mut hasher = Hashing(Sha256::new());
    io::copy(&mut file, &mut hasher).map_err(Error::file(path))?;
    Ok(Digest::from_bytes(hasher.0.finalize().into()))
}

/// Hashes what is written to it.
struct Hashing(Sha256);

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
