//! Reads, writes and places files; every error names the path.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A file that will be.
pub(crate) struct NewFile {
    /// Relative to the folder that it is placed in.
    pub(crate) path: PathBuf,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Text(String),
    CopyOf(PathBuf),
    /// A symbolic link, to a name beside it.
    LinkTo(String),
}

/// Places files in `folder` so that each is the old one or the new one, never half of one.
///
/// All are written under temporary names first and renamed, in their order, only when that succeeded.
pub(crate) fn place(folder: &Path, files: &[NewFile]) -> Result<(), String> {
    let mut staged = Vec::new();
    let written = files.iter().try_for_each(|file| {
        let path = folder.join(&file.path);
        let temporary = temporary(&path)?;
        staged.push((temporary.clone(), path));
        file.content.write(&temporary)
    });
    let placed = written.map_err(|error| format!("nothing was installed: {error}"));
    let placed = placed.and_then(|()| rename_all(&staged));
    if placed.is_err() {
        // Those already renamed are gone; the others must not stay. The first error is the one to report.
        staged.iter().for_each(|(temporary, _)| drop(fs::remove_file(temporary)));
    }
    placed
}

fn rename_all(staged: &[(PathBuf, PathBuf)]) -> Result<(), String> {
    for (index, (temporary, path)) in staged.iter().enumerate() {
        rename(temporary, path).map_err(|error| {
            format!("{index} of {} files were installed, then {error}", staged.len())
        })?;
    }
    Ok(())
}

/// A name in the same folder, which is made if it is not there.
fn temporary(path: &Path) -> Result<PathBuf, String> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(format!("{}: found no file name", path.display()));
    };
    create_folder(folder)?;
    Ok(folder.join(format!(".{}.{}", name.to_string_lossy(), std::process::id())))
}

impl Content {
    fn write(&self, path: &Path) -> Result<(), String> {
        remove(path)?;
        match self {
            Self::Text(text) => write(path, text),
            Self::CopyOf(source) => copy(source, path),
            Self::LinkTo(name) => symlink(name, path).map_err(|error| with_path(path, &error)),
        }
    }
}

pub(crate) fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| with_path(path, &error))
}

pub(crate) fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| with_path(path, &error))
}

pub(crate) fn copy(source: &Path, path: &Path) -> Result<(), String> {
    fs::copy(source, path)
        .map(drop)
        .map_err(|error| format!("{} to {}: {error}", source.display(), path.display()))
}

pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), String> {
    fs::rename(from, to).map_err(|error| format!("{} to {}: {error}", from.display(), to.display()))
}

pub(crate) fn create_folder(path: &Path) -> Result<(), String> {
    fs::create_dir_all(path).map_err(|error| with_path(path, &error))
}

/// Removes a file or a folder with all in it, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), String> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(with_path(path, &error)),
        _ => Ok(()),
    }
}

fn with_path(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("nomogram-{test}-{}", std::process::id()));
        remove(&folder).unwrap();
        create_folder(&folder).unwrap();
        folder
    }

    fn text(path: &str, text: &str) -> NewFile {
        NewFile { path: path.into(), content: Content::Text(text.into()) }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn files_and_links_are_placed_over_old_ones() {
        let folder = folder("placed");
        fs::write(folder.join("a"), "old").unwrap();
        symlink("nowhere", folder.join("b")).unwrap();
        let link = NewFile { path: "b".into(), content: Content::LinkTo("a".into()) };
        place(&folder, &[text("a", "new"), link, text("sub/c", "c")]).unwrap();
        assert_eq!(names(&folder), ["a", "b", "sub"]);
        assert_eq!(read(&folder.join("b")).unwrap(), "new");
        remove(&folder).unwrap();
    }

    #[test]
    fn when_one_cannot_be_written_none_is_placed() {
        let folder = folder("refused");
        fs::write(folder.join("a"), "old").unwrap();
        let absent = NewFile { path: "b".into(), content: Content::CopyOf(folder.join("absent")) };
        let error = place(&folder, &[text("a", "new"), absent]).unwrap_err();
        assert!(error.contains("nothing was installed") && error.contains("absent"), "{error}");
        assert_eq!(names(&folder), ["a"]);
        assert_eq!(read(&folder.join("a")).unwrap(), "old");
        remove(&folder).unwrap();
    }

    #[test]
    fn a_placing_that_ends_early_says_how_far_it_came() {
        let folder = folder("early");
        create_folder(&folder.join("b/in the way")).unwrap();
        let error = place(&folder, &[text("a", "new"), text("b", "new")]).unwrap_err();
        assert!(error.contains("1 of 2 files were installed, then "), "{error}");
        assert_eq!(names(&folder), ["a", "b"]);
        remove(&folder).unwrap();
    }
}
