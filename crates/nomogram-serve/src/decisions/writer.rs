//! Appends records to a segment.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use hpke::aead::AeadCtxS;
use hpke::{OpModeS, Serializable, setup_sender};

use super::chain::{EXTENSION, Link, MAGIC, MAX_RECORD};
use super::keys::{INFO, LogAead, LogKdf, LogKem, PublicKey, hex};
use super::reader::last_link;
use super::record::Decision;

/// A log that records are appended to. Each start of the service begins a segment.
pub struct DecisionLog {
    segment: Mutex<Segment>,
    path: PathBuf,
}

struct Segment {
    file: File,
    context: AeadCtxS<LogAead, LogKdf, LogKem>,
    link: Link,
    /// Why a record could not be written: none is written after it.
    failure: Option<io::ErrorKind>,
}

impl DecisionLog {
    /// Begins a segment in a folder, after those that are there.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read or written, or a segment in it is damaged.
    pub fn open(folder: &Path, key: &PublicKey) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let (number, link) = last_link(folder)?;
        let failed = |error: hpke::HpkeError| io::Error::other(error.to_string());
        let (encapsulated, context) =
            setup_sender::<LogAead, LogKdf, LogKem>(&OpModeS::Base, &key.0, INFO)
                .map_err(failed)?;
        let encapsulated = encapsulated.to_bytes();
        let path = folder.join(format!("{:08}.{EXTENSION}", number + 1));
        let mut file = OpenOptions::new().append(true).create_new(true).open(&path)?;
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&encapsulated);
        head.extend_from_slice(&link.0);
        file.write_all(&head)?;
        file.sync_all()?;
        File::open(folder)?.sync_all()?;
        let link = link.of_segment(&encapsulated);
        let segment = Segment { file, context, link, failure: None };
        Ok(Self { segment: Mutex::new(segment), path })
    }

    /// Appends a record.
    ///
    /// # Errors
    ///
    /// When it cannot be written. Every later record then fails too, since the end of the file may be a
    /// part of one.
    pub fn append(&self, decision: &Decision) -> io::Result<()> {
        let plain = serde_json::to_vec(decision)?;
        let mut segment = self.segment.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kind) = segment.failure {
            return Err(kind.into());
        }
        let written = segment.append(&plain);
        segment.failure = written.as_ref().err().map(io::Error::kind);
        written
    }

    /// Whether records can be written.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.segment.lock().unwrap_or_else(PoisonError::into_inner).failure.is_none()
    }

    /// Waits until all records are on the disk. Returns the head of the chain, to be kept elsewhere.
    ///
    /// # Errors
    ///
    /// When the disk fails.
    pub fn sync(&self) -> io::Result<String> {
        let segment = self.segment.lock().unwrap_or_else(PoisonError::into_inner);
        segment.file.sync_data()?;
        Ok(hex(&segment.link.0))
    }
}

impl Segment {
    fn append(&mut self, plain: &[u8]) -> io::Result<()> {
        let failed = |error: hpke::HpkeError| io::Error::other(error.to_string());
        // The place in the chain is authenticated, so a record cannot be moved to another one.
        let ciphertext = self.context.seal(plain, &self.link.0).map_err(failed)?;
        let length =
            u32::try_from(ciphertext.len()).ok().filter(|_| ciphertext.len() <= MAX_RECORD);
        let length = length.ok_or_else(|| io::Error::other("a record is too long"))?;
        let link = self.link.of_record(&ciphertext);
        let mut record = length.to_le_bytes().to_vec();
        record.extend_from_slice(&ciphertext);
        record.extend_from_slice(&link.0);
        self.file.write_all(&record)?;
        self.link = link;
        Ok(())
    }
}

impl std::fmt::Debug for DecisionLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DecisionLog({})", self.path.display())
    }
}
