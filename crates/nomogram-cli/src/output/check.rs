//! Whether a path can be an output.

use std::fs;
use std::io;
use std::path::Path;

use super::identity::{folder_of, followed};

/// What an output is or will be.
pub(super) enum Kind {
    File,
    /// A pipe or a character device.
    Special,
}

/// Returns what is at `path`, or why it cannot be an output.
pub(super) fn kind(path: &Path) -> Result<Kind, String> {
    let is_folder_name = path.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err("is a folder; expected a file".into()),
        Ok(metadata) if metadata.is_file() => Ok(Kind::File),
        Ok(metadata) if is_stream(&metadata) => Ok(Kind::Special),
        Ok(_) => Err("is a block device or a socket; expected a file".into()),
        Err(_) if is_folder_name => Err("is the name of a folder; expected a file".into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => check_folder(path),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => check_folder(path),
        Err(error) => Err(not_writable(&error)),
    }
}

/// Checks that the folder of a new file exists, also behind a link that leads nowhere yet.
fn check_folder(path: &Path) -> Result<Kind, String> {
    let path = followed(path).unwrap_or_else(|| path.to_owned());
    let mut folders: Vec<&Path> = folder_of(&path).ancestors().collect();
    folders.reverse();
    for folder in folders.into_iter().filter(|folder| !folder.as_os_str().is_empty()) {
        let shown = folder.display();
        match fs::metadata(folder) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Err(format!("`{shown}` is not a folder; expected an existing folder")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(format!(
                    "the folder `{shown}` does not exist; expected an existing folder"
                ));
            }
            Err(error) => return Err(format!("the folder `{shown}` cannot be used: {error}")),
        }
    }
    Ok(Kind::File)
}

/// Describes why neither a file nor its part file could be opened.
pub(super) fn not_writable(cause: &io::Error) -> String {
    format!("cannot be written: {cause}; expected a file and a folder that are writable")
}

#[cfg(unix)]
fn is_stream(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    metadata.file_type().is_fifo() || metadata.file_type().is_char_device()
}

#[cfg(not(unix))]
fn is_stream(_metadata: &fs::Metadata) -> bool {
    true
}
