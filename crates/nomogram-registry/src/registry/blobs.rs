//! Blobs: bundles, reports and configurations, by their digest.

use bytes::Bytes;
use nomogram::Digest;

use super::Registry;
use crate::error::{Error, Refusal, Rule};
use crate::layout;
use crate::store::Put;

impl Registry {
    /// Reads a blob.
    ///
    /// # Errors
    ///
    /// `Damaged` when its bytes do not have the digest, or when it is gone. `Refused` when it was
    /// erased by order.
    pub async fn blob(&self, digest: &Digest) -> Result<Bytes, Error> {
        if self.index().is_erased(digest)? {
            let detail = format!("blob {digest} was erased by order");
            return Err(Refusal::new(Rule::Erased, detail).into());
        }
        let name = layout::blob(digest);
        let bytes = self.store.get(&name).await?;
        let bytes = bytes.ok_or_else(|| Error::damaged(&name, "is missing"))?;
        check(&name, &bytes, digest)?;
        Ok(bytes)
    }

    /// Stores a blob, unless it is stored, and returns its digest.
    ///
    /// # Errors
    ///
    /// `Store` when it cannot be written. `Damaged` when other bytes are stored under its digest.
    pub async fn put_blob(&self, bytes: Bytes) -> Result<Digest, Error> {
        self.probe().await?;
        let digest = Digest::of(&bytes);
        let name = layout::blob(&digest);
        match self.store.put_new(&name, bytes).await? {
            Put::Created => {}
            Put::Exists => {
                let stored = self.store.get(&name).await?;
                check(&name, &stored.unwrap_or_default(), &digest)?;
            }
        }
        Ok(digest)
    }
}

/// Compares the bytes of a blob with its digest.
pub(crate) fn check(name: &str, bytes: &[u8], digest: &Digest) -> Result<(), Error> {
    let found = Digest::of(bytes);
    if found == *digest {
        return Ok(());
    }
    Err(Error::damaged(name, format!("its {} bytes have the SHA-256 {found}", bytes.len())))
}
