//! A segment that records are appended to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use hpke::aead::AeadCtxS;
use hpke::{OpModeS, Serializable, setup_sender};

use super::chain::{EXTENSION, Link, MAGIC, MAX_RECORD};
use super::keys::{INFO, LogAead, LogKdf, LogKem, PublicKey};

/// How the name of a segment ends while its head is written.
pub(super) const UNFINISHED: &str = "new";
/// What encryption adds to a record.
const TAG_LEN: usize = 16;

pub(super) struct Segment {
    path: PathBuf,
    file: File,
    context: AeadCtxS<LogAead, LogKdf, LogKem>,
    number: usize,
    link: Link,
    /// The length of the file up to its last whole record.
    n_bytes: u64,
}

impl Segment {
    /// Begins the segment that follows another one. It appears in the folder with its whole head, or not
    /// at all.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub(super) fn begin(
        folder: &Path,
        key: &PublicKey,
        (last, before): (usize, Link),
    ) -> io::Result<Self> {
        let failed = |error: hpke::HpkeError| io::Error::other(error.to_string());
        let (encapsulated, context) =
            setup_sender::<LogAead, LogKdf, LogKem>(&OpModeS::Base, &key.0, INFO)
                .map_err(failed)?;
        let encapsulated = encapsulated.to_bytes();
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&encapsulated);
        head.extend_from_slice(&before.0);
        let number = last + 1;
        let path = folder.join(format!("{number:08}.{EXTENSION}"));
        if path.try_exists()? {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, path.display().to_string()));
        }
        let unfinished = path.with_extension(UNFINISHED);
        let written = write_new(&unfinished, &head).and_then(|file| {
            fs::rename(&unfinished, &path)?;
            sync_folder(folder)?;
            Ok(file)
        });
        let file = written.inspect_err(|_| {
            // One of them is there at most.
            let _removed = (fs::remove_file(&unfinished), fs::remove_file(&path));
        })?;
        let link = before.of_segment(&encapsulated);
        Ok(Self { path, file, context, number, link, n_bytes: head.len() as u64 })
    }

    /// Its number, and the link that the next segment follows.
    pub(super) fn last(&self) -> (usize, Link) {
        (self.number, self.link)
    }

    /// How long the file is.
    pub(super) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// Appends a record.
    ///
    /// # Errors
    ///
    /// When it cannot be written. Nothing can be appended after it, since the key of a record depends on
    /// how many were encrypted before.
    pub(super) fn append(&mut self, plain: &[u8]) -> io::Result<()> {
        let failed = |error: hpke::HpkeError| io::Error::other(error.to_string());
        if plain.len() + TAG_LEN > MAX_RECORD {
            return Err(io::Error::other("a record is too long"));
        }
        // The place in the chain is authenticated, so a record cannot be moved to another one.
        let ciphertext = self.context.seal(plain, &self.link.0).map_err(failed)?;
        let length = u32::try_from(ciphertext.len()).map_err(io::Error::other)?;
        let link = self.link.of_record(&ciphertext);
        let mut record = length.to_le_bytes().to_vec();
        record.extend_from_slice(&ciphertext);
        record.extend_from_slice(&link.0);
        self.file.write_all(&record)?;
        self.link = link;
        self.n_bytes += record.len() as u64;
        Ok(())
    }

    /// Waits until all records are on the disk.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Takes away what was written of a record. Where that fails, readers pass over a record that is cut.
    pub(super) fn close(self) {
        let file = OpenOptions::new().write(true).open(&self.path);
        let closed = file.and_then(|file| {
            file.set_len(self.n_bytes)?;
            file.sync_all()
        });
        // The log is reported as not writable already.
        drop(closed);
    }

    /// Lets every later record fail, as on a full disk.
    #[cfg(test)]
    pub(super) fn make_read_only(&mut self) -> io::Result<()> {
        // What a full disk had room for.
        self.file.write_all(&[9, 0, 0, 0, 1])?;
        self.file = File::open(&self.path)?;
        Ok(())
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<File> {
    // A process that was killed may have left it.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().append(true).create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(file)
}

/// Makes sure that the names of a folder are on the disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
