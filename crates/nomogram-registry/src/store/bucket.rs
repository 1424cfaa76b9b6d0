//! Buckets of the interface of S3.
//!
//! Credentials, region and endpoint come from the environment (`AWS_ACCESS_KEY_ID`,
//! `AWS_ENDPOINT_URL`, …), never from the location.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::aws::{AmazonS3Builder, S3ConditionalPut};
use object_store::path::Path;
use object_store::prefix::PrefixStore;

use crate::error::Error;

/// Opens the bucket of `s3://bucket/path`; `rest` is what follows `s3://`.
pub(super) fn open(location: &str, rest: &str) -> Result<Arc<dyn ObjectStore>, Error> {
    // Fails where the program has chosen one before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    if bucket.is_empty() {
        return Err(Error::invalid(location, "found no bucket, expected `s3://bucket/path`"));
    }
    let endpoint = std::env::var("AWS_ENDPOINT_URL").ok();
    let is_plain = endpoint.is_some_and(|endpoint| endpoint.starts_with("http://"));
    let objects = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_allow_http(is_plain)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .build()
        .map_err(|cause| Error::invalid(location, cause.to_string()))?;
    Ok(match Path::from(prefix) {
        prefix if prefix.parts().next().is_none() => Arc::new(objects),
        prefix => Arc::new(PrefixStore::new(objects, prefix)),
    })
}
