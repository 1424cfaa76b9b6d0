//! Stores that keep, and that do not keep, the promise to create an object only if it is absent.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::{Put, Store};
use crate::blocking::block_on;

/// What a store does with the condition `create if absent`.
#[derive(Debug)]
enum Fault {
    /// Ignores it, as some servers ignore `If-None-Match`.
    Ignores,
    /// Answers so many writes as if the object existed, as S3 does while another write is not decided.
    Conflicts(AtomicU32),
}

#[derive(Debug)]
struct Faulty(InMemory, Fault);

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("faulty")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let mode = match &self.1 {
            Fault::Ignores => PutMode::Overwrite,
            Fault::Conflicts(left) => {
                let before = left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
                if before.is_ok() {
                    let (path, source) = (location.to_string(), "409 Conflict".into());
                    return Err(object_store::Error::AlreadyExists { path, source });
                }
                options.mode.clone()
            }
        };
        self.0.put_opts(location, payload, PutOptions { mode, ..options }).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.0.get_ranges(location, ranges).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.0.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.copy_opts(from, to, options).await
    }
}

#[test]
fn a_store_that_ignores_the_condition_is_refused() {
    let careless = Store::of(Arc::new(Faulty(InMemory::new(), Fault::Ignores)));
    let error = block_on(careless.probe()).unwrap_err().to_string();
    assert!(error.contains("ignores the condition"), "{error}");
    let careful = Store::of(Arc::new(InMemory::new()));
    block_on(careful.probe()).unwrap();
    block_on(careful.probe()).unwrap();
}

#[test]
fn a_write_that_conflicts_with_one_that_leaves_no_object_is_repeated() {
    let store = |n| Faulty(InMemory::new(), Fault::Conflicts(AtomicU32::new(n)));
    let undecided = Store::of(Arc::new(store(3)));
    assert_eq!(block_on(undecided.put_new("a", "mine".into())).unwrap(), Put::Created);
    assert_eq!(block_on(undecided.get("a")).unwrap(), Some("mine".into()));
    let stuck = Store::of(Arc::new(store(u32::MAX)));
    let error = block_on(stuck.put_new("a", "mine".into())).unwrap_err().to_string();
    assert!(error.contains("another writer"), "{error}");
}

#[test]
fn the_first_bytes_of_a_name_stay() {
    let store = Store::of(Arc::new(InMemory::new()));
    assert_eq!(block_on(store.put_new("a", "first".into())).unwrap(), Put::Created);
    assert_eq!(block_on(store.put_new("a", "second".into())).unwrap(), Put::Exists);
    assert_eq!(block_on(store.get("a")).unwrap(), Some("first".into()));
    assert_eq!(block_on(store.get("b")).unwrap(), None);
}

#[test]
fn only_folders_and_buckets_are_locations() {
    let error = Store::open("http://169.254.169.254/latest").unwrap_err().to_string();
    assert!(error.contains("scheme `http`"), "{error}");
    let error = Store::open("/no/such/folder").unwrap_err().to_string();
    assert!(error.contains("no folder"), "{error}");
}
