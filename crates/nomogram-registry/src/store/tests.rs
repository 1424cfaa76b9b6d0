//! Stores that keep, and that do not keep, the promise to create an object only if it is absent.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

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

/// A store that ignores the condition, as some servers ignore `If-None-Match`.
#[derive(Debug)]
struct Careless(InMemory);

impl fmt::Display for Careless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("careless")
    }
}

#[async_trait::async_trait]
impl ObjectStore for Careless {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let options = PutOptions { mode: PutMode::Overwrite, ..options };
        self.0.put_opts(location, payload, options).await
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
    let careless = Store::of(Arc::new(Careless(InMemory::new())));
    let error = block_on(careless.probe()).unwrap_err().to_string();
    assert!(error.contains("ignores the condition"), "{error}");
    let careful = Store::of(Arc::new(InMemory::new()));
    block_on(careful.probe()).unwrap();
    block_on(careful.probe()).unwrap();
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
