//! Bundles from files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ndarray::Array2;
use nomogram::{Limits, Model, Parts, unseal};

use crate::error::Error;

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
        let model = Model::open(&bytes).map_err(|cause| refused(path, cause))?;
        let (parts, golden_rows) = unseal(&bytes).map_err(|cause| refused(path, cause))?;
        Ok(Self { bytes, model: Arc::new(model), parts, golden_rows })
    }
}

/// Opens a bundle with its full self-test, to predict alone.
pub(crate) fn open(path: &Path) -> Result<Arc<Model>, Error> {
    Model::open(&read(path)?).map(Arc::new).map_err(|cause| refused(path, cause))
}

/// The bytes of a file that can be a bundle. A pipe or a device is refused without waiting for it.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    // For the system's own words about a path that cannot be read.
    fs::metadata(path).map_err(|cause| Error::file(path.display().to_string(), cause))?;
    Model::read_file(path, &Limits::default()).map_err(|cause| refused(path, cause))
}

fn refused(path: &Path, cause: nomogram::Error) -> Error {
    Error::Bundle { path: PathBuf::from(path), cause: Box::new(cause) }
}
