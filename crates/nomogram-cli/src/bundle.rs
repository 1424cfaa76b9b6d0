//! Bundles from files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use ndarray::Array2;
use nomogram::{Limits, Model, Parts, Trust, unseal};

use crate::error::Error;

/// The policy that every bundle must satisfy, and its file.
static TRUST: OnceLock<(PathBuf, Trust)> = OnceLock::new();

/// Reads the policy that every bundle must satisfy from now on.
pub(crate) fn require_trust(path: &Path) -> Result<(), Error> {
    let text = fs::read_to_string(path);
    let text = text.map_err(|cause| Error::file(path.display().to_string(), cause))?;
    let trust = Trust::from_text(&text, now()).map_err(|cause| refused(path, cause))?;
    TRUST.set((path.to_path_buf(), trust)).map_err(|_| Error::Defect("the policy was read twice"))
}

/// The file of the policy that every bundle must satisfy.
#[cfg(feature = "serve")]
pub(crate) fn trust_file() -> Option<&'static Path> {
    TRUST.get().map(|(path, _)| path.as_path())
}

/// The policy that every bundle must satisfy, where there is one.
pub(crate) fn trust() -> Option<&'static Trust> {
    TRUST.get().map(|(_, trust)| trust)
}

/// Returns the time in seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// Opens the bytes of a bundle under the policy, where there is one.
fn open_bytes(bytes: &[u8], path: &Path) -> Result<Model, Error> {
    let model = match trust() {
        Some(trust) => Model::open_trusted(bytes, &Limits::default(), trust),
        None => Model::open(bytes),
    };
    model.map_err(|cause| refused(path, cause))
}

/// A bundle that was opened and verified, with the parts that it is made of.
#[derive(Debug)]
pub(crate) struct OpenBundle {
    pub(crate) bytes: Vec<u8>,
    pub(crate) model: Arc<Model>,
    pub(crate) parts: Parts,
    pub(crate) golden_rows: Array2<f64>,
}

impl OpenBundle {
    /// Opens a bundle with its full self-test.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let bytes = read(path)?;
        let model = open_bytes(&bytes, path)?;
        let (parts, golden_rows) = unseal(&bytes).map_err(|cause| refused(path, cause))?;
        Ok(Self { bytes, model: Arc::new(model), parts, golden_rows })
    }
}

/// Opens a bundle with its full self-test, to predict alone.
pub(crate) fn open(path: &Path) -> Result<Arc<Model>, Error> {
    open_bytes(&read(path)?, path).map(Arc::new)
}

/// The bytes of a file that can be a bundle. A pipe or a device is refused without waiting for it.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    // For the system's own words about a path that cannot be read.
    fs::metadata(path).map_err(|cause| Error::file(path.display().to_string(), cause))?;
    Model::read_file(path, &Limits::default()).map_err(|cause| refused(path, cause))
}

pub(crate) fn refused(path: &Path, cause: nomogram::Error) -> Error {
    Error::Bundle { path: PathBuf::from(path), cause: Box::new(cause) }
}
