//! The folder of a log: who may write it, and whether there is room.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::folder_lock::lock_folder;

/// The file that is locked while a process writes the log. It stays.
const LOCK: &str = "lock";
/// What a log must have room for to be written again.
const ROOM: usize = 64 << 10;

/// Locks a folder for this process, until the file is closed.
///
/// # Errors
///
/// `ResourceBusy` when another process has it.
pub(super) fn lock(folder: &Path) -> io::Result<File> {
    lock_folder(&folder.join(LOCK), "the decision log")
}

/// Checks that a folder can be written and has room, with a file that is removed at once.
///
/// # Errors
///
/// When it cannot, or has none.
pub(super) fn check_room(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!("room-{}.tmp", std::process::id()));
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(&[0; ROOM])?;
        file.sync_all()
    });
    let removed = fs::remove_file(&path);
    written.and(removed)
}
