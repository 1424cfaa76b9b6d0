//! Bundles from files.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nomogram::{Limits, Model, Parts, unseal};

use crate::error::Error;

/// A bundle that was opened and verified, with the parts that it is made of.
#[derive(Debug)]
pub(crate) struct OpenBundle {
    pub(crate) bytes: Vec<u8>,
    pub(crate) model: Arc<Model>,
    pub(crate) parts: Parts,
}

impl OpenBundle {
    /// Opens a bundle with its full self-test.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let bytes = read(path)?;
        let model = Model::open(&bytes).map_err(|cause| refused(path, cause))?;
        let (parts, _golden_rows) = unseal(&bytes).map_err(|cause| refused(path, cause))?;
        Ok(Self { bytes, model: Arc::new(model), parts })
    }
}

/// Opens a bundle with its full self-test, to predict alone.
pub(crate) fn open(path: &Path) -> Result<Arc<Model>, Error> {
    Model::open(&read(path)?).map(Arc::new).map_err(|cause| refused(path, cause))
}

/// The bytes of a file, at most one more than the core takes.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |cause| Error::file(path.display().to_string(), cause);
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    let max_bytes = Limits::default().max_bytes.saturating_add(1);
    file.take(max_bytes).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn refused(path: &Path, cause: nomogram::Error) -> Error {
    Error::Bundle { path: PathBuf::from(path), cause: Box::new(cause) }
}
