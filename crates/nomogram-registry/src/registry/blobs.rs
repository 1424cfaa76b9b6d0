//! Blobs: bundles, reports and configurations, by their digest.

use bytes::Bytes;
use nomogram::Digest;

use super::Registry;
use crate::act::Act;
use crate::checks;
use crate::error::{Error, Refusal, Rule};
use crate::findings::Audit;
use crate::layout;
use crate::state::State;
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

    /// Refuses to approve or to promote a version whose blobs are not what its author registered: the
    /// rules see the registered measures alone.
    pub(super) async fn check_claims(&self, state: &State, act: &Act) -> Result<(), Error> {
        let version = match act {
            Act::Approve { version, .. } => version,
            Act::Move { version, stage } => {
                let stage = state.policy(&version.model).stage(stage)?;
                if !stage.limits && !stage.alias && stage.approvals.is_empty() {
                    return Ok(());
                }
                version
            }
            Act::Found { .. }
            | Act::Person { .. }
            | Act::AddKey { .. }
            | Act::RevokeKey { .. }
            | Act::SetPolicy { .. }
            | Act::Register(_)
            | Act::Evaluate { .. }
            | Act::Reject { .. }
            | Act::SetAlias { .. }
            | Act::RollBack { .. }
            | Act::Deprecate { .. }
            | Act::Revoke { .. }
            | Act::Comment { .. }
            | Act::Erase { .. } => return Ok(()),
        };
        let registration = &state.version(&version.model, version.number)?.registration;
        let mut found = Audit::default();
        let bundle = self.blob(&registration.blob).await?;
        checks::check_bundle(&layout::blob(&registration.blob), &bundle, registration, &mut found);
        if let Some(evaluation) = &registration.evaluation {
            let report = self.blob(&evaluation.blob).await?;
            let name = layout::blob(&evaluation.blob);
            checks::check_measures(&name, &report, evaluation, &mut found);
        }
        match found.findings.into_iter().next() {
            None => Ok(()),
            Some(finding) => Err(Error::damaged(finding.place, finding.detail)),
        }
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
