//! Registers versions: stores what they consist of, then writes the act.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use nomogram::Digest;

use super::{Author, Registry};
use crate::act::{Act, Evaluation, Registration, VersionName};
use crate::error::Error;
use crate::limits::{Limit, measures};

/// What a version is registered with.
#[derive(Clone, Debug, Default)]
pub struct NewVersion {
    /// The model.
    pub model: String,
    /// The bundle.
    pub bundle: Bytes,
    /// The report that reviewers are shown.
    pub report: Option<Bytes>,
    /// The configuration of training.
    pub configuration: Option<Bytes>,
    /// The digest of the training data, which are not stored.
    pub data: Option<Digest>,
    /// The number of the version that this one was made from.
    pub parent: Option<u32>,
    /// The evaluation, as `nomogram evaluate --report FILE.json` writes it.
    pub evaluation: Option<Bytes>,
    /// What the evaluation must reach.
    pub limits: Vec<Limit>,
    /// Texts by name, for searching.
    pub tags: BTreeMap<String, String>,
}

impl Registry {
    /// Registers the next version of a model and returns its number.
    ///
    /// # Errors
    ///
    /// `Invalid` when the bundle does not open under the policy of trust, or when the evaluation is no report. Others as
    /// [`Self::append`].
    pub async fn register(&self, author: &Author<'_>, version: NewVersion) -> Result<u32, Error> {
        let model = self.open_bundle(&version.bundle);
        let bundle = model.map_err(|cause| Error::invalid("bundle", cause.to_string()))?.digest();
        let evaluation = match version.evaluation {
            Some(report) => Some(self.put_evaluation(report).await?),
            None => None,
        };
        let len = version.bundle.len() as u64;
        let draft = Registration {
            version: VersionName { model: version.model, number: 0 },
            blob: self.put_blob(version.bundle).await?,
            bundle,
            len,
            report: self.put_optional(version.report).await?,
            configuration: self.put_optional(version.configuration).await?,
            data: version.data,
            parent: version.parent,
            evaluation,
            limits: version.limits,
            tags: version.tags,
        };
        let number = AtomicU32::new(0);
        self.append(author, |state| {
            let mut registration = draft.clone();
            let model = state.models().get(&registration.version.model);
            let last = model.and_then(|model| model.versions.keys().next_back());
            registration.version.number = last.map_or(1, |last| last.saturating_add(1));
            number.store(registration.version.number, Ordering::Relaxed);
            Ok(Act::Register(Box::new(registration)))
        })
        .await?;
        Ok(number.into_inner())
    }

    /// Attaches an evaluation to a version, in place of an earlier one. Approvals before it no longer
    /// count.
    ///
    /// # Errors
    ///
    /// As [`Self::register`].
    pub async fn evaluate(
        &self,
        author: &Author<'_>,
        version: VersionName,
        report: Bytes,
    ) -> Result<(), Error> {
        let evaluation = self.put_evaluation(report).await?;
        let act = Act::Evaluate { version, evaluation };
        self.append(author, |_| Ok(act.clone())).await.map(|_| ())
    }

    async fn put_evaluation(&self, report: Bytes) -> Result<Evaluation, Error> {
        let measures = measures(&report)?;
        Ok(Evaluation { blob: self.put_blob(report).await?, measures })
    }

    async fn put_optional(&self, bytes: Option<Bytes>) -> Result<Option<Digest>, Error> {
        match bytes {
            Some(bytes) => self.put_blob(bytes).await.map(Some),
            None => Ok(None),
        }
    }
}
