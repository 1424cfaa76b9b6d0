//! Appends records to a log.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::chain::Link;
use super::keys::{PublicKey, hex};
use super::place::{check_room, lock};
use super::reader::last_link;
use super::record::Decision;
use super::segment::{Segment, sync_folder};

/// The length from which a segment is followed by another one, where nothing else is chosen.
pub const MAX_SEGMENT_BYTES: u64 = 64 << 20;

/// A log that records are appended to. The first record after a start begins a segment, and so does the first
/// one after a segment that is long enough. A log belongs to one process at a time.
pub struct DecisionLog {
    folder: PathBuf,
    key: PublicKey,
    max_segment_bytes: u64,
    writing: Mutex<Writing>,
    /// The segment that an interrupted start left without a whole head, and that was removed.
    removed: Option<PathBuf>,
    /// Locked as long as the log is open.
    _lock: File,
}

struct Writing {
    /// The number of the last segment, and the link that the next one follows.
    last: (usize, Link),
    segment: Option<Segment>,
    /// Why the last attempt to write failed.
    failure: Option<io::ErrorKind>,
}

impl DecisionLog {
    /// Opens the log of a folder, to be continued after the segments that are there.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read or written, a segment in it is damaged, or another process has the
    /// log open.
    pub fn open(folder: &Path, key: &PublicKey) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let lock = lock(folder)?;
        let (last, unfinished) = last_link(folder)?;
        if let Some(path) = &unfinished {
            fs::remove_file(path)?;
            sync_folder(folder)?;
        }
        let writing = Mutex::new(Writing { last, segment: None, failure: None });
        let (folder, key, removed) = (folder.to_owned(), key.clone(), unfinished);
        let max_segment_bytes = MAX_SEGMENT_BYTES;
        Ok(Self { folder, key, max_segment_bytes, writing, removed, _lock: lock })
    }

    /// Chooses the length from which a segment is followed by another one. The record that reaches it is in
    /// the segment.
    #[must_use]
    pub fn with_max_segment_bytes(self, max_segment_bytes: u64) -> Self {
        Self { max_segment_bytes, ..self }
    }

    /// Checks that a folder holds a log that can be continued, or none yet, and can be written. Nothing is
    /// changed, and another process may have the log open.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn check(folder: &Path) -> io::Result<()> {
        if folder.try_exists()? {
            last_link(folder)?;
            return check_room(folder);
        }
        let existing = folder.ancestors().skip(1).find(|above| above.exists());
        check_room(existing.unwrap_or(Path::new(".")))
    }

    /// The segment that an interrupted start left without a whole head. It held no record, and opening the
    /// log removed it.
    #[must_use]
    pub fn removed(&self) -> Option<&Path> {
        self.removed.as_deref()
    }

    /// Appends a record. After a failure, the next record begins another segment.
    ///
    /// # Errors
    ///
    /// When it cannot be written: then nothing of it is in the log.
    pub fn append(&self, decision: &Decision) -> io::Result<()> {
        let plain = serde_json::to_vec(decision)?;
        let mut writing = self.writing();
        let written = writing.rotate(self.max_segment_bytes);
        let written = written.and_then(|()| writing.append((&self.folder, &self.key), &plain));
        writing.failure = written.as_ref().err().map(io::Error::kind);
        written
    }

    /// Whether the last attempt to write succeeded.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.writing().failure.is_none()
    }

    /// Waits until all records are on the disk. Returns the head of the chain, to be kept elsewhere. When
    /// writing failed before, it is tried again.
    ///
    /// # Errors
    ///
    /// When the disk fails, or is still full.
    pub fn sync(&self) -> io::Result<String> {
        let mut writing = self.writing();
        let synced = writing.sync((&self.folder, &self.key));
        writing.failure = synced.as_ref().err().map(io::Error::kind);
        synced.map(|()| hex(&writing.last.1.0))
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the next record fail, as on a full disk. The one after it fails too, until [`Self::make_room`].
    #[cfg(test)]
    pub(crate) fn fill_disk(&self) {
        if let Some(segment) = &mut self.writing().segment {
            segment.make_read_only().unwrap();
        }
        self.fill_folder();
    }

    /// Lets no segment be begun, until [`Self::make_room`].
    #[cfg(test)]
    pub(crate) fn fill_folder(&self) {
        fs::create_dir(self.next_unfinished(&self.writing())).unwrap();
    }

    /// Ends what [`Self::fill_disk`] began.
    #[cfg(test)]
    pub(crate) fn make_room(&self) {
        fs::remove_dir(self.next_unfinished(&self.writing())).unwrap();
    }

    /// The file that the head of the next segment is written to.
    #[cfg(test)]
    fn next_unfinished(&self, writing: &Writing) -> PathBuf {
        self.folder.join(format!("{:08}.{}", writing.last.0 + 1, super::segment::UNFINISHED))
    }
}

impl Writing {
    /// Ends the segment if it is long enough. Its records are on the disk before those of the next one.
    fn rotate(&mut self, max_segment_bytes: u64) -> io::Result<()> {
        if self.segment.as_ref().is_none_or(|segment| segment.n_bytes() < max_segment_bytes) {
            return Ok(());
        }
        match self.segment.take().map(|segment| (segment.sync(), segment)) {
            Some((Err(error), segment)) => {
                segment.close();
                Err(error)
            }
            Some((Ok(()), _)) | None => Ok(()),
        }
    }

    fn append(&mut self, place: (&Path, &PublicKey), plain: &[u8]) -> io::Result<()> {
        let mut segment = match self.segment.take() {
            Some(segment) => segment,
            None => self.begin(place)?,
        };
        match segment.append(plain) {
            Ok(()) => {
                self.last = segment.last();
                self.segment = Some(segment);
                Ok(())
            }
            Err(error) => {
                segment.close();
                Err(error)
            }
        }
    }

    fn begin(&mut self, (folder, key): (&Path, &PublicKey)) -> io::Result<Segment> {
        let segment = Segment::begin(folder, key, self.last)?;
        self.last = segment.last();
        Ok(segment)
    }

    fn sync(&mut self, place: (&Path, &PublicKey)) -> io::Result<()> {
        if self.failure.is_some() && self.segment.is_none() {
            check_room(place.0)?;
            self.segment = Some(self.begin(place)?);
        }
        let Some(segment) = self.segment.take() else { return Ok(()) };
        match segment.sync() {
            Ok(()) => {
                self.segment = Some(segment);
                Ok(())
            }
            Err(error) => {
                segment.close();
                Err(error)
            }
        }
    }
}

impl std::fmt::Debug for DecisionLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DecisionLog({})", self.folder.display())
    }
}
