//! Objects of a registry, in a folder or a bucket, each written once.
//!
//! Nothing depends on more than "create if absent", which disks and all buckets have.

#[cfg(feature = "s3")]
mod bucket;

use std::fmt;
use std::path::Path as FilePath;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};

use crate::error::Error;

/// The objects of a registry.
#[derive(Clone)]
pub(crate) struct Store {
    objects: Arc<dyn ObjectStore>,
    place: String,
}

/// Whether an object was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    Created,
    /// An object of this name exists.
    Exists,
}

/// How often a write is tried that conflicts with one that leaves no object.
const MAX_CONFLICTS: u32 = 100;

/// The object that [`Store::probe`] writes.
pub(crate) const PROBE: &str = "probe";
pub(crate) const PROBE_BYTES: Bytes = Bytes::from_static(b"create if absent");

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.place)
    }
}

impl Store {
    /// Opens a folder, or a bucket by a URL `s3://bucket/path`.
    pub(crate) fn open(location: &str) -> Result<Self, Error> {
        match location.split_once("://") {
            None => Self::folder(FilePath::new(location)),
            Some(("s3", rest)) => Self::bucket(location, rest),
            Some((scheme, _)) => {
                let detail = format!("found the scheme `{scheme}`, expected a folder or `s3://`");
                Err(Error::invalid(location, detail))
            }
        }
    }

    fn folder(folder: &FilePath) -> Result<Self, Error> {
        let place = folder.display().to_string();
        let objects = LocalFileSystem::new_with_prefix(folder)
            .map_err(|_| Error::invalid(&place, "is no folder that can be read"))?;
        Ok(Self { objects: Arc::new(objects.with_fsync(true)), place })
    }

    #[cfg(feature = "s3")]
    fn bucket(location: &str, rest: &str) -> Result<Self, Error> {
        let objects = bucket::open(location, rest)?;
        Ok(Self { objects, place: location.to_owned() })
    }

    #[cfg(not(feature = "s3"))]
    fn bucket(location: &str, _: &str) -> Result<Self, Error> {
        let detail = "this program was built without the feature `s3`, expected a folder";
        Err(Error::invalid(location, detail))
    }

    #[cfg(test)]
    pub(crate) fn of(objects: Arc<dyn ObjectStore>) -> Self {
        Self { objects, place: "test".into() }
    }

    /// The folder or the URL.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Checks that the store refuses to replace an object, without which writers would lose acts.
    pub(crate) async fn probe(&self) -> Result<(), Error> {
        self.put_new(PROBE, PROBE_BYTES).await?;
        match self.put_new(PROBE, PROBE_BYTES).await? {
            Put::Exists => Ok(()),
            Put::Created => {
                let detail =
                    "the store ignores the condition `create if absent`; it cannot hold a registry";
                Err(Error::store(&self.place, detail))
            }
        }
    }

    /// Writes an object if there is none of this name.
    pub(crate) async fn put_new(&self, name: &str, bytes: Bytes) -> Result<Put, Error> {
        for _ in 0..MAX_CONFLICTS {
            let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            let payload = PutPayload::from(bytes.clone());
            match self.objects.put_opts(&Path::from(name), payload, options).await {
                Ok(_) => return Ok(Put::Created),
                Err(
                    object_store::Error::AlreadyExists { .. }
                    | object_store::Error::Precondition { .. },
                ) => {}
                Err(cause) => return Err(self.failed(name, &cause)),
            }
            // S3 also answers so while another writer's request for this name is not decided.
            match self.objects.head(&Path::from(name)).await {
                Ok(_) => return Ok(Put::Exists),
                Err(object_store::Error::NotFound { .. }) => {}
                Err(cause) => return Err(self.failed(name, &cause)),
            }
        }
        let detail = "another writer has been writing it for too long; try again";
        Err(Error::store(format!("{}/{name}", self.place), detail))
    }

    /// Writes or replaces an object that repeats what other objects hold.
    pub(crate) async fn put_copy(&self, name: &str, bytes: Bytes) -> Result<(), Error> {
        let put = self.objects.put(&Path::from(name), PutPayload::from(bytes)).await;
        put.map(|_| ()).map_err(|cause| self.failed(name, &cause))
    }

    /// Reads an object; `None` when there is none of this name.
    pub(crate) async fn get(&self, name: &str) -> Result<Option<Bytes>, Error> {
        let bytes = match self.objects.get(&Path::from(name)).await {
            Ok(object) => object.bytes().await,
            Err(cause) => Err(cause),
        };
        match bytes {
            Ok(bytes) => Ok(Some(bytes)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(self.failed(name, &cause)),
        }
    }

    /// Deletes an object, if it exists.
    pub(crate) async fn delete(&self, name: &str) -> Result<(), Error> {
        match self.objects.delete(&Path::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(cause) => Err(self.failed(name, &cause)),
        }
    }

    /// The names of all objects, sorted.
    pub(crate) async fn list(&self) -> Result<Vec<String>, Error> {
        let objects: Result<Vec<_>, _> = self.objects.list(None).try_collect().await;
        let objects = objects.map_err(|cause| self.failed("", &cause))?;
        let mut names: Vec<String> =
            objects.into_iter().map(|object| object.location.to_string()).collect();
        names.sort();
        Ok(names)
    }

    fn failed(&self, name: &str, cause: &object_store::Error) -> Error {
        let place =
            if name.is_empty() { self.place.clone() } else { format!("{}/{name}", self.place) };
        Error::store(place, cause)
    }
}

#[cfg(test)]
mod tests;
